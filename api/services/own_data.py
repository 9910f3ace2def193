"""Everything about one person, out of every table: the rows about them whole, of what they did elsewhere only that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from api.access import Actor
from api.db import Session
from api.domain.looking import UNTOLD
from api.domain.person_columns import ABOUT, ACTING, is_secret
from api.models import AccessLog, AccessLogSubject, Allotment, Cycle, Disclosure, Opinion, Review, Ruling
from api.security import Sealed
from api.services.people import SEALED
from api.visibility.ruled import TOLD

_WHOLE = 1000  # rows that one statement brings at a time


_PUBLISHED = sa.select(Cycle.id).where(Cycle.state.in_(TOLD))
_CONFIDED = sa.select(Opinion.case_id).where(~Opinion.disclosed)
_WITHHELD: dict[str, Any] = {
    "opinions": Opinion.disclosed,
    "allotments": Allotment.cycle_id.in_(_PUBLISHED),
    "rulings": sa.and_(Ruling.state == "confirmed", Ruling.cycle_id.in_(_PUBLISHED)),
    "reviews": sa.or_(Review.round_kind != "opinion", Review.round_id.not_in(_CONFIDED)),
    "disclosures": Disclosure.purpose.not_in(UNTOLD),
    "access_log_subjects": AccessLogSubject.log_id.not_in(sa.select(AccessLog.id).where(AccessLog.purpose.in_(UNTOLD))),
}
"""Conditions under which a row is in somebody's copy: what a law lets be heard in confidence is not (PIPL §18).

What an office decides of a grade is in it from publication on.
"""


def leading(table: sa.Table, names: frozenset[str]) -> list[sa.Column[Any]]:
    """Return the columns of a table that lead to a person in one of these ways."""
    return [column for column in table.columns if column.name in names and isinstance(column.type, sa.Uuid)]


def tables() -> list[sa.Table]:
    """Return every table in which something may be about a person, in the order of references."""
    return [table for table in SQLModel.metadata.sorted_tables if leading(table, ABOUT | ACTING)]


def of_table(session: Session, actor: Actor, table: sa.Table) -> list[dict[str, Any]]:
    """Return the actor's rows of one table, opened, without keys and indexes and without the ids of other people."""
    mine = (actor.person_id, actor.account_id)
    about = [column.in_(mine) for column in leading(table, ABOUT)]
    if table.name == "people":
        about = [table.c.id == actor.person_id]
    rows = _rows(session, actor, table, about, _shown(table), _WITHHELD.get(table.name)) if about else []
    known = {row["id"] for row in rows if "id" in row}
    did = [column.in_(mine) for column in leading(table, ACTING)]
    if did:
        acts = _rows(session, actor, table, did, _of_an_act(table))
        rows += [row for row in acts if row.get("id") not in known]
    return [_plain(row, set(mine), table) for row in rows]


def _rows(
    session: Session, actor: Actor, table: sa.Table, conditions: list[Any], columns: list[Any], told: Any = None
) -> list[dict[str, Any]]:
    where = [table.c.tenant_id == actor.tenant_id] if "tenant_id" in table.c else []
    where += [] if told is None else [told]
    statement = sa.select(*columns).where(*where, sa.or_(*conditions)).order_by(*table.primary_key.columns)
    found = session.connection.execute(statement.execution_options(yield_per=_WHOLE))
    rows = [row._asdict() for row in found]
    return [_opened(session, row) for row in rows] if table.name == "people" else rows


def _shown(table: sa.Table) -> list[sa.Column[Any]]:
    own = {*SEALED, "wrapped_key"} if table.name == "people" else set()
    return [
        column
        for column in table.columns
        if column.name in own or not (is_secret(column.name) or column.name == "tenant_id" or _is_bytes(column))
    ]


def _of_an_act(table: sa.Table) -> list[sa.Column[Any]]:
    """Return what an act tells of who did it and of nobody else: which row, which step, when."""
    told = {"id", "kind", "state", "created_at", "recorded_at", "at", *(each.name for each in leading(table, ACTING))}
    return [column for column in table.columns if column.name in told]


def _is_bytes(column: sa.Column[Any]) -> bool:
    sealed = column.type
    return sealed.kind == "bytes" if isinstance(sealed, Sealed) else isinstance(sealed, sa.LargeBinary)


def _opened(session: Session, row: dict[str, Any]) -> dict[str, Any]:
    key = row.pop("wrapped_key")
    return row | {name: session.vault.open(key, row["id"], name, row[name]) for name in SEALED}


def _plain(row: dict[str, Any], mine: set[UUID], table: sa.Table) -> dict[str, Any]:
    """Leave out the ids of others: who handled a case is not the asker's data."""
    others = {column.name for column in leading(table, ABOUT | ACTING)}
    return {name: value for name, value in row.items() if value is not None and (name not in others or value in mine)}
