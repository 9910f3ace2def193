"""Answers in time: which rows a fact of the same matter follows within so many days or working days."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.rows import Part, Row, matches
from api.domain.rulebook.stretch import Answered
from api.domain.rulebook.values import text

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What was found: the rows that belong to the window, a line for each, and the keys of facts that answer."""

    parts: list[Part]
    spans: list[dict[str, Any]]
    facts: set[str]


def answers(rule: Answered, parts: list[Part], bundle: InputBundle, days: tuple[str, str], doubts: set[str]) -> Told:
    """Find for each row that counts its first answer, and say whether it came in time, not, or may still come.

    Rows that were answered, or ran out of time, outside of the half-open `days` are left out. What a row without a
    matter waits for is unknown: it is a doubt and has no line.
    """
    since, before = days
    known = min(before, bundle.get("through", before))
    rest = frozenset(bundle.get("restDays") or ())
    by_matter = _by_matter(rule, bundle.get("facts") or [], before, doubts)
    told = Told([], [], set())
    for part in parts:
        matter = part.row.get(rule.match)
        if matter is None:
            doubts.add(f"{part.source}:{part.key}")
        if matter is None or part.value <= 0:
            continue
        last = last_day(rule, part.date, rest)
        in_time = [each for each in by_matter.get(matter, []) if part.date <= each[0] <= last]
        decided = in_time[0][0] if in_time else last
        if decided < since:
            continue
        state = "fulfilled" if in_time else "missed" if last < known else "open"
        if state != "fulfilled":
            part.becomes(0, "late" if state == "missed" else "awaited")
        after = (date.fromisoformat(last) + _DAY).isoformat()
        told.parts.append(part)
        told.spans.append({"span": f"{matter} {part.date}/{after}", "sum": text(len(in_time)), "state": state})
        told.facts.update(key for _, key in in_time[:1])
    return told


def last_day(rule: Answered, day: str, rest: Collection[str]) -> str:
    """Return the last day on which an answer to something of this day is in time."""
    on = date.fromisoformat(day)
    if rule.days is not None:
        return (on + timedelta(days=rule.days)).isoformat()
    left = rule.working_days or 0
    while left:
        on += _DAY
        left -= on.isoformat() not in rest
    return on.isoformat()


def _by_matter(rule: Answered, facts: list[Row], before: str, doubts: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Return day and key of the standing facts that answer, by what they answer, earliest first."""
    undone = {row["reverses"] for row in facts if row.get("reverses")}
    found: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(facts, key=lambda row: (row["occurredOn"], row["key"])):
        if row["key"] in undone or row.get("reverses") or row["occurredOn"] >= before:
            continue
        passes = matches(row, rule.where, {})
        if passes is None or (passes and row.get(rule.match) is None):
            doubts.add(f"facts:{row['key']}")
        elif passes:
            found.setdefault(row[rule.match], []).append((row["occurredOn"], row["key"]))
    return found
