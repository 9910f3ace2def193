"""处置: what may be decided after a founded signal, by two people, for how long, and when it ends by itself."""

from __future__ import annotations

from datetime import date, timedelta

from api.domain.signal_rules import SanctionRule
from api.errors import Conflict, Forbidden, Invalid

MAKE_UP = "make_up_suspended"
"""Of a person, after hours made up were found false (modelled on rule R-26)."""


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


class ClaimNotDecided(Conflict):
    """Only a claim of one's own hours that somebody answered can be found false afterwards."""

    code = "claim_not_decided"
    zh, en = "只能针对已办结的补录申请提出", "This follows only a claim of hours that has been answered"


class MakeUpSuspended(Conflict):
    """The person may make up no hours for now; it says until when and how much is left to serve."""

    code = "make_up_suspended"
    zh = "补录资格暂停中：须至{endsOn}，并且自{since}起服务满{hours}小时（还差{remaining}小时）；可申诉，服务照常记时"
    en = (
        "No hours may be made up until {endsOn} and until {hours} h are served since {since} ({remaining} h to go); "
        "an appeal is possible, and what is served is recorded as ever"
    )


def require_bounded(rule: SanctionRule, ends_on: date, after_shifts: int | None, today: date) -> None:
    """Raise TooLong or ConditionUnfit where a sanction would hold longer, or end otherwise, than its rule says."""
    if not today < ends_on <= today + timedelta(days=rule.most_days):
        raise TooLong(days=rule.most_days, pointer="/endsOn")
    if after_shifts is not None and (rule.most_shifts is None or after_shifts > rule.most_shifts):
        raise ConditionUnfit(pointer="/afterShifts")


def in_force(state: str, ends_on: date, today: date) -> bool:
    """Say whether a sanction holds on a day; the clock alone ends it, although nobody notes it."""
    return state == "imposed" and today < ends_on


def still_suspended(ends_on: date, after_minutes: int, served: int, today: date) -> bool:
    """Say whether a suspension goes on: until its day has come and, both of them, the minutes are served."""
    return today < ends_on or served < after_minutes


def in_hours(minutes: int) -> str:
    """Return minutes in hours as people read them, upwards to a tenth: nobody is told that too little is enough."""
    tenths = -(-minutes // 6)
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)


def a_year_after(day: date) -> date:
    """Return the same day of the next year, the 1st of March after a 29th of February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def is_released(ends_on: date, after_shifts: int | None, confirmed: int, today: date) -> bool:
    """Say whether a condition of release holds: the day has come, or recipients have confirmed as many shifts."""
    return today >= ends_on or (after_shifts is not None and confirmed >= after_shifts)
