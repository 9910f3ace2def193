"""Who is fit to sign up: the qualifications that somebody holds today as facts, and who is known to be a minor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.profiles import is_minor
from api.models import Fact
from api.services import profile_rows
from api.services.days import today

_AT_ONCE = 1000
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
    tenant_id = actors[0].tenant_id
    return on_record(session, tenant_id, {actor.account_id for actor in actors}, today(session, tenant_id))


def on_record(session: Session, tenant_id: UUID, accounts: Iterable[UUID], day: date) -> dict[UUID, set[str]]:
    """Return the codes of qualifications and trainings that accounts hold on a day; one statement a thousand."""
    wanted, held = sorted(accounts), dict[UUID, set[str]]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = {"tenant": tenant_id, "accounts": wanted[start : start + _AT_ONCE]}
        for account_id, told in session.rows(_HELD, some):
            if "code" in told and day.isoformat() < told.get("end", "9999"):
                held.setdefault(account_id, set()).add(told["code"])
    return held


def minors(session: Session, shifts: Iterable[Any], actors: Sequence[Actor]) -> set[UUID]:
    """Return who of the actors is known to be under 18; no statement where none of the shifts is for adults only."""
    if not any((shift.policy.get("safety") or {}).get("adults_only") for shift in shifts):
        return set()
    day, tenant_id = today(session, actors[0].tenant_id), actors[0].tenant_id
    born = profile_rows.birth_dates(session, tenant_id, {actor.person_id for actor in actors})
    return {person for person, birth_date in born.items() if is_minor(birth_date, day)}
