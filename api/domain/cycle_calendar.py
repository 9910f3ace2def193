"""考核日程: the last day of each phase of a cycle; clocks remind and show what is late, and only people move on.

Two things it closes by itself: nothing is published of a period that is not over, and after the last working day of
its window no appeal is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict, Invalid

REMIND_DAYS = 3
"""Working days before the last day of a phase from which on its officers are reminded."""

UNTIL = {"self_review": "self_review_until", "public_review": "public_review_until", "publication": "publish_by"}
"""The phases whose last days an office sets, in their order, and how each day is called."""

PHASES = {
    "self_review": ("自评", "the self-review"),
    "public_review": ("群众评议", "the public review"),
    "publication": ("公布", "publication"),
    "appeals": ("申诉", "appeals"),
}


class CalendarDates(Invalid):
    """The last days of the phases contradict each other or the period."""

    code = "calendar_dates"
    zh = "考核日程有误：{phaseZh}的最后一天不能早于{beforeZh}"
    en = "The calendar contradicts itself: {phase} ends before {before}"


class PeriodStillRuns(Conflict):
    """What is served later in the period would count in no result."""

    code = "period_still_runs"
    zh = "考核期间至 {lastDay} 止，期满后方可公布结果"
    en = "The period lasts until {lastDay}; results are published after it"


class AppealsStillTaken(Conflict):
    """The window in which appeals are taken is not over."""

    code = "appeals_still_taken"
    zh = "申诉受理至 {until}，期满后方可定案"
    en = "Appeals are taken until {until}; the cycle becomes final after that"


@dataclass(frozen=True, slots=True)
class Calendar:
    """What an office set: the last day of each phase, and for how many working days appeals are taken.

    `appeals_until` is the last of those days, known once the window is open. None is a phase without a clock.
    """

    self_review_until: date | None = None
    public_review_until: date | None = None
    publish_by: date | None = None
    appeal_days: int | None = None
    appeals_until: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock that runs: of which phase, until when, and how it stands on a day."""

    phase: str
    last_day: date
    soon: bool
    late: bool


def require_in_order(calendar: Calendar, cut_off: date) -> None:
    """Raise CalendarDates, with the pointer of the later phase, where the phases do not follow each other.

    None ends before the cut-off, since nothing can be computed before.
    """
    before, after = ("截止日", "the cut-off"), cut_off
    for phase, name in UNTIL.items():
        until: date | None = getattr(calendar, name)
        if until is None:
            continue
        if until < after:
            zh, en = PHASES[phase]
            raise CalendarDates(
                pointer=f"/calendar/{_camel(name)}", phase=en, phaseZh=zh, before=before[1], beforeZh=before[0]
            )
        before, after = PHASES[phase], until


def clock(state: str, calendar: Calendar, day: date, workdays: WorkCalendar) -> Clock | None:
    """Return the clock that runs in a state on a day; None where no phase has one.

    Before the public review the self-review's runs. While the public review is open that of its own runs, and after
    its last day that of publication, for it is publication that is then due.
    """
    phase, last = _running(state, calendar, day)
    if last is None:
        return None
    return Clock(phase, last, soon=add_workdays(day, REMIND_DAYS, workdays) >= last, late=day > last)


def window(opened: date, calendar: Calendar, workdays: WorkCalendar) -> date | None:
    """Return the last day on which appeals are taken that open on a day; None where the calendar does not say."""
    return None if calendar.appeal_days is None else add_workdays(opened, calendar.appeal_days, workdays)


def require_ended(period_end: date, day: date) -> None:
    """Raise PeriodStillRuns before the first day after the period."""
    if day < period_end:
        raise PeriodStillRuns(lastDay=(period_end - timedelta(days=1)).isoformat())


def shut(period_end: date, appeals_until: date | None, day: date) -> frozenset[str]:
    """Return the steps of a cycle that its days refuse whatever its state, so that no screen offers them."""
    early = {"cycle.publish"} if day < period_end else set[str]()
    if appeals_until is None:
        return frozenset(early)
    return frozenset(early | {"cycle.finalize" if day <= appeals_until else "cycle.appeal"})


def require_over(appeals_until: date | None, day: date) -> None:
    """Raise AppealsStillTaken up to and on the last day of the window."""
    if appeals_until is not None and day <= appeals_until:
        raise AppealsStillTaken(until=appeals_until.isoformat())


def how_to_object(state: str, appeal_days: int | None, appeals_until: date | None, day: date) -> tuple[str, str]:
    """Return in Chinese and English how and until when a published result may be appealed against, or what remains."""
    if state == "published":
        zh, en = ("", "") if appeal_days is None else (f" {appeal_days} 个工作日", f", for {appeal_days} working days")
        return (
            f"申诉开放后受理{zh}，届时可在平台“我的评价”中提出，由未参与原决定的人员复核。",
            f"Once appeals open you may appeal under 'My assessments'{en}; others than who decided review it.",
        )
    if state == "appeals" and (appeals_until is None or day <= appeals_until):
        until = appeals_until and appeals_until.isoformat()
        zh, en = ("", "") if until is None else (f"最迟于 {until}（含当日）", f" up to and on {until}")
        return (
            f"{zh}可在平台“我的评价”中提出申诉，由未参与原决定的人员复核。",
            f"You may appeal under 'My assessments'{en}; people who had no part in the decision review it.",
        )
    return (
        "申诉期已结束；记录有误的，可随时申请更正，确有错误的以更正程序修正。",
        "The window for appeals is over; errors of the record may be pointed out at any time and are amended.",
    )


def _running(state: str, calendar: Calendar, day: date) -> tuple[str, date | None]:
    if state in ("open", "computed", "self_review"):
        return "self_review", calendar.self_review_until
    if state == "public_review":
        until, publish_by = calendar.public_review_until, calendar.publish_by
        if until is not None and (publish_by is None or day <= until):
            return "public_review", until
        return "publication", publish_by
    return "appeals", calendar.appeals_until if state == "appeals" else None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
