"""A copy of everything about oneself: asked for, made by a job, sealed at rest, fetched once, gone after a week."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain.steps import TABLES
from api.models import DataExport, Job
from api.services import changes, jobs
from api.services.registrations import lock
from api.visibility import visible

KEPT = timedelta(days=7)
"""How long a copy that nobody fetches lies here."""

_SHOWN = sa.select(
    DataExport.id, DataExport.version, DataExport.state, DataExport.job_id, DataExport.created_at, DataExport.size,
    DataExport.digest, DataExport.expires_at, DataExport.fetched_at,
)  # fmt: skip


def request(session: Session, actor: Actor) -> UUID:
    """Ask for a copy and return its job's id; while one is being made, that one's (个人信息保护法 §45)."""
    lock(session, actor.person_id)
    making = (
        sa.select(DataExport.job_id)
        .join(Job, Job.id == DataExport.job_id)
        .where(visible(actor, DataExport), DataExport.state == "queued", Job.state.in_(("queued", "running")))
    )
    standing = session.scalar(making)
    if standing is not None:
        return standing
    export_id = new_id()
    job_id = jobs.enqueue(session, actor, "data_export.create", {"exportId": str(export_id)})
    values = {
        "id": export_id, "person_id": actor.person_id, "job_id": job_id, "content": None, "size": None, "digest": None,
        "expires_at": session.now + KEPT, "fetched_at": None,
    }  # fmt: skip
    changes.create(session, actor.aside(), DataExport, "data_export.create", values, at=None)
    return job_id


def finish(session: Session, actor: Actor, export_id: UUID, content: bytes) -> UUID:
    """Keep the copy that was made, sealed; a repeat leaves the first, and one that ended meanwhile stays without."""
    row = found(session.first(_SHOWN.where(visible(actor, DataExport), DataExport.id == export_id)))
    if row.state == "queued":
        made = {
            "content": content, "size": len(content), "digest": hashlib.sha256(content).hexdigest(),
            "expires_at": session.now + KEPT,
        }  # fmt: skip
        changes.take(session, actor, DataExport, row, "data_export.finish", made, at=None)
    return export_id


def fetch(session: Session, actor: Actor, export_id: UUID) -> bytes:
    """Hand out a copy and forget it in the same transaction; StepNotAllowed where it is not ready or was fetched."""
    statement = _SHOWN.where(visible(actor, DataExport), DataExport.id == export_id).with_for_update()
    row = found(session.first(statement))
    TABLES["data_export"].next(row.state, "data_export.fetch")
    content = session.scalar(sa.select(DataExport.content).where(DataExport.id == export_id))
    gone = {"content": None, "fetched_at": session.now}
    changes.take(session, actor, DataExport, row, "data_export.fetch", gone, at=None)
    return content


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the actor's copies, newest first."""
    statement = _SHOWN.where(visible(actor, DataExport))
    answer = paging.page(session, statement, DataExport.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(item) for item in answer["items"]]
    return answer


def expire_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Forget the copies that nobody fetched in time; return how many. A repeat finds none."""
    due = _SHOWN.where(
        DataExport.tenant_id == actor.tenant_id,
        DataExport.state.in_(("queued", "ready")),
        DataExport.expires_at <= session.now,
    )
    rows = session.rows(due.order_by(DataExport.id).limit(limit))
    for row in rows:
        changes.take(session, actor, DataExport, row, "data_export.expire", {"content": None}, at=None)
    return len(rows)


def _view(row: dict[str, Any]) -> dict[str, Any]:
    steps = [step for step in TABLES["data_export"].allowed(row["state"]) if step == "data_export.fetch"]
    return {**row, "allowed_actions": steps}
