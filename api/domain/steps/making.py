"""How a noun's table of steps is written."""

from __future__ import annotations

from api.domain.state_table import StateTable, Step

READ = Step()
ANY = Step()


def table(noun: str, start: str | tuple[str, ...], /, **steps: Step) -> StateTable:
    """Return the table of a noun; a step that Python has for itself is written with an underscore behind it."""
    named = {name.rstrip("_"): step for name, step in steps.items()}
    return StateTable(noun, (start,) if isinstance(start, str) else start, named)
