"""送达: a document on its way to a recipient, and the recipient's answer: acknowledged, then adopted or disputed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require, within
from api.db import Session
from api.domain.steps import TABLES
from api.models import Delivery, Disclosure, Document, Event, Organization
from api.services import changes, proofs
from api.visibility import visible

_Issuer = sa.orm.aliased(Organization, name="issuer")
_Recipient = sa.orm.aliased(Organization, name="recipient")
_SHOWN = (
    sa.select(
        Delivery.id, Delivery.version, Delivery.state, Delivery.channel, Delivery.sent_at, Delivery.acknowledged_at,
        Delivery.acknowledged_by, Delivery.answered_at, Delivery.answered_by, Delivery.remark, Delivery.document_id,
        Delivery.recipient_id, _Recipient.name.label("recipient_name"), _Recipient.path, Document.title,
        Document.number, Document.kind.label("document_kind"), Document.state.label("document_state"),
        Document.issuer_id, _Issuer.name.label("issuer_name"),
    )
    .join(Document, Document.id == Delivery.document_id)
    .join(_Issuer, _Issuer.id == Document.issuer_id)
    .join(_Recipient, _Recipient.id == Delivery.recipient_id)
)  # fmt: skip


def send(
    session: Session,
    actor: Actor,
    document_id: UUID,
    recipients: Sequence[UUID],
    *,
    at: UUID,
    channel: str = "store",
    grant: UUID | None = None,
) -> None:
    """Deliver a document to organisations; who has it already by this channel gets no second one.

    By `store` it lies in the recipient's list at once and counts as sent; by other channels it is queued. `at` is the
    issuer. Authority lies with the step that calls this.
    """
    reached = sa.select(Delivery.recipient_id).where(Delivery.document_id == document_id, Delivery.channel == channel)
    standing = {row.recipient_id for row in session.rows(reached)}
    at_once = channel == "store"
    values = {
        "document_id": document_id, "channel": channel, "sent_at": session.now if at_once else None,
        "acknowledged_at": None, "acknowledged_by": None, "answered_at": None, "answered_by": None, "remark": None,
    }  # fmt: skip
    step = "delivery.send" if at_once else "delivery.create"
    rows = []
    for recipient in sorted(set(recipients) - standing):
        row = changes.born(session, actor, "delivery", "delivery.create", {**values, "recipient_id": recipient})
        rows.append({**row, "state": TABLES["delivery"].next(row["state"], step)} if at_once else row)
    session.insert(Delivery, rows)
    told = [changes.event(session, actor, step, "delivery", row["id"], at=at, grant=grant, written=row) for row in rows]
    session.insert(Event, told)


def withhold(session: Session, actor: Actor, person_id: UUID, purpose: str, recipient_id: UUID) -> int:
    """Stop what is queued to a recipient and tells of the person for the purpose; return how many. A repeat finds none.

    What left already is not called back.
    """
    telling = sa.select(Disclosure.document_id).where(
        Disclosure.tenant_id == actor.tenant_id, Disclosure.person_id == person_id, Disclosure.purpose == purpose,
        Disclosure.recipient_id == recipient_id,
    )  # fmt: skip
    queued = sa.select(Delivery.id, Delivery.state, Delivery.version, Delivery.recipient_id).where(
        Delivery.tenant_id == actor.tenant_id, Delivery.state == "queued", Delivery.document_id.in_(telling)
    )
    rows = session.rows(queued.order_by(Delivery.id).with_for_update())
    for row in rows:
        changes.take(session, actor, Delivery, row, "delivery.withhold", at=row.recipient_id)
    return len(rows)


def acknowledge(session: Session, actor: Actor, delivery_id: UUID) -> UUID:
    """Say that it was received (签收); a repeat, by whomever, leaves who said so first."""
    row, grant = _governed(session, actor, delivery_id, "delivery.acknowledge")
    if row.acknowledged_at is None:
        values = {"acknowledged_at": session.now, "acknowledged_by": actor.person_id}
        changes.take(session, actor, Delivery, row, "delivery.acknowledge", values, at=row.recipient_id, grant=grant)
    return delivery_id


def adopt(session: Session, actor: Actor, delivery_id: UUID, remark: str | None) -> UUID:
    """Say that the result was taken over (采纳), once; a repeat leaves the first answer."""
    return _answer(session, actor, delivery_id, "delivery.adopt", "adopted", remark)


def dispute(session: Session, actor: Actor, delivery_id: UUID, remark: str) -> UUID:
    """Say what is wrong with it (异议), once; a repeat leaves the first answer."""
    return _answer(session, actor, delivery_id, "delivery.dispute", "disputed", remark)


def one(session: Session, actor: Actor, delivery_id: UUID) -> dict[str, Any]:
    """Return one delivery as it stands for this actor; NotFound where they may not know of it."""
    statement = _SHOWN.where(visible(actor, Delivery), Delivery.id == delivery_id)
    return _view(actor, found(session.first(statement))._asdict(), proofs.newest(session, actor.tenant_id))


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the deliveries to and from the organisations that the actor acts for, newest first."""
    statement = _SHOWN.where(visible(actor, Delivery))
    if query.box is not None:
        side = Delivery.recipient_id if query.box == "received" else Document.issuer_id
        statement = statement.where(within(actor, "delivery.read", side))
    for column, wanted in (
        (Delivery.state, query.state),
        (Delivery.document_id, query.document_id),
        (Document.kind, query.kind),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, Delivery.id, limit=query.limit, cursor=query.cursor)
    checkpoint = proofs.newest(session, actor.tenant_id)
    answer["items"] = [_view(actor, item, checkpoint) for item in answer["items"]]
    return answer


def _answer(session: Session, actor: Actor, delivery_id: UUID, step: str, state: str, remark: str | None) -> UUID:
    row, grant = _governed(session, actor, delivery_id, step)
    if row.state != state:
        values = {"answered_at": session.now, "answered_by": actor.person_id, "remark": remark}
        changes.take(session, actor, Delivery, row, step, values, at=row.recipient_id, grant=grant)
    return delivery_id


def _governed(session: Session, actor: Actor, delivery_id: UUID, step: str) -> tuple[Any, UUID]:
    """Return the delivery under its lock, so that of two who answer at once the second finds the first one's answer."""
    statement = _SHOWN.where(visible(actor, Delivery), Delivery.id == delivery_id).with_for_update(of=Delivery)
    row = found(session.first(statement))
    return row, require(actor, step, row.path)


def _view(actor: Actor, row: dict[str, Any], checkpoint: dict[str, Any] | None) -> dict[str, Any]:
    return {**row, "checkpoint": checkpoint, "allowed_actions": allowed(actor, "delivery", row["state"], row["path"])}
