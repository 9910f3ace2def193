"""As what a document stands: by what was done to it, by its own date, and by the ledger entries that it tells of."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.models import CertifiedEntry, Document, Entry

_taken_back = aliased(Entry, name="taken_back")


def corrected_at() -> Any:
    """Return, for a statement on documents, when an entry that the document tells of was first taken back; else NULL.

    What a merge carries over to another record of the same person is not taken back.
    """
    return (
        sa.select(sa.func.min(_taken_back.recorded_at))
        .join(CertifiedEntry, CertifiedEntry.entry_id == _taken_back.reverses_id)
        .where(CertifiedEntry.document_id == Document.id, _taken_back.kind != "transfer")
        .correlate(Document)
        .scalar_subquery()
    )


def state_on(day: date) -> sa.ColumnElement[str]:
    """Return, for a statement on documents, the state as of a day, without anybody's doing.

    An issued document expires by its own date, and is superseded where an entry that it tells of was taken back.
    """
    over = sa.and_(Document.state == "issued", Document.valid_to <= day)
    corrected = sa.and_(Document.state == "issued", corrected_at().is_not(None))
    return sa.case((over, "expired"), (corrected, "superseded"), else_=Document.state)
