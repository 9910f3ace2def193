"""What a rulebook rewards or lets others decide that it should not: appearances, rushes, vetoes of departments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from api.domain.rulebook.conditions import Compare, values_in
from api.domain.rulebook.filters import Table, Window
from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.references import conditions, references, stages
from api.domain.rulebook.schema import Rulebook

# 国办函〔2026〕12号 and the rules against formalism before it, as the words by which columns and values name them.
_APPEARANCES = frozenset({
    *("log_in", "login", "logins", "like", "likes", "thumbs_up", "share", "shares", "repost", "reposts", "page_view"),
    *("page_views", "online_time", "online_minutes", "online_hours", "screen_time", "reading_time", "comment_count"),
    *("study_minutes", "study_points", "app_activity", "sign_in_streak"),
})  # fmt: skip
_TRACES = frozenset({
    *("photo", "photos", "photo_count", "photo_uploaded", "has_photo", "selfie", "selfies", "screenshot"),
    *("screenshots", "track", "tracks", "gps_track", "location_track", "trajectory", "video_proof", "has_track"),
})  # fmt: skip
_RUSH = "11-15"  # a window that begins here or later sees half of the last quarter at most
_LAST_DAYS = 47  # so many days are left of the year then


def conduct(rulebook: Rulebook) -> Iterator[Finding]:
    """Find measures of appearances, demanded photos and tracks, rushes at the year's end, and vetoes of departments."""
    for n, measure in enumerate(rulebook.measures):
        if not isinstance(measure, RowMeasure):
            continue
        for place, word in _words(measure):
            plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower().replace("-", "_")
            if plain in _APPEARANCES:
                yield finding("formalism", f"/measures/{n}{place}", kind=word)
            elif plain in _TRACES:
                yield finding("forced_trace", f"/measures/{n}{place}", kind=word)
        yield from _window(rulebook, measure, n)
    yield from _vetoes(rulebook)


def _words(measure: RowMeasure) -> Iterator[tuple[str, str]]:
    """Yield each column and value that a measure names, with its place."""
    for number, one in enumerate(measure.sources):
        at = f"/also/{number - 1}" if number else ""
        filters = [("/where", one.where)]
        tables = [("/take", one.take)] if isinstance(one.take, Table) else []
        filters += [(f"/voidedBy/{n}/where", rule.where) for n, rule in enumerate(one.voided_by)]
        for n, factor in enumerate(one.factors):
            filters += [(f"/factors/{n}/fact/where", factor.fact.where)] if factor.fact else []
            tables.append((f"/factors/{n}/table", factor.table))
        for place, where in filters:
            for column, among in where.items():
                yield from ((f"{at}{place}/{column}", word) for word in (column, *among))
        for place, table in tables:
            yield f"{at}{place}/column", table.column
            yield from ((f"{at}{place}/values", value) for value in table.values)


def _window(rulebook: Rulebook, measure: RowMeasure, n: int) -> Iterator[Finding]:
    window = measure.window
    if window is None or measure.source == "affiliations":
        return
    since, before = window.since, window.before
    if since is not None and before is not None and before <= since and not window.years_back:
        yield finding("empty_window", f"/measures/{n}/window", since=since, before=before)
    elif rulebook.period == "year" and _only_the_end(window):
        yield finding("year_end_volume", f"/measures/{n}/window")


def _only_the_end(window: Window) -> bool:
    """Say whether a window begins so late in a year that only its last weeks count."""
    if window.since is not None:
        return window.since >= _RUSH and not window.years_back
    counted_back = (window.last_days or 0) + 31 * (window.last_months or 0)
    return window.before is None and 0 < counted_back <= _LAST_DAYS


def _vetoes(rulebook: Rulebook) -> Iterator[Finding]:
    """Find gates and conditions of grades over a community that read, also through scores, what a department says."""
    if rulebook.subject not in ("community", "street"):
        return
    theirs = {
        measure.id
        for measure in rulebook.measures
        if isinstance(measure, RowMeasure)
        and any("department" in among for one in measure.sources for among in one.where.values())
    }
    by_condition: dict[str, set[str]] = {}
    for pointer, condition in conditions(rulebook):
        stem = "/".join(pointer.split("/")[:3])
        by_condition.setdefault(stem, set()).update(_read(condition))
    for stage, scores in stages(rulebook):
        for n, score in enumerate(scores):
            read = {name.partition(".")[0] for _, name in references(score)} | by_condition.get(f"/{stage}/{n}", set())
            theirs |= {score.id} if read & theirs else set()
    for pointer, condition in conditions(rulebook):
        if pointer.startswith(("/gates", "/grades")) and _read(condition) & theirs:
            yield finding("departmental_veto", pointer)


def _read(condition: object) -> set[str]:
    leaves = values_in(condition)  # type: ignore[arg-type]
    return {leaf.value.partition(".")[0] for _, leaf in leaves if isinstance(leaf, Compare)}
