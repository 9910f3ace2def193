"""A picture of how grades are spread, as SVG: bars with counts, a table and words, readable without colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width

_WIDTH, _LINE, _LEFT, _TOP, _BAR = 640, 26, 180, 34, 370
_SIZE, _SMALL = 14, 12  # of letters, in pixels
Table = tuple[str, Sequence[str], Sequence[tuple[str, Sequence[int | None]]]]


def spread_svg(
    groups: Sequence[tuple[str, Sequence[tuple[str, int | None]]]], table: Table | None = None,
    notes: Sequence[str] = (),
) -> str:  # fmt: skip
    """Draw groups of (title, bars of (label, count)) one below the other; a bar is as long as its share of the group.

    Below them stand a table of (title, heads, lines of (label, counts)) and lines of words. A count that is None is
    kept back and has a dash. Every bar carries its count, so that the picture says nothing that its words do not say
    too. A label that is too long for its place is cut; the whole of it is the tip of the cut one.
    """
    parts: list[str] = []
    at = 0
    for title, bars in groups:
        total = sum(count for _, count in bars if count is not None)
        parts.append(_text(8, at + 22, title, _WIDTH - 16, 'font-weight="bold"'))
        at += _TOP
        for label, count in bars:
            long = _BAR * count / total if count is not None and total else 0
            parts.append(_text(_LEFT - 8, at + 17, label, _LEFT - 12, 'text-anchor="end"'))
            parts.append(f'<rect x="{_LEFT}" y="{at + 4}" width="{long:.1f}" height="{_LINE - 8}" fill="#a4262c"/>')
            parts.append(f'<text x="{_LEFT + long + 6:.1f}" y="{at + 17}">{_count(count)}</text>')
            at += _LINE
        at += 10
    if table is not None:
        at = _drawn(parts, table, at)
    for line in (each for note in notes for each in _wrapped(note)):
        parts.append(f'<text x="8" y="{at + 15}" font-size="{_SMALL}">{escape(line)}</text>')
        at += _LINE - 8
    at += 6 if notes else 0
    whole = "".join(parts)
    size = f'viewBox="0 0 {_WIDTH} {at}" width="{_WIDTH}" height="{at}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="{_SIZE}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{whole}</svg>'
    )


def _drawn(parts: list[str], table: Table, at: int) -> int:
    """Draw a table from this height on; return where it ends."""
    title, heads, lines = table
    wide = (_WIDTH - _LEFT - 8) / len(heads)
    parts.append(_text(8, at + 22, title, _WIDTH - 16, 'font-weight="bold"'))
    at += _TOP
    for label, cells in [("", heads), *((label, [_count(cell) for cell in cells]) for label, cells in lines)]:
        parts.append(_text(_LEFT - 8, at + 17, label, _LEFT - 12, 'text-anchor="end"'))
        for n, cell in enumerate(cells, start=1):
            parts.append(_text(round(_LEFT + n * wide), at + 17, cell, wide - 8, 'text-anchor="end"'))
        at += _LINE
        parts.append(f'<line x1="8" y1="{at}" x2="{_WIDTH - 8}" y2="{at}" stroke="#ccc"/>')
    return at + 10


def _count(count: int | None) -> str:
    return "—" if count is None else str(count)


def _text(x: int, y: int, words: str, room: float, more: str) -> str:
    """Return words that fit into so many pixels, the whole of them as the tip where they had to be cut."""
    shown = words
    while _long(shown, _SIZE) > room:
        shown = f"{shown.rstrip('…')[:-1]}…"
    tip = "" if shown == words else f"<title>{escape(words)}</title>"
    return f'<text x="{x}" y="{y}" {more}>{escape(shown)}{tip}</text>'


def _long(words: str, size: int) -> float:
    return sum(size if east_asian_width(each) in "WFA" else size * 0.58 for each in words)


def _wrapped(note: str) -> list[str]:
    """Return a note in lines as wide as the picture, broken between words; a Chinese character is a word."""
    lines = [""]
    for word in re.findall(r"[\x21-\x7e]+\s*|.", note):
        if _long(lines[-1] + word.rstrip(), _SMALL) > _WIDTH - 16:
            lines.append("")
        lines[-1] += word
    return lines
