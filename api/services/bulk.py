"""Inserts very many rows by the fastest way that each database's driver has, in the session's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import uuid_utils

from api.db import Session
from api.security import sealed_columns

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
COPIED = 20_000  # rows that are joined into one text for COPY: a few megabytes


def new_ids(count: int) -> list[str]:
    """Return new ids that sort by time, as text: objects would cost more than the insert."""
    make = uuid_utils.uuid7
    return [make().hex for _ in range(count)]


def insert_many(
    session: Session, table: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], **same: Any
) -> None:
    """Insert rows of text, whole numbers and None, ids and JSON as text; `same` are columns with one value for all.

    What stands in a sealed column is sealed for its row, given plain: `id` is among the columns then, and the tenant
    in `same`. About a third of the time of the same rows as dictionaries. A double raises, as any insert does.
    """
    _insert(session, table, columns, rows, same, "")


def insert_many_new(
    session: Session, table: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], **same: Any
) -> None:
    """Insert rows as `insert_many` does, but pass over those of which a double stands."""
    _insert(session, table, columns, rows, same, " ON CONFLICT DO NOTHING")


def _insert(
    session: Session, table: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], same: dict[str, Any],
    doubles: str,
) -> None:  # fmt: skip
    if not rows:
        return
    rows = _sealed(session, table, columns, rows, same)
    tail = tuple(_plain(value, session.dialect) for value in same.values())
    name, names = table.__tablename__, ", ".join((*columns, *same))
    if session.dialect == "sqlite":
        marks = ", ".join("?" * (len(columns) + len(same)))
        statement = f"INSERT INTO {name} ({names}) VALUES ({marks}){doubles}"  # noqa: S608 - declared names
        session.connection.exec_driver_sql(statement, [row + tail for row in rows])
        return
    ending = "".join("\t" + _copied(value) for value in tail) + "\n"
    cursor = session.connection.connection.cursor()
    # COPY does not go through row-level security: the rows wait beside the table and pass the wall as an INSERT.
    cursor.execute(f"CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT {names} FROM {name} WITH NO DATA")  # noqa: S608
    with cursor.copy(f"COPY copied ({names}) FROM STDIN") as copy:
        for start in range(0, len(rows), COPIED):
            lines = ["\t".join(map(_copied, row)) for row in rows[start : start + COPIED]]
            copy.write(ending.join(lines) + ending)
    cursor.execute(f"INSERT INTO {name} ({names}) SELECT {names} FROM copied{doubles}")  # noqa: S608 - declared names
    cursor.execute("DROP TABLE copied")


def _sealed(
    session: Session, table: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], same: dict[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """Return the rows with their sealed columns sealed, each for its own row."""
    kinds = dict(sealed_columns(table))
    if refused := sorted(kinds.keys() & same.keys() | {key for key in kinds.keys() & {*columns} if kinds[key].indexed}):
        raise TypeError(f"{refused[0]} is sealed row by row, with its index")
    for key in kinds.keys() & {*columns}:
        at, number, seal = columns.index(key), columns.index("id"), kinds[key].sealer(session.vault, same["tenant_id"])
        rows = [(*row[:at], seal(bytes.fromhex(row[number]), row[at]), *row[at + 1 :]) for row in rows]
    return rows


def _copied(value: str | int | bytes | None) -> str:
    if value is None:
        return "\\N"
    if type(value) is bytes:
        return "\\\\x" + value.hex()
    text = value if type(value) is str else str(value)
    return text if text.isalnum() else text.translate(_ESCAPES)


def moment(value: datetime, dialect: str) -> str:
    """Return an instant as a column of a row of `insert_many` stores it."""
    utc = value.astimezone(UTC)
    return (utc.replace(tzinfo=None) if dialect == "sqlite" else utc).isoformat(" ", "microseconds")


def _plain(value: Any, dialect: str) -> str | int | None:
    """Return a value as its column stores it, the way the declared types of the models do."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return moment(value, dialect)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value
