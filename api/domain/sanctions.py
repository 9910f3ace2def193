"""处置: what may be decided after a founded signal, by two people, for how long, and when it ends by itself."""

from __future__ import annotations

from datetime import date, timedelta

from api.domain.signal_rules import SanctionRule
from api.errors import Conflict, Forbidden, Invalid

KINDS = ("warned", "second_roll_call", "no_new_activities")


class OwnSignal(Forbidden):
    """Nobody judges how they themselves, or the organisation for which they speak, ran an activity."""

    code = "own_signal"
    zh, en = "不能判断本人或本单位组织的活动", "Nobody judges activities of their own or of their own organisation"


class NotFounded(Conflict):
    """Nothing follows from figures alone: somebody has to have found the signal true."""

    code = "signal_not_founded"
    zh, en = "线索未经认定属实，不能提议处置", "Only a signal that was found true can be followed by a sanction"


class NotAbovePlace(Invalid):
    """A sanction holds where the signal arose: at its community or what that is part of."""

    code = "not_above_place"
    zh, en = "处置范围须包含线索所在社区", "A sanction holds at the signal's community or above it"


class TooLong(Invalid):
    """No sanction holds for ever, and none longer than its rule says."""

    code = "sanction_too_long"
    zh = "该处置须有终止日，最长 {days} 天"
    en = "This sanction has an end, after {days} days at most"


class ConditionUnfit(Invalid):
    """The sanction cannot end after so many confirmed shifts."""

    code = "condition_unfit"
    zh = "该处置不能以此数量的已确认班次为解除条件"
    en = "This sanction cannot end after that many confirmed shifts"


class OrganizerSanctioned(Conflict):
    """The organiser may publish nothing new for now."""

    code = "organizer_sanctioned"
    zh = "主办方在 {endsOn} 前暂停发布新的活动和班次，可申诉"
    en = "The organiser may publish no activity and add no shift before {endsOn}; an appeal is possible"


class SecondRollCaller(Conflict):
    """Somebody from outside the organiser calls the roll for now."""

    code = "second_roll_caller"
    zh = "该主办方的班次须由主办方以外的人点名（至 {endsOn}）"
    en = "Until {endsOn} somebody from outside the organiser has to call the roll of its shifts"


def require_bounded(rule: SanctionRule, ends_on: date, after_shifts: int | None, today: date) -> None:
    """Raise TooLong or ConditionUnfit where a sanction would hold longer, or end otherwise, than its rule says."""
    if not today < ends_on <= today + timedelta(days=rule.most_days):
        raise TooLong(days=rule.most_days, pointer="/endsOn")
    if after_shifts is not None and (rule.most_shifts is None or after_shifts > rule.most_shifts):
        raise ConditionUnfit(pointer="/afterShifts")


def in_force(state: str, ends_on: date, today: date) -> bool:
    """Say whether a sanction holds on a day; the clock alone ends it, although nobody notes it."""
    return state == "imposed" and today < ends_on


def is_released(ends_on: date, after_shifts: int | None, confirmed: int, today: date) -> bool:
    """Say whether a condition of release holds: the day has come, or recipients have confirmed as many shifts."""
    return today >= ends_on or (after_shifts is not None and confirmed >= after_shifts)
