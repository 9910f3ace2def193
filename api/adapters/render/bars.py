"""A picture of how grades are spread, as SVG: one group of bars for each rule, with counts, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _LINE, _LEFT, _TOP, _BAR = 640, 26, 150, 34, 380


def spread_svg(groups: Sequence[tuple[str, Sequence[tuple[str, int | None]]]]) -> str:
    """Draw groups of (title, bars of (label, count)) one below the other; a bar is as long as its share of the group.

    A count that is None is kept back and has a dash. Every bar carries its count, so that the picture says nothing that
    its words do not say too.
    """
    parts: list[str] = []
    at = 0
    for title, bars in groups:
        total = sum(count for _, count in bars if count is not None)
        parts.append(f'<text x="8" y="{at + 22}" font-weight="bold">{escape(title)}</text>')
        at += _TOP
        for label, count in bars:
            long = _BAR * count / total if count is not None and total else 0
            parts.append(f'<text x="{_LEFT - 8}" y="{at + 17}" text-anchor="end">{escape(label)}</text>')
            parts.append(f'<rect x="{_LEFT}" y="{at + 4}" width="{long:.1f}" height="{_LINE - 8}" fill="#a4262c"/>')
            parts.append(f'<text x="{_LEFT + long + 6:.1f}" y="{at + 17}">{"—" if count is None else count}</text>')
            at += _LINE
        at += 10
    whole = "".join(parts)
    size = f'viewBox="0 0 {_WIDTH} {at}" width="{_WIDTH}" height="{at}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="14">'
        f'<rect width="100%" height="100%" fill="#fff"/>{whole}</svg>'
    )
