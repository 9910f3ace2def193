"""What a rulebook rewards or lets others decide that it should not: appearances, rushes, vetoes of departments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from api.domain.rulebook.conditions import Compare, values_in
from api.domain.rulebook.filters import Table, Window
from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.references import conditions, references, stages
from api.domain.rulebook.schema import Rulebook

# 国办函〔2026〕12号 and the rules against formalism before it, as the words by which authors name them. Some words have
# honest uses beside others (`photo_exhibition`), so they are found where they stand alone; others in any company.
_APPEARANCES = frozenset({"like", "likes", "share", "shares", "comment_count", "app_activity"})
_TRACES = frozenset({"photo", "photos", "has_photo", "has_photos", "selfie", "track", "tracks", "has_track"})
_ANY_APPEARANCE = (
    *("log_in", "log_ins", "login", "logins", "logged_in", "sign_in_streak", "likes_count", "like_count", "thumbs_up"),
    *("repost", "reposts", "share_count", "forwards", "page_view", "page_views", "clicks", "click_count"),
    *("online_time", "online_minutes", "online_hours", "online_duration", "screen_time", "reading_time"),
    *("study_minutes", "study_time", "study_points", "app_minutes", "app_time", "daily_active", "xuexi_qiangguo"),
)  # fmt: skip
_ANY_TRACE = (
    *("photo_count", "photo_uploaded", "photo_proof", "photo_evidence", "photos_uploaded", "photo_upload", "selfies"),
    *("screenshot", "screenshots", "gps_track", "location_track", "trajectory", "video_proof", "geo_track"),
)
_DEPARTMENTS = ("department", "departments", "departmental", "bureau", "ministry")
_DEPARTMENT_ZH = re.compile("部门|职能局|[\u4e00-\u9fff]局|条线")
_APPEARANCE_ZH = re.compile(
    "点赞|登录|登陆次数|在线时长|在线时间|上线时长|学习时长|学习积分|学习强国|转发|浏览量|阅读量|点击量|打卡|活跃度|步数"
)
_TRACE_ZH = re.compile("拍照|照片(?!修复|展)|截图|轨迹|自拍|留痕")
_RUSH = "11-15"  # a window that begins here or later sees half of the last quarter at most
_LAST_DAYS = 47  # so many days are left of the year then
_FESTIVAL = 3  # so many days named at both ends are an occasion, such as the day of volunteers, and no rush


def conduct(rulebook: Rulebook) -> Iterator[Finding]:
    """Find measures of appearances, demanded photos and tracks, rushes at the year's end, and vetoes of departments."""
    for n, measure in enumerate(rulebook.measures):
        if not isinstance(measure, RowMeasure):
            continue
        seen: set[str] = set()
        for place, word in _words(measure):
            code = _named(word)
            if code and code not in seen:
                seen.add(code)
                yield finding(code, f"/measures/{n}{place}", kind=word)
        yield from _spendable(measure, n)
        yield from _window(rulebook, measure, n)
    yield from _vetoes(rulebook)


def _named(word: str) -> str | None:
    """Return the code of what a word means: an appearance, a forced trace, or None."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower().replace("-", "_")
    if plain in _TRACES or _holds(plain, _ANY_TRACE) or _TRACE_ZH.search(word):
        return "forced_trace"
    if plain in _APPEARANCES or _holds(plain, _ANY_APPEARANCE) or _APPEARANCE_ZH.search(word):
        return "formalism"
    return None


def _holds(plain: str, terms: tuple[str, ...]) -> bool:
    return any(f"_{term}_" in f"_{plain}_" for term in terms)


def _words(measure: RowMeasure) -> Iterator[tuple[str, str]]:
    """Yield each column and value that a measure names, then its own names, each with its place."""
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
    yield "/id", measure.id
    yield "/labels/zh", measure.labels.zh


def _spendable(measure: RowMeasure, n: int) -> Iterator[Finding]:
    for number, one in enumerate(measure.sources):
        told_apart = {"kind", "nature"} & (one.where.keys() | one.without.keys())
        if one.source == "entries" and "points" in one.where.get("unit", []) and not told_apart:
            yield finding("spendable", f"/measures/{n}{f'/also/{number - 1}' if number else ''}/where/unit")


def _window(rulebook: Rulebook, measure: RowMeasure, n: int) -> Iterator[Finding]:
    window = measure.window
    if window is None or measure.source == "affiliations":
        return
    since, before = window.since, window.before
    turned = since is not None and before is not None and before <= since and not window.years_back
    if turned and (before == since or rulebook.period != "year"):
        yield finding("empty_window", f"/measures/{n}/window", since=since, before=before)
    elif turned:
        yield finding("window_over_new_year", f"/measures/{n}/window", since=since, before=before)
    elif rulebook.period == "year" and _only_the_end(window):
        yield finding("year_end_volume", f"/measures/{n}/window")


def _only_the_end(window: Window) -> bool:
    """Say whether a window begins so late in a year that only its last weeks count."""
    if window.since is not None:
        return window.since >= _RUSH and not window.years_back and not _an_occasion(window.since, window.before)
    counted_back = (window.last_days or 0) + 31 * (window.last_months or 0)
    return window.before is None and 0 < counted_back <= _LAST_DAYS


def _an_occasion(since: str, before: str | None) -> bool:
    """Say whether a window is one special day, or the few of a festival."""
    if before is None:
        return False
    return (date.fromisoformat(f"2001-{before}") - date.fromisoformat(f"2001-{since}")).days <= _FESTIVAL


def _vetoes(rulebook: Rulebook) -> Iterator[Finding]:
    """Find gates and conditions of grades over a community that read, also through scores, what a department says."""
    if rulebook.subject not in ("community", "street"):
        return
    theirs = {m.id for m in rulebook.measures if isinstance(m, RowMeasure) and _of_department(m)}
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


def _of_department(measure: RowMeasure) -> bool:
    """Say whether a measure reads, or by its label is, what a department says."""
    words = {word for one in measure.sources for column, among in one.where.items() for word in (column, *among)}
    return any(_holds(word.lower(), _DEPARTMENTS) or _DEPARTMENT_ZH.search(word) for word in words) or bool(
        _DEPARTMENT_ZH.search(measure.labels.zh)
    )


def _read(condition: object) -> set[str]:
    leaves = values_in(condition)  # type: ignore[arg-type]
    return {leaf.value.partition(".")[0] for _, leaf in leaves if isinstance(leaf, Compare)}
