"""Counts of people by group and grade as they may be told: small groups pooled, cells kept back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.domain.suppression import Arc, crossed, kept_back, pooled, small

OTHERS = "others"
"""Stands for the groups that are too small to stand alone."""


@dataclass(frozen=True, slots=True)
class Column:
    """One grade or outcome, or several that stand together, and how many people have it."""

    names: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Line:
    """One group, or the small ones together under OTHERS (`groups` says how many), its people, and its cells."""

    key: Any
    groups: int
    total: int
    cells: tuple[int | None, ...]
    above: Any = None  # the class of a unit


@dataclass(frozen=True, slots=True)
class Table:
    """Groups by column; None in a cell is kept back. Totals are told both ways."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


def columns_of(counts: Mapping[str, int], order: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns in an order, those of too few people together at the end; none where there are too few."""
    if small(sum(counts.values())):
        return ()
    together = pooled(counts)
    names = list(dict.fromkeys([*order, *sorted(counts)]))
    single = [Column((name,), counts.get(name, 0)) for name in names if name not in together]
    merged = tuple(name for name in names if name in together)
    return (*single, Column(merged, sum(counts[name] for name in merged))) if merged else tuple(single)


def table(pairs: Iterable[tuple[Hashable, str]], order: Iterable[str]) -> Table:
    """Return people, each a group and a column name, as a table; an empty one of fewer than five people."""
    listed = list(pairs)
    columns = columns_of(Counter(name for _, name in listed), order)
    at = _places(columns)
    if not columns:
        return Table((), ())
    home = _homes(Counter(group for group, _ in listed))
    counts: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    for group, name in listed:
        counts[home[group]][str(at[name])] += 1
    shown = crossed(counts, [str(n) for n in range(len(columns))])
    lines = [
        Line(key, _members(home, key), counts[key].total(), tuple(shown[key].values()))
        for key in sorted(counts, key=_last_others)
    ]
    return Table(columns, tuple(lines))


def nested(triples: Iterable[tuple[Hashable, Hashable, str]], order: Iterable[str]) -> tuple[Table, Table]:
    """Return people, each with class, unit and column name, by class and by unit: two tables protected as one.

    A class is the sum of its units, so that what one keeps back the other must not give away. Units that are too small
    stand together within their class.
    """
    listed = list(triples)
    columns = columns_of(Counter(name for *_, name in listed), order)
    if not columns:
        return Table((), ()), Table((), ())
    at = _places(columns)
    class_of = _homes(Counter(kind for kind, _, _ in listed))
    sizes: defaultdict[Any, Counter[Any]] = defaultdict(Counter)
    for kind, unit, _ in listed:
        sizes[class_of[kind]][unit] += 1
    unit_of = {kind: _homes(found) for kind, found in sizes.items()}
    cells: dict[Arc, int] = {}
    for kind, homes in unit_of.items():
        for n in range(len(columns)):
            cells[("class", kind, n), ("column", n)] = 0
            cells |= {(("unit", kind, unit), ("class", kind, n)): 0 for unit in homes.values()}
    for kind, unit, name in listed:
        held, n = class_of[kind], at[name]
        cells[("unit", held, unit_of[held][unit]), ("class", held, n)] += 1
        cells[("class", held, n), ("column", n)] += 1
    hidden = kept_back(cells)
    told = {arc: None if arc in hidden else count for arc, count in cells.items()}
    places = range(len(columns))
    classes = [
        Line(kind, _members(class_of, kind), sizes[kind].total(),
             tuple(told[("class", kind, n), ("column", n)] for n in places))
        for kind in sorted(unit_of, key=_last_others)
    ]  # fmt: skip
    units = [
        Line(unit, _members(homes, unit), sum(sizes[kind][each] for each, held in homes.items() if held == unit),
             tuple(told[("unit", kind, unit), ("class", kind, n)] for n in places), kind)
        for kind, homes in sorted(unit_of.items(), key=lambda item: _last_others(item[0]))
        for unit in sorted(set(homes.values()), key=_last_others)
    ]  # fmt: skip
    return Table(columns, tuple(classes)), Table(columns, tuple(units))


def _homes(sizes: Mapping[Any, int]) -> dict[Any, Any]:
    together = pooled(sizes)
    return {key: OTHERS if key in together else key for key in sizes}


def _members(homes: Mapping[Any, Any], key: Any) -> int:
    return sum(held == key for held in homes.values())


def _places(columns: Sequence[Column]) -> dict[str, int]:
    return {name: n for n, column in enumerate(columns) for name in column.names}


def _last_others(key: Any) -> tuple[bool, str]:
    return key == OTHERS, str(key)
