"""Measures: what the bundle's rows come to under a rule's spans, caps, approvals and cadences."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.measure import (
    Approval,
    Cadence,
    DenominatorMeasure,
    Keep,
    Measure,
    PresenceMeasure,
    RowMeasure,
    Series,
)
from api.domain.rulebook.rows import Part, Row, chosen, limits, matches, weigh
from api.domain.rulebook.spans import exempt, joined, merged, streaks
from api.domain.rulebook.values import SPANS, Number, Rounding, bucket, buckets, text, whole


@dataclass(slots=True)
class Reading:
    """One measured number with all it was made of; `value` is None if it is unknown, and `unknown` says why."""

    value: Number | None = None
    inputs: list[dict[str, Any]] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    pending: list[dict[str, str]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    required: int | None = None
    missed: int | None = None
    streaks: int | None = None
    longest: int | None = None


def measured(measure: Measure, bundle: InputBundle) -> Reading:
    """Read one measure from the bundle."""
    if isinstance(measure, DenominatorMeasure):
        value = bundle.get("denominators", {}).get(measure.name)
        return Reading(value, unknown=[] if value is not None else [f"denominators:{measure.name}"])
    if isinstance(measure, PresenceMeasure):
        return _presence(measure, bundle)
    return _from_rows(measure, bundle)


def _from_rows(measure: RowMeasure, bundle: InputBundle) -> Reading:
    reading = Reading(unknown=not_recorded(measure, bundle))
    rows: list[Row] = bundle.get(measure.source) or []
    facts: list[Row] = bundle.get("facts") or []
    unsure: set[str] = set()
    period = (bundle["period"]["start"], bundle["period"]["end"])
    parts = chosen(measure, rows, period, unsure)
    reading.facts = weigh(measure, parts, facts, unsure)
    if measure.rounding:
        for group in _groups(parts, measure.rounding.per):
            _round(group, measure.rounding)
    if measure.approval:
        _approve(measure.id, measure.approval, parts, facts, reading)
    _choose(measure, parts, unsure)
    for cap in sorted(measure.caps, key=lambda cap: SPANS.index(cap.per)):
        for group in _groups(parts, cap.per):
            _fill(group, cap.at_most, f"cap:{cap.per}")
    reading.unknown += [f"{measure.source}:{key}" for key in sorted(unsure)]
    _finish(measure, parts, bundle, reading)
    reading.inputs = _inputs(parts)
    if reading.unknown:
        reading.value = reading.required = reading.missed = reading.streaks = reading.longest = None
    return reading


def _choose(measure: RowMeasure, parts: list[Part], unsure: set[str]) -> None:
    """Leave out what is under a minimum, what is not among the best of its span, and what counted already."""
    if measure.qualify:
        for group in _groups(parts, measure.qualify.per):
            if sum(part.value for part in group) < measure.qualify.at_least:
                for part in group:
                    part.becomes(0, f"under_minimum:{measure.qualify.per}")
    if measure.keep:
        _keep(parts, measure.keep, unsure)
    if measure.distinct:
        _once(parts, measure.distinct, unsure)


def _finish(measure: RowMeasure, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    voices = sum({part.key: part.count for part in parts}.values())  # the days of one row are one voice
    needed = max(measure.quorum or 0, 2 * measure.trim + 1 if measure.trim else 0)
    if voices < needed:
        reading.unknown.append(f"quorum:{voices}/{needed}")
    if measure.cadence:
        _cadence(measure, measure.cadence, parts, bundle, reading)
    elif measure.series:
        _series(measure, measure.series, parts, bundle, reading)
    elif measure.result == "sum":
        reading.value = whole(sum(part.value for part in parts))
    elif not voices:
        reading.unknown.append(f"{measure.source}:none")
    elif measure.result == "average" and not measure.trim:
        reading.value = whole(Fraction(sum(part.value for part in parts)) / voices)
    elif measure.result in ("average", "median"):
        reading.value = _middle(measure, parts)
    else:
        reading.value = (max if measure.result == "largest" else min)(part.value for part in parts)


def not_recorded(measure: RowMeasure, bundle: InputBundle) -> list[str]:
    """Return why nothing can be said: a source that is absent, or rows of this sort that nobody records."""
    needed = [(measure.source, measure.where, measure.without)]
    needed += [("facts", rule.where, {}) for rule in measure.voided_by]
    needed += [("facts", factor.fact.where, {}) for factor in measure.factors if factor.fact]
    if measure.approval:
        needed.append(("facts", {"kind": [measure.approval.kind]}, {}))
    reasons = [source for source, _, _ in needed if bundle.get(source) is None]
    spans = measure.cadence or measure.series
    if spans and spans.exempt and bundle.get("exemptions") is None:
        reasons.append("exemptions")
    for gap in bundle.get("unknown", []):
        columns = {name: value for name, value in gap.items() if name != "source"}
        for source, where, without in needed:
            asked = {name: among for name, among in where.items() if name in columns}
            hidden = {name: among for name, among in without.items() if name in columns}
            if gap["source"] == source and matches(columns, asked, hidden) is True:
                reasons.append(":".join([source, *columns.values()]))
    return sorted(set(reasons))


def _groups(parts: list[Part], per: str) -> list[list[Part]]:
    groups: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        groups[part.span(per)].append(part)
    return list(groups.values())


def _round(group: list[Part], rounding: Rounding) -> None:
    """Round the sum of a span: what goes is taken from its later parts, what comes is given to the last."""
    rounded = rounding.apply(sum(part.value for part in group))
    if rounded >= 0:
        _fill(group, rounded, "rounded")
    rest = rounded - sum(part.value for part in group)
    group[-1].becomes(whole(group[-1].value + rest), "rounded")


def _fill(group: list[Part], at_most: Number, why: str) -> None:
    """Let the earlier parts fill the cap; what a negative part takes away makes room for the others."""
    room = at_most - sum(part.value for part in group if part.value < 0)
    for part in group:
        if part.value > 0:
            part.becomes(min(part.value, room), why)
            room -= part.value


def _once(parts: list[Part], column: str, unsure: set[str]) -> None:
    """Count 1 for each different day, activity or other value, at its first part that counts anything."""
    seen: set[str] = set()
    for part in parts:
        found = part.named(column)
        if found is None:
            unsure.add(part.key)
        first = part.value > 0 and part.count > 0 and found not in seen
        if first and found is not None:
            seen.add(found)
        if first:
            part.value = 1
        else:
            part.becomes(0, f"same:{column}")


def _keep(parts: list[Part], keep: Keep, unsure: set[str]) -> None:
    """Let only the rows of a span or value that come to most count; of equal ones the earlier."""
    groups: defaultdict[str, defaultdict[str, list[Part]]] = defaultdict(lambda: defaultdict(list))
    for part in parts:
        found = part.named(keep.per)
        if found is None:
            unsure.add(part.key)
        groups[found or ""][part.key].append(part)
    for rows in groups.values():
        best = sorted(rows.values(), key=lambda row: -sum(part.value for part in row))
        for row in best[keep.choose :]:
            for part in row:
                part.becomes(0, f"lower:{keep.per}")


def _middle(measure: RowMeasure, parts: list[Part]) -> Number | None:
    """Return the average without the highest and lowest `trim`, or the median; the inputs say what was left out."""
    order = sorted(parts, key=lambda part: part.value)
    cut = measure.trim or (len(order) - 1) // 2
    middle = order[cut : len(order) - cut]
    value = Fraction(sum(part.value for part in middle)) / len(middle) if middle else None
    for part in [*order[:cut], *order[len(order) - cut :]]:
        part.becomes(0, "trimmed")
    return None if value is None else whole(value)


def _approve(rule: str, approval: Approval, parts: list[Part], facts: list[Row], reading: Reading) -> None:
    """Hold back whole spans whose sum is in a tier that somebody must approve and has not."""
    levels = [tier.level for tier in approval.tiers if tier.level]
    given: dict[str, int] = {}
    for row in facts:
        if row["kind"] == approval.kind and row.get("value") in levels and not row.get("reverses"):
            if any(other.get("reverses") == row["key"] for other in facts):
                continue
            span = row["occurredOn"] if approval.per == "day" else row.get("activity") or ""
            given[span] = max(given.get(span, -1), levels.index(row["value"]))
            reading.facts.add(row["key"])
    for group in _groups(parts, approval.per):
        total = sum(part.value for part in group)
        level = next((tier.level for tier in approval.tiers if tier.up_to is None or total <= tier.up_to), None)
        span = group[0].span(approval.per)
        if level is not None and given.get(span, -1) < levels.index(level):
            reading.pending.append({"rule": rule, "span": span.lstrip("\0"), "level": level, "sum": text(total)})
            for part in group:
                part.becomes(0, f"waits:{level}")


def _cadence(measure: RowMeasure, cadence: Cadence, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    """Count the spans that reach the minimum; those not over yet, or exempt, are required only where they do."""
    since, before = limits(measure.window, bundle["period"]["start"], bundle["period"]["end"])
    sums: defaultdict[str, Number] = defaultdict(int)
    for part in parts:
        sums[bucket(part.date, cadence.each)] += part.value
    free = merged(bundle, cadence.exempt)
    through = bundle.get("through", before)
    fulfilled = required = 0
    for name, (first, after) in buckets(since, before, cadence.each).items():
        reached = sums[name] >= cadence.at_least
        is_free = exempt(first, after, free, cadence.exempt_when)
        fulfilled += reached
        required += reached or (not is_free and after <= through)
        state = "fulfilled" if reached else "exempt" if is_free else "missed" if after <= through else "open"
        reading.spans.append({"span": name, "sum": text(sums[name]), "state": state})
    reading.value, reading.required, reading.missed = fulfilled, required, required - fulfilled
    if measure.streak:
        reading.streaks, reading.longest = streaks(measure.streak, [span["state"] for span in reading.spans])


def _series(measure: RowMeasure, series: Series, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    sums: defaultdict[str, Number] = defaultdict(int)
    for part in parts:
        sums[bucket(part.date, series.each)] += part.value
    days = limits(measure.window, bundle["period"]["start"], bundle["period"]["end"])
    reading.value, reading.spans = joined(series, sums, days, bundle)
    if reading.value is None:
        reading.unknown.append(f"{measure.source}:none")


def _presence(measure: PresenceMeasure, bundle: InputBundle) -> Reading:
    if bundle.get("exemptions") is None:
        return Reading(unknown=["exemptions"])
    free = merged(bundle, measure.exempt)
    spans = buckets(bundle["period"]["start"], bundle["period"]["end"], measure.per)
    here = sum(not exempt(first, after, free, measure.exempt_when) for first, after in spans.values())
    inputs = [
        {"key": row["key"], "recorded": f"{row['start']}/{row['end']}", "counted": row["kind"]}
        for row in sorted(bundle.get("exemptions", []), key=lambda row: row["key"])
        if row["kind"] in measure.exempt
    ]
    return Reading(whole(Fraction(here, len(spans))), inputs)


def _inputs(parts: list[Part]) -> list[dict[str, Any]]:
    """Return what each key recorded and counted; the days of one service are one input again."""
    first: dict[str, Part] = {}
    for part in parts:
        whole_of_it = first.setdefault(part.key, part)
        if whole_of_it is not part:
            whole_of_it.recorded += part.recorded
            whole_of_it.value += part.value
            whole_of_it.why += [reason for reason in part.why if reason not in whole_of_it.why]
    rows: list[dict[str, Any]] = []
    for key, part in first.items():
        row: dict[str, Any] = {"key": key, "recorded": text(part.recorded), "counted": text(part.value)}
        if part.why:
            row["why"] = part.why
        rows.append(row)
    return rows
