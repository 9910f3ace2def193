"""The one list style: a keyset over (sort column, id), an opaque cursor, no counting and no offsets."""

from __future__ import annotations

import base64
import binascii
import json
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
    if cursor is not None:
        last = decode(cursor)
        statement = statement.where(key < last if newest_first else key > last)
    statement = statement.order_by(key.desc() if newest_first else key.asc()).limit(limit + 1)
    rows = session.rows(statement)
    items = [row._asdict() for row in rows[:limit]]
    more = encode(items[-1].get(key.key) or items[-1]["id"]) if len(rows) > limit else None
    return {"items": items, "next_cursor": more}


def encode(last: UUID) -> str:
    """Return the cursor that continues after this id."""
    return base64.urlsafe_b64encode(json.dumps([last.hex]).encode()).decode().rstrip("=")


def decode(cursor: str) -> UUID:
    """Return the id that a cursor continues after; BadCursor for anything that `encode` did not make."""
    try:
        (text,) = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        last = UUID(hex=text)
    except (binascii.Error, ValueError, TypeError, AttributeError) as why:
        raise BadCursor(pointer="?cursor") from why
    if encode(last) != cursor:
        raise BadCursor(pointer="?cursor")
    return last
