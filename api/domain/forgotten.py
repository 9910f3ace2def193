"""Forgotten check-outs: when somebody is taken to have left, what they may say of it, and when their hours are final.

The policy is versioned data: an activity names one, and the fact that closes a pair names the version it follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from api.domain.presence import CheckOutBeforeCheckIn, ClockAhead
from api.errors import Conflict, Invalid

WATERMARK = timedelta(hours=72)
"""After the shift, when hours that nobody confirmed become final as they stand (model: Settlement)."""

PROVISIONAL = frozenset({"watermark", "self_stated"})
"""Provenance classes of a check-out that is only presumed or told: it waits for a confirmation or the watermark."""


@dataclass(frozen=True, slots=True)
class ForgottenPolicy:
    """One version: `planned_end` takes the shift's end, at most `cap_minutes` after the check-in; `check_in` nothing.

    With `check_in` no minute counts before the person says when they left and somebody confirms it.
    """

    version: int
    kind: Literal["planned_end", "check_in"]
    cap_minutes: int

    def presumed_end(self, came_at: datetime, ends_at: datetime, cancelled_at: datetime | None = None) -> datetime:
        """Return when somebody who came at `came_at` is taken to have left; a shift called off ended then."""
        ended = ends_at if cancelled_at is None else min(ends_at, cancelled_at)
        latest = came_at if self.kind == "check_in" else came_at + timedelta(minutes=self.cap_minutes)
        return max(came_at, min(ended, latest))


POLICIES: Mapping[int, ForgottenPolicy] = {
    policy.version: policy for policy in (ForgottenPolicy(1, "planned_end", 240), ForgottenPolicy(2, "check_in", 0))
}
"""A version is never changed, since facts name it; another rule is another version."""

DEFAULT = 1


class CheckOutOpen(Conflict):
    """The code still checks out; nothing has been forgotten yet."""

    code = "check_out_open"
    zh, en = (
        "{closesAt} 前可扫码签退，之后再说明离开时间",
        "Check out by code until {closesAt}; say when you left after it",
    )


class LeftAfterWindow(Invalid):
    """Nobody was there longer than check-out was possible."""

    code = "left_after_window"
    zh, en = "离开时间不得晚于签退截止时间 {closesAt}", "Nobody leaves later than {closesAt}, when check-out ended"


class CheckedOut(Conflict):
    """A check-out was recorded when it happened; it is taken back, not told anew."""

    code = "checked_out"
    zh, en = "已于 {at} 签退；如有误请由他人冲正", "Checked out at {at}; if that is wrong somebody else takes it back"


class PresenceFinal(Conflict):
    """Hours that were confirmed, or that 72 hours made final, change by an objection alone."""

    code = "presence_final"
    zh, en = "该次服务时长已确定，如有异议请提出异议", "These hours are final; raise an objection if they are wrong"


def policy_of(activity: Mapping[str, Any]) -> ForgottenPolicy:
    """Return the policy that an activity's own policy names; version 1 where it names none."""
    return POLICIES[activity.get("forgotten", DEFAULT)]


def judge_left(
    stated: datetime, *, came_at: datetime, presumed: datetime, closes_at: datetime, now: datetime
) -> Literal["taken", "claimed"]:
    """Say what becomes of a person's own word on when they left: `taken`, or `claimed` until somebody confirms it.

    Nobody gains by their own word alone: only what is not later than presumed is taken. CheckOutOpen before check-out
    by code has ended, and what `require_left` raises.
    """
    if now < closes_at:
        raise CheckOutOpen(closesAt=_iso(closes_at))
    require_left(stated, came_at=came_at, closes_at=closes_at, now=now)
    return "taken" if stated <= presumed else "claimed"


def require_left(left: datetime, *, came_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Raise what keeps a time from being one of leaving: ClockAhead, CheckOutBeforeCheckIn, LeftAfterWindow."""
    if left > now:
        raise ClockAhead(at=_iso(left), now=_iso(now))
    if left < came_at:
        raise CheckOutBeforeCheckIn(checkedInAt=_iso(came_at), checkedOutAt=_iso(left))
    if left > closes_at:
        raise LeftAfterWindow(closesAt=_iso(closes_at))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
