"""Who is fit to serve: what somebody's record, profile and standing say today of what gates ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import need_gates
from api.domain.profiles import age_on
from api.models import Fact, PersonStatus
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
_STANDINGS = sa.select(PersonStatus.person_id, PersonStatus.value).where(
    PersonStatus.tenant_id == sa.bindparam("tenant"),
    PersonStatus.person_id.in_(sa.bindparam("people", expanding=True)),
    PersonStatus.valid_from <= sa.bindparam("day", type_=sa.Date()),
    sa.or_(PersonStatus.valid_to.is_(None), PersonStatus.valid_to > sa.bindparam("day", type_=sa.Date())),
)


def asked_of(session: Session, shifts: Iterable[Any], actors: Sequence[Actor]) -> dict[UUID, dict[str, Any]]:
    """Return by person what the gates of these shifts ask of the actors (`facts`); nothing where they ask nothing."""
    gates = [need_gates.of_activity(shift.policy.get("safety") or {}) for shift in shifts]
    people = {actor.person_id: actor.account_id for actor in actors}
    return facts(session, actors[0].tenant_id, people, gates) if actors else {}


def facts(
    session: Session, tenant_id: UUID, people: Mapping[UUID, UUID], asked: Iterable[Mapping[str, Any]]
) -> dict[UUID, dict[str, Any]]:
    """Return by person what `need_gates.refusals` goes by, as far as these gates ask for it.

    `people` are their accounts by person. A standing is read only where a gate names groups, a birth date only where
    one names an age; without gates there is no statement.
    """
    told = [gates for gates in asked if gates]
    if not told:
        return {}
    day = today(session, tenant_id)
    found: dict[UUID, dict[str, Any]] = {person: {"qualifications": set()} for person in people}
    if any(gates.get("qualifications") or gates.get("trained") or gates.get("insurance") for gates in told):
        held = on_record(session, tenant_id, people.values(), day)
        found = {person: {"qualifications": held.get(account, set())} for person, account in people.items()}
    if any(gates.get("ageFrom") or gates.get("ageTo") is not None for gates in told):
        for person, born in profile_rows.birth_dates(session, tenant_id, set(people)).items():
            found[person]["age"] = age_on(born, day)
    if any(gates.get("groups") for gates in told):
        for person in people:
            found[person]["groups"] = {need_gates.PERSON}
        for row in session.rows(_STANDINGS, {"tenant": tenant_id, "people": sorted(people), "day": day}):
            found[row.person_id]["groups"].add(row.value)
    return found


def on_record(session: Session, tenant_id: UUID, accounts: Iterable[UUID], day: date) -> dict[UUID, set[str]]:
    """Return the codes of qualifications and trainings that accounts hold on a day; one statement a thousand."""
    wanted, held = sorted(accounts), dict[UUID, set[str]]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = {"tenant": tenant_id, "accounts": wanted[start : start + _AT_ONCE]}
        for account_id, told in session.rows(_HELD, some):
            if "code" in told and day.isoformat() < told.get("end", "9999"):
                held.setdefault(account_id, set()).add(told["code"])
    return held
