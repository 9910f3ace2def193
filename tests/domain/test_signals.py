"""What is told of an organiser's figures, and what is not: ordinary weeks beside planted cases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from api.domain.sanctions import MAKE_UP, a_year_after, in_hours, still_suspended
from api.domain.signal_rules import Book, shipped
from api.domain.signals import Finding, Held, Mark, Stay, of_activity, of_shift, of_travel, of_year

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
BOOK = shipped()
LEADER, WORKER = UUID(int=1), UUID(int=2)
MORNING = datetime(2026, 3, 7, 1, 0, tzinfo=UTC)


class Ids:
    """Ids in order, so that a run can be told again."""

    def __init__(self) -> None:
        self.last = 1000

    def __call__(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


new = Ids()


def held(starts: datetime = MORNING, hours: float = 2, community: int = 50, street: str = "a/", **more: UUID) -> Held:
    ids = {"shift_id": new(), "activity_id": new(), "organizer_id": UUID(int=60)} | more
    return Held(
        **ids, leader_id=LEADER, community_id=UUID(int=community), street=street, starts_at=starts,
        ends_at=starts + timedelta(hours=hours),
    )  # fmt: skip


def stay(
    shift: Held, account: UUID, came: datetime, left: datetime | None, by: str = "code", who: UUID | None = None
) -> Stay:
    marks = [at and Mark(new(), at, by, who or account) for at in (came, left)]
    assert marks[0] is not None
    return Stay(account, shift, marks[0], marks[1])


def ordinary(random: random.Random, shift: Held, people: list[UUID]) -> list[Stay]:
    """People arrive over a quarter of an hour and leave over ten minutes after the end; one forgets to check out."""
    stays = []
    for account in people:
        came = shift.starts_at + timedelta(seconds=random.randint(-900, 600))
        left = shift.ends_at + timedelta(seconds=random.randint(0, 600))
        stays.append(stay(shift, account, came, left))
    forgot = stays[0]
    stays[0] = replace(forgot, left=Mark(new(), shift.ends_at, "watermark", UUID(int=0)))
    return stays


def crowd(size: int) -> list[UUID]:
    return [new() for _ in range(size)]


def kinds(found: list[Finding]) -> list[str]:
    return [one.kind for one in found]


def test_a_group_that_leaves_together_when_its_shift_is_over_is_told_of_nobody() -> None:
    shift = held()
    together = [
        stay(shift, account, shift.starts_at + minute * MINUTE, shift.ends_at + timedelta(seconds=20))
        for minute, account in enumerate(crowd(40))
    ]
    assert of_shift(BOOK, shift, together, ZONE) == []


def test_a_group_that_leaves_in_one_minute_long_before_the_end_is_a_question() -> None:
    shift = held()
    left = shift.ends_at - 45 * MINUTE
    together = [stay(shift, account, shift.starts_at + n * MINUTE, left) for n, account in enumerate(crowd(12))]
    (told,) = of_shift(BOOK, shift, together, ZONE)
    assert (told.kind, told.subject_id, told.since, told.until) == (
        "same_minute_check_outs", shift.shift_id, date(2026, 3, 7), date(2026, 3, 8)
    )  # fmt: skip
    assert dict(told.figures) == {
        "people": 12, "of": 12, "cameInOneMinute": 0, "minutesFromEnd": -45, "facts": 24,
    }  # fmt: skip
    assert len(set(told.fact_ids)) == 24


def test_who_came_and_left_in_one_minute_each_is_a_question_though_it_was_the_end() -> None:
    shift = held()
    stays = [stay(shift, account, shift.starts_at, shift.ends_at) for account in crowd(10)]
    assert kinds(of_shift(BOOK, shift, stays, ZONE)) == ["same_minute_check_outs"]
    assert of_shift(BOOK, shift, stays[:9], ZONE) == []  # nine are fewer than ten
    called = [stay(shift, account, shift.starts_at, shift.ends_at, "roll_call", WORKER) for account in crowd(30)]
    assert of_shift(BOOK, shift, called, ZONE) == []  # a roll call states one time for all


def test_stays_far_beyond_the_window_are_a_question_when_half_of_all_are() -> None:
    shift = held(hours=1)
    long = [
        stay(shift, account, shift.starts_at - n * MINUTE, shift.ends_at + 60 * MINUTE + n * MINUTE)
        for n, account in enumerate(crowd(5))
    ]
    short = [stay(shift, account, shift.starts_at, shift.ends_at + n * MINUTE) for n, account in enumerate(crowd(6))]
    (told,) = of_shift(BOOK, shift, [*long, *short[:5]], ZONE)
    assert (told.kind, told.figures["people"], told.figures["longestMinutes"]) == ("beyond_window", 5, 128)
    assert of_shift(BOOK, shift, [*long, *short], ZONE) == []
    assert of_shift(BOOK, shift, long[:4], ZONE) == []  # figures of four people are told of nobody


def weeks(shifts: int, people: list[UUID], by: str, callers: list[UUID]) -> Iterator[Stay]:
    activity = new()
    for week in range(shifts):
        shift = held(MORNING + timedelta(weeks=week), activity_id=activity)
        for account in people:
            yield stay(shift, account, shift.starts_at, shift.ends_at, by, callers[week % len(callers)])


def test_one_persons_roll_call_alone_is_a_question_and_any_other_word_answers_it() -> None:
    period = (date(2026, 3, 1), date(2026, 4, 1))
    alone = list(weeks(4, crowd(5), "roll_call", [LEADER]))
    (told,) = of_activity(BOOK, alone, *period)
    assert (told.kind, told.key, dict(told.figures)) == (
        "nobody_can_confirm", "2026-03", {"people": 5, "pairs": 20, "shifts": 4, "facts": 40}
    )  # fmt: skip
    assert of_activity(BOOK, [*alone[:-1], replace(alone[-1], confirmed=True)], *period) == []
    assert of_activity(BOOK, list(weeks(4, crowd(5), "roll_call", [LEADER, WORKER])), *period) == []
    assert of_activity(BOOK, list(weeks(4, crowd(5), "code", [LEADER])), *period) == []
    assert of_activity(BOOK, list(weeks(2, crowd(10), "roll_call", [LEADER])), *period) == []  # two shifts only


def test_denials_are_a_question_when_they_are_no_exception() -> None:
    period = (date(2026, 3, 1), date(2026, 4, 1))
    stays = list(weeks(2, crowd(5), "code", [LEADER]))
    three = [*(replace(one, denied=True) for one in stays[:3]), *(replace(one, confirmed=True) for one in stays[3:])]
    (told,) = of_activity(BOOK, three, *period)
    assert (told.kind, told.figures["denied"], told.figures["spoken"]) == ("recipients_deny", 3, 10)
    assert of_activity(BOOK, [*three[1:], stays[0]], *period) == []


@pytest.mark.parametrize(
    ("street", "gap", "told"), [("b/", 9, True), ("b/", 10, False), ("a/", 0, False), ("a/", -5, True)]
)
def test_only_what_the_streets_allow_to_know_is_said_of_travel(street: str, gap: int, told: bool) -> None:
    here, people = held(), crowd(5)
    there = held(here.ends_at, community=51, street=street)
    stays = [
        each
        for account in people
        for each in (
            stay(here, account, here.starts_at, here.ends_at),
            stay(there, account, here.ends_at + gap * MINUTE, there.ends_at),
        )
    ]
    found = of_travel(BOOK, stays, there.community_id, ZONE)
    assert (kinds(found) == ["impossible_travel"]) is told
    assert of_travel(BOOK, stays, here.community_id, ZONE) == []  # it is told once, where they came to
    assert of_travel(BOOK, stays[:8], there.community_id, ZONE) == []  # of four people nothing is told


def year(monthly: int, december: dict[int, int]) -> dict[date, int]:
    days = {date(2026, month, 15): monthly for month in range(1, 12)}
    return days | {date(2026, 12, day): minutes for day, minutes in december.items()}


def test_a_december_is_a_question_when_it_stands_out_without_its_festivals() -> None:
    festivals = {5: 9_000, 21: 4_000, 31: 5_000, 12: 1_200}  # 国际志愿者日, 冬至, 跨年, and an ordinary Saturday
    organizer = UUID(int=60)
    assert of_year(BOOK, organizer, 2026, year(1_000, festivals), 30) is None
    told = of_year(BOOK, organizer, 2026, year(1_000, festivals | {28: 1_800}), 30)
    assert told is not None
    assert (told.kind, told.key, dict(told.figures)) == (
        "year_end_spike", "2026", {"people": 30, "minutes": 3_000, "monthlyBefore": 1_000}
    )  # fmt: skip
    assert of_year(BOOK, organizer, 2026, {date(2026, 12, 28): 9_000}, 30) is None  # nothing to compare with
    assert of_year(BOOK, organizer, 2026, year(1_000, {28: 3_000}), 4) is None


PLANTED = ("same_minute_check_outs", "impossible_travel", "nobody_can_confirm", "recipients_deny", "beyond_window")


def month(seed: int, plant: str | None, *, bus: bool = False) -> tuple[list[Finding], str | None]:
    """Return what is told of a month with forty ordinary shifts of ten activities, and one planted case.

    With `bus` one honest group is fetched half an hour early and checks out in one minute.
    """
    chance = random.Random(seed)
    people = crowd(60)
    stays: list[Stay] = []
    for _ in range(10):
        activity, by = new(), chance.choice(("code", "code", "organiser", "roll_call"))
        for week in range(4):
            starts = MORNING + timedelta(weeks=week, days=chance.randint(0, 6), hours=chance.choice((0, 4, 9)))
            shift = held(starts, chance.choice((1.5, 2, 3)), activity_id=activity)
            there = chance.sample(people, chance.randint(5, 25))
            if by == "roll_call":
                caller = (LEADER, WORKER)[week % 2]
                stays += [stay(shift, one, shift.starts_at, shift.ends_at, by, caller) for one in there]
            else:
                stays += ordinary(chance, shift, there)
    if bus:
        shift = held(MORNING + timedelta(days=20))
        left = shift.ends_at - 30 * MINUTE
        stays += [stay(shift, one, shift.starts_at + n * MINUTE, left) for n, one in enumerate(people[:15])]
    return told(stays + planted(plant)), plant


def planted(plant: str | None) -> list[Stay]:
    group, shift = crowd(12), held(MORNING + timedelta(days=3, hours=13))
    if plant == "same_minute_check_outs":
        return [stay(shift, one, shift.starts_at, shift.starts_at + 20 * MINUTE) for one in group]
    if plant == "beyond_window":
        return [stay(shift, one, shift.starts_at - n * MINUTE, shift.ends_at + 90 * MINUTE + n * MINUTE)
                for n, one in enumerate(group)]  # fmt: skip
    if plant == "impossible_travel":
        other = held(shift.starts_at, community=51, street="b/")
        both = (other, replace(shift, starts_at=shift.starts_at + MINUTE))
        return [stay(where, one, where.starts_at + n * MINUTE, where.ends_at + n * MINUTE)
                for n, one in enumerate(group) for where in both]  # fmt: skip
    called = list(weeks(4, group, "roll_call", [LEADER]))
    if plant == "recipients_deny":
        return [replace(one, denied=True) for one in called]
    return called if plant == "nobody_can_confirm" else []


def told(stays: list[Stay], book: Book = BOOK) -> list[Finding]:
    shifts: dict[UUID, list[Stay]] = {}
    activities: dict[UUID, list[Stay]] = {}
    for one in stays:
        shifts.setdefault(one.shift.shift_id, []).append(one)
        activities.setdefault(one.shift.activity_id, []).append(one)
    found = [each for there in shifts.values() for each in of_shift(book, there[0].shift, there, ZONE)]
    period = (date(2026, 3, 1), date(2026, 4, 5))
    found += [each for there in activities.values() for each in of_activity(book, there, *period)]
    return found + [each for here in (50, 51) for each in of_travel(book, stays, UUID(int=here), ZONE)]


def test_every_planted_case_of_a_hundred_months_is_found_and_few_others_are_told() -> None:
    """Every tenth month has an honest group that a bus fetched early: a question that its organiser answers."""
    found, others, shifts = 0, 0, 0
    for seed in range(100):
        findings, plant = month(seed, PLANTED[seed % len(PLANTED)], bus=seed % 10 == 3)
        found += plant in kinds(findings)
        others += len(findings) - (plant in kinds(findings))
        shifts += 40
    print(f"signals: {found} of 100 planted cases found, {others} others told among {shifts} ordinary shifts")
    assert (found, others) == (100, 10)


def test_ordinary_months_are_told_of_nobody_and_blind_rules_find_nothing_planted() -> None:
    """Control: the same cases under limits that nothing reaches are not found."""
    assert sum(len(month(seed, None)[0]) for seed in range(50)) == 0
    blind = replace(BOOK, fewest_people=10_000)
    assert [told(planted(plant), blind) for plant in PLANTED] == [[]] * len(PLANTED)


def test_a_suspension_ends_when_its_year_and_its_hours_are_both_over():
    """Modelled on R-26: suspended for a year and until 100 h are served."""
    day, rule = date(2027, 1, 10), shipped().sanctions[MAKE_UP]
    assert a_year_after(date(2026, 1, 10)) == day
    assert a_year_after(date(2028, 2, 29)) == date(2029, 3, 1)
    assert rule.minutes == 100 * 60
    for today, served, holds in (
        (day, 6000, False), (day, 5999, True), (day - timedelta(days=1), 6000, True),
        (day + timedelta(days=400), 0, True), (day + timedelta(days=400), 6000, False),
    ):  # fmt: skip
        assert still_suspended(day, rule.minutes, served, today) is holds
    assert [in_hours(each) for each in (6000, 5999, 90, 1, 0)] == ["100", "100", "1.5", "0.1", "0"]
