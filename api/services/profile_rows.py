"""The rows that keep what volunteers tell of themselves: read, written and emptied with one event each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.profiles import GUARDIAN, TOLD
from api.errors import Stale
from api.models import Consent, Profile
from api.services import changes

_EMPTY: dict[str, Any] = {"skills": [], "service_kinds": []}
_UNREAD = object()  # equal to nothing: a column that is not read here
_ROW = sa.select(
    Profile.id, Profile.tenant_id, Profile.version, Profile.person_id, Profile.sex, Profile.birth_date,
    Profile.residence, Profile.contact, Profile.skills, Profile.service_kinds, Profile.national_number,
)  # fmt: skip


def row_of(session: Session, actor: Actor, person_id: UUID) -> Any:
    """Return the row of a person, None where they told nothing."""
    of = sa.and_(Profile.tenant_id == actor.tenant_id, Profile.person_id == person_id)
    return session.first(_ROW.where(of))


def write(session: Session, actor: Actor, person_id: UUID, step: str, values: dict[str, Any]) -> UUID:
    """Set some fields of a person's row, which is made where there is none; return its id. Stale.

    What already stands as it is told is left as it is: no version, no event.
    """
    row = row_of(session, actor, person_id)
    if row is None:
        nothing = dict.fromkeys((*TOLD, "national_number", "national_number_index")) | _EMPTY
        return changes.create(session, actor, Profile, step, {"person_id": person_id, **nothing, **values}, at=None)
    if actor.step == step and actor.if_match not in (None, row.version):
        raise Stale
    if all(getattr(row, name, _UNREAD) == value for name, value in values.items()):
        return row.id
    changed = session.sealed(Profile, {**values, "version": row.version + 1}, row.id, row.tenant_id)
    same = sa.and_(Profile.id == row.id, Profile.version == row.version)
    if session.execute(sa.update(Profile).where(same).values(**changed)).rowcount != 1:
        raise Stale
    told = {"fields": sorted(values)}
    changes.record(session, actor, step, "profile", row.id, at=None, written=changed, details=told)
    return row.id


def clear(session: Session, actor: Actor, person_id: UUID) -> None:
    """Empty what a volunteer told; the number by which the national system calls them is not of their telling."""
    if row_of(session, actor, person_id) is not None:
        write(session, actor.aside(), person_id, "profile.clear", dict.fromkeys(TOLD) | _EMPTY)


def birth_dates(session: Session, tenant_id: UUID, people: Iterable[UUID]) -> dict[UUID, date]:
    """Return person → birth date for those of whom it is kept; one statement."""
    known = sa.select(Profile.person_id, Profile.birth_date).where(
        Profile.tenant_id == tenant_id, Profile.person_id.in_(sorted(people)), Profile.birth_date.is_not(None)
    )
    return {row.person_id: date.fromisoformat(row.birth_date) for row in session.rows(known)}


def guarded(session: Session, tenant_id: UUID, person_id: UUID) -> bool:
    """Say whether a guardian's consent stands for a person."""
    given = sa.select(Consent.id).where(
        Consent.tenant_id == tenant_id, Consent.person_id == person_id, Consent.purpose == GUARDIAN,
        Consent.state == "given",
    )  # fmt: skip
    return session.scalar(given.limit(1)) is not None
