"""The simulator's own books: who came and left when, and what each minute is worth, counted minute by minute."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

CAP = timedelta(minutes=240)  # a forgotten check-out is taken to have been then, or at the planned end
_ORIGIN = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass
class Seen:
    """What was observed, to be held beside the figures that it was drawn from."""

    due: int = 0
    came: int = 0
    early: int = 0
    leads: list[float] = field(default_factory=list)
    rushes: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def no_show(self) -> float:
        """Return the share of those with a place who stayed away."""
        return 1 - self.came / max(self.due, 1)

    def early_share(self) -> float:
        """Return the share of those who came that was there half an hour after the doors opened."""
        return self.early / max(self.came, 1)


@dataclass
class Books:
    """Presences by person and shift, windows of the shifts, and hours handed in afterwards."""

    windows: dict[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    came: dict[tuple[str, UUID], datetime] = field(default_factory=dict)
    left: dict[tuple[str, UUID], datetime] = field(default_factory=dict)
    kept: dict[tuple[str, UUID], list[datetime]] = field(default_factory=dict)  # without a network: in and out
    sent: set[tuple[str, UUID]] = field(default_factory=set)
    handed_in: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(list))

    def undo(self, who: str, shift: UUID) -> None:
        """Forget a presence that was taken back."""
        self.came.pop((who, shift), None)
        self.left.pop((who, shift), None)

    def confirm(self, shift: UUID) -> None:
        """Let what phones sent of a shift count, now that the leader confirms it; what comes later does not."""
        for who, at in [key for key in self.sent if key[1] == shift]:
            self.came[who, at], self.left[who, at] = self.kept[who, at]
            self.sent.discard((who, at))

    def worth(self) -> dict[tuple[str, UUID | None], int]:
        """Return minutes by person and shift, and under None those handed in, once everything is final."""
        found: dict[tuple[str, UUID | None], int] = {}
        taken: dict[str, set[int]] = defaultdict(set)
        for who, spans in self.handed_in.items():
            for start, end in spans:
                taken[who] |= set(range(_minute(start), _minute(end)))
            found[who, None] = len(taken[who])
        for (who, shift), at in sorted(self.came.items(), key=lambda each: (each[1], each[0][1])):
            start, end = self.windows[shift]
            until = self.left.get((who, shift), max(at, min(end, at + CAP)))
            mine = set(range(max(_minute(at), _minute(start)), min(_minute(until), _minute(end)))) - taken[who]
            taken[who] |= mine
            if mine:
                found[who, shift] = len(mine)
        return found


def _minute(at: datetime) -> int:
    return (at - _ORIGIN) // timedelta(minutes=1)
