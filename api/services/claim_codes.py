"""认领码: one-time codes that a roster's keeper hands to a person, who then claims their record with them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, within
from api.db import Session
from api.domain.claims import CODE_DAYS, Code, PowerNeedsMore, code_of, has_power
from api.errors import Forbidden
from api.models import Affiliation, ClaimCode, Grant, Organization, Person
from api.services import changes
from api.visibility import DISPUTED, visible

_SHOWN = sa.select(
    ClaimCode.id, ClaimCode.version, ClaimCode.state, ClaimCode.person_id, ClaimCode.organization_id, ClaimCode.tries,
    ClaimCode.expires_at, ClaimCode.created_at, Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == ClaimCode.organization_id)  # fmt: skip


def new_code() -> Code:
    """Return a code of 60 random bits."""
    return code_of(secrets.token_bytes(12))


def secret_hash(session: Session, tenant_id: UUID, secret: str) -> str:
    """Return what is kept of a code's secret part: a keyed hash, for so few signs are guessed from a plain one."""
    return session.vault.index(tenant_id, "claim_codes.secret", secret)


def issue(session: Session, actor: Actor, person_id: UUID, code: Code) -> UUID:
    """Give a person of the actor's roster a code for seven days; an earlier one is revoked. Return its id.

    NotFound, Forbidden where the person stands on none of the actor's rosters, PowerNeedsMore for who holds a role.
    """
    found(session.first(sa.select(Person.id).where(visible(actor, Person), Person.id == person_id)))
    roster = session.rows(
        sa.select(Affiliation.organization_id, Organization.path)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .where(
            Affiliation.tenant_id == actor.tenant_id,
            Affiliation.person_id == person_id,
            Affiliation.valid_to.is_(None),
            Affiliation.state != DISPUTED,
        )
        .order_by(Affiliation.id)
    )
    held = [(row.organization_id, actor.grant_for("claim_code.create", row.path)) for row in roster]
    at, grant = next((pair for pair in held if pair[1] is not None), (None, None))
    if at is None:
        raise Forbidden(step="claim_code.create")
    _require_powerless(session, person_id)
    _revoke_earlier(session, actor, person_id)
    values = {
        "person_id": person_id, "organization_id": at, "selector": code.selector, "tries": 0,
        "secret_hash": secret_hash(session, actor.tenant_id, code.secret), "issued_by": actor.person_id,
        "expires_at": session.now + timedelta(days=CODE_DAYS),
    }  # fmt: skip
    return changes.create(session, actor, ClaimCode, "claim_code.create", values, at=at, grant=grant)


def revoke(session: Session, actor: Actor, claim_code_id: UUID) -> UUID:
    """Revoke a code that nobody has used."""
    row = _find(session, actor, claim_code_id)
    grant = actor.grant_for("claim_code.revoke", row.path)
    changes.take(session, actor, ClaimCode, row, "claim_code.revoke", at=row.organization_id, grant=grant)
    return row.id


def one(session: Session, actor: Actor, claim_code_id: UUID) -> dict[str, Any]:
    """Return a code's fate; never the code, which nobody can show a second time."""
    return _view(session, actor, _find(session, actor, claim_code_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the codes for the actor's rosters, newest first."""
    statement = _SHOWN.where(_seen(actor))
    if query.person_id is not None:
        statement = statement.where(ClaimCode.person_id == query.person_id)
    if query.organization_id is not None:
        statement = statement.where(ClaimCode.organization_id == query.organization_id)
    if query.state is not None:
        statement = statement.where(ClaimCode.state == query.state)
    page = paging.page(session, statement, ClaimCode.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


def _seen(actor: Actor) -> Any:
    return sa.and_(
        ClaimCode.tenant_id == actor.tenant_id, within(actor, "claim_code.revoke", ClaimCode.organization_id)
    )


def _find(session: Session, actor: Actor, claim_code_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(_seen(actor), ClaimCode.id == claim_code_id)))


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    steps = allowed(actor, "claim_code", row["state"], row["path"])
    expired = row["state"] == "active" and row["expires_at"] <= session.now
    return {**row, "expired": expired, "allowed_actions": [step for step in steps if step == "claim_code.revoke"]}


def _require_powerless(session: Session, person_id: UUID) -> None:
    held = sa.select(Grant.role).where(
        Grant.person_id == person_id, sa.or_(Grant.valid_to.is_(None), Grant.valid_to > session.now.date())
    )
    if has_power([row.role for row in session.rows(held)]):
        raise PowerNeedsMore


def _revoke_earlier(session: Session, actor: Actor, person_id: UUID) -> None:
    standing = sa.select(ClaimCode.id, ClaimCode.state, ClaimCode.version, ClaimCode.organization_id).where(
        ClaimCode.person_id == person_id, ClaimCode.state == "active"
    )
    for row in session.rows(standing):
        changes.take(session, actor.aside(), ClaimCode, row, "claim_code.revoke", at=row.organization_id)
