"""Who may be recorded as present: decides one check-in or check-out, or a list of them, from what is known.

A presence is two facts, `check_in` and `check_out`, of one pair (1 to 3) of a person at a shift (model: Settlement).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from api.errors import Conflict, Forbidden, Invalid, NotFound, Problem

Direction = Literal["check_in", "check_out"]
Key = tuple[UUID, UUID, int, Direction]

MAX_PAIRS = 3  # at most three pairs a person, day and activity: i志愿 Guangdong, rule R-25


class CheckInClosed(Conflict):
    """The time is outside the window of check-in."""

    code = "check_in_closed"
    zh, en = "不在签到时间内（{opensAt} 至 {closesAt}）", "Check-in is possible from {opensAt} until {closesAt}"


class CheckOutClosed(Conflict):
    """The time is after the window of check-out; a supplement is the way left."""

    code = "check_out_closed"
    zh, en = "签退已于 {closesAt} 截止，请申请补录", "Check-out ended at {closesAt}; ask for a supplement"


class NotSignedUp(Conflict):
    """The person holds no place in this shift."""

    code = "not_signed_up"
    zh, en = "您没有该班次的名额，不能签到", "You hold no place in this shift"


class ShiftCancelled(Conflict):
    """The shift does not take place."""

    code = "shift_cancelled"
    zh, en = "该班次已取消", "The shift is cancelled"


class NotCheckedIn(Conflict):
    """There is no check-in to which this check-out could belong."""

    code = "not_checked_in"
    zh, en = "没有对应的签到，不能签退", "There is no check-in to this check-out"


class PreviousPairOpen(Conflict):
    """A further check-in came before the one before it was checked out."""

    code = "previous_pair_open"
    zh, en = "上一次签到尚未签退", "The check-in before this one has no check-out yet"


class CheckOutBeforeCheckIn(Invalid):
    """The times run backwards."""

    code = "check_out_before_check_in"
    zh, en = "签退时间早于签到时间", "The check-out is timed before its check-in"


class ClockAhead(Invalid):
    """The stated time has not come yet."""

    code = "clock_ahead"
    zh, en = "记录时间晚于当前时间，请校准时钟", "The stated time lies in the future; set the clock"


class PairOutOfRange(Invalid):
    """There are at most three pairs."""

    code = "pair_out_of_range"
    zh, en = "签到签退最多三次", "There are at most three pairs of check-in and check-out"


class SelfRecorded(Forbidden):
    """Nobody vouches for their own presence."""

    code = "self_recorded"
    zh, en = "不能为自己点名，请由他人确认", "You cannot record your own presence; somebody else must"


class EnteredTooLate(Conflict):
    """Somebody vouches so long after the shift that nobody can tell any more; a supplement is the way left."""

    code = "entered_too_late"
    zh = "点名、签到表须在班次结束后 72 小时内录入（{until} 前），请申请补录"
    en = "A roll call or sheet is entered until {until}, 72 hours after the shift; ask for a supplement"


VOUCHED = frozenset({"roll_call", "organiser"})
"""Provenance classes where somebody else says that the person is there."""

ENTERED_WITHIN = timedelta(hours=72)
"""How long after a shift somebody may vouch: until hours that nobody confirmed become final (model: Settlement)."""


@dataclass(frozen=True, slots=True)
class PresencePolicy:
    """Windows around a shift in minutes, whether somebody without a place may come, and how many pairs there are.

    Check-in opens `early_minutes` before the start and ends `late_minutes` after it, with the shift where that is None;
    check-out ends `check_out_minutes` after the shift.
    """

    early_minutes: int = 30
    late_minutes: int | None = None
    check_out_minutes: int = 120
    walk_in: bool = False
    pairs: int = MAX_PAIRS


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """What has to be known of a shift: half-open times, its state and its policy."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    state: str = "open"
    cancelled_at: datetime | None = None
    policy: PresencePolicy = field(default_factory=PresencePolicy)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One wish to be recorded: who, where, which direction and pair; `at` is when it happened, `received_at` now.

    `provenance` is code, organiser, roll_call, offline_code …; `recorded_by` is whoever vouches for it.
    """

    person_id: UUID
    shift_id: UUID
    direction: Direction
    pair: int
    at: datetime
    received_at: datetime
    provenance: str
    recorded_by: UUID

    @property
    def key(self) -> Key:
        """The natural key of a presence: person, shift, pair, direction."""
        return (self.person_id, self.shift_id, self.pair, self.direction)


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """A fact to be written, or one that stands. `provisional` waits for a roll call or the leader."""

    person_id: UUID
    shift_id: UUID
    pair: int
    kind: Direction
    at: datetime
    recorded_at: datetime
    provenance: str
    recorded_by: UUID
    walk_in: bool = False
    provisional: bool = False

    @property
    def key(self) -> Key:
        """The natural key of a presence: person, shift, pair, direction."""
        return (self.person_id, self.shift_id, self.pair, self.kind)


Standing = Mapping[Key, PresenceRow]


def admit(shift: ShiftFacts | None, arrival: Arrival, signup: str | None, standing: Standing) -> PresenceRow:
    """Return the row to write for one arrival, or raise the Problem that stands in its way.

    `signup` is the state of the person's sign-up for the shift, None where there is none; `standing` holds at least
    this person's facts at this shift. Looks at no fact of the same key: whether one stands already is for the caller.
    """
    if shift is None:
        raise NotFound
    if arrival.at > arrival.received_at:
        raise ClockAhead(at=_iso(arrival.at), now=_iso(arrival.received_at))
    if not 1 <= arrival.pair <= min(shift.policy.pairs, MAX_PAIRS):
        raise PairOutOfRange(pair=arrival.pair, pairs=shift.policy.pairs)
    if arrival.provenance in VOUCHED:
        _require_vouching(shift, arrival)
    if arrival.direction == "check_in":
        walk_in = _admit_in(shift, arrival, signup, standing)
    else:
        walk_in = _admit_out(shift, arrival, standing)
    return PresenceRow(
        arrival.person_id,
        arrival.shift_id,
        arrival.pair,
        arrival.direction,
        arrival.at,
        arrival.received_at,
        arrival.provenance,
        arrival.recorded_by,
        walk_in=walk_in,
        provisional=arrival.provenance == "offline_code",
    )


def admit_all(
    arrivals: Iterable[Arrival],
    shifts: Mapping[UUID, ShiftFacts],
    signups: Mapping[tuple[UUID, UUID], str],
    standing: Standing,
) -> list[PresenceRow | Problem]:
    """Decide arrivals in their order and return an outcome for each, as if each had come alone.

    What stands is the answer, also where it was written a moment ago by the same list, so a double is never refused.
    `signups` maps (person, shift) to the state of the sign-up; `standing` maps natural keys to facts.
    """
    stands = dict(standing)
    outcomes: list[PresenceRow | Problem] = []
    for arrival in arrivals:
        row = stands.get(arrival.key)
        if row is None:
            try:
                signup = signups.get((arrival.person_id, arrival.shift_id))
                row = admit(shifts.get(arrival.shift_id), arrival, signup, stands)
            except Problem as why:
                outcomes.append(why)
                continue
            stands[row.key] = row
        outcomes.append(row)
    return outcomes


def _require_vouching(shift: ShiftFacts, arrival: Arrival) -> None:
    if arrival.recorded_by == arrival.person_id:
        raise SelfRecorded
    until = shift.ends_at + ENTERED_WITHIN
    if arrival.received_at >= until:
        raise EnteredTooLate(until=_iso(until))


def _admit_in(shift: ShiftFacts, arrival: Arrival, signup: str | None, standing: Standing) -> bool:
    """Check a check-in and return whether the person walks in without a place."""
    if shift.state == "cancelled" and (shift.cancelled_at is None or arrival.at >= shift.cancelled_at):
        raise ShiftCancelled
    policy = shift.policy
    opens = shift.starts_at - timedelta(minutes=policy.early_minutes)
    closes = shift.ends_at
    if policy.late_minutes is not None:
        closes = min(closes, shift.starts_at + timedelta(minutes=policy.late_minutes))
    if not opens <= arrival.at < closes:
        raise CheckInClosed(opensAt=_iso(opens), closesAt=_iso(closes))
    if signup != "confirmed" and not policy.walk_in:
        raise NotSignedUp(signupState=signup)
    if arrival.pair > 1:
        last_out = standing.get((arrival.person_id, arrival.shift_id, arrival.pair - 1, "check_out"))
        if last_out is None or arrival.at < last_out.at:
            raise PreviousPairOpen(pair=arrival.pair - 1)
    return signup != "confirmed"


def _admit_out(shift: ShiftFacts, arrival: Arrival, standing: Standing) -> bool:
    """Check a check-out; whoever stands inside may leave, also when the shift is cancelled meanwhile."""
    came = standing.get((arrival.person_id, arrival.shift_id, arrival.pair, "check_in"))
    if came is None:
        raise NotCheckedIn
    if arrival.at < came.at:
        raise CheckOutBeforeCheckIn(checkedInAt=_iso(came.at), checkedOutAt=_iso(arrival.at))
    closes = shift.ends_at + timedelta(minutes=shift.policy.check_out_minutes)
    if arrival.at >= closes:
        raise CheckOutClosed(closesAt=_iso(closes))
    return came.walk_in


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def open_pairs(rows: Sequence[PresenceRow]) -> list[PresenceRow]:
    """Return the check-ins that have no check-out yet, in order of arrival: the leader's daily list."""
    left = {(row.person_id, row.shift_id, row.pair) for row in rows if row.kind == "check_out"}
    inside = [row for row in rows if row.kind == "check_in" and row.key[:3] not in left]
    return sorted(inside, key=lambda row: (row.at, row.shift_id, row.person_id, row.pair))
