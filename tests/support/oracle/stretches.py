"""The spans of a period looked at one by one: cadences, runs of spans, and series of scores."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from tests.support.oracle.picking import Answer, Bit
from tests.support.oracle.plain import Row, day, days_between, limits, number, rounded, span


def in_time(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Count the spans that reach a cadence's minimum, and the runs of them."""
    rule = measure["cadence"]
    told: list[bool] = []
    fulfilled = 0
    if rule["each"] == "event":
        in_turn(measure, bits, bundle, answer)
        return
    spans, known = _spans(measure, bundle, rule)
    for all_days in spans:
        days = [on for on in all_days if _comes_in_time(on, rule)]
        for bit in bits:
            bit.counts = Fraction(0) if bit.first in all_days and bit.first not in days else bit.counts
        if not days:
            continue
        reached = _sum(bits, days) >= number(rule.get("atLeast", 1)) and (_is_asked(rule) or days[-1] < known)
        fulfilled += reached
        whole = not rule.get("wholeSpans") or _is_whole(all_days, rule["each"])
        if reached or (whole and days[-1] < known and not is_exempt(days, rule, bundle)):
            told.append(reached)
    answer.has_spans = bool(spans)
    answer.value, answer.required, answer.missed = Fraction(fulfilled), len(told), told.count(False)
    if measure.get("streak"):
        answer.streaks, answer.longest = _runs(measure["streak"], told)


def _is_asked(rule: Row) -> bool:
    return number(rule.get("atLeast", 1)) > 0


def _comes_in_time(on: date, rule: Row) -> bool:
    """Say whether a day is among the first of its span, or not too late in the last month of it."""
    until, kind = rule.get("until", {}), rule["each"]
    if "dayOfLastMonth" in until:
        a_month_on = (on.replace(day=1) + timedelta(days=31)).replace(day=1)
        return on.day <= until["dayOfLastMonth"] or span(a_month_on, kind) == span(on, kind)
    before = on - timedelta(days=until["days"]) if "days" in until else None
    return before is None or span(before, kind) != span(on, kind)


def in_turn(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Look at one event after the other, and at the runs of those that are asked for."""
    rule, known = measure["cadence"], _spans(measure, bundle, {"each": "day"})[1]
    told: list[bool] = []
    seen: list[Any] = []
    fulfilled = 0
    for bit in bits:
        if bit.where("event") in seen:
            continue
        seen.append(bit.where("event"))
        sums = [other.counts for other in bits if other.where("event") == bit.where("event")]
        reached = sum(sums, Fraction(0)) >= number(rule.get("atLeast", 1)) and (_is_asked(rule) or bit.first < known)
        fulfilled += reached
        if reached or (bit.first < known and not is_exempt([bit.first], rule, bundle)):
            told.append(reached)
    answer.has_spans = bool(seen)
    answer.value, answer.required, answer.missed = Fraction(fulfilled), len(told), told.count(False)
    if measure.get("streak"):
        answer.streaks, answer.longest = _runs(measure["streak"], told)


def _is_whole(days: list[date], kind: str) -> bool:
    """Say whether the days beside these lie in other spans."""
    beside = (days[0] - timedelta(days=1), days[-1] + timedelta(days=1))
    return all(span(each, kind) != span(days[0], kind) for each in beside)


def _runs(rule: Row, told: list[bool]) -> tuple[int, int]:
    written = "".join("x" if reached == (rule["of"] == "fulfilled") else " " for reached in told)
    runs = written.split()
    enough = [run for run in runs if len(run) >= rule["length"]]
    count = sum(len(run) // rule["length"] for run in enough) if rule.get("again") else len(enough)
    return count, max([len(run) for run in runs], default=0)


def one_by_one(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Score each span that is over and not exempt, and join those that the rule chooses."""
    rule = measure["series"]
    spans, known = _spans(measure, bundle, rule)
    scores: list[Fraction] = []
    answer.has_spans = bool(spans)
    for days in spans:
        if days[-1] >= known or is_exempt(days, rule, bundle):
            continue
        value = number(rule.get("plus", 0)) + number(rule.get("times", 1)) * _sum(bits, days)
        value = rounded(value, rule["rounding"]) if "rounding" in rule else value
        value = max(value, number(rule["atLeast"])) if "atLeast" in rule else value
        scores.append(min(value, number(rule["atMost"])) if "atMost" in rule else value)
    while "last" in rule and len(scores) > rule["last"]:
        scores.pop(0)
    for _ in range(rule.get("drop", 0)):
        scores = sorted(scores)[1:]
    while "best" in rule and len(scores) > rule["best"]:
        scores.remove(min(scores))
    answer.value = _joined(rule.get("join", "sum"), scores)
    if answer.value is None:
        answer.unknown.add(f"{measure['source']}:none")


def roll(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Look at every stretch of so many known days in a row, day by day."""
    first, after = limits(measure.get("window"), day(bundle["period"]["start"]), day(bundle["period"]["end"]))
    window = days_between(first, after)
    known = [each for each in window if "through" not in bundle or each < day(bundle["through"])]
    length, largest = min(measure["rolling"]["days"], len(window)), measure["rolling"].get("of") != "smallest"
    if len(known) < length and not largest:
        answer.unknown.add(f"{measure['source']}:none")
        return
    counts: dict[date, Fraction] = {}
    for bit in bits:
        counts[bit.first] = counts.get(bit.first, Fraction(0)) + bit.counts
    starts = range(max(1, len(known) - length + 1))
    sums = [sum((counts[on] for on in known[n : n + length] if on in counts), Fraction(0)) for n in starts]
    answer.value, answer.has_spans = max(sums) if largest else min(sums), bool(window)


def in_days(rule: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Look at the first days of each affiliation, as far as they meet the period."""
    start, end = day(bundle["period"]["start"]), day(bundle["period"]["end"])
    known = min(end, day(bundle["through"])) if "through" in bundle else end
    rows = [row for row in bundle.get("affiliations") or [] if row["kind"] in rule["after"]]
    told: list[bool] = []
    begun = sorted({day(row["start"]) for row in rows})
    for on in begun:
        days = days_between(on, on + timedelta(days=rule["days"]))
        if on >= end or days[-1] < start:
            continue
        answer.has_spans = True
        stays = any(row.get("end") is None or day(row["end"]) > days[-1] for row in rows if day(row["start"]) == on)
        reached = _sum(bits, days) >= number(rule.get("atLeast", 1))
        if reached or (stays and days[-1] < known and not is_exempt(days, rule, bundle)):
            told.append(reached)
    answer.value, answer.required, answer.missed = Fraction(told.count(True)), len(told), told.count(False)


def _joined(way: str, scores: list[Fraction]) -> Fraction | None:
    if way == "sum":
        return sum(scores, Fraction(0))
    if not scores:
        return None
    return {"average": sum(scores, Fraction(0)) / len(scores), "largest": max(scores), "smallest": min(scores)}[way]


def _spans(measure: Row, bundle: Row, rule: Row) -> tuple[list[list[date]], date]:
    """Return the days of each span, and the first day that nobody knows yet."""
    first, after = limits(measure.get("window"), day(bundle["period"]["start"]), day(bundle["period"]["end"]))
    known = min(after, day(bundle["through"])) if "through" in bundle else after
    return calendar(first, after, rule["each"]), known


def _sum(bits: list[Bit], days: list[date]) -> Fraction:
    return sum((bit.counts for bit in bits if days[0] <= bit.first <= days[-1]), Fraction(0))


@cache
def calendar(first: date, after: date, kind: str) -> list[list[date]]:
    """Return the days of each span of a kind that meets the half-open days."""
    found: dict[Any, list[date]] = {}
    for each in days_between(first, after):
        found.setdefault(span(each, kind), []).append(each)
    return list(found.values())


def is_exempt(days: list[date], rule: Row, bundle: Row) -> bool:
    """Say whether exemptions of the rule's kinds cover a span: each of its days, or any of them."""
    kinds = rule.get("exempt", [])
    rows = [(day(x["start"]), day(x["end"])) for x in bundle.get("exemptions") or [] if x["kind"] in kinds]
    free = [any(start <= each < end for start, end in rows) for each in days] if rows else [False]
    if isinstance(rule.get("exemptWhen"), dict):
        return any(free) and free.count(False) < rule["exemptWhen"]["daysLeftUnder"]
    return any(free) if rule.get("exemptWhen") == "any_day" else all(free)
