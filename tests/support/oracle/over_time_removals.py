"""How what looks at days one after the other is taken out of a rulebook."""

from __future__ import annotations

from tests.support.oracle.cases import Case
from tests.support.oracle.plain import Row
from tests.support.oracle.removals import PARTS, Removal, drop, each, in_series, measures, read_whole, stretch_cap


def answered(case: Case) -> bool:
    """Take away answers in time; numbers that read a part of one read the sum."""
    found = [measure for measure in measures(case) if measure.pop("answered", None)]
    read_whole(case, {f"{measure['id']}.{part}" for measure in found for part in PARTS})
    return bool(found)


def working_days(case: Case) -> bool:
    rules = (m["answered"] for m in measures(case) if "workingDays" in m.get("answered", {}))
    return each(rules, lambda rule: rule.update(days=rule.pop("workingDays")))


def in_bars(member: str) -> Removal:
    """Take a member out of bars, wherever they stand."""

    def found(case: Case) -> list[Row]:
        bars = [bar for m in measures(case) for bar in [*m.get("bars", []), *([m["bar"]] if "bar" in m else [])]]
        return [bar for bar in bars if member in bar]

    def change(bar: Row) -> None:
        del bar[member]
        bar.pop("ends", None)

    return lambda case: each(found(case), change)


def of_nothing(source: str, *path: str) -> Removal:
    """Let measures of one source find no rows."""

    def change(measure: Row) -> None:
        for name in path[:-1]:
            measure = measure[name]
        measure[path[-1]] = {"kind": ["nothing"]} if source == "bars" else {"grade": ["nothing"]}

    return lambda case: each(measures(case, source), change)


def few_days(case: Case) -> bool:
    """Let exemptions count where they cover a span alone."""
    ways = [m[way] for m in measures(case) for way in ("cadence", "series", "deadline") if way in m]
    return each((w for w in ways if isinstance(w.get("exemptWhen"), dict)), lambda way: way.pop("exemptWhen"))


def until(member: str) -> Removal:
    """Let rows of a cadence come on any day of their span."""

    def remove(case: Case) -> bool:
        found = [m["cadence"] for m in measures(case) if member in m.get("cadence", {}).get("until", {})]
        return each(found, lambda cadence: cadence.pop("until"))

    return remove


def by_value(case: Case) -> bool:
    """Let caps, steps and minimums look at all values of a column together."""
    rules = [rule for m in measures(case) for rule in [*m.get("caps", []), m.get("steps"), m.get("qualify")] if rule]
    return each((rule for rule in rules if "by" in rule), lambda rule: rule.pop("by"))


def in_during(member: str) -> Removal:
    """Let rows count whatever their days say of one thing."""

    def change(measure: Row) -> None:
        del measure["during"][member]
        if not measure["during"]:
            del measure["during"]

    return lambda case: each((m for m in measures(case) if member in m.get("during", {})), change)


OVER_TIME: dict[str, Removal] = {
    "each value by itself": by_value,
    "once each in a span": drop("distinctPer"),
    "the first, the last, the least": lambda case: each(
        (m["keep"] for m in measures(case) if "by" in m.get("keep", {})), lambda keep: keep.pop("by")
    ),
    "a cadence of a net score": lambda case: each(
        (m["cadence"] for m in measures(case) if m.get("cadence", {}).get("atLeast", 1) <= 0),
        lambda cadence: cadence.update(atLeast=1),
    ),
    "few days left": few_days,
    "all but the worst spans": in_series("drop"),
    "by a day of each span": until("days"),
    "by a day of its last month": until("dayOfLastMonth"),
    "while affiliated": in_during("affiliations"),
    "while not exempt": in_during("notExempt"),
    "since a fact": in_during("since"),
    "cap of any days": stretch_cap("days"),
    "cap of any months": stretch_cap("months"),
    "answered in time": answered,
    "in working days": working_days,
    "barred rows": drop("bars"),
    "barred at the end": of_nothing("bars", "bar", "strikes"),
    "strikes that count together": in_bars("count"),
    "strikes within a time": in_bars("within"),
    "a bar of some length": in_bars("lasts"),
    "a bar until enough is done": in_bars("until"),
    "whichever ends first": in_bars("ends"),
    "results of earlier cycles": of_nothing("grades", "where"),
}
"""By the names of the primitives."""
