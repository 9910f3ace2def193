"""Grants in force: who is active, with which roles at which nodes, on the tenant's own day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.db import Session
from api.models import Affiliation, ApiClient, ApiKey, Grant, Organization, OrganizationLink, Person, SignIn, Tenant

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


def _statement(source: Any, key: Any, who: Any, keys: str, *, alone: bool = False) -> sa.Select[Any]:
    """Return one row for each grant of the active people or clients in `source`, marked with the key asked by.

    The parameter `keys` is a list of keys, or one key `alone`: whose text is always the same, so that it is not made
    out anew at every request.
    """
    asked = key == sa.bindparam(keys) if alone else key.in_(sa.bindparam(keys, expanding=True))
    person = who is Person
    account, scope = (Person.account_id, sa.null()) if person else (ApiClient.id, ApiClient.scope)
    holder = Grant.person_id if person else Grant.client_id
    return (
        sa.select(
            key.label("key"), who.id, account.label("account_id"), who.tenant_id,
            sa.cast(scope, sa.String).label("scope"), Tenant.zone, Grant.role, Grant.id.label("grant_id"),
            Grant.organization_id, Grant.valid_from, Grant.valid_to, Organization.path,
            OrganizationLink.valid_from.label("covered_from"), OrganizationLink.valid_to.label("covered_to"),
            _covered.path.label("covered_path"), Grant.affiliation_id, _held.state.label("held_state"),
            _held.valid_from.label("held_from"), _held.valid_to.label("held_to"),
        )
        .select_from(source)
        .join(Tenant, Tenant.id == who.tenant_id)
        .outerjoin(Grant, sa.and_(holder == who.id, Grant.state == "active", _about_now(Grant)))
        .outerjoin(_held, _held.id == Grant.affiliation_id)
        .outerjoin(Organization, Organization.id == Grant.organization_id)
        .outerjoin(OrganizationLink, _COVERS)
        .outerjoin(_covered, _covered.id == OrganizationLink.to_id)
        .where(asked, who.state == "active")
    )  # fmt: skip


_OF_PEOPLE = _statement(Person, Person.id, Person, "keys")
_OF_CLIENTS = _statement(ApiClient, ApiClient.id, ApiClient, "keys")
_SIGNED_IN = sa.orm.join(SignIn, Person, Person.id == SignIn.person_id)
_BY_SIGN_IN = _statement(_SIGNED_IN, SignIn.id, Person, "sign_ins").where(SignIn.state == "active")
_BY_ONE = _statement(_SIGNED_IN, SignIn.id, Person, "sign_in", alone=True).where(SignIn.state == "active")
_BY_KEY = _statement(
    sa.orm.join(ApiKey, ApiClient, ApiClient.id == ApiKey.client_id), ApiKey.id, ApiClient, "api_keys"
).where(ApiKey.state == "active")
_BY_EITHER = sa.union_all(_BY_SIGN_IN, _BY_KEY)


def active(session: Session, people: Iterable[UUID]) -> Iterator[tuple[Any, list[str]]]:
    """Yield each active person's row, once for each grant, with the paths that the grant reaches today; one statement.

    `key` is the person's id. A path is the node's own, or of a node that it covers. Who has no grant in force comes
    with no path. The statement knows no time zones: it takes a day more on either side, and the tenant's own day
    decides here.
    """
    return _today(session, _OF_PEOPLE, {"keys": sorted(people)})


def clients(session: Session, ids: Iterable[UUID]) -> Iterator[tuple[Any, list[str]]]:
    """Yield the same for active API clients; a client stands for itself as its account, and has a `scope`."""
    return _today(session, _OF_CLIENTS, {"keys": sorted(ids)})


def signed_in(
    session: Session, sign_ins: Collection[UUID], api_keys: Collection[UUID]
) -> Iterator[tuple[Any, list[str]]]:
    """Yield the same for sign-ins and clients' keys that have not ended, by the id of either; one statement for both.

    At least one of the two is given.
    """
    if len(sign_ins) == 1 and not api_keys:  # nearly every request
        return _today(session, _BY_ONE, {"sign_in": next(iter(sign_ins))})
    given = {"sign_ins": sorted(sign_ins), "api_keys": sorted(api_keys)}
    statement = _BY_EITHER if sign_ins and api_keys else _BY_SIGN_IN if sign_ins else _BY_KEY
    return _today(session, statement, {name: ids for name, ids in given.items() if ids})


def _today(session: Session, statement: Any, keys: dict[str, Any]) -> Iterator[tuple[Any, list[str]]]:
    around = {
        "earliest": (session.now - timedelta(hours=12)).date(), "latest": (session.now + timedelta(hours=14)).date(),
    }  # fmt: skip
    for row in session.rows(statement, {**keys, **around}):
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
