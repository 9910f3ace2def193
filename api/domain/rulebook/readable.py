"""Whether a measure means what it says: columns that are there, sums of one unit, different things in each span."""

from __future__ import annotations

from collections.abc import Iterator

from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.looks import columns
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.values import SPANS

ENTRY_COLUMNS = frozenset({
    *("key", "unit", "nature", "kind", "activity", "community", "employer", "relation", "provenance", "servedOn"),
    *("weekday", "dayKind", "timeOfDay", "activityKind", "category", "role"),
})  # fmt: skip
"""What a bundle says of an entry; any other column is unknown of every one."""

_MINUTES = {"volunteer_minutes", "participation"}


def readable(rulebook: Rulebook) -> Iterator[Finding]:
    """Find columns that entries do not have, sums of minutes, money and points, and values of one span alone."""
    for n, measure in enumerate(rulebook.measures):
        if isinstance(measure, RowMeasure) and _once_for_all(measure):
            yield finding("once_for_all_spans", f"/measures/{n}/distinct", column=measure.distinct)
        for number, one in enumerate(measure.sources if isinstance(measure, RowMeasure) else []):
            if one.source != "entries":
                continue
            pointer = f"/measures/{n}" + (f"/also/{number - 1}" if number else "")
            for column in sorted(columns(one) - ENTRY_COLUMNS):
                yield finding("no_such_column", pointer, column=column)
            if one.take == "amount" and _mixed(set(one.where.get("unit", ()))):
                yield finding("mixed_units", pointer)


def _once_for_all(measure: RowMeasure) -> bool:
    """Say whether spans are looked at one by one, while a value counts in the first of them alone."""
    by_value = measure.distinct is not None and measure.distinct not in SPANS and measure.distinct_per is None
    return by_value and (measure.cadence is not None or measure.series is not None)


def _mixed(units: set[str]) -> bool:
    return not units or (len(units) > 1 and not units <= _MINUTES)
