"""Many subjects judged without explanation: sums in sets, and the one engine once for each different case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.compiled import Compiled, deciding
from api.domain.rulebook.evaluate import Verdict, verdict
from api.domain.rulebook.measures import measured, not_recorded
from api.domain.rulebook.postings import Flags, Postings, Whole
from api.domain.rulebook.references import references, stages
from api.domain.rulebook.scores import scored
from api.domain.rulebook.sets import Totals, summed
from api.domain.rulebook.values import Number


@dataclass(frozen=True, slots=True)
class Alike:
    """What several subjects share beside their entries: what the engine makes of all other sources, and attributes.

    `unknown` names the sums of which nobody can know, whatever the entries say.
    """

    numbers: Mapping[str, Number | None]
    attributes: Mapping[str, str | None]
    unknown: frozenset[str]


def alike(compiled: Compiled, bundle: InputBundle) -> Alike:
    """Return what a bundle says beside its entries, read by the engine; the entries in it are not looked at."""
    wanted = deciding(compiled.book)
    numbers: dict[str, Number | None] = {}
    for measure in compiled.book.measures:
        if measure.source == "entries" or measure.id not in wanted:
            numbers |= _named(measure.id, None, None, None)
            continue
        reading = measured(measure, bundle)
        runs = (reading.streaks, reading.longest)
        numbers |= _named(measure.id, reading.value, reading.required, reading.missed, *runs)
    attributes = bundle.get("attributes", {})
    open_ones = {sums.measure.id for sums in compiled.sums}
    for _, scores in stages(compiled.book):  # what no sum has a part in is the same for all of them
        for score in scores:
            if open_ones.isdisjoint(name.split(".")[0] for _, name in references(score)):
                numbers[score.id] = scored(score, numbers, attributes)[1]
            else:
                open_ones.add(score.id)
    unknown = frozenset(sums.measure.id for sums in compiled.sums if not_recorded(sums.measure, bundle))
    return Alike(numbers, attributes, unknown)


def verdicts(
    compiled: Compiled, postings: Postings, period: tuple[str, str], kinds: Sequence[Alike], kind: NDArray[np.int64]
) -> tuple[list[Verdict], Whole, Flags]:
    """Judge all subjects; return the different verdicts, the place of each subject's verdict, and who is odd.

    `kind` is each subject's place in `kinds`. Of who is odd the verdict means nothing: only `evaluate` can tell. Raises
    TooLarge.
    """
    totals = [summed(sums, postings, period) for sums in compiled.sums]
    odd = np.zeros(postings.subjects, np.bool_)
    case = kind.astype(np.int64)
    for total in totals:
        odd |= total.odd
        case = _case(case, total.value)
    _, first, place = np.unique(case, return_index=True, return_inverse=True)
    found = [_verdict(compiled, totals, kinds[int(kind[n])], n) for n in first.tolist()]
    return found, place, odd


def _case(case: Whole, value: Whole) -> Whole:
    """Return one number for each different pair of case and value."""
    _, case = np.unique(case, return_inverse=True)
    _, value = np.unique(value, return_inverse=True)
    return case * (int(value.max(initial=0)) + 1) + value


def _verdict(compiled: Compiled, totals: Sequence[Totals], shared: Alike, subject: int) -> Verdict:
    numbers = dict(shared.numbers)
    for sums, total in zip(compiled.sums, totals, strict=True):
        if sums.measure.id not in shared.unknown:
            value = int(total.value[subject])
            missed = None if total.required is None else total.required - value
            numbers |= _named(sums.measure.id, value, total.required, missed)
    return verdict(compiled.book, numbers, shared.attributes)


def _named(
    name: str, value: Number | None, required: int | None, missed: int | None, *runs: int | None
) -> dict[str, Number | None]:
    streaks, longest = runs or (None, None)
    parts = {"required": required, "missed": missed, "streaks": streaks, "longest": longest}
    return {name: value, **{f"{name}.{part}": number for part, number in parts.items()}}
