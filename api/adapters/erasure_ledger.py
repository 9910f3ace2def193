"""The file that remembers who was erased, by ids alone, outside of every backup, to erase them again."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

_IDS = ("id", "tenant_id", "person_id")


def add(path: Path, erasures: Iterable[dict[str, Any]]) -> int:
    """Append the erasures that the file does not hold yet and return how many; they are on the disk when it returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        whole = [line for line in file if line.endswith("\n")]  # what a crash tore was never acknowledged
        file.truncate(len("".join(whole).encode()))
        held = {row["id"] for row in _rows(whole)}
        new = [row for row in erasures if row["id"] not in held]
        for row in new:
            file.write(json.dumps({name: str(value) for name, value in row.items()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def read(path: Path) -> list[dict[str, Any]]:
    """Return what the file holds, oldest first; nothing where there is none yet."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(_rows(file))


def _rows(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        if not line.endswith("\n"):
            return
        row = json.loads(line)
        yield {
            **row, **{name: UUID(row[name]) for name in _IDS}, "erased_at": datetime.fromisoformat(row["erased_at"]),
        }  # fmt: skip
