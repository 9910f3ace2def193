"""Who comes through a provider: known already, recognised by a phone it vouches for, or to claim a record first."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.ways_in import Claimed, IdentityProvider, ProviderUnknown
from api.models import Identity, Tenant
from api.services import claims, people, sign_ins, tickets

FLOW_SECONDS = 10 * 60
"""For so long somebody may take to sign in at an OpenID provider."""


def enter(session: Session, actor: Actor, claimed: Claimed, device: str | None) -> dict[str, Any]:
    """Sign in whom a provider names; return what `sign_ins.begin` does.

    Who is not known yet is recognised by the phone that the provider vouches for, where that proves one person, and
    linked. Else they get a ticket: `ticket`, `expires_in` and `phone_vouched`. With it they claim their record; it
    carries what the provider said, sealed, so that nobody has to take the client's word for it. Raises Unauthenticated
    where the identity is of somebody who is not active any more.
    """
    tenant_id = _tenant_of(session, claimed.tenant)
    if claimed.phone is not None:
        _wait_for_others(session, tenant_id, claimed.phone)
    person_id = session.scalar(
        sa.select(Identity.person_id).where(
            Identity.tenant_id == tenant_id,
            Identity.provider == claimed.provider,
            Identity.subject_index == people.subject_index(session, tenant_id, claimed.subject),
        )
    )
    if person_id is None and claimed.phone is not None:
        person_id = claims.by_phone(session, actor, tenant_id, claimed.phone, provider=claimed.provider)
        if person_id is not None:
            way = {"provider": claimed.provider, "subject": claimed.subject}
            claims.link(session, actor, tenant_id, person_id, **way)
    if person_id is None:
        ticket = claims.ticket(
            session, tenant_id, provider=claimed.provider, subject=claimed.subject, phone=claimed.phone
        )
        return {
            "ticket": ticket, "expires_in": claims.TICKET_SECONDS, "phone_vouched": claimed.phone is not None,
        }  # fmt: skip
    return sign_ins.begin(
        session, actor, tenant_id=tenant_id, person_id=person_id, provider=claimed.provider, device=device
    )


def _wait_for_others(session: Session, tenant_id: UUID, phone: str) -> None:
    """Let who comes with the same phone at the same time end first; SQLite's one writer does so by itself.

    Without it the second of two taps would find the phone linked by the first, and take it for somebody else's.
    """
    if session.dialect == "postgresql":
        mark = session.vault.index(tenant_id, "phone", phone)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(int(mark[:15], 16))))


def flow(session: Session, _actor: Actor, provider: IdentityProvider) -> dict[str, str]:
    """Begin a log-in at an OpenID provider; return `state`, its `fingerprint`, `nonce` and `verifier`.

    The state stays with the browser that asked for it; its fingerprint travels through the provider. So what a link or
    a log shows is not enough to end a log-in that somebody else began.
    """
    kept = {"provider": provider.code, "nonce": secrets.token_urlsafe(24), "verifier": secrets.token_urlsafe(48)}
    state = tickets.issue(session, "oidc", _tenant_of(session, provider.tenant), kept, seconds=FLOW_SECONDS)
    fingerprint = base64.urlsafe_b64encode(hashlib.sha256(state.encode()).digest()).rstrip(b"=").decode()
    return {"state": state, "fingerprint": fingerprint, "nonce": kept["nonce"], "verifier": kept["verifier"]}


def flow_back(session: Session, _actor: Actor, state: str) -> dict[str, Any]:
    """Return what a state was made with, `provider`, `nonce` and `verifier`, and let nobody use it again."""
    return dict(tickets.spend(session, "oidc", state).content)


def _tenant_of(session: Session, code: str) -> UUID:
    tenant_id = session.scalar(sa.select(Tenant.id).where(Tenant.code == code))
    if tenant_id is None:  # the settings name a tenant that nobody founded
        raise ProviderUnknown
    return tenant_id
