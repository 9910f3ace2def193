"""Where and when a run looks, and who could serve before they get their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.matching.inputs import Offer, Place
from api.domain.matching.rules import Rules
from api.domain.matching.times import week_slots
from api.domain.need_gates import PERSON

Ahead = Mapping[str, tuple[int, ...]]
"""The slots that are asked for by half days of a week, as `half_days` tells them."""


@dataclass(frozen=True)
class Area:
    """Where and when a run looks, and by which rules."""

    tenant_id: UUID
    path: str
    zone: ZoneInfo
    now: datetime
    rules: Rules

    @cached_property
    def today(self) -> date:
        """The day of the run."""
        return self.now.astimezone(self.zone).date()

    @cached_property
    def since(self) -> datetime:
        """What begins earlier is too near to be asked for."""
        return self.now + timedelta(hours=self.rules.terms.lead_hours)

    @cached_property
    def before(self) -> datetime:
        """What begins then or later is for another run."""
        return self.now + timedelta(days=self.rules.terms.horizon_days)


@dataclass(frozen=True, slots=True)
class Week:
    """When somebody is free and what they like best, in half days of a week; `busy` are slots that they have no more.

    `free` None says nothing, and so any time will do.
    """

    free: Sequence[str] | None
    preferred: Sequence[str]
    busy: Collection[int]


@dataclass(slots=True)
class Helper:
    """A person or resource before it gets its number: `whose` says to whom what is proposed to it goes.

    `sort` is `person`, `unit` or `team`, as gates name it. The key of a person is their account.
    """

    key: str
    area_id: UUID | None
    whose: dict[str, str]
    sort: str = PERSON
    values: dict[str, Any] = field(default_factory=dict)
    week: Week | None = None

    def offer(self, number: str, place: Place | None, asked: Collection[int], ahead: Ahead) -> Offer:
        """Return it as an offer of a run, free at what is `asked` for; its other time is not the run's business.

        `ahead` are the slots asked for, by half days.
        """
        week, slots = self.week, self.values.get("slots")
        if week is None:
            free = slots and tuple(slot for slot in slots if slot in asked)
            return Offer(id=number, place=place, **{**self.values, "slots": free})
        free = None if week.free is None else week_slots(week.free, ahead)
        if free and week.busy:
            free = tuple(slot for slot in free if slot not in week.busy)
        return Offer(id=number, place=place, slots=free, preferred=week_slots(week.preferred, ahead), **self.values)
