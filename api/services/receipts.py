"""回执: what a community decided on a registration, told to the employer or the unit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.documents import Head, Label, Outcome, receipt
from api.domain.kind_labels import kind_label
from api.domain.labels import state_label
from api.models import Affiliation, Event, Organization, Person
from api.services import disclosures, documents
from api.services.parties import parties

WITHHELD = "（不予披露）"
MEMBER, UNIT = Label("member", "党员", "Party member"), Label("unit", "单位", "Unit")


def issue(session: Session, actor: Actor, row: Any, day: date, grant: UUID) -> None:
    """Issue the receipt of an acceptance on a day to the member's employer of that day, or to the unit.

    A repeat changes nothing; who has no employer gets none, and a secondary registration is not told. A unit
    that is kept by pseudonym or as a sum reads no name.
    """
    if not row.principal:
        return
    if row.unit_id is not None:
        recipient, name, reference = row.unit_id, row.unit_name, None
    else:
        job = session.first(_EMPLOYMENT, {"tenant": actor.tenant_id, "person": row.person_id, "day": day})
        if job is None:
            return
        recipient, reference = job.organization_id, job.roster_number
        name = (
            session.vault.open(job.wrapped_key, row.person_id, "name", job.name) if job.disclosure == "named" else None
        )
    named = parties(session, actor, [row.community_id, recipient], day)
    outcome = Outcome(
        subject=MEMBER if row.unit_id is None else UNIT,
        name=name or WITHHELD,
        reference=reference,
        community=named[row.community_id],
        state=Label("accepted", **state_label("registration", "accepted")),
        decided_on=day,
        basis=None if row.unit_id else Label(row.basis, **kind_label("registration.basis", row.basis)),
        principal=True,
    )
    head = Head(named[row.community_id], named[recipient], day, day + timedelta(days=1))
    document_id = documents.issue(
        session, actor.aside(), kind="receipt", issuer_id=row.community_id, recipient_id=recipient, title="报到回执",
        content=receipt(head, outcomes=[outcome]), source=f"registration:{row.id}:accepted", grant=grant,
        rests_on=[event.id for event in session.rows(_ACCEPTED, {"tenant": actor.tenant_id, "registration": row.id})],
    )  # fmt: skip
    if row.unit_id is None:
        disclosures.note(
            session, actor, document_id, recipient, "registration_receipt", [(row.person_id, "/outcomes/0")]
        )


_ACCEPTED = (
    sa.select(Event.id)
    .where(
        Event.tenant_id == sa.bindparam("tenant"), Event.subject_id == sa.bindparam("registration"),
        Event.kind == "registration.accept",
    )
    .order_by(Event.id.desc())
    .limit(1)
)  # fmt: skip
_EMPLOYMENT = (
    sa.select(
        Affiliation.organization_id, Affiliation.roster_number, Organization.disclosure, Person.name, Person.wrapped_key
    )
    .join(Organization, Organization.id == Affiliation.organization_id)
    .join(Person, Person.id == Affiliation.person_id)
    .where(
        Affiliation.tenant_id == sa.bindparam("tenant"),
        Affiliation.person_id == sa.bindparam("person"),
        Affiliation.kind == "employment",
        Affiliation.valid_from <= sa.bindparam("day"),
        sa.or_(Affiliation.valid_to.is_(None), Affiliation.valid_to > sa.bindparam("day")),
    )
    .order_by(Affiliation.valid_from.desc(), Affiliation.id.desc())
    .limit(1)
)
