"""When, how urgent, what is learned and what is said: the pure parts of a match around its engine."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from api.domain.location import Point, meters_between
from api.domain.matching.ground import grid
from api.domain.matching.inputs import Ask, Limits, Offer, Weights, WeightsInvalid
from api.domain.matching.learning import Answer, Learned, Memory, learned
from api.domain.matching.outcome import few_together, median, result_hash, summary
from api.domain.matching.propose import propose
from api.domain.matching.rules import rules_of
from api.domain.matching.slots import PARTS
from api.domain.matching.stored import inputs_hash, packed, restored, unpacked
from api.domain.matching.telling import gap, reasons
from api.domain.matching.times import (
    HALF_DAYS,
    Window,
    WindowContradicts,
    half_days,
    occurrences,
    plain,
    require_windows,
    urgency,
    week_slots,
    windows_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
TODAY = date(2026, 3, 2)


def local(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=SHANGHAI)


def test_a_window_that_repeats_each_week_keeps_its_local_hours_until_its_last_day():
    window = Window(local(3, 14), local(3, 16), "week", date(2026, 3, 18))
    found = occurrences([window], SHANGHAI, MONDAY, MONDAY + timedelta(days=60))
    assert [(begin.astimezone(SHANGHAI), end - begin) for begin, end in found] == [
        (local(3, 14), timedelta(hours=2)), (local(10, 14), timedelta(hours=2)), (local(17, 14), timedelta(hours=2)),
    ]  # fmt: skip
    daily = Window(local(1, 8), local(1, 9), "day", date(2026, 3, 5))
    assert [begin.day for begin, _ in occurrences([daily, daily], SHANGHAI, MONDAY, local(31, 0))] == [3, 4]


def test_a_clock_that_is_put_forward_moves_no_window():
    berlin = ZoneInfo("Europe/Berlin")
    window = Window(datetime(2026, 3, 27, 9, tzinfo=berlin), datetime(2026, 3, 27, 10, tzinfo=berlin), "day", None)
    found = occurrences([window], berlin, datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    assert [begin.astimezone(berlin).hour for begin, _ in found] == [9, 9, 9, 9]


def test_windows_that_cannot_be_are_refused_and_where_they_stand_none_the_less_have_no_occurrence():
    backwards = Window(local(3, 16), local(3, 14))
    assert occurrences([backwards], SHANGHAI, MONDAY, local(31, 0)) == []
    with pytest.raises(WindowContradicts) as caught:
        require_windows([Window(local(3, 14), local(3, 16)), backwards], SHANGHAI)
    assert caught.value.pointer == "/windows/1"
    with pytest.raises(WindowContradicts):
        require_windows([Window(local(3, 14), local(3, 16), "week", date(2026, 3, 3))], SHANGHAI)


def test_stored_windows_are_read_again_and_no_time_stays_no_time():
    windows = [Window(local(3, 14), local(3, 16), "week", date(2026, 4, 1)), Window(local(4, 9), local(4, 10))]
    assert windows_of([plain(window) for window in windows]) == windows
    assert windows_of(None) is None


def test_half_days_of_a_week_become_those_slots_of_the_days_ahead_that_are_asked_for():
    monday = TODAY.toordinal() * len(PARTS)
    wanted = {*range(monday - 28, monday + 56)} - {monday + 28 + 1}
    found = week_slots(["mon.morning", "wed.evening"], half_days(TODAY, 10, wanted))
    days = [(date.fromordinal(slot // 4).isoformat(), PARTS[slot % 4]) for slot in found]
    assert days == [
        ("2026-03-02", "morning"), ("2026-03-04", "evening"), ("2026-03-11", "evening"),
    ]  # fmt: skip
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    assert tuple(f"{day}.{part}" for day in days for part in PARTS) == HALF_DAYS


@pytest.mark.parametrize(
    ("published", "expires", "urgent"),
    [
        (None, None, 0), (TODAY, TODAY, 100), (TODAY, TODAY + timedelta(days=15), 50),
        (TODAY, TODAY + timedelta(days=99), 0), (TODAY - timedelta(days=30), None, 50),
        (TODAY - timedelta(days=600), None, 100), (TODAY, TODAY - timedelta(days=3), 100),
    ],
)  # fmt: skip
def test_what_ends_soon_or_has_waited_long_is_urgent(published, expires, urgent):
    assert urgency(published, expires, TODAY) == urgent


def test_a_no_counts_for_a_while_in_its_category_and_for_ever_for_its_need():
    answers = [
        Answer("a", "health", "declined", TODAY - timedelta(days=10)),
        Answer("b", "health", "declined", TODAY - timedelta(days=200)),
        Answer("c", "safety", "lapsed", TODAY),
        Answer("d", "safety", "accepted", TODAY - timedelta(days=20), missed=True, rating=None),
        Answer("e", "safety", "accepted", TODAY - timedelta(days=40), rating=5),
        Answer("f", "safety", "accepted", TODAY - timedelta(days=41), rating=4),
    ]
    told = learned(answers, 2, TODAY, Memory())
    assert told == Learned((("health", 1),), ("a", "b"), 3, 90, 1)
    assert learned(answers, 0, TODAY, Memory(0, 0, 0)) == Learned((), ("a", "b"), 0, None, 1)
    assert learned([], 0, TODAY, Memory()) == Learned()


def test_rules_keep_what_is_not_declared_and_refuse_what_is_not_sane():
    rules = rules_of({"weights": {"distance": 0}, "terms": {"asks": 5, "capacity": None}})
    assert (rules.weights.distance, rules.weights.skills) == (0, Weights().skills)
    assert rules.limits("people", [], []) == Limits(asks=5)
    assert rules_of(rules.document()) == rules
    for bad in (
        {"weights": {"skills": 10_001}}, {"weights": {"skills": -1}}, {"weights": {"skills": True}},
        {"terms": {"asks": 32}}, {"terms": {"horizon_days": 0}}, {"memory": {"decline_days": 4000}},
        {"weights": {"charm": 1}},
    ):  # fmt: skip
        with pytest.raises(WeightsInvalid):
            rules_of(bad)


def test_units_are_spread_over_communities_where_nobody_declared_otherwise():
    asks = [Ask(f"need-{number}", "health", community="east" if number else "west") for number in range(9)]
    units = [Offer(f"unit-{number}", (("health", 2),), wishes=("east",)) for number in range(4)]
    # Four can serve nine needs of two communities: two each would be even, four is twice that, two is once.
    assert rules_of({}).limits("units", asks, units) == Limits(community=4)
    even = rules_of({"terms": {"spread": 100}}).limits("units", asks, units)
    assert Counter(
        next(ask.community for ask in asks if ask.id == each.ask_id) for each in propose(asks, units, limits=even)
    ) == {"east": 2, "west": 1}
    clustered = propose(asks, units, limits=rules_of({"terms": {"spread": 0}}).limits("units", asks, units))
    assert sum(each.ask_id != "need-0" for each in clustered) >= 3
    assert rules_of({}).limits("units", asks[1:], units).community is None
    assert rules_of({"terms": {"capacity": 1}}).limits("units", asks, units).community == 1


HAIRCUT = Ask("haircut", "elderly_care", (1,), None, None, "east")
BARBER = Offer("h-1", (("elderly_care", 3),), (1,), (1,), None, wishes=("east",), unit="u", max_tasks=2)


def test_who_is_free_at_nothing_that_is_asked_for_stays_so_in_stored_inputs():
    never, contradicting = Offer("b", (("health", 1),), slots=()), Ask("m", "health", slots=())
    asks, offers = [Ask("n", "health", slots=(8,), headcount=2), contradicting], [Offer("a", (("health", 1),)), never]
    again = restored(unpacked(packed(asks, offers, Weights(), Limits())[0]))
    assert again == ([contradicting, asks[0]], offers, Weights(), Limits())
    assert [(each.ask_id, each.offer_id) for each in propose(*again)] == [("n", "a")]


def test_a_run_is_repeated_from_its_packed_inputs_and_another_weight_is_another_result():
    offers = [BARBER, Offer("h-2", (("elderly_care", 1),), (1,), unit="u")]
    kept, kept_hash = packed([HAIRCUT], offers, Weights(), Limits())
    assert kept_hash == inputs_hash(unpacked(kept))
    again = restored(unpacked(kept))
    assert again == ([HAIRCUT], offers, Weights(), Limits())
    assert packed([HAIRCUT], offers[::-1], Weights(), Limits()) == (kept, kept_hash)
    once = result_hash(propose(*again))
    assert result_hash(propose([HAIRCUT], offers[::-1])) == once
    assert result_hash(propose([HAIRCUT], offers, Weights(skills=4))) != once


def test_reasons_say_in_both_languages_what_counted_and_why_the_next_best_lost_but_never_who():
    found = propose([HAIRCUT], [BARBER, Offer("h-2", (("elderly_care", 1),), (1,), unit="u")])
    (proposal,) = list(found)
    shown = reasons({**proposal.reasons(), "metres": 1234})
    assert shown["points"] == proposal.points
    assert "技能等级 100/100 × 3：+300 分" in shown["lines"]["zh"]
    assert "level of skill 100/100 × 3: +300 points" in shown["lines"]["en"]
    assert "人数未注明，按 1 人计。" in shown["lines"]["zh"]
    assert "两地相距约 1200 米（按社区位置计）。" in shown["lines"]["zh"]
    # 3 × (100 − 33) for skill, 1 × (100 − 50) for the time, 2 × 100 for the wish
    assert shown["alternative"]["ahead"] == 201 + 50 + 200
    assert "h-2" not in str(shown)
    (alone,) = propose([HAIRCUT], [BARBER])
    assert "距离（未知，按此计） 50/100 × 4：+200 分" in reasons(alone.reasons())["lines"]["zh"]
    assert reasons(alone.reasons())["lines"]["zh"][-1] == "没有其他可比的人选。"


def test_a_gap_says_why_and_what_would_change_it():
    (missed,) = propose([HAIRCUT], [Offer("h-1", (("elderly_care", 1),), (2,))]).unserved
    said = gap(missed._asdict(), MONDAY)
    assert missed.why == "no_time"
    assert said["lines"]["zh"][:2] == ["还缺 1 人（已有 0 人）：具备技能者当时均无空。", "可行办法：增加人手。"]
    passed = {"why": "windows_passed", "change": "name_a_window", "missing": 2, "got": 0}
    assert "所报时间均已过去" in gap(passed, None)["lines"]["zh"][0]


def test_figures_of_few_people_are_summed_up_until_they_tell_of_nobody():
    rows = [{"id": name, "helpers": many, "filled": 1} for name, many in (("a", 3), ("b", 1), ("c", 6), ("d", 9))]
    assert few_together(rows, "helpers") == [
        {"id": "d", "helpers": 9, "filled": 1}, {"id": None, "helpers": 10, "filled": 3},
    ]  # fmt: skip
    assert few_together(rows[:1], "helpers") == []
    found = summary(propose([HAIRCUT], [BARBER]))
    assert found["units"] == [{"id": "u", "places": 2, "filled": 1, "idle": 0, "helpers": 1}]
    assert (median([5, 1, 9, 3]), median([])) == (3, None)


def test_points_in_any_system_become_metres_from_one_corner():
    points = {"a": Point(31.30, 120.60), "b": Point(31.30, 120.62), "c": Point(31.33, 120.60, "gcj02")}
    places = grid(points)
    for (one, at), (other, there) in product(points.items(), repeat=2):
        flat = sum((a - b) ** 2 for a, b in zip(places[one], places[other], strict=True)) ** 0.5
        straight = meters_between(at, there)
        assert abs(flat - straight) <= 2 + straight / 500
    assert grid({}) == {}
