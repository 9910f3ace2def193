"""How a fault is put into the engine: which piece, where it stands, and how it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from api.domain.rulebook import measures

Piece = Callable[..., Any]
Fault = tuple[Sequence[ModuleType | type], str, Callable[[Piece], Piece]]
"""Where a piece stands (it may have been imported by several modules), its name, and how the fault makes it anew."""


def changed(**update: Any) -> Callable[[Any], Any]:
    """Return a rule with members of other values; a function is given the value that stood there."""

    def change(rule: Any) -> Any:
        fresh = {
            name: new(getattr(rule, name)) if callable(new) else new
            for name, new in update.items()
            if getattr(rule, name, None) is not None
        }
        return rule.model_copy(update=fresh)

    return change


def of_measure(**update: Any) -> Fault:
    """Let measures be read as if they said something else."""
    return [measures], "_from_rows", lambda piece: lambda rule, bundle: piece(changed(**update)(rule), bundle)


def of_rows(other: Callable[[Any, list[Any]], list[Any]]) -> Fault:
    """Let measures choose from other rows than those of the bundle."""

    def make(piece: Piece) -> Piece:
        return lambda rule, given, *more: piece(rule, other(rule, list(given)), *more)

    return [measures], "chosen", make
