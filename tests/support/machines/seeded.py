"""Seeded mistakes, one for each machine: with them its model must not agree any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.domain import overlap, registration
from api.domain import signups as places


def _everything(_covered: Any, start: int, end: int) -> list[tuple[int, int]]:
    return [(start, end)] if end > start else []


MISTAKES: dict[str, tuple[Any, str, Any]] = {
    "ledger": (overlap.Covered, "take", _everything),  # minutes that another pair has are credited again
    "sign-up": (places, "place", lambda *_: "confirmed"),  # places are not counted
    "registration": (registration, "_is_duplicate", lambda *_: False),  # what stands is not looked at
}


@contextmanager
def mistaken(name: str) -> Iterator[None]:
    """Let the product make one mistake inside the block."""
    owner, what, wrong = MISTAKES[name]
    right = getattr(owner, what)
    setattr(owner, what, wrong)
    try:
        yield
    finally:
        setattr(owner, what, right)


def is_seen(name: str, run: Any) -> bool:
    """Say whether a run of this machine ends in disagreement under its seeded mistake."""
    with mistaken(name):
        try:
            run()
        except AssertionError:
            return True
    return False
