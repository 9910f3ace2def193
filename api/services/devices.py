"""设备: enrolling a phone so that it can keep presences while it has no network, and ending it."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain.offline import SECRET_BYTES
from api.domain.steps import TABLES
from api.models import Device
from api.services import changes
from api.visibility import visible

_SHOWN = sa.select(
    Device.id, Device.version, Device.state, Device.sign_in_id, Device.created_at, Device.ended_at
)  # fmt: skip


def create(session: Session, actor: Actor, secret: bytes) -> UUID:
    """Enrol the phone that this request came from; the one enrolled before in the same sign-in ends.

    So whoever lost the answer enrols again, and nobody is left with a secret that nobody has.
    """
    _end(session, actor, Device.sign_in_id == actor.sign_in_id)
    row = {"person_id": actor.person_id, "sign_in_id": actor.sign_in_id, "secret": secret, "ended_at": None}
    return changes.create(session, actor, Device, "device.create", row, at=None)


def end(session: Session, actor: Actor, device_id: UUID) -> UUID:
    """End one of the actor's devices and shred its secret; StepNotAllowed where it has ended."""
    row = found(session.first(_SHOWN.where(visible(actor, Device), Device.id == device_id)))
    changes.take(session, actor, Device, row, "device.end", _ended(session), at=None)
    return device_id


def end_of(session: Session, actor: Actor, sign_in_id: UUID) -> None:
    """End the device of a sign-in that has ended, with its secret; a repeat changes nothing."""
    _end(session, actor, Device.sign_in_id == sign_in_id)


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the actor's own devices, the newest first; `current` is that of the sign-in that asks."""
    page = paging.page(
        session, _SHOWN.where(visible(actor, Device)), Device.id, limit=query.limit, cursor=query.cursor
    )  # fmt: skip
    page["items"] = [_view(actor, row) for row in page["items"]]
    return page


def one(session: Session, actor: Actor, device_id: UUID) -> dict[str, Any]:
    """Return one of the actor's own devices, without its secret; NotFound where it is another's."""
    return _view(actor, found(session.first(_SHOWN.where(visible(actor, Device), Device.id == device_id)))._asdict())


def new_secret() -> bytes:
    """Return a new secret of 256 random bits."""
    return os.urandom(SECRET_BYTES)


def _end(session: Session, actor: Actor, which: Any) -> None:
    alive = _SHOWN.where(Device.tenant_id == actor.tenant_id, Device.state == "active", which)
    for row in session.rows(alive.order_by(Device.id)):
        changes.take(session, actor.aside(), Device, row, "device.end", _ended(session), at=None)


def _ended(session: Session) -> dict[str, Any]:
    return {"ended_at": session.now, "secret": None}


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    steps = ["device.end"] if "device.end" in TABLES["device"].allowed(row["state"]) else []
    return {**row, "current": row["sign_in_id"] == actor.sign_in_id, "allowed_actions": steps}
