"""Sign-ins: a device signs in, stays signed in by refresh tokens, and is logged out (docs/adr/sign-ins.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain.steps import TABLES
from api.errors import Problem, Unauthenticated
from api.models import Person, RefreshToken, SignIn
from api.services import changes, devices
from api.visibility import visible

KEPT_DAYS = 180
"""For so long an ended sign-in stays in its owner's list."""


class RefreshRefused(Unauthenticated):
    """The refresh token is not ours, or its sign-in has ended or expired; which of them is nobody's business."""

    code, zh, en = "refresh_refused", "登录已失效，请重新登录", "This sign-in has ended; sign in again"


class RefreshReused(Unauthenticated):
    """A refresh token came again after its successor was used: one of the two who hold it is a thief."""

    code = "refresh_reused"
    zh = "登录凭证被重复使用，为安全起见该设备已退出，请重新登录"
    en = "The refresh token was used twice; this device has been logged out for safety, sign in again"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem that leaves something behind: raising it would take back what has to be remembered."""

    problem: Problem


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
    _forget(session, tenant_id, person_id)
    owner, token = Actor(person_id, person.account_id, tenant_id), secrets.token_urlsafe(32)
    ends = session.now + timedelta(days=session.settings.sign_in_days)
    values = {
        "person_id": person_id, "provider": provider, "device": None, "last_used_at": session.now, "expires_at": ends,
        "ended_at": None, "end_reason": None,
    }  # fmt: skip
    row = changes.born(session, owner, "sign_in", "sign_in.begin", values)
    if device and person.wrapped_key is not None:
        row["device"] = session.vault.seal(person.wrapped_key, person_id, _place(row["id"]), device)
    session.insert(SignIn, [row])
    session.insert(RefreshToken, [_token_row(session, row["id"], tenant_id, token)])
    details = {"provider": provider}
    changes.record(session, owner, "sign_in.begin", "sign_in", row["id"], at=None, written=row, details=details)
    return _begun(row["id"], person_id, tenant_id, token, ends)


def refresh(session: Session, _actor: Actor, token: str) -> dict[str, Any] | Refusal:
    """Exchange a refresh token for its successor; returns what `begin` does.

    A repeat gets the same successor as long as that one was not used itself: the answer may have been lost. After
    that the old token means theft, and the sign-in ends (RFC 9700, 4.14.2). Raises RefreshRefused.
    """
    sign_in_id = session.scalar(sa.select(RefreshToken.sign_in_id).where(RefreshToken.hash == hash_of(token)))
    if sign_in_id is None:
        raise RefreshRefused
    # Who comes with the same token at the same time waits here and then sees the successor.
    row = session.first(_ALIVE.where(SignIn.id == sign_in_id).with_for_update(of=SignIn.__table__))
    if row is None:
        raise RefreshRefused
    owner = Actor(row.person_id, row.account_id, row.tenant_id)
    idle = timedelta(days=session.settings.sign_in_idle_days)
    if min(row.expires_at, row.last_used_at + idle) <= session.now:
        _close(session, owner, [row], "sign_in.expire", "expired")
        return Refusal(RefreshRefused())
    successor = _exchanged(session, row, token)
    if successor is None:
        _close(session, owner, [row], "sign_in.revoke", "theft")
        return Refusal(RefreshReused())
    session.execute(sa.update(SignIn).where(SignIn.id == row.id).values(last_used_at=session.now))
    return _begun(row.id, row.person_id, row.tenant_id, successor, row.expires_at)


_ALIVE = (
    sa.select(
        SignIn.id, SignIn.tenant_id, SignIn.person_id, SignIn.version, SignIn.state, SignIn.last_used_at,
        SignIn.expires_at, Person.account_id,
    )
    .join(Person, Person.id == SignIn.person_id)
    .where(SignIn.state == "active", Person.state == "active")
)  # fmt: skip
_next = sa.orm.aliased(RefreshToken, name="next_token")
_USES = sa.select(RefreshToken.id, RefreshToken.salt, RefreshToken.successor_id, _next.successor_id.label("next_used"))


def _exchanged(session: Session, sign_in: Any, token: str) -> str | None:
    """Return the successor of a token, made or repeated; None where the successor was used."""
    uses = _USES.outerjoin(_next, _next.id == RefreshToken.successor_id).where(RefreshToken.hash == hash_of(token))
    standing = session.first(uses)
    if standing is None:  # the sign-in ended and forgot its tokens while this one waited
        raise RefreshRefused
    if standing.successor_id is not None:
        return _successor_again(token, standing)
    salt = secrets.token_bytes(32)
    successor = _successor(token, salt)
    row = _token_row(session, sign_in.id, sign_in.tenant_id, successor)
    session.insert(RefreshToken, [row])
    used = sa.update(RefreshToken).where(RefreshToken.id == standing.id).values(salt=salt, successor_id=row["id"])
    session.execute(used)
    return successor


def _successor_again(token: str, standing: Any) -> str | None:
    return None if standing.next_used is not None else _successor(token, standing.salt)


def _successor(token: str, salt: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(token.encode(), salt, hashlib.sha256)).rstrip(b"=").decode()


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the actor's own sign-ins, the newest first; `current` is the one that asks."""
    statement = _SHOWN.where(visible(actor, SignIn))
    page = paging.page(session, statement, SignIn.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, row) for row in page["items"]]
    return page


def one(session: Session, actor: Actor, sign_in_id: UUID) -> dict[str, Any]:
    """Return one of the actor's own sign-ins; NotFound where it is another's."""
    row = found(session.first(_SHOWN.where(visible(actor, SignIn), SignIn.id == sign_in_id)))
    return _view(session, actor, row._asdict())


def end(session: Session, actor: Actor, sign_in_id: UUID) -> UUID:
    """Log one of the actor's devices out; StepNotAllowed where it has ended."""
    row = found(session.first(_OWN.where(visible(actor, SignIn), SignIn.id == sign_in_id)))
    _close(session, actor, [row], "sign_in.end", "ended")
    return sign_in_id


def end_all(session: Session, actor: Actor) -> dict[str, Any]:
    """Log all of the actor's devices out, this one too; return how many as `ended`."""
    rows = session.rows(_OWN.where(visible(actor, SignIn), SignIn.state == "active").order_by(SignIn.id))
    _close(session, actor, rows, "sign_in.end", "ended")
    return {"ended": len(rows)}


def log_out(session: Session, actor: Actor) -> UUID:
    """End the sign-in that this request came with; return its id."""
    row = found(session.first(_OWN.where(visible(actor, SignIn), SignIn.id == actor.sign_in_id)))
    _close(session, actor, [row], "sign_in.log_out", "logged_out")
    return row.id


def end_others(session: Session, actor: Actor, person_id: UUID, reason: str) -> int:
    """End all sign-ins of a person but the one of this request, where it is theirs; return how many."""
    others = _OWN.where(SignIn.tenant_id == actor.tenant_id, SignIn.person_id == person_id, SignIn.state == "active")
    rows = session.rows(others.where(SignIn.id != actor.sign_in_id) if actor.sign_in_id else others)
    _close(session, actor, rows, "sign_in.revoke", reason)
    return len(rows)


_OWN = sa.select(SignIn.id, SignIn.version, SignIn.state)
_SHOWN = sa.select(
    SignIn.id, SignIn.version, SignIn.state, SignIn.provider, SignIn.device, SignIn.created_at, SignIn.last_used_at,
    SignIn.expires_at, SignIn.ended_at, SignIn.end_reason, Person.wrapped_key,
).join(Person, Person.id == SignIn.person_id)  # fmt: skip


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    device = session.vault.open(row["wrapped_key"], actor.person_id, _place(row["id"]), row["device"])
    allowed = ["sign_in.end"] if "sign_in.end" in TABLES["sign_in"].allowed(row["state"]) else []
    return {**row, "device": device, "current": row["id"] == actor.sign_in_id, "allowed_actions": allowed}


def _close(session: Session, actor: Actor, rows: Iterable[Any], step: str, reason: str) -> None:
    """End sign-ins with the device that keeps presences, and forget their tokens, which open nothing any more."""
    for row in rows:
        values = {"ended_at": session.now, "end_reason": reason}
        changes.take(session, actor, SignIn, row, step, values, at=None, details={"reason": reason})
        session.execute(sa.delete(RefreshToken).where(RefreshToken.sign_in_id == row.id))
        devices.end_of(session, actor, row.id)


def _forget(session: Session, tenant_id: UUID, person_id: UUID) -> None:
    """Delete what a person's sign-ins of long ago have left."""
    before = session.now - timedelta(days=KEPT_DAYS)
    old = sa.and_(
        SignIn.tenant_id == tenant_id,
        SignIn.person_id == person_id,
        sa.func.coalesce(SignIn.ended_at, SignIn.expires_at) < before,
    )
    session.execute(sa.delete(RefreshToken).where(RefreshToken.sign_in_id.in_(sa.select(SignIn.id).where(old))))
    session.execute(sa.delete(SignIn).where(old))


def _begun(sign_in_id: UUID, person_id: UUID, tenant_id: UUID, token: str, ends: Any) -> dict[str, Any]:
    return {
        "sign_in_id": sign_in_id, "person_id": person_id, "tenant_id": tenant_id, "refresh_token": token,
        "expires_at": ends,
    }  # fmt: skip


def _place(sign_in_id: UUID) -> str:
    return f"sign_ins.device:{sign_in_id.hex}"


def _token_row(session: Session, sign_in_id: UUID, tenant_id: UUID, token: str) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": tenant_id, "sign_in_id": sign_in_id, "hash": hash_of(token),
        "created_at": session.now, "salt": None, "successor_id": None,
    }  # fmt: skip


def hash_of(token: str) -> bytes:
    """Return what is kept of a secret of 256 random bits, which no dictionary can guess."""
    return hashlib.sha256(token.encode()).digest()
