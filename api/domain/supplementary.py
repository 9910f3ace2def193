"""Past services that are brought in as hours (补录): how many minutes stand, and what a person has to look at, and why.

Each record states hours for one participant. Minutes that the rules accept and minutes that go to review always add up
to the stated hours. Hours by role for leaders or uploaders are not service time and are never among them. A record is
credited whole, split into the stretches that it tells of, capped at what its window or a day allows, or reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from api.domain.past_stretches import Division, Stretch, capped, divide, minutes_between, most_a_day
from api.domain.workdays import WorkCalendar, workdays_between

GRAIN = 6
"""Minutes in a tenth of an hour, in which hours are stated; a window may be rounded up to the next."""

LATE_AFTER = 10
"""Working days after the service by which it is to be recorded (order 67 of the Ministry of Civil Affairs)."""

PARENT_TIER, UPPER_TIER = 480, 720
"""Minutes a day up to which a record counts at once, and above which an upper organisation must agree (rule R-25)."""

_YEARS_BACK = 365
_DAY = 24 * 60

_GROUPS = re.compile(r"\d+(?:\s*[-–~至]\s*\d+)?\s*(?:people|persons|volunteers|人|名)", re.IGNORECASE)
_DIFFERENT = re.compile(
    r"per[- ]person|differ|only in the|came and left|时长不一|不同时长|仅上午|仅下午|陆续|中途", re.IGNORECASE
)
_BONUS = re.compile(
    r"\+\s*\d+(?:\.\d+)?\s*h\b|(?:另|多|额外|各)?(?:加|奖励)\s*\d+(?:\.\d+)?\s*(?:个)?小时", re.IGNORECASE
)
_HOURS = re.compile(r"\d{1,6}(?:\.\d{1,6})?")


REASONS: Mapping[str, tuple[str, str]] = {
    "hours_unreadable": ("时长缺失或不是正数", "the hours are missing or no positive number"),
    "not_whole_minutes": ("时长 {hours} 小时不是整分钟", "{hours} h are no whole minutes"),
    "zero_or_negative_window": ("结束不晚于开始", "it does not end after it starts"),
    "multi_day_window": (
        "起止跨度 {window} 分钟，超过一天，无法按日拆分",
        "its window of {window} min is longer than a day and does not tell its days apart",
    ),
    "credited_more_than_window": (
        "记 {minutes} 分钟，超过起止跨度 {window} 分钟",
        "{minutes} min are stated in a window of {window} min",
    ),
    "over_daily_tier_parent": (
        "单日 {day} 分钟，8 小时以上部分须上级组织同意",
        "{day} min on one day; what is over 8 h needs the parent organisation",
    ),
    "over_daily_tier_upper": (
        "单日 {day} 分钟，8 小时以上部分须更高一级组织同意",
        "{day} min on one day; what is over 8 h needs an upper organisation, since it is over 12 h",
    ),
    "head_count_missing": ("缺少参加人数", "the head-count is missing"),
    "different_hours_a_person": ("各人时长不同，应逐人核定", "people gave different hours; each is to be settled"),
    "registered_years_later": (
        "登记（{registered}）晚于服务一年以上",
        "registered ({registered}) more than a year later",
    ),
}
"""Why a record goes to review: code → (zh-CN, en)."""

REMARKS: Mapping[str, tuple[str, str]] = {
    "split_by_day": (
        "记录未分日，按起止跨度的 {parts} 天平均拆分（{split} 分钟）",
        "told for {parts} days together and split evenly over them ({split} min)",
    ),
    "split_by_shift": (
        "按说明中的 {parts} 个班次拆分（{split} 分钟）",
        "split into the {parts} shifts that its note names ({split} min)",
    ),
    "role_bonus_hours": (
        "带队、撰稿、上传等加时不是服务时间，不计入",
        "extra hours for leading, writing or uploading are not service time and not counted",
    ),
    "credited_less_than_window": ("记时少于起止跨度 {window} 分钟", "less is stated than the window of {window} min"),
    "registered_late": (
        "活动结束 10 个工作日后登记（{registered}）",
        "registered ({registered}) after 10 working days",
    ),
}
"""What is told about a record without sending it to review: code → (zh-CN, en)."""


@dataclass(frozen=True, slots=True)
class PastService:
    """A record as it was brought in: aware times, credited hours as decimal text, head-count None where it is missing.

    `flags` are the codes that the source put on it, separated by `|`; `text` is its note. `registered` is the day of
    registration, or only the year where no more is known.
    """

    title: str
    starts_at: datetime
    ends_at: datetime
    credited_hours: str
    participants: int | None = None
    flags: str = ""
    text: str = ""
    registered: date | int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one record: minutes for each participant that stand and that are to be reviewed.

    `reasons` send to review, `remarks` only tell. `reviewed` is a fraction where the stated hours are no whole minutes.
    `stretches` are when the accepted minutes were served, each of one day; their minutes are those accepted.
    """

    accepted: int
    reviewed: Fraction
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    served_on: date
    facts: tuple[tuple[str, str], ...]
    stretches: tuple[Stretch, ...] = ()

    @property
    def outcome(self) -> Literal["credited", "split", "capped", "reviewed"]:
        """What was done with it: credited whole or in stretches, credited in part, or not credited."""
        if not self.accepted:
            return "reviewed"
        if self.reviewed:
            return "capped"
        return "split" if len(self.stretches) > 1 else "credited"

    @property
    def stated(self) -> Fraction:
        """The minutes that the record states: accepted and reviewed together."""
        return self.accepted + self.reviewed

    def line(self) -> dict[str, str]:
        """Return the verdict in one line of zh and en."""
        facts = dict(self.facts)
        zh = [_WORDS[code][0].format_map(facts) for code in self.reasons + self.remarks]
        en = [_WORDS[code][1].format_map(facts) for code in self.reasons + self.remarks]
        head_zh, head_en = _outcome(self.accepted, self.reviewed)
        return {"zh": "；".join([head_zh, *zh]), "en": "; ".join([head_en, *en])}


@dataclass(frozen=True, slots=True)
class _Reading:
    service: PastService
    stated: Fraction | None
    window: Fraction
    served_on: date
    calendar: WorkCalendar
    division: Division | None
    day: int  # minutes of the day that has most of them


def judge_past_service(service: PastService, zone: ZoneInfo, calendar: WorkCalendar) -> Verdict:
    """Return what becomes of a record; pure, and every minute that it states is in the answer.

    A record without any reason stands whole, in the stretches that it tells of. One that states up to a tenth of an
    hour more than its window stands with the window, one over 8 hours a day with 8 hours, and the rest is reviewed.
    With any other reason the whole record is reviewed.
    """
    if service.starts_at.tzinfo is None or service.ends_at.tzinfo is None:
        raise ValueError("a naive time has no meaning here")
    reading = _read(service, zone, calendar)
    reasons = tuple(code for code, speaks in _AGAINST.items() if speaks(reading))
    remarks = tuple(code for code, tells in _TELLING.items() if tells(reading))
    total = reading.stated or Fraction(0)
    stretches: list[Stretch] = []
    if reading.division is not None and set(reasons) <= _CAPPING and total - reading.window < GRAIN:
        stretches = capped(reading.division.stretches, zone, PARENT_TIER)
    accepted = sum(each.minutes for each in stretches)
    return Verdict(accepted, total - accepted, reasons, remarks, reading.served_on, _facts(reading), tuple(stretches))


def _read(service: PastService, zone: ZoneInfo, calendar: WorkCalendar) -> _Reading:
    window, stated = minutes_between(service.starts_at, service.ends_at), _minutes(service.credited_hours)
    division = None
    if stated is not None and stated.denominator == 1 and window > 0:
        division = divide(service.starts_at, service.ends_at, int(stated), service.participants, service.text, zone)
    day = most_a_day(division.stretches, zone) if division else int(stated or 0) if window <= _DAY else 0
    served_on = service.starts_at.astimezone(zone).date()
    return _Reading(service, stated, window, served_on, calendar, division, day)


def totals(verdicts: Iterable[Verdict]) -> dict[str, int | Fraction]:
    """Return how many records and minutes were accepted and reviewed; a record with both counts as reviewed in part."""
    counted: dict[str, int | Fraction] = {
        "records": 0,
        "accepted": 0,
        "partly": 0,
        "reviewed": 0,
        "accepted_minutes": 0,
        "reviewed_minutes": Fraction(0),
    }
    for verdict in verdicts:
        kind = "accepted" if not verdict.reasons else "partly" if verdict.accepted else "reviewed"
        counted["records"] += 1
        counted[kind] += 1
        counted["accepted_minutes"] += verdict.accepted
        counted["reviewed_minutes"] += verdict.reviewed
    return counted


def _flagged(reading: _Reading, code: str) -> bool:
    return code in reading.service.flags.split("|")


def _divided(reading: _Reading) -> str | None:
    return reading.division.kind if reading.division else None


def _hours_differ(reading: _Reading) -> bool:
    if _divided(reading) == "by_shift":
        return False
    text = reading.service.text
    return _flagged(reading, "two_shifts") or len(_GROUPS.findall(text)) > 1 or bool(_DIFFERENT.search(text))


def _earliest_registration(reading: _Reading) -> date | None:
    known = reading.service.registered
    return date(known, 1, 1) if isinstance(known, int) else known


def _registered_years_later(reading: _Reading) -> bool:
    known = _earliest_registration(reading)
    return known is not None and (known - reading.served_on).days > _YEARS_BACK


def _registered_late(reading: _Reading) -> bool:
    known = _earliest_registration(reading)
    if known is None or known <= reading.served_on or _registered_years_later(reading):
        return False
    return workdays_between(reading.served_on, known, reading.calendar) > LATE_AFTER


def _outcome(accepted: int, reviewed: Fraction) -> tuple[str, str]:
    if not reviewed:
        return f"计入 {accepted} 分钟", f"{accepted} min accepted"
    if accepted:
        return f"计入 {accepted} 分钟，{reviewed} 分钟待核", f"{accepted} min accepted, {reviewed} min to review"
    return f"{reviewed} 分钟待核", f"{reviewed} min to review"


def _minutes(hours: str) -> Fraction | None:
    """Return stated hours as exact minutes, None where they are missing, unreadable or not above nought."""
    text = hours.strip()
    return Fraction(text) * 60 or None if text.isascii() and _HOURS.fullmatch(text) else None


def _facts(reading: _Reading) -> tuple[tuple[str, str], ...]:
    minutes = "?" if reading.stated is None else str(reading.stated)
    whole = reading.window.numerator // reading.window.denominator
    known = reading.service.registered
    parts = reading.division.stretches if reading.division else ()
    return (
        ("hours", reading.service.credited_hours.strip()),
        ("minutes", minutes),
        ("window", str(whole)),
        ("registered", "?" if known is None else str(known)),
        ("day", str(reading.day)),
        ("parts", str(len(parts))),
        ("split", " + ".join(str(each.minutes) for each in parts)),
    )


_WORDS = {**REASONS, **REMARKS}

_AGAINST: Mapping[str, Callable[[_Reading], bool]] = {
    "hours_unreadable": lambda r: r.stated is None,
    "not_whole_minutes": lambda r: r.stated is not None and r.stated.denominator != 1,
    "zero_or_negative_window": lambda r: r.window <= 0,
    "multi_day_window": lambda r: r.window > _DAY and r.division is None,
    "credited_more_than_window": lambda r: 0 < r.window < (r.stated or 0),
    "over_daily_tier_parent": lambda r: PARENT_TIER < r.day <= UPPER_TIER,
    "over_daily_tier_upper": lambda r: r.day > UPPER_TIER,
    "head_count_missing": lambda r: r.service.participants is None,
    "different_hours_a_person": _hours_differ,
    "registered_years_later": _registered_years_later,
}
"""Each reason with the rule that speaks for it, in the order in which a line names them."""

_CAPPING = {"credited_more_than_window", "over_daily_tier_parent", "over_daily_tier_upper"}
"""Reasons that keep a part of a record from standing and leave the rest."""

_TELLING: Mapping[str, Callable[[_Reading], bool]] = {
    "role_bonus_hours": lambda r: _flagged(r, "role_bonus_hours") or bool(_BONUS.search(r.service.text)),
    "split_by_day": lambda r: _divided(r) == "by_day",
    "split_by_shift": lambda r: _divided(r) == "by_shift",
    "credited_less_than_window": lambda r: _divided(r) == "whole" and (r.stated or 0) < r.window,
    "registered_late": _registered_late,
}
