"""外部见证: who keeps our checkpoints outside, and what they signed of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session, new_id
from api.domain.witnessing import seen
from api.models import Organization, Tenant, Witness, WitnessedCheckpoint
from api.security import witness_key, witnessed
from api.services import changes
from api.services.places import place
from api.visibility import visible

_SHOWN = sa.select(
    Witness.id, Witness.version, Witness.state, Witness.name, Witness.organization_id, Witness.jwk, Witness.created_at,
    Witness.tenant_id, Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Witness.organization_id)  # fmt: skip
_SIGNED = sa.select(
    WitnessedCheckpoint.id, WitnessedCheckpoint.witness_id, Witness.name.label("witness"), WitnessedCheckpoint.size,
    WitnessedCheckpoint.root, WitnessedCheckpoint.signed, Witness.jwk, WitnessedCheckpoint.created_at,
).join(Witness, Witness.id == WitnessedCheckpoint.witness_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Register a witness with its public key. NotFound, Forbidden, SignatureRefused for a point off the curve."""
    node = place(session, actor, values["organization_id"], pointer="/organizationId")
    grant = require(actor, "witness.create", node.path)
    row = {
        "name": values["name"], "organization_id": node.id, "jwk": witness_key(values["key"].x, values["key"].y),
    }  # fmt: skip
    return changes.create(session, actor, Witness, "witness.create", row, at=node.id, grant=grant)


def end(session: Session, actor: Actor, witness_id: UUID) -> UUID:
    """End a witness: what it signs from now on is not taken; what it signed stays."""
    row = found(session.first(_SHOWN.where(visible(actor, Witness), Witness.id == witness_id)))
    grant = require(actor, "witness.end", row.path)
    changes.take(session, actor, Witness, row, "witness.end", at=row.organization_id, grant=grant)
    return witness_id


def sign(session: Session, actor: Actor, witness_id: UUID, signed: str) -> UUID:
    """Keep what a witness signed: its signature is its authority. A repeat returns what stands.

    A root that is not ours is kept as well; `audit verify` tells of it. NotFound for a witness that is none or has
    ended, SignatureRefused.
    """
    row = found(session.first(_SHOWN.where(Witness.id == witness_id, Witness.state == "active")))
    size, root = seen(witnessed(signed, row.jwk), row.tenant_id)
    said = (WitnessedCheckpoint.witness_id == witness_id, WitnessedCheckpoint.size == size)
    standing = sa.select(WitnessedCheckpoint.id).where(*said, WitnessedCheckpoint.root == root)
    stands = session.scalar(standing)
    if stands is not None:
        return stands
    fresh = {
        "id": new_id(), "tenant_id": row.tenant_id, "witness_id": witness_id, "size": size, "root": root,
        "signed": signed, "created_at": session.now,
    }  # fmt: skip
    session.insert_new(WitnessedCheckpoint, [fresh])
    stands = session.scalar(standing)
    if stands == fresh["id"]:  # of two at once the first told of it
        told = {"size": size, "root": root}
        by = replace(actor, person_id=witness_id, account_id=witness_id, tenant_id=row.tenant_id)
        changes.record(
            session, by, "witness.sign", "witness", witness_id, at=row.organization_id, written=fresh, details=told
        )
    return stands


def one(session: Session, actor: Actor, witness_id: UUID) -> dict[str, Any]:
    """Return one witness; NotFound where the actor may not know of it."""
    return _view(actor, found(session.first(_SHOWN.where(visible(actor, Witness), Witness.id == witness_id)))._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the witnesses within the actor's reach, the newest first."""
    statement = _SHOWN.where(visible(actor, Witness))
    page = paging.page(session, statement, Witness.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(actor, row) for row in page["items"]]
    return page


def countersignature(session: Session, _actor: Actor, signed_id: UUID) -> dict[str, Any]:
    """Return one thing that a witness signed; it is public."""
    return found(session.first(_SIGNED.where(WitnessedCheckpoint.id == signed_id)))._asdict()


def countersigned(session: Session, _actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of what a tenant's witnesses signed, the newest first; it is public. NotFound for another code."""
    tenant = found(session.first(sa.select(Tenant.id).where(Tenant.code == query.tenant)))
    statement = _SIGNED.where(WitnessedCheckpoint.tenant_id == tenant.id)
    if query.since is not None:
        statement = statement.where(WitnessedCheckpoint.size > query.since)
    return paging.page(session, statement, WitnessedCheckpoint.id, limit=query.limit, cursor=query.cursor)


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    steps = allowed(actor, "witness", row["state"], row["path"])
    return {**row, "allowed_actions": [step for step in steps if step == "witness.end"]}
