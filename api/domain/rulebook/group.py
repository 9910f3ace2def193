"""The first pass over a group: what each brings into it, and the figures that then stand in each one's bundle."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from api.domain.rulebook.evaluate import Judgement
from api.domain.rulebook.figures import PLACES, Figure
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.scores import holds
from api.domain.rulebook.values import Number, text, whole
from api.domain.suppression import SMALLEST_GROUP

PARTS = ("required", "missed", "streaks", "longest")


@dataclass(frozen=True, slots=True)
class Brought:
    """What one subject brings: for each figure its number, None where that is unknown, and whether it counts.

    `groups` names its unit, branch and community, and the cycle; a number that is None, or a count that is, makes the
    figures of its groups unknown.
    """

    numbers: Mapping[str, Number | None]
    counts: Mapping[str, bool | None]
    groups: Mapping[str, Hashable]


def brought(
    rulebook: Rulebook, judgement: Judgement, attributes: Mapping[str, str | None], groups: Mapping[str, Hashable]
) -> Brought:
    """Return what a subject brings into its groups, read off a judgement that was made without figures, or with them.

    No number that a figure is taken of depends on figures, so that both say the same.
    """
    numbers: dict[str, Number | None] = {}
    for line in judgement["numbers"]:
        numbers[line["rule"]] = _read(line["value"])
        of_none = None if line["value"] is None else 0  # without any span no line says how many were required
        numbers |= {f"{line['rule']}.{part}": _read(line.get(part, of_none)) for part in PARTS}
    counts = {
        each.id: True if each.among is None else holds(each.among, numbers, attributes) for each in rulebook.figures
    }
    return Brought({each.id: numbers[each.of] for each in rulebook.figures}, counts, groups)


def figures(rulebook: Rulebook, everybody: Sequence[Brought]) -> list[dict[str, str | None]]:
    """Return for each subject, in their order, what its bundle says of its groups: exact text, None where unknown."""
    found: list[dict[str, str | None]] = [{} for _ in everybody]
    for figure in rulebook.figures:
        people = rulebook.subject == "member"
        groups: defaultdict[Hashable, list[Brought]] = defaultdict(list)
        for each in everybody:
            groups[each.groups[figure.within]] += [each] if each.counts[figure.id] is not False else []
        told = {of: _told(figure, some, people) for of, some in groups.items()}
        whole_cycle = None
        if figure.under_five == "cycle":
            counted = [each for each in everybody if each.counts[figure.id] is not False]
            whole_cycle = _told(figure, counted, people)
        for subject, each in zip(found, everybody, strict=True):
            of = each.groups[figure.within]
            small = people and len(groups[of]) < SMALLEST_GROUP
            among = whole_cycle if small and figure.under_five == "cycle" else told[of]
            value = None if among is None else _figure(figure, among, each.numbers[figure.id])
            subject[figure.id] = None if value is None else text(whole(value))
    return found


def _told(figure: Figure, counted: Sequence[Brought], people: bool) -> list[Number] | None:
    """Return the numbers of a group in their order; None where one is unknown, or the group is too small to be told."""
    values = [each.numbers[figure.id] for each in counted if each.counts[figure.id]]
    known = sorted(value for value in values if value is not None)
    return None if len(known) < len(counted) or (people and len(known) < SMALLEST_GROUP) else known


def _figure(figure: Figure, among: Sequence[Number], own: Number | None) -> Number | None:
    if figure.take == "size":
        return len(among)
    if figure.take == "sum":
        return sum(among)
    if not among:
        return None
    if figure.take in PLACES:
        return None if own is None else _place(figure, among, own)
    if figure.take in ("best", "least"):
        return among[-1] if figure.take == "best" else among[0]
    if figure.take == "mean":
        return Fraction(sum(among)) / len(among)
    middle = len(among) // 2
    return among[middle] if len(among) % 2 else Fraction(among[middle - 1] + among[middle]) / 2


def _place(figure: Figure, among: Sequence[Number], own: Number) -> Number:
    less, more = bisect_left(among, own), len(among) - bisect_right(among, own)
    better, worse = (less, more) if figure.lowest else (more, less)
    if figure.take == "rank":
        return better + 1
    return Fraction(better if figure.take == "ahead" else worse, len(among))


def _read(written: Any) -> Number | None:
    return None if written is None else whole(Fraction(written))
