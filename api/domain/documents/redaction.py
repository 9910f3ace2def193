"""What an issued document shows of somebody who was erased since: the place, and nothing of the person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

REDACTED = "（已注销）"
"""Stands where a name or number of a roster stood."""

_NAMING = ("name", "rosterNumber", "reference")
_TELLING = (
    "grade", "outcome", "points", "services", "minutes", "reason", "basis", "text", "reply", "conclusion", "stance",
    "statement", "value",
)  # fmt: skip


def redact(content: dict[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """Blank the rows that these pointers (`/members/3`) lead to, in place, and return the content.

    Names become REDACTED, what is told of the person None; a row that says whether it is disclosed says no. Sums stay:
    they tell of nobody.
    """
    for pointer in pointers:
        row: Any = content
        for part in pointer.strip("/").split("/"):
            row = row[int(part)] if isinstance(row, list) else row[part]
        for name in _NAMING:
            if row.get(name) is not None:
                row[name] = REDACTED
        for name in _TELLING:
            if name in row:
                row[name] = None
        if "disclosed" in row:
            row["disclosed"] = False
    return content
