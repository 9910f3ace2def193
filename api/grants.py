"""Grants in force: who is active, with which roles at which nodes, on the tenant's own day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.db import Session
from api.models import Affiliation, Grant, Organization, OrganizationLink, Person, SignIn, Tenant

HOLDS = ("active", "accepted")  # states of an affiliation on which a grant can hang
_held = sa.orm.aliased(Affiliation, name="held")
_covered = sa.orm.aliased(Organization, name="covered")


def _about_now(table: Any) -> sa.ColumnElement[bool]:
    still = sa.or_(table.valid_to.is_(None), table.valid_to > sa.bindparam("earliest"))
    return sa.and_(table.valid_from <= sa.bindparam("latest"), still)


_COVERS = sa.and_(
    OrganizationLink.tenant_id == Grant.tenant_id,  # the index begins with the tenant: without it all links are read
    OrganizationLink.from_id == Grant.organization_id,
    OrganizationLink.kind == "covers",
    _about_now(OrganizationLink),
)


def _statement(source: Any, key: Any) -> sa.Select[Any]:
    """Return one row for each grant of the active people in `source`, marked with the `key` they were asked by."""
    return (
        sa.select(
            key.label("key"), Person.id, Person.account_id, Person.tenant_id, Tenant.zone, Grant.role,
            Grant.id.label("grant_id"), Grant.organization_id, Grant.valid_from, Grant.valid_to, Organization.path,
            OrganizationLink.valid_from.label("covered_from"), OrganizationLink.valid_to.label("covered_to"),
            _covered.path.label("covered_path"), Grant.affiliation_id, _held.state.label("held_state"),
            _held.valid_from.label("held_from"), _held.valid_to.label("held_to"),
        )
        .select_from(source)
        .join(Tenant, Tenant.id == Person.tenant_id)
        .outerjoin(Grant, sa.and_(Grant.person_id == Person.id, Grant.state == "active", _about_now(Grant)))
        .outerjoin(_held, _held.id == Grant.affiliation_id)
        .outerjoin(Organization, Organization.id == Grant.organization_id)
        .outerjoin(OrganizationLink, _COVERS)
        .outerjoin(_covered, _covered.id == OrganizationLink.to_id)
        .where(key.in_(sa.bindparam("keys", expanding=True)), Person.state == "active")
    )  # fmt: skip


_OF_PEOPLE = _statement(Person, Person.id)
_OF_SIGN_INS = _statement(sa.orm.join(SignIn, Person, Person.id == SignIn.person_id), SignIn.id).where(
    SignIn.state == "active"
)


def active(session: Session, people: Iterable[UUID]) -> Iterator[tuple[Any, list[str]]]:
    """Yield each active person's row, once for each grant, with the paths that the grant reaches today; one statement.

    `key` is the person's id. A path is the node's own, or of a node that it covers. Who has no grant in force comes
    with no path. The statement knows no time zones: it takes a day more on either side, and the tenant's own day
    decides here.
    """
    return _today(session, _OF_PEOPLE, people)


def signed_in(session: Session, sign_ins: Iterable[UUID]) -> Iterator[tuple[Any, list[str]]]:
    """Yield the same for the people of sign-ins that have not ended; `key` is the sign-in's id."""
    return _today(session, _OF_SIGN_INS, sign_ins)


def _today(session: Session, statement: sa.Select[Any], keys: Iterable[UUID]) -> Iterator[tuple[Any, list[str]]]:
    around = {
        "earliest": (session.now - timedelta(hours=12)).date(), "latest": (session.now + timedelta(hours=14)).date(),
    }  # fmt: skip
    for row in session.rows(statement, {"keys": sorted(keys), **around}):
        today = session.now.astimezone(ZoneInfo(row.zone)).date()
        paths = []
        if row.role is not None and _holds(today, row.valid_from, row.valid_to) and _is_still_held(today, row):
            paths.append(row.path)
            if row.covered_path is not None and _holds(today, row.covered_from, row.covered_to):
                paths.append(row.covered_path)
        yield row, paths


def _is_still_held(today: date, row: Any) -> bool:
    """Say whether the affiliation on which a grant hangs is in force; whatever ended it, the grant opens nothing."""
    if row.affiliation_id is None:
        return True
    return row.held_state in HOLDS and _holds(today, row.held_from, row.held_to)


def _holds(day: date, begins: date, ends: date | None) -> bool:
    return begins <= day and (ends is None or day < ends)
