"""Qualifications on record: which codes somebody holds today, as facts that are not reversed and have not run out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Fact
from api.services.days import today

_undone = sa.orm.aliased(Fact, name="undone")
_HELD = sa.select(Fact.account_id, Fact.details).where(
    Fact.tenant_id == sa.bindparam("tenant"),
    Fact.account_id.in_(sa.bindparam("accounts", expanding=True)),
    Fact.kind.in_(("qualification", "training")),
    Fact.reverses_id.is_(None),
    ~sa.exists().where(_undone.reverses_id == Fact.id),
)


def asked_for(session: Session, shifts: Iterable[Any], actors: Sequence[Actor]) -> dict[UUID, set[str]]:
    """Return the codes that each account holds today; no statement where none of the shifts asks for any."""
    if not any((shift.policy.get("safety") or {}).get("qualifications") for shift in shifts):
        return {}
    day = today(session, actors[0].tenant_id).isoformat()
    held: dict[UUID, set[str]] = {}
    accounts = sorted({actor.account_id for actor in actors})
    for account_id, told in session.rows(_HELD, {"tenant": actors[0].tenant_id, "accounts": accounts}):
        if "code" in told and day < told.get("end", "9999"):
            held.setdefault(account_id, set()).add(told["code"])
    return held
