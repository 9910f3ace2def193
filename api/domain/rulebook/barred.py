"""States over time: from which strike on a subject is barred and until when, and on which days alone rows count."""

from __future__ import annotations

from datetime import date, timedelta

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.filters import Filter, RowSource, Window
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.rows import Part, chosen, first_of, months_after
from api.domain.rulebook.spans import merged
from api.domain.rulebook.stretch import Bar, During, Release
from api.domain.rulebook.values import Number

Stretch = tuple[str, str]
"""Half-open ISO days."""

FOR_GOOD = "9999-12-31"
"""The end of a bar that nothing has ended."""


def bars_of(bar: Bar, bundle: InputBundle, doubts: set[str]) -> tuple[list[Stretch], set[str]]:
    """Return the stretches of days in which a subject is barred, in the order of the strikes, and the strikes' keys.

    Strikes and what releases are looked for from the first day on record; what cannot be judged goes to `doubts`.
    """
    strikes = _rows("facts", bar.strikes, bundle, doubts)
    held: list[str] = []
    found: list[Stretch] = []
    for part in strikes:
        held = [day for day in held if bar.within is None or day >= first_of(bar.within, part.date)]
        held.append(part.date)
        if len(held) == bar.count:
            found.append((part.date, _end(bar, part.date, bundle, doubts)))
            held = []
    return found, {part.key for part in strikes}


def bar(parts: list[Part], stretches: list[Stretch]) -> None:
    """Let parts whose day lies in one of the stretches count nothing."""
    for part in parts:
        if any(first <= part.day < after for first, after in stretches):
            part.becomes(0, "barred")


def days_in(stretches: list[Stretch], since: str, before: str) -> int:
    """Return how many of the half-open days lie in any of the stretches."""
    days: set[int] = set()
    for first, after in stretches:
        inside = (max(first, since), min(after, before))
        days.update(range(*(date.fromisoformat(day).toordinal() for day in inside)))
    return len(days)


def _end(bar: Bar, begun: str, bundle: InputBundle, doubts: set[str]) -> str:
    ends: list[str] = []
    if bar.lasts:
        day = date.fromisoformat(begun)
        days = bar.lasts.days
        ends.append((day + timedelta(days=days)).isoformat() if days else months_after(begun, bar.lasts.months or 0))
    if bar.until:
        ends.append(_released(bar.until, begun, bundle, doubts))
    return (min if bar.ends == "first" else max)(ends, default=FOR_GOOD)


def _released(release: Release, begun: str, bundle: InputBundle, doubts: set[str]) -> str:
    """Return the day after the one on which enough was done since a bar began."""
    done: Number = 0
    by_day: dict[str, Number] = {}
    for part in _rows(release.source, release.where, bundle, doubts):
        if part.date >= begun:
            by_day[part.date] = by_day.get(part.date, 0) + part.value
    for day in sorted(by_day):
        done += by_day[day]
        if done >= release.at_least:
            return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    return FOR_GOOD


def _rows(source: RowSource, where: Filter, bundle: InputBundle, doubts: set[str]) -> list[Part]:
    """Return the rows of a source that pass a filter, from the first on record to the end of the period."""
    reader = RowMeasure.model_construct(source=source, where=where, window=Window(lifetime=True))
    unsure: set[str] = set()
    period = (bundle["period"]["start"], bundle["period"]["end"])
    parts = chosen(reader, bundle.get(source) or [], period, unsure)
    doubts |= {f"{source}:{key}" for key in unsure}
    return parts


def only_during(rule: During, parts: list[Part], bundle: InputBundle, doubts: set[str]) -> set[str]:
    """Let parts outside of the days that a rule names count nothing; return the key of the fact since which they do."""
    period = bundle["period"]["end"]
    held = [
        (row["start"], row.get("end") or FOR_GOOD)
        for row in bundle.get("affiliations") or []
        if row["kind"] in rule.affiliations
    ]
    free = merged(bundle, rule.not_exempt)
    facts = _rows("facts", rule.since, bundle, doubts) if rule.since is not None else []
    first = facts[-1].date if facts else period if rule.since is not None else ""
    for part in parts:
        here = not rule.affiliations or any(start <= part.day < end for start, end in held)
        if part.day < first or not here or any(start <= part.day < end for start, end in free):
            part.becomes(0, "outside")
    return {part.key for part in facts[-1:]}
