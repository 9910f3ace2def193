"""What a measure comes to: its rules applied one after the other to plain rows."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.support.oracle.over_time import at_the_end, fill_any, in_reply, is_barred, on_days, width
from tests.support.oracle.picking import Answer, Bit, bits_of, in_table, passes, unrecorded
from tests.support.oracle.plain import SPANS, Row, day, number, rounded, span
from tests.support.oracle.stretches import calendar, in_days, in_time, is_exempt, one_by_one, roll


def counted(measure: Row, bundle: Row) -> Answer:
    """Return what a measure of a rulebook comes to in a bundle."""
    if measure["source"] == "denominators":
        known = bundle.get("denominators", {}).get(measure["name"])
        reason = f"denominators:{measure['name']}"
        return Answer(unknown={reason}) if known is None else Answer(Fraction(known))
    if measure["source"] == "presence":
        return _present(measure, bundle)
    if measure["source"] == "bars":
        return at_the_end(measure, bundle)
    answer = Answer(unknown=unrecorded(measure, bundle))
    bits, facts = _all_sources(measure, bundle, answer), bundle.get("facts") or []
    is_barred(measure.get("bars", []), bits, bundle, answer)
    on_days(measure.get("during", {}), bits, bundle, answer)
    _each(bits, measure.get("rounding"), _round)
    _approve(measure.get("approval"), bits, facts, answer)
    for rule, does in ((measure.get("qualify"), _drop_small), (measure.get("steps"), _give_points)):
        for some in _apart(bits, rule["by"], answer) if rule and "by" in rule else [bits]:
            _each(some, rule, does)
    _best(measure.get("keep"), bits, answer)
    _once(measure, bits, answer)
    for cap in sorted(measure.get("caps", []), key=width):
        for some in _apart(bits, cap.get("by"), answer):
            if "per" in cap:
                _each(some, cap, _cap)
            else:
                fill_any(some, cap)
    if "answered" in measure:
        bits = in_reply(measure, bits, bundle, answer)
    else:
        _result(measure, bits, bundle, answer)
    for bit in bits:
        key = bit.key if bit.source == measure["source"] else f"{bit.source} {bit.key}"
        answer.counted[key] = answer.counted.get(key, Fraction(0)) + bit.counts
    if answer.unknown:
        answer.value = answer.required = answer.missed = answer.streaks = answer.longest = None
    return answer


def _all_sources(measure: Row, bundle: Row, answer: Answer) -> list[Bit]:
    """Return the weighed rows of every source; a row that two of them choose is the first one's."""
    facts, found = bundle.get("facts") or [], []
    for other in [{}, *measure.get("also", [])]:
        own = {name: rule for name, rule in measure.items() if name not in _CHOOSES} | other if other else measure
        bits = bits_of(own, bundle, answer)
        _multiply(own, bits, facts, answer)
        _void(own, bits, facts)
        before = [(bit.source, bit.key) for bit in found]
        found += [bit for bit in bits if (bit.source, bit.key) not in before]
    return sorted(found, key=lambda bit: (bit.own, bit.row.get("activity") or "", bit.key))


_CHOOSES = ("source", "where", "without", "take", "factors", "voidedBy")


def _give_points(group: list[Bit], rule: Row) -> None:
    total, points = sum(bit.counts for bit in group), number(rule.get("below", 0))
    for step in sorted(rule["steps"], key=lambda step: number(step["reaches"])):
        points = number(step["points"]) if total >= number(step["reaches"]) else points
    for bit in group:
        bit.counts = Fraction(0)
    group[0].counts = points


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


def _named(bit: Bit, column: str) -> Any:
    if column not in SPANS:
        return bit.row.get(column)
    return bit.where("event") if column == "event" else span(bit.first, column)


def _best(rule: Row | None, bits: list[Bit], answer: Answer) -> None:
    """Leave a row out if enough others of its span come to more, or to as much and are earlier."""
    if rule is None:
        return
    totals: dict[tuple[str, str], Fraction] = {}
    for bit in bits:
        own = (bit.source, bit.key)
        totals[own] = totals.get(own, Fraction(0)) + bit.counts
        if _named(bit, rule["per"]) is None:
            answer.unknown.add(f"{bit.source}:{bit.key}")
    order, names = list(totals), {(bit.source, bit.key): _named(bit, rule["per"]) for bit in bits}
    for bit in bits:
        own = (bit.source, bit.key)
        rivals = [key for key in order if names[key] == names[own]]
        better = [k for k in rivals if _before(rule.get("by"), totals, order, k, own)]
        if len(better) >= rule.get("choose", 1):
            bit.counts, bit.chosen = Fraction(0), False


def _before(by: str | None, totals: dict[Any, Fraction], order: list[Any], one: Any, other: Any) -> bool:
    """Say whether one row is taken before another."""
    place = order.index(one) - order.index(other)
    if by in ("earliest", "latest"):
        return place > 0 if by == "latest" else place < 0
    more = totals[other] - totals[one] if by == "lowest" else totals[one] - totals[other]
    return more > 0 or (more == 0 and place < 0)


def _apart(bits: list[Bit], column: str | None, answer: Answer) -> list[list[Bit]]:
    """Return the rows of each value of a column by themselves."""
    if column is None:
        return [bits]
    answer.unknown |= {f"{bit.source}:{bit.key}" for bit in bits if bit.row.get(column) is None}
    return [[bit for bit in bits if bit.row.get(column) == value]
            for value in dict.fromkeys(bit.row.get(column) for bit in bits)]  # fmt: skip


def _once(measure: Row, bits: list[Bit], answer: Answer) -> None:
    column, per = measure.get("distinct"), measure.get("distinctPer")
    seen: set[Any] = set()
    for bit in bits if column else []:
        found = _named(bit, column)
        if found is None:
            answer.unknown.add(f"{bit.source}:{bit.key}")
        within = (_named(bit, per) if per else None, found)
        counts = bit.counts > 0 and bit.rows > 0 and within not in seen
        seen |= {within} if counts and found is not None else set()  # what is not known may be a value of its own
        bit.counts = Fraction(counts)


def _result(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    everybody = sum({(bit.source, bit.key): bit.rows for bit in bits}.values())
    chosen = [bit for bit in bits if bit.chosen]
    voices = sum({(bit.source, bit.key): bit.rows for bit in chosen}.values())
    quorum, trimmed = measure.get("quorum", 0), 2 * measure["trim"] + 1 if "trim" in measure else 0
    if everybody < quorum:
        answer.unknown.add(f"quorum:{everybody}/{max(quorum, trimmed)}")
    elif voices < trimmed:
        answer.unknown.add(f"quorum:{voices}/{max(quorum, trimmed)}")
    result, values = measure.get("result", "sum"), [bit.counts for bit in chosen]
    if measure.get("cadence"):
        in_time(measure, bits, bundle, answer)
    elif measure.get("series"):
        one_by_one(measure, bits, bundle, answer)
    elif measure.get("rolling"):
        roll(measure, bits, bundle, answer)
    elif measure.get("deadline"):
        in_days(measure["deadline"], bits, bundle, answer)
    elif result == "sum":
        answer.value = sum(values, Fraction(0))
    elif voices == 0:
        answer.unknown.add(f"{measure['source']}:none")
    elif result == "average" and "trim" not in measure:
        answer.value = sum(values, Fraction(0)) / voices
    elif result in ("average", "median"):
        answer.value = _middle(measure, chosen)
    else:
        answer.value = sorted(values)[-1 if result == "largest" else 0]


def _middle(measure: Row, bits: list[Bit]) -> Fraction | None:
    """Take away the lowest and the highest in turn, so often as the rule says or until one or two are left."""
    left, rounds = list(bits), measure.get("trim", len(bits))
    while rounds and (measure.get("trim") or len(left) > 2) and left:
        lowest = min(left, key=lambda bit: (bit.counts, bits.index(bit)))
        highest = max(left, key=lambda bit: (bit.counts, bits.index(bit)))
        left = [bit for bit in left if bit not in (lowest, highest)]
        rounds -= 1
    value = sum((bit.counts for bit in left), Fraction(0)) / len(left) if left else None
    for bit in bits:
        bit.counts = bit.counts if any(bit is each for each in left) else Fraction(0)
    return value


def _present(measure: Row, bundle: Row) -> Answer:
    if bundle.get("exemptions") is None:
        return Answer(unknown={"exemptions"})
    start, end = day(bundle["period"]["start"]), day(bundle["period"]["end"])
    spans = calendar(start, end, measure["per"])
    here = [days for days in spans if not is_exempt(days, measure, bundle)]
    return Answer(Fraction(len(here), len(spans)))
