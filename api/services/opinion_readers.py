"""Who reads an opinion: by which capacity, under which purpose it is logged, and who may take its paper away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.documents import OpinionSubject
from api.errors import Forbidden
from api.models import Affiliation, Opinion, OpinionReader, Organization, Person
from api.visibility import DISPUTED
from api.visibility.opinions import named


class ExportWithoutGround(Forbidden):
    """The ground of an opinion covers who asked, who was heard and whom it is about; others only read."""

    code = "export_without_ground"
    zh, en = "仅限查阅，不得导出", "You may read it; taking it away has no ground"


_TAKES = frozenset({"asks", "hears", "subject"})


def purpose_of(row: Any) -> str:
    """Return under which purpose an opinion is read: in confidence where the person is not told."""
    return "opinion" if row.disclosed else "opinion_in_confidence"


def capacities(session: Session, actor: Actor, row: Any) -> frozenset[str]:
    """Return as what the actor has to do with an opinion: asks, hears, reads, or subject."""
    told = sa.select(OpinionReader.capacity).where(OpinionReader.opinion_id == row.id, named(actor))
    held = {each.capacity for each in session.rows(told)}
    return frozenset(held | ({"subject"} if row.person_id == actor.person_id else set()))


def require_export(session: Session, actor: Actor, document_id: UUID) -> None:
    """Raise ExportWithoutGround where somebody may read the paper of an opinion and not take it away."""
    row = session.first(sa.select(Opinion.id, Opinion.person_id).where(Opinion.document_id == document_id))
    if row is not None and not capacities(session, actor, row) & _TAKES:
        raise ExportWithoutGround(step="document.export")


def about(session: Session, actor: Actor, row: Any) -> OpinionSubject:
    """Return the subject as the paper names it: the person with the unit of employment, or the unit."""
    if row.person_id is None:
        return OpinionSubject(session.scalar(sa.select(Organization.name).where(Organization.id == row.unit_id)))
    employer = (
        sa.select(Organization.name)
        .join(Affiliation, Affiliation.organization_id == Organization.id)
        .where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == row.person_id,
            Affiliation.kind == "employment", Affiliation.valid_to.is_(None), Affiliation.state != DISPUTED,
        )
        .order_by(Affiliation.id)
        .limit(1)
    )  # fmt: skip
    return OpinionSubject(_name(session, row, row.person_id), session.scalar(employer))


def names(session: Session, actor: Actor, row: Any) -> tuple[list[str], list[tuple[int, UUID]]]:
    """Return who is named to read, by name, and at which places of that list people stand."""
    rows = session.rows(
        sa.select(OpinionReader.id, OpinionReader.person_id, Organization.name)
        .outerjoin(Organization, Organization.id == OpinionReader.organization_id)
        .where(OpinionReader.tenant_id == actor.tenant_id, OpinionReader.opinion_id == row.id)
        .order_by(OpinionReader.id)
    )
    shown = [each.name or _name(session, row, each.person_id) for each in rows]
    return shown, [(at, each.person_id) for at, each in enumerate(rows) if each.person_id is not None]


def _name(session: Session, row: Any, person_id: UUID) -> str:
    """Open a person's name for an opinion; the reading stands in the log under its purpose."""
    person = session.first(sa.select(Person.name, Person.wrapped_key).where(Person.id == person_id))
    session.look([person_id], ["name"], purpose_of(row), organization_id=row.organization_id)
    return (session.vault.open(person.wrapped_key, person_id, "name", person.name) if person else None) or ""
