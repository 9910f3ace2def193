"""Which rows of a bundle a measure looks at, each with its amount and without what was reversed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.support.oracle.plain import Row, day, limits, number, span

DATE = {"entries": "servedOn", "facts": "occurredOn", "reviews": "givenOn", "affiliations": "start",
        "grades": "judgedOn"}  # fmt: skip


@dataclass
class Bit:
    """One row, or one day of it."""

    source: str
    key: str
    row: Row
    first: date
    own: date
    recorded: Fraction
    counts: Fraction
    rows: int
    chosen: bool = True

    def where(self, kind: str) -> Any:
        if kind == "event":
            return self.row.get("activity") or ("alone", self.source, self.key)
        return span(self.own if kind == "day" else self.first, kind)


@dataclass
class Answer:
    """A measured number, how it came about, and why it is unknown."""

    value: Fraction | None = None
    required: int | None = None
    missed: int | None = None
    has_spans: bool = False
    streaks: int | None = None
    longest: int | None = None
    unknown: set[str] = field(default_factory=set)
    waits: list[tuple[str, Fraction]] = field(default_factory=list)
    counted: dict[str, Fraction] = field(default_factory=dict)


def passes(row: Row, where: Row, without: Row) -> bool | None:
    """Say whether a row passes a filter; None where an absent column keeps that from being told."""
    told: list[bool | None] = []
    for column, among in where.items():
        told.append(None if row.get(column) is None else row[column] in among)
    for column, among in without.items():
        told.append(None if row.get(column) is None else row[column] not in among)
    return False if False in told else None if None in told else True


def _over_time(measure: Row) -> list[tuple[str, Row, Row]]:
    """Return what is read of bars and of the days on which alone rows count."""
    readings: list[tuple[str, Row, Row]] = []
    during = measure.get("during", {})
    if "affiliations" in during:
        readings.append(("affiliations", {"kind": during["affiliations"]}, {}))
    if "since" in during:
        readings.append(("facts", during["since"], {}))
    for rule in [*measure.get("bars", []), *([measure["bar"]] if "bar" in measure else [])]:
        readings.append(("facts", rule["strikes"], {}))
        until = rule.get("until")
        readings += [(until["source"], until.get("where", {}), {})] if until else []
    return readings


def unrecorded(measure: Row, bundle: Row) -> set[str]:
    """Say which sources nobody kept that the measure looks at."""
    readings: list[tuple[str, Row, Row]] = []
    for one in [] if "bar" in measure else [measure, *measure.get("also", [])]:
        readings.append((one["source"], one.get("where", {}), one.get("without", {})))
        readings += [("facts", rule["where"], {}) for rule in one.get("voidedBy", [])]
        readings += [("facts", rule["fact"]["where"], {}) for rule in one.get("factors", []) if rule.get("fact")]
    if measure.get("deadline"):
        readings.append(("affiliations", {"kind": measure["deadline"]["after"]}, {}))
    if measure.get("approval"):
        readings.append(("facts", {"kind": [measure["approval"]["kind"]]}, {}))
    if measure.get("answered"):
        readings.append(("facts", measure["answered"]["where"], {}))
    during, more = measure.get("during", {}), _over_time(measure)
    readings += more
    reasons = {source for source, _, _ in readings if bundle.get(source) is None}
    in_time = measure.get("cadence") or measure.get("series") or measure.get("deadline") or {}
    if (in_time.get("exempt") or during.get("notExempt")) and bundle.get("exemptions") is None:
        reasons.add("exemptions")
    if "workingDays" in measure.get("answered", {}) and bundle.get("restDays") is None:
        reasons.add("restDays")
    for gap in bundle.get("unknown", []):
        for source, where, without in readings:
            outside = [c for c in gap if c in where and gap[c] not in where[c]]
            outside += [c for c in gap if c in without and gap[c] in without[c]]
            if gap["source"] == source and not outside:
                reasons.add(":".join(gap.values()))
    return reasons


def bits_of(measure: Row, bundle: Row, answer: Answer) -> list[Bit]:
    """Return the rows that count, in the order of day, activity and key."""
    start, end = day(bundle["period"]["start"]), day(bundle["period"]["end"])
    first, after = limits(measure.get("window"), start, end)
    first -= timedelta(days=measure["deadline"]["days"] if "deadline" in measure else 0)
    first = date.min if "answered" in measure and first < after else first
    by_key: dict[str, list[Row]] = {}
    for row in bundle.get(measure["source"]) or []:
        if not _falls(measure["source"], row, first, after):
            continue
        if passes(row, measure.get("where", {}), measure.get("without", {})) is False:
            continue
        by_key.setdefault(row.get("reverses") or row["key"], []).append(row)
    rules = [measure.get(name) for name in ("rounding", "qualify", "approval", "steps")] + measure.get("caps", [])
    daily = any(rule and rule.get("per") == "day" for rule in rules)
    bits: list[Bit] = []
    for key, rows in by_key.items():
        bits += _of_key(measure, key, rows, daily, bundle, answer)
    return sorted(bits, key=lambda bit: (bit.own, bit.row.get("activity") or "", bit.key))


def _of_key(measure: Row, key: str, rows: list[Row], daily: bool, bundle: Row, answer: Answer) -> list[Bit]:
    doubts = 0
    found: dict[date, Bit] = {}
    for row in rows:
        name = DATE.get(measure["source"])
        on = day(row[name]) if name else date.min
        amount = _amount(measure, row, bundle)
        if amount is None or passes(row, measure.get("where", {}), measure.get("without", {})) is None:
            doubts += 1
            continue
        shares = {on: amount}
        if daily and row.get("days") and measure.get("take", "amount") == "amount":
            shares = {day(text): Fraction(part) for text, part in row["days"].items()}
        for own, share in shares.items():
            bit = found.setdefault(own, Bit(measure["source"], key, row, on, own, Fraction(0), Fraction(0), 0))
            bit.recorded += share
            bit.counts += share
            bit.rows += _rows(row)
    if doubts % 2:
        answer.unknown.add(f"{measure['source']}:{key}")
    return [bit for bit in found.values() if bit.recorded or bit.rows]


def _rows(row: Row) -> int:
    return row.get("count", -1 if row.get("reverses") else 1)


def _falls(source: str, row: Row, first: date, after: date) -> bool:
    if source == "members":
        return True
    if source == "affiliations":
        end = min(day(row["end"]), after) if row.get("end") else after
        return max(day(row["start"]), first) < end
    return first <= day(row[DATE[source]]) < after


def _amount(measure: Row, row: Row, bundle: Row) -> Fraction | None:
    take = measure.get("take", "amount")
    if take == "months":
        first, after = limits(measure.get("window"), day(bundle["period"]["start"]), day(bundle["period"]["end"]))
        end = min(day(row["end"]), after) if row.get("end") else after
        return Fraction(_whole_months(max(day(row["start"]), first), end) * _rows(row))
    if take == "count":
        return Fraction(_rows(row))
    if take == "amount":
        if "amount" not in row and measure["source"] in ("facts", "affiliations"):
            return Fraction(_rows(row))
        amount = row.get("amount")
        return None if amount is None else number(amount)
    if "number" in take:
        amount = row["numbers"].get(take["number"])
        return None if amount is None else number(amount)
    points = in_table(take, row.get(take["column"]))
    return None if points is None else points * _rows(row)


def _whole_months(first: date, after: date) -> int:
    """Count how often the day of the month comes round."""
    months = 0
    while (first.year * 12 + first.month + months, first.day) < (after.year * 12 + after.month, after.day + 1):
        months += 1
    return max(0, months - 1)


def in_table(table: Row, found: str | None) -> Fraction | None:
    """Return what a table says of a value."""
    if found is None:
        return None
    if found in table["values"]:
        return number(table["values"][found])
    return None if table.get("otherwise") is None else number(table["otherwise"])
