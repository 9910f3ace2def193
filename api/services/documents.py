"""文书: drafted, issued under a number without gaps, superseded and revoked; what was issued never changes.

Authority for `issue` lies with the step that calls it (a community that accepts a registration issues the receipt);
drafts and revocations ask for their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require, within
from api.db import Session
from api.domain.documents import content_hash
from api.errors import Conflict
from api.models import Document, Organization, Person
from api.services import (
    changes,
    days,
    deliveries,
    disclosures,
    document_numbers,
    document_states,
    enclosures,
    opinion_readers,
)
from api.services.places import place
from api.visibility import visible


class NotIssued(Conflict):
    """A draft has no number and no file."""

    code, zh, en = "document_not_issued", "文书尚未签发，没有文件", "A draft has no file; it has to be issued first"


_Issuer = sa.orm.aliased(Organization, name="issuer")
_Recipient = sa.orm.aliased(Organization, name="recipient")
_STEP = sa.select(
    Document.id, Document.state, Document.version, Document.kind, Document.issuer_id, Document.recipient_id,
    Document.content, Document.supersedes_id, Document.proposed_by, Document.reason, _Issuer.path,
).join(_Issuer, _Issuer.id == Document.issuer_id)  # fmt: skip


def issue(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    issuer_id: UUID,
    recipient_id: UUID | None,
    title: str,
    content: dict[str, Any],
    circle: str = "parties",
    source: str | None = None,
    valid_to: date | None = None,
    supersedes_id: UUID | None = None,
    grant: UUID | None = None,
    rests_on: Sequence[UUID] = (),
) -> UUID:
    """Freeze and number a document, deliver it to its recipient, and return its id.

    `source` names what it is issued for (`registration:<id>`): a repeat returns the document that stands for it, in
    whatever state and with the content that was issued, so that a new version needs a source of its own. `recipient_id`
    is an organisation, a person, or None where it goes to all who are named. `valid_to` is the first day on which it
    no longer holds. `rests_on` are the append-only rows that it tells of: the event of its issue names them beside the
    content's hash, so that they can be proved with it. The document named by `supersedes_id` must be in force and
    becomes superseded. NotInService for an issuer that has ended, NotFound for a recipient outside the tenant.
    """
    standing = _standing(session, actor, source)
    if standing is not None:
        return standing
    issuer = place(session, actor, issuer_id)
    values = _written(kind, issuer_id, recipient_id, title, content, circle, source, valid_to, supersedes_id)
    values |= _seal(session, actor, kind, content)
    actor, grant = _keyless(actor), grant or actor.grant_for("document.issue", issuer.path)
    told = {"sha256": values["content_hash"], "restsOn": [str(each) for each in rests_on]}
    document_id = changes.create(
        session, actor, Document, "document.issue", values, at=issuer_id, grant=grant, details=told
    )
    _follow(session, actor, document_id, values, grant)
    return document_id


def draft(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    issuer_id: UUID,
    recipient_id: UUID | None,
    title: str,
    content: dict[str, Any],
    circle: str = "parties",
    source: str | None = None,
    valid_to: date | None = None,
    supersedes_id: UUID | None = None,
) -> UUID:
    """Write a draft and return its id; the same `source` returns what stands. Raises Forbidden, NotInService."""
    standing = _standing(session, actor, source)
    if standing is not None:
        return standing
    grant = require(actor, "document.create", place(session, actor, issuer_id).path)
    values = _written(kind, issuer_id, recipient_id, title, content, circle, source, valid_to, supersedes_id)
    return changes.create(session, _keyless(actor), Document, "document.create", values, at=issuer_id, grant=grant)


def redraft(
    session: Session,
    actor: Actor,
    document_id: UUID,
    *,
    title: str,
    content: dict[str, Any],
    valid_to: date | None = None,
    step: str = "document.edit",
    details: dict[str, Any] | None = None,
) -> UUID:
    """Write a draft anew under `document.edit` or another step of drafts; StepNotAllowed once it is issued.

    `details` say to readers of the log what changed.
    """
    row, grant = governed(session, actor, document_id, step)
    values = {"title": title, "content": content, "valid_to": valid_to, **_template(row.kind, content)}
    actor = _keyless(actor)
    changes.take(session, actor, Document, row, step, values, at=row.issuer_id, grant=grant, details=details)
    return document_id


def issue_draft(
    session: Session,
    actor: Actor,
    document_id: UUID,
    content: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
) -> UUID:
    """Freeze, number and deliver a draft as it stands, or with the content given; StepNotAllowed where it is issued."""
    row, grant = governed(session, actor, document_id, "document.issue")
    actor, content = _keyless(actor), content or row.content
    values = {"content": content, **_seal(session, actor, row.kind, content)}
    told = {"sha256": values["content_hash"], **(details or {})}
    changes.take(session, actor, Document, row, "document.issue", values, at=row.issuer_id, grant=grant, details=told)
    _follow(session, actor, document_id, row._asdict(), grant)
    return document_id


def one(session: Session, actor: Actor, document_id: UUID) -> dict[str, Any]:
    """Return one document with its content as it stands for this actor; NotFound where they may not know of it."""
    state = document_states.state_on(days.today(session, actor.tenant_id))
    statement = _shown(state, Document.content).where(visible(actor, Document), Document.id == document_id)
    view = _view(actor, found(session.first(statement))._asdict())
    view["content"] = disclosures.shown(session, document_id, view["content"])
    proof = enclosures.of_document(session, actor, document_id)
    view["checkpoint"] = proof["checkpoint"] if proof else None
    return {**view, "verify_url": _verify_url(session, view["number"]) if view["number"] else None}


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the documents that the actor may see, newest first, without their content."""
    state = document_states.state_on(days.today(session, actor.tenant_id))
    statement = _shown(state).where(visible(actor, Document))
    if query.box is not None:
        statement = statement.where(_in_box(actor, query.box))
    for column, wanted in (
        (Document.kind, query.kind),
        (state, query.state),
        (Document.issuer_id, query.issuer_id),
        (Document.recipient_id, query.recipient_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, Document.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def frozen(session: Session, actor: Actor, document_id: UUID) -> dict[str, Any]:
    """Return what the renderer takes: content, number, sha256, verify_url, issued_at, proof; NotIssued for a draft."""
    columns = (Document.content, Document.number, Document.content_hash, Document.issued_at, Document.circle)
    row = found(session.first(sa.select(*columns).where(visible(actor, Document), Document.id == document_id)))
    if row.number is None:
        raise NotIssued
    if row.circle == "named":
        opinion_readers.require_export(session, actor, document_id)
    return {
        "content": disclosures.shown(session, document_id, row.content),
        "number": row.number,
        "sha256": row.content_hash,
        "verify_url": _verify_url(session, row.number),
        "issued_at": row.issued_at,
        "proof": enclosures.of_document(session, actor, document_id),
    }


def _standing(session: Session, actor: Actor, source: str | None) -> UUID | None:
    if source is None:
        return None
    return session.scalar(
        sa.select(Document.id).where(Document.tenant_id == actor.tenant_id, Document.source == source)
    )


def _keyless(actor: Actor) -> Actor:
    """Return the actor without the request's key, unless the request is about a document.

    The key belongs to the first row about the request's own subject; a receipt issued on the way must not take it.
    """
    return actor if actor.step.startswith("document.") else replace(actor, request_key=None)


def _written(
    kind: str, issuer_id: UUID, recipient_id: UUID | None, title: str, content: dict[str, Any], circle: str,
    source: str | None, valid_to: date | None, supersedes_id: UUID | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "kind": kind, "issuer_id": issuer_id, "recipient_id": recipient_id, "title": title, "content": content,
        "circle": circle, "source": source, "valid_to": valid_to, "supersedes_id": supersedes_id,
        **_template(kind, content),
    }  # fmt: skip


def _template(kind: str, content: dict[str, Any]) -> dict[str, str]:
    if content["kind"] != kind:
        raise ValueError(f"the content is that of a {content['kind']}, not of a {kind}")
    return {"template": content["template"], "template_version": str(content["templateVersion"])}


def _seal(session: Session, actor: Actor, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    hashed = content_hash(content)  # before the number: a content that cannot be hashed must not hold the series
    number = document_numbers.next_number(session, actor.tenant_id, kind)
    return {"number": number, "content_hash": hashed, "issued_at": session.now}


def _follow(session: Session, actor: Actor, document_id: UUID, document: dict[str, Any], grant: UUID | None) -> None:
    """Supersede what the new document replaces and deliver it to the organisation it is for."""
    if document["supersedes_id"] is not None:
        old = found(
            session.first(_STEP.where(Document.tenant_id == actor.tenant_id, Document.id == document["supersedes_id"]))
        )
        ended = {"ended_at": session.now}
        changes.take(session, actor, Document, old, "document.supersede", ended, at=old.issuer_id, grant=grant)
    if document["recipient_id"] is not None and _is_organization(session, actor, document["recipient_id"]):
        deliveries.send(session, actor, document_id, [document["recipient_id"]], at=document["issuer_id"], grant=grant)


def _is_organization(session: Session, actor: Actor, recipient_id: UUID) -> bool:
    """Say whether an organisation is meant rather than a person; NotFound where it is neither, in this tenant."""
    for table in (Organization, Person):
        if session.scalar(sa.select(table.id).where(table.tenant_id == actor.tenant_id, table.id == recipient_id)):
            return table is Organization
    return found(None)


def governed(session: Session, actor: Actor, document_id: UUID, step: str) -> tuple[Any, UUID]:
    """Return a document that the actor may know of and the grant to take the step on it; NotFound, Forbidden."""
    row = found(session.first(_STEP.where(visible(actor, Document), Document.id == document_id)))
    return row, require(actor, step, row.path)


def _shown(state: sa.ColumnElement[str], *more: Any) -> sa.Select[Any]:
    return (
        sa.select(
            Document.id, Document.version, state.label("state"), Document.kind, Document.title, Document.number,
            Document.issuer_id, _Issuer.name.label("issuer_name"), _Issuer.path, Document.recipient_id,
            _Recipient.name.label("recipient_name"), Document.circle, Document.content_hash, Document.issued_at,
            Document.valid_to, Document.supersedes_id, Document.ended_at, Document.reason, *more,
        )
        .join(_Issuer, _Issuer.id == Document.issuer_id)
        .outerjoin(_Recipient, _Recipient.id == Document.recipient_id)
    )  # fmt: skip


def _in_box(actor: Actor, box: str) -> Any:
    if box == "own":
        return Document.recipient_id == actor.person_id
    return within(actor, "document.read", Document.recipient_id if box == "received" else Document.issuer_id)


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "allowed_actions": allowed(actor, "document", row["state"], row["path"])}


def _verify_url(session: Session, number: str) -> str:
    return f"{session.settings.address}/verify/{number}"
