"""What a measure comes to: its rules applied one after the other to plain rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from tests.support.oracle.picking import Answer, Bit, bits_of, in_table, passes, unrecorded
from tests.support.oracle.plain import Row, day, days_between, limits, number, rounded, span

WIDTH = ["event", "day", "week", "month", "two_months", "quarter", "half_year", "year", "period"]


def counted(measure: Row, bundle: Row) -> Answer:
    """Return what a measure of a rulebook comes to in a bundle."""
    if measure["source"] == "denominators":
        known = bundle.get("denominators", {}).get(measure["name"])
        reason = f"denominators:{measure['name']}"
        return Answer(unknown={reason}) if known is None else Answer(Fraction(known))
    if measure["source"] == "presence":
        return _present(measure, bundle)
    answer = Answer(unknown=unrecorded(measure, bundle))
    bits = bits_of(measure, bundle, answer)
    facts = bundle.get("facts") or []
    _multiply(measure, bits, facts, answer)
    _void(measure, bits, facts)
    _each(bits, measure.get("rounding"), _round)
    _approve(measure.get("approval"), bits, facts, answer)
    _each(bits, measure.get("qualify"), _drop_small)
    _once(measure.get("distinct"), bits, answer)
    for cap in sorted(measure.get("caps", []), key=lambda cap: WIDTH.index(cap["per"])):
        _each(bits, cap, _cap)
    for bit in bits:
        answer.counted[bit.key] = answer.counted.get(bit.key, Fraction(0)) + bit.counts
    _result(measure, bits, bundle, answer)
    if answer.unknown:
        answer.value = answer.required = answer.missed = None
    return answer


def _standing(facts: list[Row], where: Row, column: str, wanted: Any) -> Row | None:
    """Return the latest fact that bears on a value, unless it was reversed."""
    undone = {fact["reverses"] for fact in facts if fact.get("reverses")}
    bears = [
        fact
        for fact in facts
        if not fact.get("reverses") and fact["key"] not in undone and passes(fact, where, {})
        and wanted is not None and fact.get(column) == wanted
    ]  # fmt: skip
    return max(bears, key=lambda fact: (day(fact["occurredOn"]), fact["key"]), default=None)


def _multiply(measure: Row, bits: list[Bit], facts: list[Row], answer: Answer) -> None:
    for factor in measure.get("factors", []):
        table, by = factor["table"], factor.get("fact")
        for bit in bits:
            if by is None:
                times = in_table(table, bit.row.get(table["column"]))
            else:
                column = by.get("match", "activity")
                fact = _standing(facts, by["where"], column, bit.row.get(column))
                absent = None if table.get("otherwise") is None else number(table["otherwise"])
                times = absent if fact is None else in_table(table, fact.get(table["column"]))
            if times is None:
                answer.unknown.add(f"{measure['source']}:{bit.key}")
            else:
                bit.counts *= times


def _void(measure: Row, bits: list[Bit], facts: list[Row]) -> None:
    for rule in measure.get("voidedBy", []):
        column = rule.get("match", "activity")
        for bit in bits:
            if _standing(facts, rule["where"], column, bit.row.get(column)):
                bit.counts = Fraction(0)


def _spans(bits: list[Bit], kind: str) -> list[list[Bit]]:
    return [[bit for bit in bits if bit.where(kind) == name] for name in dict.fromkeys(b.where(kind) for b in bits)]


def _each(bits: list[Bit], rule: Row | None, does: Callable[[list[Bit], Row], None]) -> None:
    for group in _spans(bits, rule["per"]) if rule else []:
        does(group, rule)


def _round(group: list[Bit], rule: Row) -> None:
    target = rounded(sum((bit.counts for bit in group), Fraction(0)), rule)
    if target >= 0:
        _keep_earliest(group, target)
    group[-1].counts += target - sum(bit.counts for bit in group)


def _cap(group: list[Bit], rule: Row) -> None:
    _keep_earliest(group, number(rule["atMost"]))


def _keep_earliest(group: list[Bit], most: Fraction) -> None:
    left = most - sum(bit.counts for bit in group if bit.counts < 0)
    for bit in group:
        if bit.counts > 0:
            bit.counts = min(bit.counts, left)
            left -= bit.counts


def _drop_small(group: list[Bit], rule: Row) -> None:
    if sum(bit.counts for bit in group) < number(rule["atLeast"]):
        for bit in group:
            bit.counts = Fraction(0)


def _approve(rule: Row | None, bits: list[Bit], facts: list[Row], answer: Answer) -> None:
    if rule is None:
        return
    order = [tier["level"] for tier in rule["tiers"] if tier.get("level")]
    undone = {fact["reverses"] for fact in facts if fact.get("reverses")}
    for group in _spans(bits, rule["per"]):
        total = sum(bit.counts for bit in group)
        tier = next((t for t in rule["tiers"] if "upTo" not in t or total <= number(t["upTo"])), {})
        level = tier.get("level")
        if level is None:
            continue
        enough = order[order.index(level) :]
        for fact in facts:
            here = day(fact["occurredOn"]) == group[0].own
            if rule["per"] == "event":
                here = bool(fact.get("activity")) and fact.get("activity") == group[0].row.get("activity")
            standing = not fact.get("reverses") and fact["key"] not in undone
            if fact["kind"] == rule["kind"] and standing and here and fact.get("value") in enough:
                break
        else:
            answer.waits.append((level, total))
            for bit in group:
                bit.counts = Fraction(0)


def _once(column: str | None, bits: list[Bit], answer: Answer) -> None:
    seen: set[Any] = set()
    for bit in bits if column else []:
        found = bit.row.get(column)
        if column in WIDTH:
            found = bit.where(column) if column == "event" else span(bit.first, column)
        if found is None:
            answer.unknown.add(f"SOURCE:{bit.key}")
        counts = bit.counts > 0 and bit.rows > 0 and found not in seen
        seen |= {found} if counts else set()
        bit.counts = Fraction(counts)


def _result(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    voices = sum({bit.key: bit.rows for bit in bits}.values())
    if measure.get("quorum") and voices < measure["quorum"]:
        answer.unknown.add(f"quorum:{voices}/{measure['quorum']}")
    result, values = measure.get("result", "sum"), [bit.counts for bit in bits]
    if measure.get("cadence"):
        _cadence(measure, bits, bundle, answer)
    elif result == "sum":
        answer.value = sum(values, Fraction(0))
    elif voices == 0:
        answer.unknown.add(f"{measure['source']}:none")
    elif result == "average":
        answer.value = sum(values, Fraction(0)) / voices
    else:
        answer.value = sorted(values)[-1 if result == "largest" else 0]


def _cadence(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    rule = measure["cadence"]
    first, after = limits(measure.get("window"), day(bundle["period"]["start"]), day(bundle["period"]["end"]))
    known = min(after, day(bundle["through"])) if "through" in bundle else after
    fulfilled = required = 0
    for days in _calendar(first, after, rule["each"]):
        total = sum(bit.counts for bit in bits if days[0] <= bit.first <= days[-1])
        reached = total >= number(rule.get("atLeast", 1))
        fulfilled += reached
        over = days[-1] < known
        required += reached or (over and not is_exempt(days, rule, bundle))
        answer.has_spans = True
    answer.value, answer.required, answer.missed = Fraction(fulfilled), required, required - fulfilled


@cache
def _calendar(first: date, after: date, kind: str) -> list[list[date]]:
    found: dict[Any, list[date]] = {}
    for each in days_between(first, after):
        found.setdefault(span(each, kind), []).append(each)
    return list(found.values())


def is_exempt(days: list[date], rule: Row, bundle: Row) -> bool:
    """Say whether exemptions of the rule's kinds cover a span: each of its days, or any of them."""
    kinds = rule.get("exempt", [])
    rows = [(day(x["start"]), day(x["end"])) for x in bundle.get("exemptions") or [] if x["kind"] in kinds]
    free = [any(start <= each < end for start, end in rows) for each in days] if rows else [False]
    return any(free) if rule.get("exemptWhen") == "any_day" else all(free)


def _present(measure: Row, bundle: Row) -> Answer:
    if bundle.get("exemptions") is None:
        return Answer(unknown={"exemptions"})
    start, end = day(bundle["period"]["start"]), day(bundle["period"]["end"])
    spans = _calendar(start, end, measure["per"])
    here = [days for days in spans if not is_exempt(days, measure, bundle)]
    return Answer(Fraction(len(here), len(spans)))
