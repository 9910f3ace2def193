"""The one list style: a keyset over (sort column, id), an opaque cursor, no counting and no offsets."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.errors import Invalid


class BadCursor(Invalid):
    """The cursor was not given out by this list."""

    code, zh, en = "bad_cursor", "翻页游标无效", "This cursor was not given out by this list"


def page(
    session: Session, statement: sa.Select[Any], key: Any, *, limit: int, cursor: str | None, newest_first: bool = True
) -> dict[str, Any]:
    """Return one page of `statement` as `{items, next_cursor}`, ordered by the id column `key`.

    Ids sort by time, so that the order is stable and needs no second column. Rows come as dictionaries of the columns;
    `key` is one of them, or equal to their `id`.
    """
    after, ring = decode(cursor)
    if ring is not None:
        raise BadCursor(pointer="?cursor")
    rows = _rows(session, statement, key, limit + 1, after, newest_first=newest_first)
    more = encode(_id_of(rows[limit - 1], key)) if len(rows) > limit else None
    return {"items": rows[:limit], "next_cursor": more}


def page_by_rings(
    session: Session,
    statement: sa.Select[Any],
    key: Any,
    rings: Iterable[tuple[int, sa.ColumnElement[bool]]],
    *,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """Return one page of what lies in `rings`, (number, condition) in order, and within a ring newest first.

    Each ring is asked for only when those before it did not fill the page. Items say their ring as `ring`.
    """
    after, begin = decode(cursor)
    if (after is None) != (begin is None):
        raise BadCursor(pointer="?cursor")
    items: list[dict[str, Any]] = []
    for number, lies_in_it in rings:
        if begin is not None and number < begin:
            continue
        last = after if number == begin else None
        rows = _rows(session, statement.where(lies_in_it), key, limit + 1 - len(items), last)
        items += [{**row, "ring": number} for row in rows]
        if len(items) > limit:
            last_shown = items[limit - 1]
            return {"items": items[:limit], "next_cursor": encode(_id_of(last_shown, key), last_shown["ring"])}
    return {"items": items, "next_cursor": None}


def encode(last: UUID, ring: int | None = None) -> str:
    """Return the cursor that continues after this id, of a list by rings within this one."""
    told = [last.hex] if ring is None else [last.hex, ring]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def decode(cursor: str | None) -> tuple[UUID | None, int | None]:
    """Return the id and ring that a cursor continues after; BadCursor for anything that `encode` did not make."""
    if cursor is None:
        return None, None
    try:
        told = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        text, ring = told if len(told) == 2 else (*told, None)
        last = UUID(hex=text)
        if type(ring) not in (int, type(None)) or encode(last, ring) != cursor:
            raise BadCursor(pointer="?cursor")
    except (binascii.Error, ValueError, TypeError, AttributeError) as why:
        raise BadCursor(pointer="?cursor") from why
    return last, ring


def _rows(
    session: Session, statement: sa.Select[Any], key: Any, limit: int, after: UUID | None, *, newest_first: bool = True
) -> list[dict[str, Any]]:
    if after is not None:
        statement = statement.where(key < after if newest_first else key > after)
    ordered = statement.order_by(key.desc() if newest_first else key.asc()).limit(limit)
    return [row._asdict() for row in session.rows(ordered)]


def _id_of(item: dict[str, Any], key: Any) -> UUID:
    return item.get(key.key) or item["id"]
