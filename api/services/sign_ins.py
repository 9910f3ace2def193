"""Sign-ins: a device signs in, stays signed in by refresh tokens, and is logged out."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.errors import Unauthenticated
from api.models import Person, RefreshToken, SignIn
from api.services import changes


def begin(
    session: Session, _actor: Actor, *, tenant_id: UUID, person_id: UUID, provider: str, device: str | None
) -> dict[str, Any]:
    """Sign a person in on a device, whom the caller has recognised by `provider`; each call is a sign-in of its own.

    Returns `sign_in_id`, `person_id`, `tenant_id`, `refresh_token` and `expires_at`, its end whatever its use. The
    refresh token is told here alone; only its hash is kept. Raises Unauthenticated where the person is not active.
    """
    person = session.first(
        sa.select(Person.account_id, Person.wrapped_key).where(
            Person.id == person_id, Person.tenant_id == tenant_id, Person.state == "active"
        )
    )
    if person is None:
        raise Unauthenticated
    sign_in_id, token = new_id(), secrets.token_urlsafe(32)
    row = {
        "id": sign_in_id, "tenant_id": tenant_id, "person_id": person_id, "provider": provider, "device": None,
        "created_at": session.now, "last_used_at": session.now,
        "expires_at": session.now + timedelta(days=session.settings.sign_in_days), "ended_at": None, "end_reason": None,
    }  # fmt: skip
    if device and person.wrapped_key is not None:
        row["device"] = session.vault.seal(person.wrapped_key, person_id, device_place(sign_in_id), device)
    session.insert(SignIn, [row])
    session.insert(RefreshToken, [_token_row(session, row["id"], tenant_id, token)])
    owner = Actor(person_id, person.account_id, tenant_id)
    changes.record(
        session, owner, "sign_in.begin", "sign_in", sign_in_id, at=None, written=row, details={"provider": provider}
    )
    return {
        "sign_in_id": sign_in_id, "person_id": person_id, "tenant_id": tenant_id, "refresh_token": token,
        "expires_at": row["expires_at"],
    }  # fmt: skip


def device_place(sign_in_id: UUID) -> str:
    """Return the place that the label of a sign-in's device is bound to when it is sealed."""
    return f"sign_ins.device:{sign_in_id.hex}"


def _token_row(session: Session, sign_in_id: UUID, tenant_id: UUID, token: str) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": tenant_id, "sign_in_id": sign_in_id, "hash": hash_of(token),
        "created_at": session.now, "salt": None, "successor_id": None,
    }  # fmt: skip


def hash_of(token: str) -> bytes:
    """Return what is kept of a secret of 256 random bits, which no dictionary can guess."""
    return hashlib.sha256(token.encode()).digest()
