"""Time that is already credited: takes half-open stretches of whole minutes and hands out what is still free."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

Span = tuple[int, int]


class Covered:
    """A set of minutes as disjoint half-open spans `[start, end)`, sorted; minutes count from any common origin."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[Span] = ()):
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in spans:
            self.take(start, end)

    def take(self, start: int, end: int) -> list[Span]:
        """Cover `[start, end)` and return the parts that were free before, in order; an empty span takes nothing."""
        if end <= start:
            return []
        first = bisect_left(self._ends, start)  # the first covered span that touches or follows the start
        last = first
        free: list[Span] = []
        at = start
        while last < len(self._starts) and self._starts[last] <= end:
            if self._starts[last] > at:
                free.append((at, self._starts[last]))
            at = self._ends[last]
            last += 1
        if at < end:
            free.append((at, end))
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
        return free

    def spans(self) -> list[Span]:
        """Return what is covered as disjoint spans in order."""
        return list(zip(self._starts, self._ends, strict=True))

    def minutes(self) -> int:
        """Return how many minutes are covered."""
        return sum(self._ends) - sum(self._starts)
