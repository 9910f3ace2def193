"""考核日程: the calendar of a cycle as it is set and shown; officers are reminded, and step in themselves."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain import cycle_calendar as rules
from api.domain.cycle_calendar import PHASES, REMIND_DAYS, Calendar, clock, require_in_order, window
from api.domain.workdays import WorkCalendar, add_workdays
from api.models import Cycle, Event, Organization
from api.services import changes
from api.services.days import today
from api.services.judges import require_judge
from api.visibility import visible

COLUMNS = (
    Cycle.self_review_until, Cycle.public_review_until, Cycle.publish_by, Cycle.appeal_days, Cycle.appeals_until
)  # fmt: skip
_NAMES = tuple(column.key for column in COLUMNS)
_SHOWN = sa.select(
    Cycle.id, Cycle.version, Cycle.state, Cycle.cut_off, Cycle.organization_id, Organization.path, *COLUMNS
).join(Organization, Organization.id == Cycle.organization_id)


def set_calendar(session: Session, actor: Actor, cycle_id: UUID, values: dict[str, Any]) -> UUID:
    """Set the last days of a cycle's phases anew, until its appeals window opens. CalendarDates, StepNotAllowed."""
    row = found(session.first(_SHOWN.where(visible(actor, Cycle), Cycle.id == cycle_id)))
    grant = require_judge(session, actor, "cycle.set_calendar", cycle_id, row)
    require_in_order(Calendar(**values), row.cut_off)
    changes.take(session, actor, Cycle, row, "cycle.set_calendar", values, at=row.organization_id, grant=grant)
    return cycle_id


def first(told: Any, cut_off: date) -> dict[str, Any]:
    """Return the columns of a new cycle's calendar from what its office set, nothing or in part; CalendarDates."""
    calendar = Calendar(**{name: getattr(told, name, None) for name in _NAMES})
    require_in_order(calendar, cut_off)
    return {name: getattr(calendar, name) for name in _NAMES}


def opens(session: Session, actor: Actor, row: Any) -> dict[str, Any]:
    """Return the last day of the appeals window of a cycle that opens today, as what changes of its row."""
    until = window(today(session, actor.tenant_id), _calendar(row._asdict()), WorkCalendar())
    return {"appeals_until": until}


def require_over(session: Session, actor: Actor, row: Any) -> None:
    """Raise AppealsStillTaken up to and on the last day of the window of a cycle."""
    rules.require_over(row.appeals_until, today(session, actor.tenant_id))


def shown(row: dict[str, Any], day: date) -> dict[str, Any]:
    """Return a cycle's calendar and the clock that runs on a day, out of the columns of its row."""
    runs = clock(row["state"], _calendar(row), day, WorkCalendar())
    calendar = {name: row.pop(name) for name in _NAMES}
    if runs is None:
        return {"calendar": calendar, "clock": None}
    zh, en = PHASES[runs.phase]
    told = {"phase": runs.phase, "labels": {"zh": zh, "en": en}, "soon": runs.soon, "late": runs.late}
    return {"calendar": calendar, "clock": {**told, "last_day": runs.last_day}}


def running(day: date) -> sa.ColumnElement[date]:
    """Return the last day of the phase whose clock runs on a day, as the database works it out (`clock`)."""
    reviewing = sa.and_(
        Cycle.public_review_until.is_not(None),
        sa.or_(Cycle.publish_by.is_(None), Cycle.public_review_until >= day),
    )
    return sa.case(
        (Cycle.state.in_(("open", "computed", "self_review")), Cycle.self_review_until),
        (sa.and_(Cycle.state == "public_review", reviewing), Cycle.public_review_until),
        (Cycle.state == "public_review", Cycle.publish_by),
        (Cycle.state == "appeals", Cycle.appeals_until),
    )


def soon(day: date) -> date:
    """Return the last day of which officers are reminded on a day: so many working days ahead."""
    return add_workdays(day, REMIND_DAYS, WorkCalendar())


def remind_due(session: Session, actor: Actor) -> int:
    """Note of each phase that ends soon, and once more when it is late; return how many. A repeat finds none of them.

    The officers find it in their inbox from that day on; nothing else follows from it.
    """
    day = today(session, actor.tenant_id)
    due = _SHOWN.where(Cycle.tenant_id == actor.tenant_id, running(day) <= soon(day)).order_by(Cycle.id)
    noted = 0
    for row in session.rows(due):
        runs = clock(row.state, _calendar(row._asdict()), day, WorkCalendar())
        if runs is None:
            continue
        told = {"phase": runs.phase, "lastDay": runs.last_day.isoformat(), "late": runs.late}
        before = sa.select(Event.details).where(
            Event.tenant_id == actor.tenant_id, Event.subject_id == row.id, Event.kind == "cycle.remind"
        )
        if told not in [each.details for each in session.rows(before)]:
            changes.record(
                session, actor, "cycle.remind", "cycle", row.id, at=row.organization_id, details=told, written=told
            )
            noted += 1
    return noted


def _calendar(row: dict[str, Any]) -> Calendar:
    return Calendar(**{name: row[name] for name in _NAMES})
