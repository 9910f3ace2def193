"""The plan: what cannot stand in it, who is over capacity, and the fewest moves that mend it."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from api.domain.plan import PlanRow, PlanUnsound, overloaded, preview, rebalance, require_sound

A, B, C = (UUID(int=number) for number in (1, 2, 3))
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
SPRING, AUTUMN = (date(2026, 1, 1), date(2026, 7, 1)), (date(2026, 7, 1), date(2027, 1, 1))


def row(unit: int, community: UUID, period: tuple[date, date] = YEAR, load: int = 1, fixed: bool = False) -> PlanRow:
    return PlanRow(UUID(int=100 + unit), community, *period, load, fixed)


def test_capacity_is_judged_by_the_fullest_day() -> None:
    rows = [row(1, A, SPRING, 30), row(2, A, AUTUMN, 40), row(3, A, YEAR, 25)]
    (use, *_) = preview(rows, {A: 60, B: None})
    assert (use.rows, use.peak, use.peak_on, use.over) == (3, 65, date(2026, 7, 1), 5)
    assert [each.community for each in overloaded(rows, {A: 60})] == [A]
    assert overloaded(rows, {A: 65}) == []


def test_unknown_capacity_is_not_nought() -> None:
    assert overloaded([row(1, A, load=500)], {A: None}) == []
    assert preview([], {A: None, B: 3})[0].capacity is None


def test_rows_that_cannot_stand_are_all_named_with_their_place() -> None:
    bad = [row(1, A), row(1, A, AUTUMN), row(2, C), row(3, A, (YEAR[1], YEAR[0])), row(4, B, load=0)]
    with pytest.raises(PlanUnsound) as why:
        require_sound(bad, {A, B})
    assert [(each["pointer"], each["code"]) for each in why.value.errors] == [
        ("/rows/1", "repeated_link"),
        ("/rows/2", "unknown_community"),
        ("/rows/3", "empty_period"),
        ("/rows/4", "bad_load"),
    ]
    assert "第 0 行" in why.value.errors[0]["detail"]["zh"]


def test_following_periods_are_no_repetition() -> None:
    require_sound([row(1, A, SPRING), row(1, A, AUTUMN), row(1, B)], {A, B})


def test_one_move_mends_one_too_many_and_says_why() -> None:
    result = rebalance([row(1, A), row(2, A), row(3, A)], {A: 2, B: 1, C: 5})
    (move,) = result.moves
    assert (move.source, move.target, move.reason) == (A, C, "over_capacity")
    assert move.words()["zh"] == "2026-01-01 起承接 3，超过承接能力 2"
    assert move.words()["en"] == "From 2026-01-01 it has 3, over its capacity of 2"
    assert overloaded(result.rows, {A: 2, B: 1, C: 5}) == []


def test_a_near_community_stands_before_an_empty_one() -> None:
    assert rebalance([row(1, A), row(2, A)], {A: 1, B: 1, C: 5}, {A: [B]}).moves[0].target == B


def test_the_smallest_row_that_relieves_the_excess_alone_goes() -> None:
    rows = [row(1, A, load=50), row(2, A, load=20), row(3, A, load=12), row(4, A, load=3)]
    (move,) = rebalance(rows, {A: 75, B: 100}).moves
    assert move.row == 2


def test_fixed_rows_stay_and_what_finds_no_room_is_listed() -> None:
    result = rebalance([row(1, A, fixed=True), row(2, A), row(3, A)], {A: 1, B: 1})
    assert [move.unit for move in result.moves] == [UUID(int=103)]
    assert [(move.unit, move.target, move.reason) for move in result.unplaced] == [(UUID(int=102), None, "no_room")]


def test_a_unit_is_not_moved_to_where_it_is_already() -> None:
    result = rebalance([row(1, A), row(1, B), row(2, A, fixed=True)], {A: 1, B: 9, C: 1})
    assert [move.target for move in result.moves] == [C]


def test_a_plan_within_capacity_does_not_move() -> None:
    rows = [row(1, A), row(2, B)]
    result = rebalance(rows, {A: 1, B: 1, C: 9})
    assert (result.rows, result.moves, result.unplaced) == (tuple(rows), (), ())


def fewest_removals(rows: list[PlanRow], capacity: int) -> int:
    """Try all subsets: how few rows must leave a community."""
    for count in range(len(rows) + 1):
        for gone in itertools.combinations(range(len(rows)), count):
            left = [each for number, each in enumerate(rows) if number not in gone]
            if not overloaded(left, {A: capacity}):
                return count
    raise AssertionError


@pytest.mark.parametrize("seed", range(80))
def test_with_equal_loads_the_moves_are_as_few_as_can_be(seed: int) -> None:
    dice = random.Random(seed)
    rows = []
    for unit in range(7):
        first = dice.randint(1, 11)
        rows.append(row(unit, A, (date(2026, first, 1), date(2026, dice.randint(first + 1, 12), 1))))
    capacity = dice.randint(1, 3)
    capacities = {A: capacity, B: 9}
    result = rebalance(rows, capacities)
    assert len(result.moves) == fewest_removals(rows, capacity)
    assert not result.unplaced
    assert overloaded(result.rows, capacities) == []
    assert rebalance(rows, dict(reversed(capacities.items()))) == result


@pytest.mark.parametrize("seed", range(60))
def test_no_move_ever_overfills_a_community_or_loses_a_row(seed: int) -> None:
    dice = random.Random(seed)
    communities = [UUID(int=number) for number in range(1, 6)]
    rows = [
        row(
            unit, dice.choice(communities), dice.choice([YEAR, SPRING, AUTUMN]), dice.randint(1, 9), dice.random() < 0.2
        )
        for unit in range(20)
    ]
    capacities = {community: dice.choice([None, 5, 15, 25]) for community in communities}
    before = {use.community: use.over for use in preview(rows, capacities)}
    result = rebalance(rows, capacities)
    assert all(use.over <= before[use.community] for use in preview(result.rows, capacities))
    assert [replace(each, community=A) for each in result.rows] == [replace(each, community=A) for each in rows]
    assert all(each.community == old.community for each, old in zip(result.rows, rows, strict=True) if old.fixed)
    stuck = {move.source for move in result.unplaced}
    full = {use.community for use in overloaded([each for each in result.rows if not each.fixed], capacities)}
    assert full <= stuck
