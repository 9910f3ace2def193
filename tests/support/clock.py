"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai


class Clock:
    """Calling it returns the instant it stands at; hand it in where the product takes `now`."""

    def __init__(self, instant: datetime = START) -> None:
        self.set(instant)

    def __call__(self) -> datetime:
        return self.instant

    def set(self, instant: datetime) -> datetime:
        """Stand at `instant`, which must know its zone."""
        if instant.tzinfo is None:
            raise ValueError("a clock needs an instant with a zone")
        self.instant = instant.astimezone(UTC)
        return self.instant

    def forward(self, **amount: float) -> datetime:
        """Move on by what `timedelta` takes: `clock.forward(hours=2)`."""
        return self.set(self.instant + timedelta(**amount))
