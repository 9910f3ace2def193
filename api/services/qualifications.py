"""Who is fit to sign up: the qualifications that somebody holds today as facts, and who is known to be a minor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.profiles import is_minor
from api.models import Fact
from api.services import profile_rows
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


def minors(session: Session, shifts: Iterable[Any], actors: Sequence[Actor]) -> set[UUID]:
    """Return who of the actors is known to be under 18; no statement where none of the shifts is for adults only."""
    if not any((shift.policy.get("safety") or {}).get("adults_only") for shift in shifts):
        return set()
    day, tenant_id = today(session, actors[0].tenant_id), actors[0].tenant_id
    born = profile_rows.birth_dates(session, tenant_id, {actor.person_id for actor in actors})
    return {person for person, birth_date in born.items() if is_minor(birth_date, day)}
