"""Reads the cells of one row by name and gathers all that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from api.domain.cell_values import UnreadableError, words
from api.domain.rows import RowError, header_key, row_error, tidy

T = TypeVar("T")


class RowReader:
    """One row: `errors` grows with every cell that cannot be read; values of sensitive columns never stand in it."""

    def __init__(self, row: int, cells: Sequence[str], at: Mapping[str, int]):
        self.row = row
        self.errors: list[RowError] = []
        self._cells = cells
        self._at = at

    def raw(self, column: str) -> str:
        """Return the tidy text of a cell; empty where the table has no such column."""
        position = self._at.get(column)
        return tidy(self._cells[position]) if position is not None and position < len(self._cells) else ""

    def text(self, column: str, limit: int, required: bool = False) -> str | None:
        """Return free text, or None where the cell is empty (an error where it is required)."""
        value = self.value(column, lambda cell: words(cell, limit), limit=limit)
        if required and value is None and not any(e.column == column for e in self.errors):
            self.errors.append(row_error(self.row, column, "missing_value"))
        return value

    def value(
        self, column: str, read: Callable[[str], T], *, sensitive: bool = False, required: bool = False, limit: int = 60
    ) -> T | None:
        """Return what `read` makes of the cell, or None where it is empty or unreadable (then an error is noted)."""
        cell = self.raw(column)
        if not cell:
            if required:
                self.errors.append(row_error(self.row, column, "missing_value"))
            return None
        try:
            return read(cell)
        except UnreadableError as why:
            shown = None if sensitive or why.code == "control_character" else cell
            self.errors.append(row_error(self.row, column, why.code, shown, limit=limit))
            return None

    def choice(self, column: str, words_of: Mapping[str, Sequence[str]], reason: str) -> str | None:
        """Return the code whose words hold the cell, None where it is empty; other words are an error."""
        cell = self.raw(column)
        if not cell:
            return None
        key = header_key(cell)
        for code, said in words_of.items():
            if key in map(header_key, (code, *said)):
                return code
        self.errors.append(row_error(self.row, column, reason, cell))
        return None
