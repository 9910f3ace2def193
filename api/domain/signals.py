"""线索: what in the figures of shifts, activities and organisers a person should look at; never a verdict.

Each rule is a pure function of what the ledger holds; thresholds come from the versioned rules (`signal_rules`). A
group that leaves together at the end of its shift, a festival, a roll call by two people are ordinary and told of
nobody; what is told is a question to the organiser, who may answer before anybody judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.signal_rules import Book

OWN_SCAN = frozenset({"code", "organiser", "offline_code"})
"""Provenances of a moment that was measured; a roll call or a presumed check-out states a time for many at once."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One check-in or check-out: the fact, its instant, how it came about and who recorded it."""

    fact_id: UUID
    at: datetime
    provenance: str
    by: UUID


@dataclass(frozen=True, slots=True)
class Held:
    """A shift that is over, with whose it was and where; `street` is the path of what its community is part of."""

    shift_id: UUID
    activity_id: UUID
    organizer_id: UUID
    leader_id: UUID | None
    community_id: UUID
    street: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """One pair of one person at a shift, and whether a recipient or the organiser spoke of it."""

    account_id: UUID
    shift: Held
    came: Mark
    left: Mark | None = None
    confirmed: bool = False
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: of what, in which period (half-open days), the figures, and the facts that they rest on.

    `key` names the period, so that the same thing is told once.
    """

    kind: str
    subject_kind: str
    subject_id: UUID
    organizer_id: UUID
    leader_id: UUID | None
    since: date
    until: date
    key: str
    figures: Mapping[str, int]
    fact_ids: tuple[UUID, ...] = field(default=(), repr=False)


def of_shift(book: Book, shift: Held, stays: Sequence[Stay], zone: ZoneInfo) -> list[Finding]:
    """Return what the stays at one shift give to ask: mass check-outs in one minute, stays far beyond the window."""
    found = (_same_minute(book, shift, stays), _beyond_window(book, shift, stays))
    return [_of(kind, shift, zone, figures, told) for each in found if each for kind, figures, told in (each,)]


_Found = tuple[str, dict[str, int], list[Stay]]


def _same_minute(book: Book, shift: Held, stays: Sequence[Stay]) -> _Found | None:
    rule = book.signals["same_minute_check_outs"].limits
    measured = [(stay, stay.left.at) for stay in stays if stay.left is not None and stay.left.provenance in OWN_SCAN]
    minutes: dict[datetime, list[Stay]] = defaultdict(list)
    for stay, left in measured:
        minutes[_minute(left)].append(stay)
    if not minutes:
        return None
    minute, together = max(minutes.items(), key=lambda each: (len(each[1]), each[0]))
    people = len({stay.account_id for stay in together})
    if people < max(rule["people"], book.fewest_people) or people * 100 < rule["sharePercent"] * len(measured):
        return None
    away = abs(minute - _minute(shift.ends_at)) > timedelta(minutes=rule["aroundEndMinutes"])
    came_at_once = len({_minute(stay.came.at) for stay in together}) == 1
    if not away and not came_at_once:
        return None  # everybody left when the shift was over
    figures = {
        "people": people, "of": len(measured), "cameInOneMinute": int(came_at_once),
        "minutesFromEnd": (minute - _minute(shift.ends_at)) // timedelta(minutes=1),
    }  # fmt: skip
    return "same_minute_check_outs", figures, together


def _beyond_window(book: Book, shift: Held, stays: Sequence[Stay]) -> _Found | None:
    rule = book.signals["beyond_window"].limits
    closed = [
        (stay, stay.left.at - stay.came.at)
        for stay in stays
        if stay.left is not None and stay.left.provenance != "watermark"
    ]
    over = timedelta(minutes=rule["minutes"]) + (shift.ends_at - shift.starts_at)
    long = [stay for stay, length in closed if length >= over]
    people = len({stay.account_id for stay in long})
    if people < book.fewest_people or len(long) * 100 < rule["sharePercent"] * len(closed):
        return None
    longest = max(length for _, length in closed)
    figures = {
        "people": people, "of": len(closed), "longestMinutes": longest // timedelta(minutes=1),
        "windowMinutes": (shift.ends_at - shift.starts_at) // timedelta(minutes=1),
    }  # fmt: skip
    return "beyond_window", figures, long


def of_activity(book: Book, stays: Sequence[Stay], since: date, until: date) -> list[Finding]:
    """Return what the stays of one activity over some weeks give to ask: one roll call for all, denials."""
    people = len({stay.account_id for stay in stays})
    if people < book.fewest_people:
        return []
    shift = stays[-1].shift
    shared = (shift.organizer_id, shift.leader_id, since, until, f"{until - timedelta(days=1):%Y-%m}")
    found = []
    rule = book.signals["nobody_can_confirm"].limits
    callers = {stay.came.by for stay in stays}
    shifts = {stay.shift.shift_id for stay in stays}
    alone = all(stay.came.provenance == "roll_call" and not (stay.confirmed or stay.denied) for stay in stays)
    if alone and len(callers) == 1 and len(stays) >= rule["pairs"] and len(shifts) >= rule["shifts"]:
        figures = {"people": people, "pairs": len(stays), "shifts": len(shifts)}
        found.append(("nobody_can_confirm", figures, list(stays)))
    rule = book.signals["recipients_deny"].limits
    denied = [stay for stay in stays if stay.denied]
    spoken = sum(stay.denied or stay.confirmed for stay in stays)
    if len(denied) >= rule["denials"] and len(denied) * 100 >= rule["sharePercent"] * spoken:
        found.append(("recipients_deny", {"people": people, "denied": len(denied), "spoken": spoken}, denied))
    return [
        Finding(kind, "activity", shift.activity_id, *shared, figures | {"facts": len(_facts(told))}, _facts(told))
        for kind, figures, told in found
    ]


def of_travel(book: Book, stays: Iterable[Stay], community_id: UUID, zone: ZoneInfo) -> list[Finding]:
    """Return the shifts of a community at which people were who were elsewhere at the same time.

    Two stays of one person in different communities that overlap, or follow one another without time to get from one
    street to another. No community has coordinates here, so nothing finer is said; only scanned moments count, since a
    roll call states its times.
    """
    rule = book.signals["impossible_travel"].limits
    of_person: dict[UUID, list[Stay]] = defaultdict(list)
    for stay in stays:
        if stay.came.provenance in OWN_SCAN and stay.left is not None and stay.left.provenance in OWN_SCAN:
            of_person[stay.account_id].append(stay)
    clashes: dict[UUID, list[Stay]] = defaultdict(list)
    for mine in of_person.values():
        mine.sort(key=lambda stay: (stay.came.at, stay.shift.shift_id))
        for before, after in pairwise(mine):
            if _too_near(rule, before, after) and after.shift.community_id == community_id:
                clashes[after.shift.shift_id] += [before, after]
    found = []
    for told in clashes.values():
        people = len({stay.account_id for stay in told})
        if people >= book.fewest_people:
            shift = next(stay.shift for stay in told if stay.shift.community_id == community_id)
            elsewhere = len({stay.shift.community_id for stay in told} - {community_id})
            found.append(_of("impossible_travel", shift, zone, {"people": people, "elsewhere": elsewhere}, told))
    return found


def _too_near(rule: Mapping[str, Any], before: Stay, after: Stay) -> bool:
    if before.shift.community_id == after.shift.community_id or before.left is None:
        return False
    gap = after.came.at - before.left.at
    if gap <= -timedelta(minutes=rule["overlapMinutes"]):
        return True
    far = before.shift.street != after.shift.street
    return far and gap < timedelta(minutes=rule["betweenStreetsMinutes"])


def of_year(book: Book, organizer_id: UUID, year: int, minutes: Mapping[date, int], people: int) -> Finding | None:
    """Return whether an organiser's December stands out against the months before it, festival days left aside.

    `minutes` are those credited at the organiser's activities in one community by day, `people` those of December. A
    December without at least six months before it that held anything is compared with nothing.
    """
    rule = book.signals["year_end_spike"].limits
    months = Counter[int]()
    for day, amount in minutes.items():
        if day.year == year and f"{day:%m-%d}" not in rule["expectedDays"]:
            months[day.month] += amount
    december = months.pop(12, 0)
    before = {month: amount for month, amount in months.items() if amount > 0}
    if len(before) < rule["months"] or december < rule["minutes"] or people < book.fewest_people:
        return None
    if december * 100 * len(before) < rule["factorPercent"] * sum(before.values()):
        return None
    figures = {"people": people, "minutes": december, "monthlyBefore": sum(before.values()) // len(before)}
    days = (date(year, 12, 1), date(year + 1, 1, 1))
    return Finding("year_end_spike", "organization", organizer_id, organizer_id, None, *days, str(year), figures)


def _of(kind: str, shift: Held, zone: ZoneInfo, figures: dict[str, int], told: Sequence[Stay]) -> Finding:
    day = shift.starts_at.astimezone(zone).date()
    facts = _facts(told)
    return Finding(
        kind, "shift", shift.shift_id, shift.organizer_id, shift.leader_id, day, day + timedelta(days=1), "once",
        figures | {"facts": len(facts)}, facts,
    )  # fmt: skip


def _facts(stays: Iterable[Stay]) -> tuple[UUID, ...]:
    marks = (mark for stay in stays for mark in (stay.came, stay.left) if mark is not None)
    return tuple(dict.fromkeys(mark.fact_id for mark in marks))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
