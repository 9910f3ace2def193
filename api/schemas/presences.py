"""签到签退 on the wire: one's own, lists of them, the codes that are shown, and an outcome for each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.domain import location as places
from api.schemas.base import Body, Moment, Query, View
from api.schemas.service import Point

Direction = Literal["check_in", "check_out"]
Pair = Annotated[int, Field(ge=1, le=3)]


class Location(Point):
    """Where a phone is, give or take; never needed. What stays of it is a distance band and a verdict."""

    accuracy_meters: Annotated[float, Field(ge=0, le=100_000)]


class OwnPresence(Body):
    """A person's own check-in or check-out with the code on the organiser's screen."""

    direction: Direction
    pair: Pair = 1
    code: Annotated[str, Field(min_length=8, max_length=8, pattern="^[0-9A-Za-z]+$")] | None = None
    location: Annotated[Location, Field(description="only where the district chose it")] | None = None

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names; the location as what is judged, and never shown again."""
        at = self.location
        seen = at and places.Seen(places.Point(at.latitude, at.longitude, at.system), at.accuracy_meters)
        return {**super().values(), "location": seen}


class NewPresence(OwnPresence):
    """One line of a list: with `person_id` a roll call by leader, organiser or worker, without it the caller's own.

    With `member_code`, which was scanned from a member's phone, the leader, organiser or worker saw that member come.
    """

    shift_id: UUID
    person_id: UUID | None = None
    member_code: Annotated[str, Field(min_length=40, max_length=120, pattern="^[0-9A-Za-z_-]+$")] | None = None
    sheet: Annotated[
        str | None,
        Field(min_length=8, max_length=40, pattern="^[0-9A-Za-z-]+$", description="the number of a sign-in sheet"),
    ] = None
    at: Annotated[Moment, Field(description="when it happened, for a roll call; now if left out")] | None = None


class PresenceCodeQuery(Query):
    """For which shift the code is to hold; for any of this moment where it is left out."""

    shift_id: UUID | None = None


class MemberCode(View):
    """What a member's phone shows until `changes_at`, for the organiser to scan; nobody else can read whose it is."""

    code: str
    shift_id: UUID | None
    changes_at: datetime


class PresenceList(Body):
    """A list of presences; each gets an outcome of its own."""

    presences: Annotated[list[NewPresence], Field(min_length=1, max_length=50)]


class Presence(View):
    """What stands of a presence; with the check-out of a settled pair come the minutes that it is worth."""

    id: UUID
    shift_id: UUID
    direction: Direction
    pair: int
    at: datetime
    served_on: date
    provenance: str
    unit: str | None = None
    minutes: int | None = None


class Refusal(View):
    """Why nothing stands."""

    code: str
    detail: dict[str, str]
    pointer: str | None = None
    facts: dict[str, Any] = {}


class Outcome(View):
    """What stands, or why nothing does."""

    presence: Presence | None = None
    problem: Refusal | None = None


class Outcomes(View):
    """An outcome for each presence of the list, in its order."""

    outcomes: list[Outcome]


class ShownCode(View):
    """What the organiser's screen shows until `changes_at`."""

    code: str
    changes_at: datetime
