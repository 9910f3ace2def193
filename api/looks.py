"""The log of who opened whose personal data: made of what a session noted, and there before the answer leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.access import Actor
from api.db import Look, Session, new_id
from api.errors import Busy
from api.models import AccessLog, AccessLogSubject

_AT_ONCE = 1000


class LogUnwritable(Busy):
    """Personal data that cannot be logged is not shown."""

    code = "log_unwritable"
    zh, en = "查阅记录无法写入，暂不能显示", "The log of who looked cannot be written; nothing is shown before it can"


@dataclass(frozen=True, slots=True)
class Noted:
    """What one request opened: by whom, when, in which step and request."""

    actor: Actor
    at: datetime
    step: str
    request_id: str | None
    looks: tuple[Look, ...]


def noted(session: Session, actor: Actor | None, step: str, request_id: str | None) -> Noted | None:
    """Return what a session opened of people other than the actor; None where that is nobody."""
    if not session.looks or actor is None:
        return None
    looks = tuple(look for look in session.looks if set(look.people) - {actor.person_id})
    return Noted(actor, session.now, step, request_id, looks) if looks else None


def keep(session: Session, calls: Sequence[Noted]) -> list[None]:
    """Write the log of some requests: a row for each and each purpose in it, and one for each person opened.

    A plural runner for a lane. Own data is nobody's business and not logged.
    """
    logs, subjects = [], []
    for call in calls:
        for purpose in dict.fromkeys(look.purpose for look in call.looks):
            log, people = _rows(call, [look for look in call.looks if look.purpose == purpose])
            logs.append(log)
            subjects += people
    session.insert(AccessLog, logs)
    for start in range(0, len(subjects), _AT_ONCE):
        session.insert(AccessLogSubject, subjects[start : start + _AT_ONCE])
    return [None] * len(calls)


def _rows(call: Noted, looks: Sequence[Look]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    opened: dict[UUID, set[str]] = {}
    for look in looks:
        for person in look.people:
            if person != call.actor.person_id:
                opened.setdefault(person, set()).update(look.fields)
    actor = call.actor
    reach = next(iter(actor.reaches_for(call.step)), None)
    told = next((look for look in looks if look.organization_id is not None), None)
    log_id = new_id()
    log = {
        "id": log_id, "tenant_id": actor.tenant_id, "at": call.at, "actor_id": actor.person_id,
        "grant_id": reach.grant_id if reach else None,
        "organization_id": told.organization_id if told else reach.organization_id if reach else None,
        "step": call.step, "purpose": looks[0].purpose,
        "request_id": UUID(call.request_id) if call.request_id else None, "count": len(opened),
    }  # fmt: skip
    subjects = [
        {"id": new_id(), "tenant_id": actor.tenant_id, "log_id": log_id, "person_id": person,
         "fields": ",".join(sorted(fields))}
        for person, fields in opened.items()
    ]  # fmt: skip
    return log, subjects
