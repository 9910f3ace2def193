"""Rows of the bundle on their way into a number: chosen, netted of reversals, and weighed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date as day_of
from datetime import timedelta
from typing import Any

from api.domain.rulebook.bundle import DATES
from api.domain.rulebook.filters import ByFact, Filter, MemberNumber, Table, Window
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.stretch import Cap, Length
from api.domain.rulebook.values import SPANS, Number, bucket, exact, whole

Row = dict[str, Any]


class Part:
    """One row, or one day of it: what was recorded and what of it still counts, with the reasons for the difference."""

    __slots__ = ("activity", "count", "date", "day", "key", "left", "recorded", "row", "source", "value", "why")

    def __init__(self, source: str, key: str, row: Row, date: str, day: str, value: Number, count: int):
        self.source, self.key, self.row, self.date, self.day = source, key, row, date, day
        self.activity: str = row.get("activity") or ""
        self.recorded = self.value = value
        self.count = count
        self.left = False  # others of its span were chosen: no average, median or extreme is made of it
        self.why: list[str] = []

    def span(self, per: str) -> str:
        """Return the name of the span of this kind that the part lies in; a row without activity is its own event."""
        if per == "event":
            return self.activity or f"\0{self.source}\0{self.key}"
        return bucket(self.day if per == "day" else self.date, per)  # type: ignore[arg-type]

    def named(self, column: str) -> str | None:
        """Return the span of this kind, by the first day, or else what stands in the column of this name."""
        if column == "event":
            return self.span("event")
        return bucket(self.date, column) if column in SPANS else self.row.get(column)

    def becomes(self, value: Number, why: str) -> None:
        """Count another amount, for a reason."""
        if value != self.value:
            self.value = value
            if why not in self.why:
                self.why.append(why)


def limits(window: Window | None, start: str, end: str) -> tuple[str, str]:
    """Return the half-open days that a window means in a period."""
    if window is None:
        return start, end
    since, before = start, end
    if window.since is not None:
        since = max(start, _first(window.since, start))
    if window.before is not None:
        before = min(end, _first(window.before, start))
    if window.years_back:
        since = f"{int(since[:4]) - window.years_back:04d}{since[4:]}"
    if window.last_days:
        since = (day_of.fromisoformat(before) - timedelta(days=window.last_days)).isoformat()
    if window.last_months:
        since = months_before(before, window.last_months)
    return ("0001-01-01" if window.lifetime else since), before


def months_before(day: str, months: int) -> str:
    """Return the same day so many months earlier, or the last day of that month where it has no such day."""
    year, month = divmod(int(day[:4]) * 12 + int(day[5:7]) - 1 - months, 12)
    wanted = int(day[8:])
    last = (day_of(year + (month == 11), month % 12 + 2 if month < 11 else 1, 1) - timedelta(days=1)).day
    return f"{year:04d}-{month + 1:02d}-{min(wanted, last):02d}"


def months_after(day: str, months: int) -> str:
    """Return the same day so many months later, or the last day of that month where it has no such day."""
    return months_before(day, -months)


def first_of(length: Length | Cap, last: str) -> str:
    """Return the first day of the stretch of so many days or months that ends with a day."""
    day = day_of.fromisoformat(last)
    if length.days:
        return (day - timedelta(days=length.days - 1)).isoformat()
    return months_before((day + timedelta(days=1)).isoformat(), length.months or 0)


def reach(measure: RowMeasure, start: str, end: str) -> tuple[str, str]:
    """Return the half-open days on which rows of a measure may count: its window, or what times look back to."""
    if measure.answered is not None:
        since, before = limits(measure.window, start, end)
        return ("0001-01-01" if since < before else since), before
    if measure.deadline is None:
        return limits(measure.window, start, end)
    return (day_of.fromisoformat(start) - timedelta(days=measure.deadline.days)).isoformat(), end


def _first(month_day: str, start: str) -> str:
    """Return the first such day of the year after the period has begun."""
    here = f"{start[:4]}-{month_day}"
    return here if here >= start and here != start else f"{int(start[:4]) + (here < start)}-{month_day}"


def matches(row: Row, where: Filter, without: Filter) -> bool | None:
    """Say whether a row passes; None if a column that would decide is unknown."""
    sure = True
    for column, among in where.items():
        found = row.get(column)
        if found is None:
            sure = False
        elif found not in among:
            return False
    for column, among in without.items():
        found = row.get(column)
        if found is None:
            sure = False
        elif found in among:
            return False
    return True if sure else None


def chosen(measure: RowMeasure, rows: Iterable[Row], period: tuple[str, str], unsure: set[str]) -> list[Part]:
    """Return the rows a measure counts, without what was reversed; keys that cannot be judged go to `unsure`."""
    days = reach(measure, *period)
    date = DATES[measure.source]
    by_span = (measure.rounding, measure.qualify, measure.approval, measure.steps, *measure.caps)
    per_day = any(rule is not None and rule.per == "day" for rule in by_span)
    netted: dict[tuple[str, str], Part] = {}
    for row in rows:
        on = row[date] if date else ""
        if date and not _falls(row, on, days, measure.source):
            continue
        passes = matches(row, measure.where, measure.without)
        if passes is False:
            continue
        reverses = row.get("reverses")
        key = reverses or row["key"]
        if passes is None:
            unsure.symmetric_difference_update([key])
            continue
        count = row.get("count", -1 if reverses else 1)
        split = row.get("days") if per_day and measure.take == "amount" and row.get("amount") is not None else None
        for day, value in sorted(split.items()) if split else ((on, _amount(measure, row, count, days)),):
            if value is None:
                unsure.symmetric_difference_update([key])
                continue
            part = netted.get((key, day))
            if part is None:
                netted[key, day] = Part(measure.source, key, row, on, day, value, count)
            else:
                part.recorded = part.value = part.value + value
                part.count += count
    parts = [part for part in netted.values() if part.value or part.count]
    parts.sort(key=lambda part: (part.day, part.activity, part.key))
    return parts


def _falls(row: Row, on: str, days: tuple[str, str], source: str) -> bool:
    """Say whether a row falls in the half-open days; an affiliation does if any of its days does."""
    since, before = days
    if source == "affiliations":
        return max(on, since) < min(row.get("end") or before, before)
    return since <= on < before


def _amount(measure: RowMeasure, row: Row, count: int, days: tuple[str, str]) -> Number | None:
    take = measure.take
    if take == "months":
        return _months(max(row["start"], days[0]), min(row.get("end") or days[1], days[1])) * count
    if take == "amount":
        amount = row.get("amount", count if measure.source in ("facts", "affiliations") else None)
        return exact(amount) if isinstance(amount, str) else amount
    if take == "count":
        return count
    if isinstance(take, MemberNumber):
        written = row["numbers"].get(take.number)
        return None if written is None else exact(written)
    points = looked_up(take, row.get(take.column)) if isinstance(take, Table) else None
    return None if points is None else points * count


def _months(first: str, after: str) -> int:
    """Return the whole months between two days: from 31 January to 1 March it is one."""
    begun = 12 * (int(after[:4]) - int(first[:4])) + int(after[5:7]) - int(first[5:7])
    return max(0, begun - (after[8:] < first[8:]))


def grouped(parts: list[Part], per: str, by: str | None, doubts: set[str]) -> list[list[Part]]:
    """Return the parts of each span of this kind, and of each value of a column `by` in it, as they come up.

    A part without a value of the column stands with others of that sort, and is doubtful.
    """
    groups: defaultdict[tuple[str, str | None], list[Part]] = defaultdict(list)
    for part in parts:
        value = part.row.get(by) if by else None
        if by and value is None:
            doubts.add(f"{part.source}:{part.key}")
        groups[part.span(per), value].append(part)
    return list(groups.values())


def looked_up(table: Table, found: str | None) -> Number | None:
    """Return the table's number; None if the value is unknown, or is not listed and nothing is said for the rest."""
    return None if found is None else table.values.get(found, table.otherwise)


def bearing(rule: ByFact, facts: Iterable[Row]) -> dict[str, Row]:
    """Return for each activity (or other match) the latest standing fact that passes the rule's filter."""
    facts = list(facts)
    reversed_keys = {row["reverses"] for row in facts if row.get("reverses")}
    found: dict[str, Row] = {}
    for row in sorted(facts, key=lambda row: (row["occurredOn"], row["key"])):
        if row["key"] in reversed_keys or row.get("reverses"):
            continue
        if matches(row, rule.where, {}) and row.get(rule.match) is not None:
            found[row[rule.match]] = row
    return found


def weigh(measure: RowMeasure, parts: list[Part], facts: list[Row], unsure: set[str]) -> set[str]:
    """Multiply by factors and void by findings; return the keys of the facts that did it."""
    used: set[str] = set()
    for factor in measure.factors:
        by = bearing(factor.fact, facts) if factor.fact else {}
        for part in parts:
            row = by.get(part.row.get(factor.fact.match, "")) if factor.fact else part.row
            found = None if row is None else row.get(factor.table.column)
            times = factor.table.otherwise if factor.fact and row is None else looked_up(factor.table, found)
            if times is None:
                unsure.add(part.key)
                continue
            if factor.fact and row is not None:
                used.add(row["key"])
            part.becomes(whole(part.value * times), f"factor:{factor.table.column}")
    for rule in measure.voided_by:
        by = bearing(rule, facts)
        for part in parts:
            row = by.get(part.row.get(rule.match, ""))
            if row is not None:
                used.add(row["key"])
                part.becomes(0, "voided")
    return used
