"""Jobs that an office notes and ends: grants hang on them, and whoever leaves loses at once what came with one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain.steps import TABLES
from api.errors import Conflict, NotFound
from api.models import Affiliation, Organization, Person
from api.services import changes, grant_ends
from api.services.days import today
from api.services.places import governed
from api.visibility import JOBS, visible

ENDED_HERE = (*JOBS, "employment", "contact", "reserve", "team")


class EndsOtherwise(Conflict):
    """An affiliation of this kind has steps of its own."""

    code = "affiliation_ends_otherwise"
    zh, en = "此类隶属（{kind}）另有办理步骤", "An affiliation of the kind {kind} has steps of its own"


_SHOWN = sa.select(
    Affiliation.id, Affiliation.version, Affiliation.state, Affiliation.person_id, Affiliation.organization_id,
    Affiliation.kind, Affiliation.valid_from, Affiliation.valid_to, Affiliation.reason,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Affiliation.organization_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Relate a person to an organisation as its staff, committee member, posted or seconded; from today or a day on."""
    node, grant = governed(session, actor, "affiliation.create", values["organization_id"], pointer="/organizationId")
    known = sa.select(Person.id).where(
        Person.tenant_id == actor.tenant_id, Person.id == values["person_id"], Person.state == "active"
    )
    if session.first(known) is None:
        raise NotFound(pointer="/personId")
    row = {
        "person_id": values["person_id"], "organization_id": node.id, "kind": values["kind"],
        "valid_from": values["valid_from"] or today(session, actor.tenant_id), "valid_to": None, "basis": None,
        "principal": False, "roster_number": None, "reason": None, "replaces_id": None, "details": {},
    }  # fmt: skip
    return changes.create(session, actor, Affiliation, "affiliation.create", row, at=node.id, grant=grant)


def end(session: Session, actor: Actor, affiliation_id: UUID, reason: str) -> UUID:
    """End an affiliation today, and in the same transaction every grant that hangs on it."""
    row = _find(session, actor, affiliation_id)
    grant = require(actor, "affiliation.end", row.path)
    if row.kind not in ENDED_HERE:
        raise EndsOtherwise(kind=row.kind)
    values = {"reason": reason, "valid_to": today(session, actor.tenant_id)}
    changes.take(session, actor, Affiliation, row, "affiliation.end", values, at=row.organization_id, grant=grant)
    grant_ends.end_with(session, actor, [affiliation_id], reason)
    return affiliation_id


def one(session: Session, actor: Actor, affiliation_id: UUID) -> dict[str, Any]:
    """Return one affiliation as it stands for this actor; NotFound where they may not know of it."""
    row = _find(session, actor, affiliation_id)
    may = row.kind in ENDED_HERE and actor.grant_for("affiliation.end", row.path) is not None
    steps = [step for step in TABLES["affiliation"].allowed(row.state) if step == "affiliation.end" and may]
    return {**row._asdict(), "allowed_actions": steps}


def _find(session: Session, actor: Actor, affiliation_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Affiliation), Affiliation.id == affiliation_id)))
