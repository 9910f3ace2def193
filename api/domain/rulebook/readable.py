"""Whether what a measure reads of entries stands in them, and whether it adds what is of one unit."""

from __future__ import annotations

from collections.abc import Iterator

from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.looks import columns
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.schema import Rulebook

ENTRY_COLUMNS = frozenset({
    *("key", "unit", "nature", "kind", "activity", "community", "employer", "relation", "provenance", "servedOn"),
    *("weekday", "dayKind", "timeOfDay", "activityKind", "category", "role"),
})  # fmt: skip
"""What a bundle says of an entry; any other column is unknown of every one."""

_MINUTES = {"volunteer_minutes", "participation"}


def readable(rulebook: Rulebook) -> Iterator[Finding]:
    """Find columns that entries do not have, and sums of minutes, money and points."""
    for n, measure in enumerate(rulebook.measures):
        for number, one in enumerate(measure.sources if isinstance(measure, RowMeasure) else []):
            if one.source != "entries":
                continue
            pointer = f"/measures/{n}" + (f"/also/{number - 1}" if number else "")
            for column in sorted(columns(one) - ENTRY_COLUMNS):
                yield finding("no_such_column", pointer, column=column)
            if one.take == "amount" and _mixed(set(one.where.get("unit", ()))):
                yield finding("mixed_units", pointer)


def _mixed(units: set[str]) -> bool:
    return not units or (len(units) > 1 and not units <= _MINUTES)
