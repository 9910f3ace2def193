"""Which parts of a measure's rows count: the best of a span, each different one once, those in the middle."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

from api.domain.rulebook.measure import Keep, RowMeasure
from api.domain.rulebook.rows import Part
from api.domain.rulebook.values import Number, text, whole


def count_once(parts: list[Part], column: str, per: str | None, doubts: set[str]) -> None:
    """Count 1 for each different day, activity or other value, at its first part that counts anything.

    With `per` it counts once in each span of that kind.
    """
    seen: set[tuple[str, str]] = set()
    for part in parts:
        found = part.named(column)
        if found is None:
            doubts.add(f"{part.source}:{part.key}")
        alike = (part.named(per) or "" if per else "", found or "")
        first = part.value > 0 and part.count > 0 and alike not in seen
        if first and found is not None:
            seen.add(alike)
        if first:
            part.value = 1
        else:
            part.becomes(0, f"same:{column}")


_LEFT = {"highest": "lower", "lowest": "higher", "earliest": "later", "latest": "earlier"}


def keep_best(parts: list[Part], keep: Keep, doubts: set[str]) -> None:
    """Let only some rows of a span or value count: those that come to most or least, the first or the last.

    Of equal ones it is the earlier.
    """
    groups: defaultdict[str, defaultdict[tuple[str, str], list[Part]]] = defaultdict(lambda: defaultdict(list))
    for part in parts:
        found = part.named(keep.per)
        if found is None:
            doubts.add(f"{part.source}:{part.key}")
        groups[found or ""][part.source, part.key].append(part)
    for rows in groups.values():
        best = list(rows.values())
        if keep.by in ("highest", "lowest"):
            best.sort(key=lambda row: sum(part.value for part in row), reverse=keep.by == "highest")
        elif keep.by == "latest":
            best.reverse()
        for row in best[keep.choose :]:
            for part in row:
                part.left = True
                part.becomes(0, f"{_LEFT[keep.by]}:{keep.per}")


def middle_of(measure: RowMeasure, parts: list[Part]) -> Number | None:
    """Return the average without the highest and lowest `trim`, or the median; the inputs say what was left out."""
    order = sorted(parts, key=lambda part: part.value)
    cut = measure.trim or (len(order) - 1) // 2
    middle = order[cut : len(order) - cut]
    value = Fraction(sum(part.value for part in middle)) / len(middle) if middle else None
    for part in [*order[:cut], *order[len(order) - cut :]]:
        part.becomes(0, "trimmed")
    return None if value is None else whole(value)


def inputs_of(parts: list[Part], source: str) -> list[dict[str, Any]]:
    """Return what each key recorded and counted; the days of one service are one input again.

    An input names its source where that is another than the measure's own.
    """
    first: dict[tuple[str, str], Part] = {}
    for part in parts:
        whole_of_it = first.setdefault((part.source, part.key), part)
        if whole_of_it is not part:
            whole_of_it.recorded += part.recorded
            whole_of_it.value += part.value
            whole_of_it.why += [reason for reason in part.why if reason not in whole_of_it.why]
    rows: list[dict[str, Any]] = []
    for (own, key), part in first.items():
        row: dict[str, Any] = {"key": key, "recorded": text(part.recorded), "counted": text(part.value)}
        row |= {} if own == source else {"source": own}
        if part.why:
            row["why"] = part.why
        rows.append(row)
    return rows
