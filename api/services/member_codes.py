"""成员码: a person's own rotating code, which an organiser scans; only the platform can read whose it is.

It is sealed for the tenant and the shift under the vault's keys, so that it holds nothing that anybody else could read,
is found without looking through people, and cannot be made, altered or carried to another shift or tenant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain import codes
from api.models import NOBODY, Shift
from api.security import hand_out, take_back
from api.visibility import visible

_NAME = "presences.member_code"


@dataclass(frozen=True, slots=True)
class Shown:
    """Whose code it is, and in which 30-second step it was shown."""

    person_id: UUID
    step: int


def show(session: Session, actor: Actor, shift_id: UUID | None) -> dict[str, Any]:
    """Return the actor's code for a shift, or for any shift of the moment, and when it gives way to the next.

    It holds in its step of 30 seconds and the one after. NotFound for a shift that the actor may not know of.
    """
    if shift_id is not None:
        found(session.first(sa.select(Shift.id).where(visible(actor, Shift), Shift.id == shift_id)))
    plain = actor.person_id.bytes + codes.step_of(session.now).to_bytes(8)
    code = hand_out(session.vault, _NAME, actor.tenant_id, shift_id or NOBODY, plain)
    return {"code": code, "shift_id": shift_id, "changes_at": codes.changes_at(session.now)}


def opened(
    session: Session, tenant_id: UUID, shown: Iterable[tuple[UUID, str | None]]
) -> dict[tuple[UUID, str], Shown]:
    """Return whose the codes are, by (shift, code); those are left out that are not of this tenant and shift.

    How old a code may be is for the caller: what stands is looked at before.
    """
    codes_of = {(shift_id, code) for shift_id, code in shown if code is not None}
    read = {(shift_id, code): _opened(session, tenant_id, shift_id, code) for shift_id, code in codes_of}
    return {key: one for key, one in read.items() if one is not None}


def _opened(session: Session, tenant_id: UUID, shift_id: UUID, code: str) -> Shown | None:
    for row_id in (shift_id, NOBODY):
        plain = take_back(session.vault, _NAME, tenant_id, row_id, code)
        if plain is not None:
            return Shown(UUID(bytes=plain[:16]), int.from_bytes(plain[16:]))
    return None
