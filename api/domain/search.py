"""检索: under which terms a text is found. Chinese has no blanks: its signs stand alone and with their neighbour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from api.domain.matching.times import STEP_DAYS, Window
from api.errors import Invalid

_SIGNS = "㐀-䶿一-鿿豈-﫿\U00020000-\U000323af"
_RUNS = re.compile(rf"([{_SIGNS}]+)|((?:(?![{_SIGNS}_])\w)+)")


class NothingToFind(Invalid):
    """The words to look for are signs and blanks alone."""

    code = "nothing_to_find"
    zh, en = "请输入要检索的文字", "Enter a word to search for"


def terms(text: str) -> frozenset[str]:
    """Return all terms of a text: each Chinese sign, each two that stand side by side, each other word whole.

    Width and letter case do not matter. Two signs are what most Chinese words have, so that 养老 is found exactly.
    """
    found: set[str] = set()
    for run, chinese in _runs(text):
        found.update(run if chinese else (run,))
        if chinese:
            found.update(_pairs(run))
    return frozenset(found)


def wanted(text: str) -> tuple[str, ...]:
    """Return the terms that a text must all have to be found by these words, in a stable order without doubles.

    Of a longer Chinese word all its pairs have to be there, wherever they stand. Raises NothingToFind.
    """
    asked: dict[str, None] = {}
    for run, chinese in _runs(text):
        asked.update(dict.fromkeys(_pairs(run) if chinese and len(run) > 1 else (run,)))
    if not asked:
        raise NothingToFind(pointer="?text")
    return tuple(asked)


def local_seconds(moment: datetime, zone: ZoneInfo) -> int:
    """Return what the clock of a zone shows at an instant, in seconds since 1970; begun seconds count."""
    shown = moment.astimezone(zone).replace(tzinfo=UTC)
    return -int(-shown.timestamp() // 1)


def local_times(window: Window, zone: ZoneInfo) -> dict[str, int | None]:
    """Return when a window begins: `starts`, `every` so many seconds (0 once), `before`; seconds of the local clock.

    A window that ends before it begins has no time: it ends before it starts.
    """
    starts = local_seconds(window.starts_at, zone)
    before = None if window.until is None else int(datetime.combine(window.until, time(), UTC).timestamp())
    every = STEP_DAYS[window.every] * 86_400 if window.every else 0
    return {"starts": starts, "every": every, "before": starts if window.ends_at <= window.starts_at else before}


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    for match in _RUNS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        yield match[0], match[1] is not None


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
