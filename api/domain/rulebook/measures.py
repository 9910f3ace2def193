"""Measures: what the bundle's rows come to under a rule's spans, caps, approvals and cadences."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from api.domain.rulebook.answers import answers
from api.domain.rulebook.barred import bar, bars_of, days_in, only_during
from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.filling import fill, under_caps
from api.domain.rulebook.filters import Window
from api.domain.rulebook.kept import count_once, inputs_of, keep_best, middle_of
from api.domain.rulebook.looks import looks
from api.domain.rulebook.measure import (
    Approval,
    BarMeasure,
    Cadence,
    DenominatorMeasure,
    Measure,
    PresenceMeasure,
    RowMeasure,
    Series,
)
from api.domain.rulebook.rows import Part, Row, chosen, grouped, limits, matches, weigh
from api.domain.rulebook.spans import cut, due, events, exempt, in_time, joined, merged, points_of, rolled, streaks
from api.domain.rulebook.stretch import Rolling, SpanSteps
from api.domain.rulebook.values import Number, Rounding, bucket, buckets, text, whole


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
    return _barred(measure, bundle) if isinstance(measure, BarMeasure) else _from_rows(measure, bundle)


def _from_rows(measure: RowMeasure, bundle: InputBundle) -> Reading:
    reading = Reading(unknown=not_recorded(measure, bundle))
    doubts: set[str] = set()
    parts = _parts(measure, bundle, reading, doubts)
    for rule in measure.bars:
        stretches, strikes = bars_of(rule, bundle, doubts)
        bar(parts, stretches)
        reading.facts |= strikes
    if measure.during:
        reading.facts |= only_during(measure.during, parts, bundle, doubts)
    if measure.rounding:
        for group in grouped(parts, measure.rounding.per, None, doubts):
            _round(group, measure.rounding)
    if measure.approval:
        _approve(measure.id, measure.approval, parts, bundle.get("facts") or [], reading)
    _choose(measure, parts, doubts)
    under_caps(parts, measure.caps, doubts)
    if measure.answered:
        told = answers(measure.answered, parts, bundle, _days(measure.window, bundle), doubts)
        parts, reading.spans = told.parts, told.spans
        reading.facts |= told.facts
    reading.unknown += sorted(doubts)
    _finish(measure, parts, bundle, reading)
    reading.inputs = inputs_of(parts, measure.source)
    if reading.unknown:
        reading.value = reading.required = reading.missed = reading.streaks = reading.longest = None
    return reading


def _parts(measure: RowMeasure, bundle: InputBundle, reading: Reading, doubts: set[str]) -> list[Part]:
    """Return the weighed rows of all sources of a measure in order; of one that several choose, the first's."""
    period = (bundle["period"]["start"], bundle["period"]["end"])
    facts: list[Row] = bundle.get("facts") or []
    found: list[Part] = []
    taken: set[tuple[str, str]] = set()
    for one in measure.sources if measure.also else [measure]:
        rows: list[Row] = bundle.get(one.source) or []
        unsure: set[str] = set()
        parts = chosen(one, rows, period, unsure)
        reading.facts |= weigh(one, parts, facts, unsure)
        found += [part for part in parts if (part.source, part.key) not in taken]
        taken |= {(part.source, part.key) for part in parts}
        doubts |= {f"{one.source}:{key}" for key in unsure}
    return sorted(found, key=lambda part: (part.day, part.activity, part.key)) if measure.also else found


def _choose(measure: RowMeasure, parts: list[Part], doubts: set[str]) -> None:
    """Leave out what is under a minimum, give sums their points, leave out what is not the best or counted already."""
    if measure.qualify:
        for group in grouped(parts, measure.qualify.per, measure.qualify.by, doubts):
            if sum(part.value for part in group) < measure.qualify.at_least:
                for part in group:
                    part.becomes(0, f"under_minimum:{measure.qualify.per}")
    if measure.steps:
        for group in grouped(parts, measure.steps.per, measure.steps.by, doubts):
            _step(group, measure.steps)
    if measure.keep:
        keep_best(parts, measure.keep, doubts)
    if measure.distinct:
        count_once(parts, measure.distinct, measure.distinct_per, doubts)


def _finish(measure: RowMeasure, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    heard, chosen = _voices(parts), [part for part in parts if not part.left]
    voices, quorum, trimmed = _voices(chosen), measure.quorum or 0, 2 * measure.trim + 1 if measure.trim else 0
    if heard < quorum or voices < trimmed:
        reading.unknown.append(f"quorum:{heard if heard < quorum else voices}/{max(quorum, trimmed)}")
    if measure.cadence:
        _cadence(measure, measure.cadence, parts, bundle, reading)
    elif measure.series:
        _series(measure, measure.series, parts, bundle, reading)
    elif measure.deadline or measure.answered:
        if measure.deadline:
            reading.spans = due(measure.deadline, [(part.date, part.value) for part in parts], bundle)
        states = [row["state"] for row in reading.spans]
        reading.value, reading.missed = states.count("fulfilled"), states.count("missed")
        reading.required = reading.value + reading.missed
    elif measure.rolling:
        _rolling(measure, measure.rolling, parts, bundle, reading)
    elif measure.result == "sum":
        reading.value = whole(sum(part.value for part in parts))
    elif not voices:
        reading.unknown.append(f"{measure.source}:none")
    elif measure.result == "average" and not measure.trim:
        reading.value = whole(Fraction(sum(part.value for part in chosen)) / voices)
    elif measure.result in ("average", "median"):
        reading.value = middle_of(measure, chosen)
    else:
        reading.value = (max if measure.result == "largest" else min)(part.value for part in chosen)


def _voices(parts: list[Part]) -> int:
    return sum({(part.source, part.key): part.count for part in parts}.values())  # the days of one row are one voice


def not_recorded(measure: Measure, bundle: InputBundle) -> list[str]:
    """Return why nothing can be said: a source that is absent, or rows of this sort that nobody records."""
    needed = looks(measure)
    reasons: list[str] = [look.source for look in needed if bundle.get(look.source) is None]
    if isinstance(measure, RowMeasure):
        spans = measure.cadence or measure.series or measure.deadline
        away = measure.during and measure.during.not_exempt
        if ((spans and spans.exempt) or away) and bundle.get("exemptions") is None:
            reasons.append("exemptions")
        if measure.answered and measure.answered.working_days is not None and bundle.get("restDays") is None:
            reasons.append("restDays")
    for gap in bundle.get("unknown", []):
        columns = {name: value for name, value in gap.items() if name != "source"}
        for look in needed:
            asked = {name: among for name, among in look.where.items() if name in columns}
            hidden = {name: among for name, among in look.without.items() if name in columns}
            if gap["source"] == look.source and matches(columns, asked, hidden) is True:
                reasons.append(":".join([look.source, *columns.values()]))
    return sorted(set(reasons))


def _round(group: list[Part], rounding: Rounding) -> None:
    """Round the sum of a span: what goes is taken from its later parts, what comes is given to the last."""
    rounded = rounding.apply(sum(part.value for part in group))
    if rounded >= 0:
        fill(group, rounded, "rounded")
    rest = rounded - sum(part.value for part in group)
    group[-1].becomes(whole(group[-1].value + rest), "rounded")


def _step(group: list[Part], steps: SpanSteps) -> None:
    """Turn the sum of a span into points, which stand at its first part."""
    points = points_of(steps, sum(part.value for part in group))
    for part in group:
        part.becomes(points if part is group[0] else 0, f"step:{steps.per}")


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
    for group in grouped(parts, approval.per, None, set()):
        total = sum(part.value for part in group)
        level = next((tier.level for tier in approval.tiers if tier.up_to is None or total <= tier.up_to), None)
        span = group[0].span(approval.per)
        if level is not None and given.get(span, -1) < levels.index(level):
            reading.pending.append({"rule": rule, "span": span.rpartition("\0")[2], "level": level, "sum": text(total)})
            for part in group:
                part.becomes(0, f"waits:{level}")


def _cadence(measure: RowMeasure, cadence: Cadence, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    """Count the spans that reach the minimum; those not over yet, or exempt, are required only where they do."""
    by_event = cadence.each == "event"
    since, before = _days(measure.window, bundle)
    spans = events(parts) if by_event else buckets(since, before, cadence.each)
    asked = in_time(since, before, cadence.each, cadence.until) if cadence.until else spans
    sums: defaultdict[str, Number] = defaultdict(int)
    for part in parts:
        name = part.span("event") if by_event else bucket(part.date, cadence.each)
        if cadence.until and part.date >= asked[name][1]:
            part.becomes(0, "overdue")
        sums[name] += part.value
    free = merged(bundle, cadence.exempt)
    through = bundle.get("through", before)
    fulfilled = required = 0
    for name, (first, after) in asked.items():
        asked_for = first < after and (cadence.at_least > 0 or after <= through)  # nothing is no net score so far
        reached = asked_for and sums[name] >= cadence.at_least
        is_free = exempt(first, after, free, cadence.exempt_when)
        is_cut = first == after or (cadence.whole_spans and not by_event and cut(*spans[name], cadence.each))
        fulfilled += reached
        required += reached or (not is_free and not is_cut and after <= through)
        state = "fulfilled" if reached else "exempt" if is_free else "cut" if is_cut else "missed"
        state = "open" if state == "missed" and after > through else state
        reading.spans.append({"span": name.rpartition("\0")[2], "sum": text(sums[name]), "state": state})
    reading.value, reading.required, reading.missed = fulfilled, required, required - fulfilled
    if measure.streak:
        reading.streaks, reading.longest = streaks(measure.streak, [span["state"] for span in reading.spans])


def _series(measure: RowMeasure, series: Series, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    sums: defaultdict[str, Number] = defaultdict(int)
    for part in parts:
        sums[bucket(part.date, series.each)] += part.value
    days = _days(measure.window, bundle)
    reading.value, reading.spans = joined(series, sums, days, bundle)
    if reading.value is None:
        reading.unknown.append(f"{measure.source}:none")


def _rolling(measure: RowMeasure, rolling: Rolling, parts: list[Part], bundle: InputBundle, reading: Reading) -> None:
    days = _days(measure.window, bundle)
    known = min(days[1], bundle.get("through", days[1]))
    found = rolled(rolling, [(part.date, part.value) for part in parts], days, known)
    if found is None:
        reading.unknown.append(f"{measure.source}:none")
    else:
        reading.value, reading.spans = found


def _barred(measure: BarMeasure, bundle: InputBundle) -> Reading:
    """Look at the days of a window in the stretches that a bar makes, as far as the days are known."""
    since, before = _days(measure.window, bundle)
    known = min(before, bundle.get("through", before))
    doubts: set[str] = set()
    stretches, strikes = bars_of(measure.bar, bundle, doubts)
    reading = Reading(unknown=[*not_recorded(measure, bundle), *sorted(doubts)], facts=strikes)
    for first, after in stretches if since < known else ():
        if first < known and after > since:
            state = "over" if after <= known else "barred"
            reading.spans.append(
                {"span": f"{first}/{after}", "sum": text(days_in([(first, after)], since, known)), "state": state}
            )
    if not reading.unknown:
        last = (date.fromisoformat(known) - timedelta(days=1)).isoformat()
        at_end = since <= last and any(first <= last < after for first, after in stretches)
        times = sum(since <= first < known for first, _ in stretches)
        days = days_in(stretches, since, known)
        reading.value = {"at_end": int(at_end), "days": days, "times": times}[measure.result]
    return reading


def _days(window: Window | None, bundle: InputBundle) -> tuple[str, str]:
    return limits(window, bundle["period"]["start"], bundle["period"]["end"])


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
