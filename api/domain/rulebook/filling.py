"""What of the rows of a measure fits under its caps: of a calendar span, or of any so many days or months in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from api.domain.rulebook.rows import Part, first_of, grouped
from api.domain.rulebook.stretch import Cap
from api.domain.rulebook.values import Number


def under_caps(parts: list[Part], caps: Iterable[Cap], doubts: set[str]) -> None:
    """Let parts, in the order of their days, fill the caps from the narrowest to the widest."""
    for cap in sorted(caps, key=lambda cap: cap.width):
        for group in grouped(parts, cap.per or "period", cap.by, doubts):
            if cap.per is None:
                _fill_stretches(group, cap)
            else:
                fill(group, cap.at_most, f"cap:{cap.per}")


def fill(group: list[Part], at_most: Number, why: str) -> None:
    """Let the earlier parts fill the cap; what a negative part takes away makes room for the others."""
    room = at_most - sum(part.value for part in group if part.value < 0)
    for part in group:
        if part.value > 0:
            part.becomes(min(part.value, room), why)
            room -= part.value


def _fill_stretches(parts: list[Part], cap: Cap) -> None:
    """Let each part count what room the stretch that ends with its day has left, so that no stretch has more."""
    why = f"cap_days:{cap.days}" if cap.days else f"cap_months:{cap.months}"
    held: deque[tuple[str, Number]] = deque()
    filled: Number = 0
    for part in parts:
        if part.value <= 0:
            continue
        first = first_of(cap, part.day)
        while held and held[0][0] < first:
            filled -= held.popleft()[1]
        part.becomes(min(part.value, cap.at_most - filled), why)
        held.append((part.day, part.value))
        filled += part.value
