"""Which issued documents tell of whom: what a consent or an erasure has to find again."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain.documents.redaction import redact
from api.domain.looking import UNTOLD
from api.domain.steps import TABLES
from api.models import Delivery, Disclosure, Person
from api.services import changes, consents
from api.services.registrations import lock
from api.visibility import GONE


def note(
    session: Session,
    actor: Actor,
    document_id: UUID,
    recipient_id: UUID,
    purpose: str,
    told: Sequence[tuple[UUID, str]],
) -> None:
    """Remember where a document tells of people, as (person, pointer into its content); a repeat changes nothing."""
    rows = [
        {
            "id": new_id(), "tenant_id": actor.tenant_id, "document_id": document_id, "person_id": person_id,
            "recipient_id": recipient_id, "purpose": purpose, "pointer": pointer,
        }
        for person_id, pointer in sorted(told, key=lambda each: each[1])
    ]  # fmt: skip
    session.insert_new(Disclosure, rows)


def release(session: Session, actor: Actor, delivery_id: UUID) -> str:
    """Take the last look before a channel carries a delivery away; return `sent`, or `withheld` for want of consent.

    Whoever is told of is held until the transaction ends, so that a consent that is withdrawn at the same time is
    either seen here or comes after the document left. A repeat returns what stands.
    """
    statement = sa.select(
        Delivery.id, Delivery.state, Delivery.version, Delivery.document_id, Delivery.recipient_id
    ).where(Delivery.tenant_id == actor.tenant_id, Delivery.id == delivery_id)
    told = _told(session, found(session.first(statement)).document_id)
    for person_id in sorted({row.person_id for row in told}):
        lock(session, person_id)
    row = found(session.first(statement.with_for_update()))
    if row.state != "queued":
        return row.state
    for purpose, recipient in sorted({(each.purpose, each.recipient_id) for each in told}):
        people = {each.person_id for each in told if (each.purpose, each.recipient_id) == (purpose, recipient)}
        if consents.withheld(session, actor.tenant_id, people, purpose, recipient):
            return changes.take(session, actor, Delivery, row, "delivery.withhold", at=row.recipient_id)
    TABLES["delivery"].next(row.state, "delivery.send")
    return changes.take(session, actor, Delivery, row, "delivery.send", {"sent_at": session.now}, at=row.recipient_id)


def shown(session: Session, document_id: UUID, content: dict[str, Any]) -> dict[str, Any]:
    """Return a document's content as it may be shown today: the places that tell of somebody erased are blank.

    What was frozen, and its hash, stay as they are. Of whom it tells stands in the log of who looked.
    """
    told = session.rows(
        sa.select(Disclosure.pointer, Disclosure.person_id, Disclosure.purpose, Person.state)
        .join(Person, Person.id == Disclosure.person_id)
        .where(Disclosure.document_id == document_id)
        .order_by(Disclosure.pointer)
    )
    for purpose in sorted({row.purpose for row in told}):
        people = {row.person_id for row in told if row.purpose == purpose and row.state not in GONE}
        session.look(people, ["name"], purpose if purpose in UNTOLD else "document")
    pointers = [row.pointer for row in told if row.state in GONE]
    return redact(deepcopy(content), pointers) if pointers else content


def _told(session: Session, document_id: UUID) -> Sequence[Any]:
    statement = sa.select(Disclosure.person_id, Disclosure.purpose, Disclosure.recipient_id)
    return session.rows(statement.where(Disclosure.document_id == document_id))
