"""People: kept once, encrypted under a key of their own, found by blind index, related to organisations by dates."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, within
from api.db import Session, new_id
from api.domain.cell_values import found_as
from api.models import Affiliation, Grant, Identity, Organization, Person, PersonStatus
from api.services import changes
from api.services.days import today
from api.visibility import DISPUTED, visible

SEALED = ("name", "phone", "id_number")


def person_row(session: Session, actor: Actor, plain: dict[str, str | None]) -> dict[str, Any]:
    """Return a new person as a row: what is personal sealed under a new key and indexed blind."""
    person_id = new_id()
    key = session.vault.new_key(person_id)
    row: dict[str, Any] = {
        "id": person_id, "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "state": "active",
        "account_id": new_id(), "wrapped_key": key,
    }  # fmt: skip
    for column in SEALED:
        text = plain.get(column)
        row[column] = None if text is None else session.vault.seal(key, person_id, column, text)
        row[f"{column}_index"] = None if text is None else index_of(session, actor.tenant_id, column, text)
    return row


def index_of(session: Session, tenant_id: UUID, column: str, text: str) -> str:
    """Return the blind index of a `name`, `phone` or `id_number`: the same however it is typed."""
    return session.vault.index(tenant_id, column, found_as(column, text))


def add(
    session: Session, actor: Actor, plain: dict[str, str | None], statuses: dict[str, str] | None = None, *, since: date
) -> UUID:
    """Keep a person (`name`, `phone`, `id_number`) with dated statuses such as `political_status`; return the id."""
    row = person_row(session, actor, plain)
    session.insert(Person, [row])
    session.insert(
        PersonStatus, [status_row(actor, row["id"], kind, value, since) for kind, value in (statuses or {}).items()]
    )
    changes.record(session, actor, "person.create", "person", row["id"], at=None, written=row)
    return row["id"]


def status_row(actor: Actor, person_id: UUID, kind: str, value: str, since: date) -> dict[str, Any]:
    """Return a dated status as a row."""
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": person_id, "kind": kind, "value": value,
        "valid_from": since, "valid_to": None,
    }  # fmt: skip


def affiliation_row(
    session: Session, actor: Actor, person_id: UUID, organization_id: UUID, kind: str, **more: Any
) -> dict[str, Any]:
    """Return a new affiliation as a row.

    `since`, `state`, `basis`, `principal`, `roster_number`, `replaces_id` and `details` may be given.
    """
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "person_id": person_id,
        "organization_id": organization_id, "kind": kind,
        "valid_from": more.get("since") or today(session, actor.tenant_id),
        "valid_to": None, "basis": more.get("basis"), "state": more.get("state", "active"),
        "principal": more.get("principal", False),
        "roster_number": more.get("roster_number"), "reason": None, "replaces_id": more.get("replaces_id"),
        "details": more.get("details") or {},
    }  # fmt: skip


def affiliate(session: Session, actor: Actor, person_id: UUID, organization_id: UUID, kind: str, **more: Any) -> UUID:
    """Relate a person to an organisation from a day on; return the affiliation's id."""
    row = affiliation_row(session, actor, person_id, organization_id, kind, **more)
    session.insert(Affiliation, [row])
    changes.record(session, actor, "affiliation.create", "affiliation", row["id"], at=organization_id, written=row)
    return row["id"]


def grant(
    session: Session, actor: Actor, person_id: UUID, role: str, organization_id: UUID, *, since: date | None = None
) -> UUID:
    """Give a person a role at a node; return the grant's id."""
    values = {
        "role": role, "state": "active", "person_id": person_id, "client_id": None,
        "organization_id": organization_id, "affiliation_id": None, "given_by": actor.person_id,
        "valid_from": since or today(session, actor.tenant_id), "valid_to": None,
    }  # fmt: skip
    row = {"id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, **values}
    session.insert(Grant, [row])
    changes.record(session, actor, "grant.create", "grant", row["id"], at=organization_id, written=row)
    return row["id"]


def claim(session: Session, actor: Actor, person_id: UUID, provider: str, subject: str) -> None:
    """Let a way in speak for a person; a repeat changes nothing."""
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": person_id, "provider": provider, "subject": subject,
        "created_at": session.now,
    }  # fmt: skip
    session.insert_new(Identity, [row])


def subject_index(session: Session, tenant_id: UUID, subject: str) -> str:
    """Return the blind index under which an identity is found by what its provider calls somebody."""
    return session.vault.index(tenant_id, "identities.subject", subject)


def account_of(session: Session, person_id: UUID) -> UUID:
    """Return the pseudonym under which a person's facts and entries stand."""
    return session.scalar(sa.select(Person.account_id).where(Person.id == person_id))


_SHOWN = sa.select(
    Person.id, Person.version, Person.state, Person.wrapped_key, Person.name, Person.phone, Person.created_at
)


def one(session: Session, actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Return one person as the actor may know them; NotFound where they may not."""
    row = found(session.first(_SHOWN.where(visible(actor, Person), Person.id == person_id)))
    return _views(session, actor, [row._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the people within the actor's reach; by exact name, or by a place within that reach."""
    statement = _SHOWN.where(visible(actor, Person))
    if query.name is not None:
        index = index_of(session, actor.tenant_id, "name", query.name)
        statement = statement.where(Person.name_index == index)
    if query.organization_id is not None:
        # Asked of a place beyond one's reach, such as a branch, the list would say who belongs there.
        of = sa.select(Affiliation.person_id).where(
            Affiliation.organization_id == query.organization_id,
            Affiliation.valid_to.is_(None),
            within(actor, "person.read", Affiliation.organization_id),
        )
        statement = statement.where(Person.id.in_(of))
    page = paging.page(session, statement, Person.id, limit=query.limit, cursor=query.cursor)
    page["items"] = _views(session, actor, page["items"])
    return page


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Open what the actor may read of these people: whole names for who works with them, a masked one for others."""
    ids = [row["id"] for row in rows]
    held = sa.select(
        Affiliation.person_id, Affiliation.kind, Affiliation.state, Affiliation.roster_number, Affiliation.valid_from,
        Affiliation.organization_id, Organization.name.label("organization_name"), Organization.path,
    ).join(Organization, Organization.id == Affiliation.organization_id).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id.in_(ids), Affiliation.valid_to.is_(None),
    )  # fmt: skip
    statuses = sa.select(PersonStatus.person_id, PersonStatus.kind, PersonStatus.value).where(
        PersonStatus.person_id.in_(ids), PersonStatus.valid_to.is_(None)
    )
    belongings: dict[UUID, list[dict[str, Any]]] = {}
    for row in session.rows(held.order_by(Affiliation.id)):
        belongings.setdefault(row.person_id, []).append(row._asdict())
    standing: dict[UUID, dict[str, str]] = {}
    for person_id, kind, value in session.rows(statuses):
        standing.setdefault(person_id, {})[kind] = value
    return [_view(session, actor, row, belongings.get(row["id"], []), standing.get(row["id"], {})) for row in rows]


def _view(
    session: Session, actor: Actor, row: dict[str, Any], belongings: list[dict[str, Any]], statuses: dict[str, str]
) -> dict[str, Any]:
    own = row["id"] == actor.person_id
    mine = [one for one in belongings if own or actor.grant_for("person.read", one["path"]) is not None]
    works_with = own or any(
        actor.only(role).grant_for("person.read", one["path"]) is not None
        for one in mine
        if one["state"] != DISPUTED
        for role in ("liaison", "community_worker")
    )
    statuses = _told(statuses, own, mine)
    session.look([row["id"]], [*(["name"] if works_with else []), *sorted(statuses)], "roster")
    name = session.vault.open(row["wrapped_key"], row["id"], "name", row["name"])
    phone = session.vault.open(row["wrapped_key"], row["id"], "phone", row["phone"])
    return {
        "id": row["id"], "version": row["version"], "state": row["state"], "allowed_actions": [],
        "name": name if works_with or not name else masked_name(name),
        "phone": masked_phone(phone) if works_with and phone else None,
        "statuses": statuses, "affiliations": mine,
    }  # fmt: skip


def _told(statuses: dict[str, str], own: bool, mine: list[dict[str, Any]]) -> dict[str, str]:
    """Leave out Party standing where the actor is neither the person's employer, branch nor community of registration.

    Another employer to which somebody is posted, or a community where they help, is told nothing of it.
    """
    knows = {one["kind"] for one in mine if one["state"] in ("active", "submitted", "accepted")}
    if own or knows & {"employment", "party_relation", "registration"}:
        return statuses
    return {kind: value for kind, value in statuses.items() if kind != "political_status"}


def masked_name(name: str) -> str:
    """Return a name of which only the first sign shows: 王*."""
    return f"{name[:1]}*"


def masked_phone(phone: str) -> str:
    """Return a phone of which the middle is hidden, without China's prefix: 138****0001."""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}"
