"""Devices and the lists that they keep without a network, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.domain.offline import MOST_ITEMS, Item
from api.schemas.base import Body, Moment, Subject, View
from api.schemas.presences import Direction, Pair, Presence, Refusal


class Device(Subject):
    """A phone that may keep presences; `secret` is shown once, when it is enrolled."""

    sign_in_id: UUID
    current: bool = Field(description="whether it was enrolled by the sign-in that asks")
    created_at: datetime
    ended_at: datetime | None
    secret: Annotated[
        str | None,
        Field(description="32 bytes in hex, with which items are signed; in the answer to the enrolment alone"),
    ] = None


class OfflineItem(Body):
    """One presence as the phone kept it: one's own with the code seen, or with `person_id` a leader's roll call."""

    item_id: Annotated[UUID, Field(description="new for each item; a repeat has the same")]
    shift_id: UUID
    direction: Direction
    pair: Pair = 1
    person_id: UUID | None = None
    code: Annotated[str, Field(min_length=8, max_length=8, pattern="^[0-9A-Za-z]+$")] | None = None
    at: Annotated[Moment, Field(description="the phone's clock when it happened; milliseconds count")]
    sequence: Annotated[int, Field(ge=1, le=2**53 - 1, description="counts from 1 what this device has kept")]
    mac: Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$", description="HMAC-SHA-256 in hex, see docs/offline.md")]


class OfflineList(Body):
    """What a phone kept; each item gets an outcome of its own."""

    device_id: UUID
    sent_at: Annotated[Moment, Field(description="the phone's clock at sending, by which its error is measured")]
    items: Annotated[list[OfflineItem], Field(min_length=1, max_length=MOST_ITEMS)]

    def kept(self) -> tuple[Item, ...]:
        """Return the items as the rules take them."""
        return tuple(Item(**each.values()) for each in self.items)


class OfflineOutcome(View):
    """What became of an item: what stands, why nothing does, what it waits for, or the case in which it is judged."""

    item_id: UUID
    presence: Presence | None = None
    problem: Refusal | None = None
    waits_for: Annotated[str | None, Field(description="check_in or check_out: kept here until that has come")] = None
    case_id: UUID | None = None
    reasons: Annotated[list[str], Field(description="codes of what a person has to judge")] = []


class OfflineOutcomes(View):
    """An outcome for each item of the list, in its order."""

    outcomes: list[OfflineOutcome]

    @classmethod
    def of(cls, found: list[dict[str, Any]]) -> OfflineOutcomes:
        """Return the outcomes of a list as they are shown."""
        return cls(outcomes=[OfflineOutcome.model_validate(each) for each in found])
