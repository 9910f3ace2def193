"""监督检查: the log of changes and the log of who looked, searched by auditors and offices, and taken out as lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain.looking import PURPOSES, UNTOLD
from api.models import AccessLog, AccessLogSubject, Event, Grant, Organization
from api.services import jobs
from api.visibility import visible

AT_ONCE = 1000
"""Rows that an export reads in one statement."""

_EVENTS = sa.select(
    Event.id, Event.recorded_at, Event.kind, Event.actor_id, Event.grant_id, Event.subject_kind, Event.subject_id,
    Event.organization_id, Organization.name.label("organization_name"), Event.content_hash, Event.details,
).outerjoin(Organization, Organization.id == Event.organization_id)  # fmt: skip
_LOGS = sa.select(
    AccessLog.id, AccessLog.at, AccessLog.actor_id, AccessLog.grant_id, Grant.role, AccessLog.organization_id,
    Organization.name.label("organization_name"), AccessLog.step, AccessLog.purpose, AccessLog.request_id,
    AccessLog.count,
).outerjoin(Grant, Grant.id == AccessLog.grant_id).outerjoin(
    Organization, Organization.id == AccessLog.organization_id
)  # fmt: skip


def events(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the events within the actor's reach, the newest first."""
    return paging.page(session, _events(actor, query), Event.id, limit=query.limit, cursor=query.cursor)


def access_logs(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of who looked at whose data within the actor's reach, the newest first, with purpose in words."""
    page = paging.page(session, _logs(actor, query), AccessLog.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_told(item) for item in page["items"]]
    return page


def about_me(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the requests that opened data of the actor: when, which fields, under what authority, why.

    Who of an office it was is kept from the page and told on a complaint; the office answers for its people. What a law
    keeps in confidence stands in the log and not here.
    """
    statement = (
        _LOGS.join(AccessLogSubject, AccessLogSubject.log_id == AccessLog.id)
        .with_only_columns(
            AccessLogSubject.id, AccessLog.at, AccessLog.step, AccessLog.purpose, Grant.role,
            AccessLog.organization_id, Organization.name.label("organization_name"), AccessLogSubject.fields,
        )
        .where(
            AccessLogSubject.tenant_id == actor.tenant_id, AccessLogSubject.person_id == actor.person_id,
            AccessLog.purpose.not_in(UNTOLD),
        )
    )  # fmt: skip
    page = paging.page(session, statement, AccessLogSubject.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [{**_told(item), "fields": item["fields"].split(",")} for item in page["items"]]
    return page


def export(session: Session, actor: Actor, kind: str, values: dict[str, Any]) -> UUID:
    """Queue the export of `event` or `access_log` and return the job's id; what was asked and why stands in the job."""
    asked = {name: _plain(value) for name, value in values.items() if value is not None}
    reach = found(next(iter(actor.reaches_for(f"{kind}.export")), None))
    return jobs.enqueue(session, actor, f"{kind}.export", asked, at=reach.organization_id, grant=reach.grant_id)


def event_rows(session: Session, actor: Actor, query: Any, after: UUID | None) -> Sequence[Any]:
    """Return the next events of an export, oldest first, after the one with this id."""
    return _next(session, _events(actor, query), Event.id, after)


def access_log_rows(session: Session, actor: Actor, query: Any, after: UUID | None) -> Sequence[Any]:
    """Return the next rows of the log of who looked, oldest first, after the one with this id."""
    return _next(session, _logs(actor, query), AccessLog.id, after)


def drop_expired(session: Session, actor: Actor) -> int:
    """Drop what the log of who looked keeps beyond its months, whole months at a time; return how many rows.

    网络安全法 §21: network logs are kept no less than six months. Events are never dropped. A month goes when all of it
    has passed by the setting's months.
    """
    before = _month_back(session.now, session.settings.access_log_months)
    old = sa.select(AccessLog.id).where(AccessLog.tenant_id == actor.tenant_id, AccessLog.at < before)
    ids = [row.id for row in session.rows(old.order_by(AccessLog.at).limit(AT_ONCE))]
    if ids:
        session.execute(sa.delete(AccessLogSubject).where(AccessLogSubject.log_id.in_(ids)))
        session.execute(sa.delete(AccessLog).where(AccessLog.id.in_(ids)))
    return len(ids)


def _month_back(now: datetime, months: int) -> datetime:
    """Return the first moment of the month that lies so many months before this one."""
    month = now.year * 12 + now.month - 1 - months
    return now.replace(year=month // 12, month=month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _next(session: Session, statement: sa.Select[Any], key: Any, after: UUID | None) -> Sequence[Any]:
    if after is not None:
        statement = statement.where(key > after)
    return session.rows(statement.order_by(key).limit(AT_ONCE))


def _events(actor: Actor, query: Any) -> sa.Select[Any]:
    return _narrowed(_EVENTS.where(visible(actor, Event)), Event.recorded_at, query, (
        (Event.subject_kind, query.subject_kind), (Event.subject_id, query.subject_id),
        (Event.actor_id, query.actor_id), (Event.kind, query.step), (Event.organization_id, query.organization_id),
    ))  # fmt: skip


def _logs(actor: Actor, query: Any) -> sa.Select[Any]:
    statement = _narrowed(_LOGS.where(visible(actor, AccessLog)), AccessLog.at, query, (
        (AccessLog.actor_id, query.actor_id), (AccessLog.step, query.step), (AccessLog.purpose, query.purpose),
        (AccessLog.organization_id, query.organization_id),
    ))  # fmt: skip
    if query.person_id is not None:
        of = sa.select(AccessLogSubject.log_id).where(
            AccessLogSubject.tenant_id == actor.tenant_id, AccessLogSubject.person_id == query.person_id
        )
        statement = statement.where(AccessLog.id.in_(of))
    return statement


def _narrowed(statement: sa.Select[Any], at: Any, query: Any, wanted: Sequence[tuple[Any, Any]]) -> sa.Select[Any]:
    """Keep what equals each wanted value and lies in the half-open period `since` to `until`."""
    if query.since is not None:
        statement = statement.where(at >= query.since)
    if query.until is not None:
        statement = statement.where(at < query.until)
    return statement.where(*(column == value for column, value in wanted if value is not None))


def _told(item: dict[str, Any]) -> dict[str, Any]:
    purpose = PURPOSES[item["purpose"]]
    return {
        **item, "purpose_label": {"zh": purpose.zh, "en": purpose.en},
        "ground": {"zh": purpose.ground_zh, "en": purpose.ground_en},
    }  # fmt: skip
