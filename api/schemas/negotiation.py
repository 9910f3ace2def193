"""协商 on the wire: bookings, calendars, messages and the history of terms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, ListQuery, Moment, Query, Text, View
from api.schemas.needs import NewWindow

Quantity = Annotated[int, Field(ge=1, le=10**15)]
MessageKind = Literal["word", "terms", "confirmed", "lapsed", "released", "moved", "freed"]


class NewBooking(NewWindow):
    """When a project takes the resource, and how much of it each time; without a quantity the project's."""

    quantity: Quantity | None = None


class Moving(Body):
    """When an occurrence takes place instead."""

    starts_at: Moment
    ends_at: Moment


class Booking(View):
    """One occurrence; `state` is asked, held or freed."""

    id: UUID
    state: str
    starts_at: datetime
    ends_at: datetime
    quantity: int


class Bookings(View):
    """What a project takes of its resource, the earliest first."""

    items: list[Booking]


class CalendarQuery(Query):
    """Which stretch of a calendar to show; at most 92 days, a month from now on where nothing is said."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    before: Annotated[Moment | None, Field(alias="to")] = None


class Stretch(View):
    """A stretch in which the resource is open and nothing changes."""

    starts_at: datetime
    ends_at: datetime
    promised: int
    free: int | None = Field(description="null where it is not known how much there is")


class ResourceCalendar(View):
    """What is promised of a resource and what is free; times at which it is closed are left out."""

    resource_id: UUID
    kind: str
    quantity: int | None
    used_up: bool = Field(description="gone once given; else lent for a time")
    items: list[Stretch]


class NewMessage(Body):
    """What one side writes to the others."""

    text: Annotated[Text, Field(min_length=1)]


class MessageQuery(ListQuery):
    """Which entries of a thread to list."""

    kind: MessageKind | None = None


class ProjectMessage(View):
    """One entry of a negotiation; no organisation where the clock brought it."""

    id: UUID
    project_id: UUID
    kind: str
    organization_id: UUID | None
    organization_name: str | None
    text: str | None
    terms: dict[str, Any] = Field(description="of `terms` what was proposed, of `moved` and `freed` the occurrence")
    created_at: datetime


class ConfirmedTerms(View):
    """A side that confirmed terms."""

    organization_id: UUID
    organization_name: str
    confirmed_at: datetime


class ProposedTerms(View):
    """Terms as they were proposed, and who confirmed them."""

    organization_id: UUID
    organization_name: str
    proposed_at: datetime
    terms: dict[str, Any]
    confirmed: list[ConfirmedTerms]


class ProjectHistory(View):
    """The terms of a project from the first proposal on; the last are those that stand."""

    items: list[ProposedTerms]
