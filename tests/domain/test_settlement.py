"""Settlement: credited minutes equal a brute-force union, and late facts end where early ones would have."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.overlap import Covered
from api.domain.presence import PresenceRow
from api.domain.settlement import (
    Credit,
    Posted,
    Presence,
    SettlementPolicy,
    class_of,
    credits_of,
    is_confirmed,
    minutes_by_day,
    postings,
    ripeness,
    unit_of,
    waits_for_host,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAWN = datetime(2026, 5, 9, 0, 0, tzinfo=SHANGHAI)


def clock(text: str, day: int = 9) -> datetime:
    return datetime.fromisoformat(f"2026-05-{day:02}T{text}").replace(tzinfo=SHANGHAI)


def stay(shift: int, came: datetime, left: datetime, window: tuple[datetime, datetime], pair: int = 1) -> Presence:
    return Presence(UUID(int=shift), pair, came, left, *window, "volunteer_service", True)


MORNING = (clock("09:00"), clock("11:00"))


def only(presence: Presence, **policy: object) -> Credit:
    return credits_of([presence], SHANGHAI, SettlementPolicy(**policy))[presence.key]  # type: ignore[arg-type]


def test_minutes_are_whole_and_clipped_to_the_shift() -> None:
    assert only(stay(1, clock("08:40:10"), clock("11:20"), MORNING)).minutes == 120
    assert only(stay(1, clock("09:10:59"), clock("10:00:01"), MORNING)).minutes == 50
    assert only(stay(1, clock("11:05"), clock("11:20"), MORNING)).minutes == 0


def test_a_policy_may_credit_time_around_the_shift() -> None:
    assert only(stay(1, clock("08:30"), clock("11:30"), MORNING), lead_minutes=10, tail_minutes=15).minutes == 145


@pytest.mark.parametrize(
    ("nature", "voluntary", "unit"),
    [
        ("volunteer_service", True, "volunteer_minutes"),
        ("volunteer_service", False, "participation"),
        ("party_duty", True, "participation"),
        ("organizational_life", True, "participation"),
        ("training", True, "participation"),
        ("paid_work", True, "participation"),
    ],
)
def test_only_voluntary_volunteer_service_posts_volunteer_minutes(nature: str, voluntary: bool, unit: str) -> None:
    assert unit_of(nature, voluntary) == unit


def test_the_earlier_check_in_has_the_overlap_and_the_other_its_rest() -> None:
    first = stay(2, clock("09:00"), clock("11:00"), MORNING)
    second = stay(1, clock("09:01"), clock("12:00"), (clock("09:00"), clock("12:00")))
    found = credits_of([second, first], SHANGHAI)
    assert (found[first.key].minutes, found[second.key].minutes, found[second.key].overlapped) == (120, 60, 119)


def test_at_the_same_moment_the_shift_id_decides() -> None:
    low, high = (stay(shift, clock("09:00"), clock("11:00"), MORNING) for shift in (1, 2))
    found = credits_of([high, low], SHANGHAI)
    assert (found[low.key].minutes, found[high.key].minutes) == (120, 0)


def test_a_rest_may_be_in_two_pieces() -> None:
    early = stay(1, clock("08:30"), clock("11:00"), (clock("10:00"), clock("11:00")))
    around = stay(2, clock("08:45"), clock("12:00"), (clock("09:00"), clock("12:00")))
    rest = credits_of([early, around], SHANGHAI)[around.key]
    assert rest.spans == ((clock("09:00"), clock("10:00")), (clock("11:00"), clock("12:00")))
    assert rest.minutes == 120


def test_what_is_credited_from_elsewhere_always_stands() -> None:
    mine = stay(1, clock("09:00"), clock("11:00"), MORNING)
    found = credits_of([mine], SHANGHAI, already=[(clock("10:00"), clock("12:00"))])
    assert found[mine.key].minutes == 60


def test_a_shift_over_midnight_is_one_credit_of_its_start_day_and_caps_split_it() -> None:
    night = (clock("22:00"), clock("03:00", 10))
    over = stay(1, *night, night)
    assert only(over).served_on == date(2026, 5, 9)
    assert minutes_by_day(only(over).spans, SHANGHAI) == {date(2026, 5, 9): 120, date(2026, 5, 10): 180}
    capped = only(over, day_cap=150)
    assert (capped.minutes, capped.held) == (270, 30)
    assert capped.spans == ((clock("22:00"), clock("02:30", 10)),)


def test_a_day_cap_holds_over_several_shifts_and_each_unit_apart() -> None:
    windows = [(clock("06:00"), clock("11:00")), (clock("12:00"), clock("17:00"))]
    morning, noon = (stay(number, *window, window) for number, window in enumerate(windows))
    found = credits_of([morning, noon], SHANGHAI, SettlementPolicy(day_cap=480))
    assert [(found[each.key].minutes, found[each.key].held) for each in (morning, noon)] == [(300, 0), (180, 120)]
    duty = replace(noon, nature="party_duty")
    assert credits_of([morning, duty], SHANGHAI, SettlementPolicy(day_cap=480))[duty.key].minutes == 300


def as_posted(credits_: dict, before: dict, rows: list) -> dict:
    """Write postings into a ledger of one latest entry per pair, refusing what a database would refuse."""
    latest = dict(before)
    for row in rows:
        if row.kind == "correction":
            assert latest[row.pair].stands
            assert row.minutes == -latest[row.pair].minutes
            latest[row.pair] = replace(latest[row.pair], stands=False)
        else:
            assert row.pair not in latest or (not latest[row.pair].stands and latest[row.pair].revision < row.revision)
            credit = credits_[row.pair]
            latest[row.pair] = Posted(row.unit, row.minutes, credit.started_at, credit.ended_at, row.revision)
    return latest


def test_a_late_earlier_presence_reverses_and_posts_anew() -> None:
    second = stay(2, clock("10:00"), clock("12:00"), (clock("09:00"), clock("12:00")))
    now = credits_of([second], SHANGHAI)
    ledger = as_posted(now, {}, postings(now, {}))
    late = stay(1, clock("09:00"), clock("11:00"), MORNING)
    then = credits_of([second, late], SHANGHAI)
    rows = postings(then, ledger)
    assert [(row.kind, row.pair[0].int, row.minutes, row.revision) for row in rows] == [
        ("correction", 2, -120, 0),
        ("earned", 1, 120, 0),
        ("earned", 2, 60, 1),
    ]
    ledger = as_posted(then, ledger, rows)
    assert postings(then, ledger) == []


def test_a_presence_reversed_and_brought_back_counts_once_with_a_new_revision() -> None:
    mine = credits_of([stay(1, *MORNING, MORNING)], SHANGHAI)
    ledger = as_posted(mine, {}, postings(mine, {}))
    ledger = as_posted({}, ledger, postings({}, ledger))
    assert postings({}, ledger) == []
    (again,) = postings(mine, ledger)
    assert (again.kind, again.minutes, again.revision) == ("earned", 120, 1)


def a_life(dice: random.Random, count: int) -> list[Presence]:
    """Random stays in shifts of a week, often overlapping, with seconds, some clipped and some empty."""
    stays = []
    for number in range(count):
        opens = DAWN + timedelta(minutes=dice.randrange(7 * 24 * 60))
        window = (opens, opens + timedelta(minutes=dice.randrange(1, 600)))
        came = opens + timedelta(seconds=dice.randrange(-1800, 7200))
        left = came + timedelta(seconds=dice.randrange(0, 30000))
        stays.append(stay(dice.randrange(count), came, left, window, pair=number))
    return stays


def union_by_minute(stays: list[Presence]) -> dict:
    """The oracle: give every single minute to the earliest check-in that was there."""
    owner: dict[int, tuple] = {}
    for each in stays:
        stamps = (each.checked_in, each.checked_out, each.starts_at, each.ends_at)
        came, left, opens, ends = (int(moment.timestamp()) // 60 for moment in stamps)
        claim = (each.checked_in, each.shift_id, each.pair)
        for minute in range(max(came, opens), min(left, ends)):
            owner[minute] = min(owner.get(minute, claim), claim)
    worth = {each.key: 0 for each in stays}
    for _, shift, pair in owner.values():
        worth[shift, pair] += 1
    return worth


@pytest.mark.parametrize("seed", range(200))
def test_credited_minutes_equal_a_brute_force_union(seed: int) -> None:
    stays = a_life(random.Random(seed), 25)
    found = credits_of(stays, SHANGHAI)
    assert {key: credit.minutes for key, credit in found.items()} == union_by_minute(stays)
    spans = sorted(span for credit in found.values() for span in credit.spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_the_oracle_can_tell_a_wrong_union() -> None:
    stays = [stay(1, *MORNING, MORNING), stay(2, *MORNING, MORNING, pair=2)]
    alone = {each.key: credits_of([each], SHANGHAI)[each.key].minutes for each in stays}
    assert alone != union_by_minute(stays)


@pytest.mark.parametrize("seed", range(60))
def test_in_whatever_order_facts_arrive_the_ledger_ends_alike(seed: int) -> None:
    dice = random.Random(seed)
    stays = a_life(dice, 15)
    dice.shuffle(stays)
    ledger: dict = {}
    for number in range(1, len(stays) + 1):
        known = credits_of(stays[:number], SHANGHAI, SettlementPolicy(day_cap=480))
        ledger = as_posted(known, ledger, postings(known, ledger))
    at_once = credits_of(stays, SHANGHAI, SettlementPolicy(day_cap=480))
    balance = {pair: entry.minutes for pair, entry in ledger.items() if entry.stands}
    assert balance == {pair: credit.minutes for pair, credit in at_once.items() if credit.minutes}


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), min_size=2, max_size=8))
@settings(max_examples=600)
def test_covered_minutes_are_a_set(spans: list[tuple[int, int]]) -> None:
    covered, minutes = Covered(), set()
    for start, end in spans:
        free = {minute for since, upto in covered.take(start, end) for minute in range(since, upto)}
        assert free == set(range(start, end)) - minutes
        minutes |= set(range(start, end))
    assert covered.minutes() == len(minutes)
    assert {minute for since, upto in covered.spans() for minute in range(since, upto)} == minutes


def fact(kind: str, provenance: str = "code") -> PresenceRow:
    who = UUID(int=1)
    return PresenceRow(who, UUID(int=2), 1, kind, MORNING[0], MORNING[0], provenance, who)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("came", "left", "lapsed", "confirmed", "verdict"),
    [
        ("code", "code", False, False, "settle"),
        ("code", "roll_call", False, False, "settle"),
        ("code", None, False, False, "wait"),
        ("code", None, True, False, "review"),
        ("code", None, False, True, "wait"),
        ("code", "watermark", False, False, "wait"),
        ("code", "watermark", True, False, "settle"),
        ("code", "self_stated", False, False, "wait"),
        ("code", "self_stated", False, True, "settle"),
        ("code", "self_stated", True, False, "settle"),
        ("offline_code", "code", False, False, "wait"),
        ("offline_code", "code", True, False, "review"),
        ("code", "offline_code", True, False, "review"),
        ("offline_code", "watermark", True, False, "review"),
        ("offline_code", "offline_code", False, True, "settle"),
    ],
)
def test_when_a_pair_settles(came: str, left: str | None, lapsed: bool, confirmed: bool, verdict: str) -> None:
    out = fact("check_out", left) if left else None
    assert ripeness(fact("check_in", came), out, confirmed=confirmed, lapsed=lapsed) == verdict


@pytest.mark.parametrize(
    ("came", "left", "voices", "lapsed", "verdict"),
    [
        ("roll_call", "roll_call", (), False, "wait"),
        ("code", "roll_call", (), False, "wait"),
        ("code", "code", (), False, "settle"),
        ("roll_call", "roll_call", ("organiser",), False, "wait"),
        ("roll_call", "roll_call", ("host",), False, "settle"),
        ("roll_call", "code", ("recipient_confirmed",), False, "settle"),
        ("roll_call", "roll_call", ("organiser",), True, "review"),
        ("code", "watermark", ("organiser",), False, "settle"),
    ],
)
def test_a_roll_that_a_guest_called_waits_for_its_host(
    came: str, left: str, voices: tuple[str, ...], lapsed: bool, verdict: str
) -> None:
    facts = fact("check_in", came), fact("check_out", left)
    for policy, expected in (({"host_confirms": True}, verdict), ({}, "settle")):
        by_host = waits_for_host(policy, (came, left))
        confirmed = is_confirmed(voices, by_host=by_host)
        assert ripeness(*facts, confirmed=confirmed, lapsed=lapsed, by_host=by_host) == expected


@pytest.mark.parametrize(
    ("facts", "voices", "found"),
    [
        (("code", "code"), (), "code"),
        (("code", "watermark"), (), "watermark"),
        (("watermark", "offline_code"), ("organiser",), "offline_code"),
        (("offline_code", "roll_call"), ("organiser", "recipient_confirmed"), "recipient_confirmed"),
    ],
)
def test_an_entry_is_as_strong_as_its_weaker_fact_unless_the_recipient_confirms(facts, voices, found) -> None:
    assert class_of(facts, voices) == found


def test_a_naive_time_is_refused() -> None:
    with pytest.raises((ValueError, TypeError)):
        minutes_by_day([(datetime(2026, 5, 9), datetime(2026, 5, 9, 1, tzinfo=UTC))], SHANGHAI)  # noqa: DTZ001
