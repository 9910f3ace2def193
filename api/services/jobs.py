"""Durable work: queued with the request that asks for it, run under a lease, seen and cancelled through its row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, operator, require
from api.db import Session
from api.errors import Conflict, Problem
from api.models import Job, Organization
from api.services import changes
from api.visibility import visible

LEASE = timedelta(
    seconds=15
)  # how long a killed worker's job waits for another; the heartbeat renews it three times as often
ATTEMPTS = 20  # a job that takes its process down each time must end some day
_ONE_CLAIM_AT_A_TIME = 7_302_001  # the key of PostgreSQL's advisory lock

_SHOWN = sa.select(
    Job.id, Job.version, Job.state, Job.kind, Job.progress, Job.counts, Job.result, Job.created_at, Job.finished_at,
    Job.attempt, Job.cancel_requested, Job.organization_id, Job.actor_id, Organization.path,
).outerjoin(Organization, Organization.id == Job.organization_id)  # fmt: skip


class LeaseLost(Conflict):
    """Another worker has taken the job over: what this one still wants to write is refused."""

    code, zh, en = "lease_lost", "任务已由另一进程接管", "Another worker has taken over this job"


class Cancelled(Conflict):
    """Somebody asked the job to stop."""

    code, zh, en = "job_cancelled", "任务已被取消", "The job was cancelled"


class GaveUp(Problem):
    """The job's process died each time it was tried."""

    code, zh, en = (
        "job_gave_up",
        "任务多次中断，已停止重试",
        "The job was interrupted {attempts} times and is not tried again",
    )


def enqueue(
    session: Session,
    actor: Actor,
    kind: str,
    content: dict[str, Any],
    *,
    at: UUID | None = None,
    grant: UUID | None = None,
) -> UUID:
    """Queue work of a kind for the organisation `at`; return the job's id.

    `content` is plain JSON and holds ids, never personal data: those stand in an encrypted file (`files.keep`).
    """
    values = {
        "kind": kind, "input": content, "progress": 0, "counts": {}, "result": {}, "actor_id": actor.person_id,
        "organization_id": at, "attempt": 0, "lease_until": None, "cancel_requested": False, "finished_at": None,
    }  # fmt: skip
    return changes.create(session, actor, Job, "job.create", values, at=at, grant=grant)


def one(session: Session, actor: Actor, job_id: UUID) -> dict[str, Any]:
    """Return one job as it stands, with the address at which it is asked after."""
    return _view(actor, found(session.first(_SHOWN.where(visible(actor, Job), Job.id == job_id)))._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the jobs that the actor may see, newest first."""
    statement = _SHOWN.where(visible(actor, Job))
    for column, wanted in ((Job.state, query.state), (Job.kind, query.kind)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, Job.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def cancel(session: Session, actor: Actor, job_id: UUID) -> UUID:
    """Stop a job: one that waits at once, one that runs at its next step; what it has written stays."""
    job = found(session.first(_SHOWN.where(visible(actor, Job), Job.id == job_id)))
    grant = None if job.actor_id == actor.person_id else require(actor, "job.cancel", job.path or "")
    if job.state == "running":
        session.execute(sa.update(Job).where(Job.id == job_id).values(cancel_requested=True))
        if not job.cancel_requested:
            changes.record(session, actor, "job.cancel", "job", job_id, at=job.organization_id, grant=grant)
        return job_id
    changes.take(
        session, actor, Job, job, "job.cancel", {"finished_at": session.now}, at=job.organization_id, grant=grant
    )
    return job_id


def _view(actor: Actor, job: dict[str, Any]) -> dict[str, Any]:
    own = job["actor_id"] == actor.person_id
    steps = allowed(actor, "job", job["state"], job["path"] or "", own=own)
    return {**job, "location": f"/api/v1/jobs/{job['id']}", "allowed_actions": steps}


def claim(session: Session, _actor: Any, kinds: list[str], only: UUID | None = None) -> Any:
    """Lease the job that has waited longest, or whose worker has gone silent; return its row, or None.

    In one tenant one job of a kind runs at a time, so that two imports cannot both find a place empty.
    """
    if session.dialect == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_CLAIM_AT_A_TIME)))
    job = session.first(_due(session, kinds, only).with_for_update(skip_locked=True))
    if job is None:
        return None
    leased = {"state": "running", "attempt": job.attempt + 1, "lease_until": session.now + LEASE}
    session.execute(sa.update(Job).where(Job.id == job.id, Job.attempt == job.attempt).values(**leased))
    step = "job.start" if job.state == "queued" else "job.retry"
    facts = {"attempt": job.attempt + 1}
    changes.record(session, operator(job.tenant_id), step, "job", job.id, at=job.organization_id, details=facts)
    return session.first(sa.select(Job).where(Job.id == job.id))


def waiting(session: Session, _actor: Any, kinds: list[str], only: UUID | None = None) -> bool:
    """Say whether there is anything to claim, without the right to write."""
    return session.first(_due(session, kinds, only)) is not None


def _due(session: Session, kinds: list[str], only: UUID | None) -> sa.Select[Any]:
    other = sa.orm.aliased(Job)
    busy = sa.exists().where(
        other.tenant_id == Job.tenant_id, other.kind == Job.kind, other.id != Job.id, other.state == "running",
        other.lease_until > session.now,
    )  # fmt: skip
    silent = sa.and_(Job.state == "running", Job.lease_until <= session.now)
    due = sa.select(Job).where(sa.or_(Job.state == "queued", silent), Job.kind.in_(kinds), ~busy)
    if only is not None:
        due = due.where(Job.id == only)
    # What was begun is ended first: nothing of the same kind may overtake a job whose worker has died.
    order = (sa.case((Job.state == "running", 0), else_=1), Job.id)
    return due.order_by(*order).limit(1)


def renew(
    session: Session,
    _actor: Any,
    job_id: UUID,
    attempt: int,
    progress: int | None = None,
    counts: dict[str, Any] | None = None,
) -> bool:
    """Prolong the lease and note the progress (per cent) and counts; return whether somebody asked to cancel.

    Raises LeaseLost where the job is not this attempt's any more: it is the fence before every step.
    """
    values: dict[str, Any] = {"lease_until": session.now + LEASE}
    if progress is not None:
        values["progress"] = progress
    if counts is not None:
        values["counts"] = counts
    mine = sa.and_(Job.id == job_id, Job.attempt == attempt, Job.state == "running")
    if session.execute(sa.update(Job).where(mine).values(**values)).rowcount != 1:
        raise LeaseLost
    return bool(session.scalar(sa.select(Job.cancel_requested).where(Job.id == job_id)))


def conclude(
    session: Session, _actor: Any, job_id: UUID, attempt: int, step: str, result: dict[str, Any], counts: dict[str, Any]
) -> None:
    """End an attempt by `job.finish`, `job.fail` or `job.cancel`; LeaseLost where the job is another attempt's."""
    job = session.first(sa.select(Job).where(Job.id == job_id))
    if job is None or job.attempt != attempt or job.state != "running":
        raise LeaseLost
    values = {"result": result, "counts": counts, "finished_at": session.now, "lease_until": None}
    if step == "job.finish":
        values["progress"] = 100
    changes.take(session, operator(job.tenant_id), Job, job, step, values, at=job.organization_id)
