"""What tables of people keep back, attacked by writing out every table that fits what is told."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.suppression import SMALLEST_GROUP, crossed, kept_back, pooled, small

COLUMNS = ["excellent", "good", "poor"]


def split(total, parts):
    """Yield every way to write a total as a sum of so many counts."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in split(total - first, parts - 1):
            yield (first, *rest)


def consistent(told, rows, columns):
    """Yield every table of counts, as rows, that has the told cells and both kinds of totals: the attacker's view."""
    if not rows:
        if not any(columns):
            yield ()
        return
    for way in split(rows[0], len(columns)):
        left = [total - count for total, count in zip(columns, way, strict=True)]
        if min(left) >= 0 and all(cell in (None, count) for cell, count in zip(told[0], way, strict=True)):
            yield from ((way, *rest) for rest in consistent(told[1:], rows[1:], left))


def leaks(table, told):
    """Return each sum of cells kept back that the attacker works out to be one of one to four people."""
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    cells = [(r, c) for r, row in enumerate(told) for c, count in enumerate(row) if count is None]
    possible = list(consistent(told, rows, columns))
    assert tuple(map(tuple, table)) in possible
    return [
        some
        for size in range(1, len(cells) + 1)
        for some in combinations(cells, size)
        if small(sum(table[r][c] for r, c in some)) and constant(some, possible)
    ]


def constant(cells, possible):
    """Say whether the cells come to the same in every table, looking no further than the first that differs."""
    sums = (sum(each[r][c] for r, c in cells) for each in possible)
    first = next(sums)
    return all(other == first for other in sums)


def protected(table):
    rows = {str(n): dict(zip(COLUMNS, row, strict=True)) for n, row in enumerate(table)}
    told = crossed(rows, COLUMNS)
    return [[told[str(n)][name] for name in COLUMNS] for n in range(len(table))]


counts = st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), min_size=1, max_size=3)


def pooled_before(table):
    return not any(small(sum(line)) for line in (*table, *zip(*table, strict=True)))


@settings(max_examples=25, deadline=None)
@given(counts.filter(pooled_before))
def test_no_group_under_five_can_be_worked_out_by_adding_and_subtracting(table):
    told = protected(table)
    for row, shown in zip(table, told, strict=True):
        for count, cell in zip(row, shown, strict=True):
            assert cell is None if small(count) else cell in (None, count)
    assert leaks(table, told) == []


def test_the_attack_finds_what_hiding_the_small_cells_alone_gives_away():
    table = [[3, 9, 8], [6, 7, 9]]
    naive = [[None if small(count) else count for count in row] for row in table]
    assert leaks(table, naive) == [((0, 0),)]
    assert leaks(table, protected(table)) == []


def test_two_small_cells_in_one_line_are_a_group_under_five_too():
    table = [[1, 2, 9], [6, 7, 9]]
    naive = [[None if small(count) else count for count in row] for row in table]
    assert leaks(table, naive)
    assert protected(table)[0][2] is None


def test_a_table_without_small_cells_is_told_whole():
    table = [[5, 0, 9], [6, 7, 0]]
    assert protected(table) == table


def test_a_cell_that_only_an_empty_one_can_cover_hides_that_one_too():
    # what the second row does not have as "good" it could only have there: else 2 is the rest of 10 less 8
    table = [[3, 2, 0], [2, 0, 8], [0, 6, 0]]
    told = protected(table)
    assert leaks(table, told) == []
    assert None in (told[1][1], told[0][2], told[2][0], told[2][2])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("甲乙丙丁", min_size=1, max_size=3), st.integers(0, 9), max_size=6))
def test_groups_are_pooled_until_none_stands_alone_with_one_to_four(sizes):
    together = pooled(sizes)
    assert all(not small(count) for key, count in sizes.items() if key not in together)
    whole = sum(sizes[key] for key in together)
    assert not small(whole) or together == {key for key, count in sizes.items() if count}


@st.composite
def nested(draw):
    """Draw counts of units by grade, the units in two classes, each unit and class of five or more."""
    units = draw(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2).filter(lambda r: sum(r) >= 5),
                          min_size=2, max_size=4))  # fmt: skip
    classes = [draw(st.sampled_from("AB")) for _ in units]
    return list(zip(classes, units, strict=True))


def network(units):
    """Return units → (class, grade) → grade as arcs; what enters units and leaves grades is told beside them."""
    cells = Counter()
    for n, (kind, row) in enumerate(units):
        for grade, count in enumerate(row):
            cells[f"u{n}", (kind, grade)] += count
            cells[(kind, grade), f"g{grade}"] += count
    return dict(cells)


@settings(max_examples=20, deadline=None)
@given(nested().filter(lambda units: all(sum(r[g] for _, r in units) not in (1, 2, 3, 4) for g in (0, 1))))
def test_sums_by_class_do_not_give_away_a_unit(units):
    cells = network(units)
    hidden = kept_back(cells)
    totals = [sum(row[grade] for _, row in units) for grade in (0, 1)]
    possible = []
    for ways in product(*(list(split(sum(row), 2)) for _, row in units)):
        other = network([(kind, list(way)) for (kind, _), way in zip(units, ways, strict=True)])
        fits = all(other[arc] == count for arc, count in cells.items() if arc not in hidden)
        if fits and [sum(way[grade] for way in ways) for grade in (0, 1)] == totals:
            possible.append(other)
    for arc, count in cells.items():
        if small(count):
            assert arc in hidden
            assert max(other[arc] for other in possible) >= SMALLEST_GROUP


def test_a_sum_that_should_have_been_pooled_is_refused():
    with pytest.raises(ValueError, match="one to four"):
        kept_back({("a", "b"): 3}, {("a", "b")})
