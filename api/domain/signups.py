"""Who gets a place in a shift: first come, first served by recorded order, and who moves up when a place falls free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from api.errors import Conflict


class ShiftFull(Conflict):
    """Every place is taken."""

    code = "shift_full"
    zh, en = "该班次名额已满（{capacity} 人）", "All {capacity} places of this shift are taken"


class SignupClosed(Conflict):
    """The shift takes no more sign-ups: it has begun, is settled or is cancelled."""

    code = "signup_closed"
    zh, en = "该班次已停止报名", "This shift takes no more sign-ups"


class TooLateToCancel(Conflict):
    """The shift has begun; whoever does not come is simply not recorded."""

    code = "too_late_to_cancel"
    zh, en = "班次已开始，不能再取消报名", "The shift has begun; the sign-up stands"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-up on the waiting list: when the person last asked, and an id that settles a tie."""

    id: UUID
    queued_at: datetime


def require_open(state: str, starts_at: datetime, now: datetime) -> None:
    """Raise SignupClosed unless the shift is open and has not begun."""
    if state != "open" or now >= starts_at:
        raise SignupClosed(shiftState=state)


def place(capacity: int, confirmed: int, waiting: int, agrees: bool) -> Literal["confirmed", "waitlisted", "signed_up"]:
    """Return the state of the next sign-up.

    Where the organiser must agree (`agrees`), nobody holds a place before that. Whoever waits already goes first, so
    a free place does not go past a waiting list.
    """
    if agrees:
        return "signed_up"
    return "confirmed" if confirmed < capacity and not waiting else "waitlisted"


def place_all(capacity: int, confirmed: int, waiting: int, agrees: bool, count: int) -> list[str]:
    """Return the states of `count` sign-ups in their recorded order, as if each had come alone."""
    states: list[str] = []
    for _ in range(count):
        state = place(capacity, confirmed, waiting, agrees)
        confirmed += state == "confirmed"
        waiting += state == "waitlisted"
        states.append(state)
    return states


def require_place(capacity: int, confirmed: int) -> None:
    """Raise ShiftFull unless one more person can be confirmed, for an organiser who agrees to a sign-up."""
    if confirmed >= capacity:
        raise ShiftFull(capacity=capacity)


def promoted(capacity: int, confirmed: int, waiting: Iterable[Waiting]) -> Sequence[UUID]:
    """Return who moves up from the waiting list, in order: as many as places are free, the longest waiting first."""
    free = max(capacity - confirmed, 0)
    queue = sorted(waiting, key=lambda each: (each.queued_at, each.id))
    return [each.id for each in queue[:free]]
