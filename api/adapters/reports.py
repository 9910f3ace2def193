"""Writes what was refused in a brought-in list as a csv file that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from api.domain.rows import RowError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report_csv(errors: Iterable[RowError]) -> bytes:
    """Return the errors as csv (UTF-8 with a mark, CRLF): row, column, code, reason in Chinese and English, value.

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["行 row", "列 column", "代码 code", "原因", "reason", "内容 value"])
    for error in errors:
        writer.writerow(
            [error.row, *map(inert, (error.column or "", error.code, error.zh, error.en, error.value or ""))]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def inert(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
