"""应急状态: what the law permits for a time that ends by itself, declared by two people under a stated decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from api.domain.documents.content import Words
from api.errors import Conflict, Invalid

LONGEST = timedelta(days=30)
"""The longest that one decision holds; to go on is a new decision, of two people again."""

Permit = Literal["compulsory_check_in", "location_check_in"]
Basis = Literal["emergency_response_law", "decision"]


class TooLong(Invalid):
    """An emergency ends within thirty days of its beginning."""

    code = "emergency_too_long"
    zh, en = "应急状态须有终止时间，最长 {days} 天", "An emergency has an end, after {days} days at most"


class NotPermitted(Conflict):
    """No emergency in force permits this."""

    code = "not_permitted_by_emergency"
    zh, en = "当前应急状态不允许此项", "No emergency in force permits this"


class ItIsOver(Conflict):
    """The time for which it was proposed has passed."""

    code, zh, en = "emergency_over", "拟定的期限已过", "The time for which it was proposed has passed"


PERMITS: dict[str, Words] = {
    "compulsory_check_in": Words(
        "对已报到党员实行到岗点名", "members who are registered are called and their coming is listed by name"
    ),
    "location_check_in": Words("启用定位签到", "check-in by location is open"),
}
"""All that an emergency may permit; nothing else changes while it lasts."""

BASES: dict[str, Words] = {
    "emergency_response_law": Words("《中华人民共和国突发事件应对法》", "Emergency Response Law"),
    "decision": Words("有权机关决定", "decision of a competent authority"),
}


def require_bounded(starts_at: datetime, ends_at: datetime) -> None:
    """Raise TooLong unless the end comes after the beginning and within LONGEST of it."""
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise TooLong(days=LONGEST.days, pointer="/endsAt")


def stands(state: str, starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """Return the state at an instant: what was declared begins and ends by the clock, without anybody's doing."""
    if state in ("proposed", "declared") and now >= ends_at:
        return "ended"
    return state


def in_force(state: str, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Say whether an emergency holds at an instant."""
    return state == "declared" and starts_at <= now < ends_at


def permits(standing: Sequence[tuple[str, Sequence[str]]], path: str, permit: Permit) -> bool:
    """Say whether one of the emergencies in force, as (path of its scope, what it permits), permits this at a path."""
    return any(path.startswith(scope) and permit in permitted for scope, permitted in standing)
