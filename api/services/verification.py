"""核验: whether a number belongs to a document, and whether that still stands; for anybody, without a person's data."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.documents import InvalidDocumentNumber, read_number
from api.models import Document, Organization, Tenant
from api.services.document_states import corrected_at

_LONGEST_CHAIN = 100
_DOCUMENT = (
    sa.select(
        Document.id, Document.number, Document.kind, Document.state, Document.content_hash, Document.issued_at,
        Document.valid_to, Document.ended_at, corrected_at().label("corrected_at"), Organization.name, Tenant.zone,
    )
    .join(Organization, Organization.id == Document.issuer_id)
    .join(Tenant, Tenant.id == Document.tenant_id)
    .where(Document.number == sa.bindparam("number"))
)  # fmt: skip
_SUCCESSOR = sa.select(Document.id, Document.number, Document.state).where(
    Document.supersedes_id == sa.bindparam("id"), Document.number.is_not(None)
)


def standing(session: Session, actor: Actor, typed: str) -> dict[str, Any]:
    """Return what `standing_or_none` returns; NotFound where there is none."""
    return found(standing_or_none(session, actor, typed))


def standing_or_none(session: Session, _actor: Actor, typed: str) -> dict[str, Any] | None:
    """Return number, kind, issuer, days and state of a document by its number as people type it, or None.

    What is no number is looked up all the same, so that an answer takes the same way whether or not its check character
    fits. Days are those of the tenant.
    """
    try:
        number = read_number(typed).number
    except InvalidDocumentNumber:
        number = ""
    row = session.first(_DOCUMENT, {"number": number})
    if row is None:
        return None
    zone = ZoneInfo(row.zone)
    state, changed_on = _state(row, session.now.astimezone(zone).date(), zone)
    return {
        "number": row.number,
        "kind": row.kind,
        "issuer": row.name,
        "issued_on": row.issued_at.astimezone(zone).date(),
        "state": state,
        "sha256": row.content_hash,
        "changed_on": changed_on,
        "superseded_by": _current(session, row.id) if state == "superseded" else None,
    }


def _state(row: Any, today: date, zone: ZoneInfo) -> tuple[str, date | None]:
    over = row.state == "issued" and row.valid_to is not None and row.valid_to <= today
    if over or row.state == "expired":
        return "expired", row.valid_to
    if row.state == "issued" and row.corrected_at is not None:
        return "superseded", row.corrected_at.astimezone(zone).date()
    return row.state, row.ended_at.astimezone(zone).date() if row.ended_at else None


def _current(session: Session, document_id: Any) -> str | None:
    """Follow the successors to the one in force; None where the last of them does not stand either."""
    for _ in range(_LONGEST_CHAIN):
        row = session.first(_SUCCESSOR, {"id": document_id})
        if row is None or row.state != "superseded":
            return row.number if row is not None and row.state == "issued" else None
        document_id = row.id
    return None
