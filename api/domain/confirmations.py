"""服务对象确认: when a slip may be asked for, how long it holds, and what a recipient may say with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from api.errors import Conflict, Forbidden, Invalid

Verdict = Literal["confirmed", "denied"]
DenialReason = Literal["not_came", "left_early", "somebody_else", "not_asked_for", "other"]

SLIP_DAYS = 14
"""A slip holds for so many days, and is asked for within as many days after the shift: long enough for somebody who
is visited every other week, short enough that they remember."""

SERVING = frozenset({"service", "visit"})
"""Kinds of activities at which somebody is served; at a meeting or a training there is no recipient to ask."""

REASONS: Mapping[str, tuple[str, str]] = {
    "not_came": ("没有人来", "nobody came"),
    "left_early": ("来了但提前离开", "came and left early"),
    "somebody_else": ("来的是其他人", "somebody else came"),
    "not_asked_for": ("我没有接受这次服务", "this service was not for me"),
    "other": ("其他", "something else"),
}
"""Why a recipient denies, as codes: what they would write themselves could name them or others."""


SLIP = {"zh": "服务确认单", "en": "Slip for confirmation"}
HOW_TO_ANSWER = {
    "zh": "扫码或在平台输入确认码，即可确认或否认这次服务；不需要登录。由接受服务的人使用，志愿者看不到是谁答复的。",
    "en": "Scan it, or type the code on the platform, and confirm or deny this service; no account is needed. The "
    "slip is for who was served; the volunteer is not told who answered.",
}
"""What is printed on a slip."""


class NobodyServed(Conflict):
    """Nobody is served at an activity of this kind."""

    code = "nobody_served"
    zh, en = "此类活动没有服务对象，不需要确认", "Nobody is served at such an activity, so that nobody can confirm it"


class TooLateToAsk(Conflict):
    """The shift is too long ago for a recipient to remember."""

    code = "too_late_to_ask"
    zh, en = "班次结束已超过 {days} 天，不能再请服务对象确认", "The shift ended more than {days} days ago"


class AnsweredBefore(Conflict):
    """The recipient has said what they had to say about this presence."""

    code = "answered_before"
    zh, en = "服务对象已经答复过这次服务", "The recipient has answered for this presence already"


class SlipUsed(Conflict):
    """The slip was answered otherwise, revoked or has run out."""

    code = "slip_used"
    zh, en = "确认单已使用、已作废或已过期", "The slip was used, revoked or has run out"


class OwnPresence(Forbidden):
    """A recipient confirms; neither the volunteer nor whoever made out the slip is one."""

    code = "own_presence"
    zh = "确认单由服务对象使用，志愿者和开单人不能自己确认"
    en = "A slip is for the recipient; neither the volunteer nor who made it out may answer it"


class ReasonMissing(Invalid):
    """A denial says why; a confirmation does not."""

    code = "reason_missing"
    zh, en = "否认须选择原因，确认不需要原因", "A denial says why, a confirmation does not"


def require_askable(activity_kind: str, ends_at: datetime, now: datetime) -> None:
    """Raise NobodyServed or TooLateToAsk where no slip can be made out for a presence at this shift."""
    if activity_kind not in SERVING:
        raise NobodyServed
    if now > ends_at + timedelta(days=SLIP_DAYS):
        raise TooLateToAsk(days=SLIP_DAYS)


def require_reason(verdict: str, reason: str | None) -> None:
    """Raise ReasonMissing unless a denial, and only a denial, says why."""
    if (verdict == "denied") != (reason is not None):
        raise ReasonMissing(pointer="/reason")


def stands(state: str, expires_at: datetime, now: datetime) -> str:
    """Return the state of a slip at an instant: one that nobody answered runs out by the clock alone."""
    return "expired" if state == "issued" and now >= expires_at else state
