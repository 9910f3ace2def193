"""投诉、建议和个人信息请求 of anybody, also without an account: filed, followed by number and secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.kind_labels import kind_label
from api.domain.labels import state_label
from api.errors import Invalid, NotFound
from api.models import NOBODY, Case, ComplaintTicket, Organization, Tenant
from api.services import cases, changes, offices
from api.services.days import today

AT_ONCE = 200
_TRACKED = (
    sa.select(
        ComplaintTicket.number, ComplaintTicket.secret_hash, ComplaintTicket.tenant_id, Case.kind, Case.state,
        Case.due_on, Case.answer, Case.created_at, Case.facts, Organization.name.label("organization_name"),
    )
    .join(Case, Case.id == ComplaintTicket.case_id)
    .join(Organization, Organization.id == Case.organization_id)
    .where(ComplaintTicket.number == sa.bindparam("number"))
)  # fmt: skip
_LATE = ("open", "assigned", "reopened")


class WhichPlace(Invalid):
    """Neither an office nor a city is named, and there are several cities."""

    code, zh, en = "which_place", "请写明受理的组织或城市代码", "Name the office, or the code of the city"


def file(
    session: Session, _actor: Actor, values: dict[str, Any], key: str | None, fingerprint: str | None
) -> dict[str, Any]:
    """Open a case for somebody who says not who they are; return the number and the secret to follow it by.

    A repeat with the same Idempotency-Key and request returns the same two; without a key every call is a case of its
    own. A contact is shown to who handles the case and to nobody else. NotFound, NoOfficeAbove, WhichPlace.
    """
    actor = Actor(NOBODY, NOBODY, _tenant(session, values))
    office_id = values["organization_id"] or offices.highest(session, actor)
    office = offices.office_for(session, actor, office_id, values["about_id"])
    number, secret = _ticket(session, actor, key, fingerprint)
    facts = {name: values[name] for name in ("contact",) if values[name] is not None}
    asked = {
        "kind": values["kind"], "organization_id": office.id, "reason": values["text"], "facts": facts,
        "subject_kind": "organization", "subject_id": values["about_id"], "source": f"complaint:{number}",
    }  # fmt: skip
    case_id = cases.open_case(session, actor, **asked)
    ticket = {
        "id": new_id(), "tenant_id": actor.tenant_id, "case_id": case_id, "number": number,
        "secret_hash": _hashed(secret), "created_at": session.now,
    }  # fmt: skip
    session.insert_new(ComplaintTicket, [ticket])
    return {**track(session, actor, number, secret), "secret": secret}


def track(session: Session, _actor: Actor, number: str, secret: str) -> dict[str, Any]:
    """Return how a case stands, its clock and its answer; NotFound alike for a wrong number and a wrong secret."""
    row = session.first(_TRACKED, {"number": number})
    if not hmac.compare_digest(row.secret_hash if row else _hashed("no such number"), _hashed(secret)) or row is None:
        raise NotFound
    return {
        "number": number, "kind": row.kind, "kind_label": kind_label("case.kind", row.kind), "state": row.state,
        "state_label": state_label("case", row.state), "organization_name": row.organization_name,
        "created_at": row.created_at, "due_on": row.due_on, "answer": row.answer, "outcome": row.facts.get("outcome"),
        "late": row.state in (*_LATE, "escalated") and row.due_on < today(session, row.tenant_id),
    }  # fmt: skip


def escalate_due(session: Session, actor: Actor) -> int:
    """Call the office above to each case that is late, some at a time; return how many. A repeat finds none of them."""
    day = today(session, actor.tenant_id)
    late = sa.select(Case.id, Case.state, Case.version, Case.organization_id).where(
        Case.tenant_id == actor.tenant_id, Case.state.in_(_LATE), Case.due_on < day
    )
    rows = session.rows(late.order_by(Case.id).limit(AT_ONCE).with_for_update())
    for row in rows:
        changes.take(session, actor, Case, row, "case.escalate", at=row.organization_id)
    return len(rows)


def _tenant(session: Session, values: dict[str, Any]) -> UUID:
    if values["organization_id"] is not None:
        named = sa.select(Organization.tenant_id).where(Organization.id == values["organization_id"])
        tenant = session.scalar(named)
        if tenant is None:
            raise NotFound(pointer="/organizationId")
        return tenant
    statement = sa.select(Tenant.id)
    if values["tenant"] is not None:
        statement = statement.where(Tenant.code == values["tenant"])
    found = session.rows(statement.order_by(Tenant.id).limit(2))
    if len(found) != 1:
        raise WhichPlace(pointer="/organizationId")
    return found[0].id


def _ticket(session: Session, actor: Actor, key: str | None, fingerprint: str | None) -> tuple[str, str]:
    """Return a number and a secret: random, or for a request with a key the same at every repeat."""
    seed = secrets.token_hex(32)
    if key is not None:
        seed = session.vault.index(actor.tenant_id, "complaint", f"{key}\n{fingerprint}")
    number, secret = (
        base64.b32encode(hashlib.sha256(f"{part}:{seed}".encode()).digest()).decode() for part in ("number", "secret")
    )
    return f"TS-{number[:12]}", secret[:20]


def _hashed(secret: str) -> str:
    return hashlib.sha256(f"complaint:{secret}".encode()).hexdigest()
