"""Rules over time, one row and one day after the other: caps of any stretch of days, bars, answers in time."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from tests.support.oracle.picking import Answer, Bit, bits_of, passes, unrecorded
from tests.support.oracle.plain import Row, day, days_between, limits, months_earlier, months_later, number

MONTHS = {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}


def width(cap: Row) -> float:
    """Say where a cap stands among others: by the most days that it can be of, the calendar's first, of all last."""
    whole = 0 if "by" in cap else 0.25
    if "per" in cap:
        short = {"event": 0, "day": 1, "week": 7, "year": 366, "period": 10**9, "half_year": 184, "quarter": 92}
        short |= {"ten_days": 11, "two_weeks": 14, "half_month": 16}
        return short.get(cap["per"], 31 * MONTHS.get(cap["per"], 0)) + whole
    return cap.get("days", 31 * cap.get("months", 0)) + 0.5 + whole


def fill_any(bits: list[Bit], cap: Row) -> None:
    """Let each row count no more than the stretch that ends with its day has left of the cap."""
    earlier: list[Bit] = []
    for bit in bits:
        if bit.counts > 0:
            held = [other.counts for other in earlier if lies_in(cap, other.own, bit.own)]
            bit.counts = min(bit.counts, number(cap["atMost"]) - sum(held, Fraction(0)))
            earlier.append(bit)


def lies_in(length: Row, on: date, last: date) -> bool:
    """Say whether a day lies in the stretch of so many days or months that ends with another."""
    if "days" in length:
        return 0 <= (last - on).days < length["days"]
    return months_earlier(last + timedelta(days=1), length["months"]) <= on <= last


def is_barred(rules: list[Row], bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Let rows count nothing on days on which a bar holds."""
    for rule in rules:
        held = barred_days(rule, bundle, answer)
        for bit in bits:
            if any(first <= bit.own < after for first, after in held):
                bit.counts = Fraction(0)


def barred_days(rule: Row, bundle: Row, answer: Answer) -> list[tuple[date, date]]:
    """Return the stretches in which a subject is barred, strike by strike."""
    counted: list[date] = []
    found: list[tuple[date, date]] = []
    for bit in _ever("facts", rule["strikes"], bundle, answer):
        counted.append(bit.first)
        if "within" in rule:
            counted = [on for on in counted if lies_in(rule["within"], on, bit.first)]
        if len(counted) >= rule.get("count", 1):
            counted = []
            found.append((bit.first, _freed(rule, bit.first, bundle, answer)))
    return found


def _freed(rule: Row, begun: date, bundle: Row, answer: Answer) -> date:
    """Return the first day on which a bar is over."""
    ends: list[date] = []
    if "lasts" in rule:
        days = rule["lasts"].get("days")
        ends.append(begun + timedelta(days=days) if days else months_later(begun, rule["lasts"]["months"]))
    if "until" in rule:
        rows = _ever(rule["until"]["source"], rule["until"].get("where", {}), bundle, answer)
        rows = [bit for bit in rows if bit.first >= begun]
        least = number(rule["until"]["atLeast"])
        for on in sorted({bit.first for bit in rows}):
            if sum((bit.counts for bit in rows if bit.first <= on), Fraction(0)) >= least:
                ends.append(on + timedelta(days=1))
                break
        else:
            ends.append(date.max)
    if not ends:
        return date.max
    return min(ends) if rule.get("ends") == "first" else max(ends)


def _ever(source: str, where: Row, bundle: Row, answer: Answer) -> list[Bit]:
    return bits_of({"source": source, "where": where, "window": {"lifetime": True}}, bundle, answer)


def at_the_end(measure: Row, bundle: Row) -> Answer:
    """Look at each known day of the window: is the subject barred on it?"""
    answer = Answer(unknown=unrecorded(measure, bundle))
    first, after = limits(measure.get("window"), day(bundle["period"]["start"]), day(bundle["period"]["end"]))
    known = min(after, day(bundle["through"])) if "through" in bundle else after
    held = barred_days(measure["bar"], bundle, answer)
    days = days_between(first, known)
    barred = [any(begun <= on < freed for begun, freed in held) for on in days]
    answer.has_spans = first < known and any(begun < known and freed > first for begun, freed in held)
    result = measure.get("result", "at_end")
    if not answer.unknown and result == "times":
        answer.value = Fraction(sum(begun in days for begun, _ in held))
    elif not answer.unknown:
        answer.value = Fraction(sum(barred) if result == "days" else sum(barred[-1:]))
    return answer


def in_reply(measure: Row, bits: list[Bit], bundle: Row, answer: Answer) -> list[Bit]:
    """Ask of each row, day by day, whether somebody answered; return the rows that belong to the window."""
    rule, facts = measure["answered"], bundle.get("facts") or []
    first, after = limits(measure.get("window"), day(bundle["period"]["start"]), day(bundle["period"]["end"]))
    known = min(after, day(bundle["through"])) if "through" in bundle else after
    undone = {fact["reverses"] for fact in facts if fact.get("reverses")}
    replies: list[tuple[str, date]] = []
    for fact in facts:
        if fact.get("reverses") or fact["key"] in undone or day(fact["occurredOn"]) >= after:
            continue
        told = passes(fact, rule["where"], {})
        if told is None or (told and fact.get(rule["match"]) is None):
            answer.unknown.add(f"facts:{fact['key']}")
        elif told:
            replies.append((fact[rule["match"]], day(fact["occurredOn"])))
    here: list[Bit] = []
    states: list[bool | None] = []
    for bit in bits:
        matter = bit.row.get(rule["match"])
        if matter is None:
            answer.unknown.add(f"{bit.source}:{bit.key}")
        if matter is None or bit.counts <= 0:
            continue
        last = _runs_out(rule, bit.first, bundle)
        in_time = [on for what, on in replies if what == matter and bit.first <= on <= last]
        if (min(in_time) if in_time else last) < first:
            continue
        here.append(bit)
        states.append(True if in_time else False if last < known else None)
        bit.counts = bit.counts if in_time else Fraction(0)
    answer.has_spans = bool(here)
    answer.value = Fraction(states.count(True))
    answer.missed, answer.required = states.count(False), states.count(False) + states.count(True)
    return here


def _runs_out(rule: Row, on: date, bundle: Row) -> date:
    if "days" in rule:
        return on + timedelta(days=rule["days"])
    for _ in range(rule["workingDays"]):
        on += timedelta(days=1)
        while on.isoformat() in (bundle.get("restDays") or []):
            on += timedelta(days=1)
    return on


def on_days(rule: Row, bits: list[Bit], bundle: Row, answer: Answer) -> None:
    """Look at each row's day: is the subject affiliated, not exempt, and did the fact come before?"""
    facts = _ever("facts", rule["since"], bundle, answer) if "since" in rule else []
    last = max((bit.first for bit in facts), default=date.max if "since" in rule else date.min)
    for bit in bits:
        held = [row for row in bundle.get("affiliations") or [] if row["kind"] in rule.get("affiliations", [])]
        away = [row for row in bundle.get("exemptions") or [] if row["kind"] in rule.get("notExempt", [])]
        inside = [row for row in held if _lasts(row, bit.own)]
        if bit.own < last or ("affiliations" in rule and not inside) or any(_lasts(row, bit.own) for row in away):
            bit.counts = Fraction(0)


def _lasts(row: Row, on: date) -> bool:
    return day(row["start"]) <= on and (not row.get("end") or on < day(row["end"]))
