"""签退待确认 on the wire: when somebody left, what a leader confirms, and the pairs that are still open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.base import Body, ListQuery, Moment, View
from api.schemas.presences import Pair


class Left(Body):
    """When the caller says they left."""

    at: Moment
    pair: Pair = 1


class PersonLeft(Body):
    """When the leader says somebody left; without `leftAt` what stands is confirmed."""

    person_id: UUID
    pair: Pair = 1
    left_at: Moment | None = None


class Confirmation(Body):
    """Whom the leader confirms: everybody, or only those who are named; a named one with a time gets that time."""

    everybody: bool = True
    left: Annotated[list[PersonLeft], Field(max_length=300)] = []

    @model_validator(mode="after")
    def _names_each_once(self) -> Confirmation:
        if len({(one.person_id, one.pair) for one in self.left}) < len(self.left):
            raise ValueError("name each pair once")
        return self

    def values(self) -> dict[str, Any]:
        """Return whom and when, as plain data."""
        return {"everybody": self.everybody, "left": [one.values() for one in self.left]}


class OpenQuery(ListQuery):
    """Which open pairs to list."""

    shift_id: UUID | None = None
    community_id: UUID | None = None


class OpenPresence(View):
    """A pair that nobody has closed or confirmed; `id` is its check-in's.

    `leftAt` is what stands and becomes final at `finalAt`; `claimedAt` what the person says beyond it, which counts
    when somebody confirms it by its time. `name` is shown to who confirms.
    """

    id: UUID
    state: str
    shift_id: UUID
    pair: int
    title: str
    community_id: UUID
    community_name: str
    served_on: date
    checked_in_at: datetime
    left_at: datetime | None
    provenance: str | None
    claimed_at: datetime | None
    check_out_closed_at: datetime
    final_at: datetime
    person_id: UUID
    name: str | None
    allowed_actions: list[str] = Field(description="the steps that this caller may take on it now")
