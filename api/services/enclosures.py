"""随附证明: what proves a receipt or a document to whoever holds it, without asking us again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor
from api.db import Session
from api.domain import merkle
from api.domain.leaves import document
from api.models import Entry, Event, Fact, Position
from api.services import proofs, sealer
from api.visibility import visible

_SEALED = sa.select(Position.row_id, Position.position, Position.kind, Position.leaf)


def receipts(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of proofs of the actor's own sealed facts and entries, newest first, under the newest checkpoint.

    What the checkpoint does not cover yet comes with the next one, within a minute.
    """
    checkpoint = proofs.newest(session, actor.tenant_id)
    if checkpoint is None:
        return {"items": [], "next_cursor": None}
    own = [sa.select(table.id).where(visible(actor, table), table.account_id == actor.account_id) for table in _OWN]
    statement = _SEALED.where(
        Position.tenant_id == actor.tenant_id, Position.position <= checkpoint["size"],
        Position.row_id.in_(sa.union_all(*own)),
    )  # fmt: skip
    answer = paging.page(session, statement, Position.row_id, limit=query.limit, cursor=query.cursor)
    content = sealer.read_rows(session, [(item["kind"], item["row_id"]) for item in answer["items"]])
    shown = _proved(session, actor.tenant_id, answer["items"], content, checkpoint["size"])
    answer["items"] = [{**item, "checkpoint": checkpoint} for item in shown]
    return answer


_OWN: tuple[Any, ...] = (Entry, Fact)


def of_document(session: Session, actor: Actor, document_id: UUID) -> dict[str, Any] | None:
    """Return what proves an issued document: `{checkpoint, issued, rows, pending}`; None before the first checkpoint.

    The checkpoint is the first that covers its issue, until then the newest one. `issued` proves the event that issued
    it, which names the content's hash and the rows that it rests on; `rows` proves those, with their content as far as
    the actor may see it; `pending` counts what no checkpoint covers yet. Authority lies with who shows the document.
    """
    event = session.first(_ISSUE, {"tenant": actor.tenant_id, "document": document_id})
    if event is None:
        return None
    checkpoint = proofs.covering(session, actor.tenant_id, event.position or 0)
    if checkpoint is None:
        return None
    told = [UUID(each) for each in event.details.get("restsOn", ())]
    wanted = _SEALED.where(Position.tenant_id == actor.tenant_id, Position.row_id.in_([event.id, *told]))
    sealed = [row for row in session.rows(wanted.order_by(Position.position)) if row.position <= checkpoint["size"]]
    content = _visible(session, actor, sealed) | sealer.read_rows(session, [("event", event.id)])
    shown = _proved(session, actor.tenant_id, [row._asdict() for row in sealed], content, checkpoint["size"])
    issued = next((one for one in shown if one["position"] == event.position), None)
    rows = [one for one in shown if one is not issued]
    return {
        "checkpoint": checkpoint, "issued": issued, "rows": rows, "pending": 1 + len(told) - len(shown),
    }  # fmt: skip


_ISSUE = (
    sa.select(Event.id, Event.details, Position.position)
    .outerjoin(Position, Position.row_id == Event.id)
    .where(
        Event.tenant_id == sa.bindparam("tenant"), Event.subject_id == sa.bindparam("document"),
        Event.kind == "document.issue",
    )
)  # fmt: skip


def _visible(session: Session, actor: Actor, sealed: Collection[Any]) -> dict[UUID, dict[str, Any]]:
    """Return the content of those rows that the actor may see."""
    found: dict[UUID, dict[str, Any]] = {}
    for kind, table in sealer.TABLES.items():
        ids = [row.row_id for row in sealed if row.kind == kind]
        if ids:
            statement = sa.select(*table.__table__.c).where(visible(actor, table), table.id.in_(ids))
            found |= {row.id: row._asdict() for row in session.rows(statement)}
    return found


def _proved(
    session: Session, tenant_id: UUID, sealed: Collection[dict[str, Any]], content: dict[UUID, Any], size: int
) -> list[dict[str, Any]]:
    tree = proofs.Tree(session, tenant_id)
    return [
        {
            "position": row["position"], "leaf": row["leaf"].hex(),
            "document": document(row["kind"], content[row["row_id"]]) if row["row_id"] in content else None,
            "path": [hash_.hex() for hash_ in merkle.inclusion(row["position"] - 1, size, tree)],
        }
        for row in sealed
    ]  # fmt: skip
