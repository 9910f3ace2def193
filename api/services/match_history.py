"""What became of earlier proposals, from which the next run learns: answers, absences, ratings and what is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.db import Session
from api.domain.matching.learning import Answer
from api.models import Availability, Fact, MatchProposal, Need, Person, Project, Shift, Signup
from api.services.projects import DEAD, NO_REPLY

_SETTLED = timedelta(hours=72)  # so long after its end a shift may still be confirmed
_VANISHED = timedelta(days=14)  # a unit whose agreed project has not begun so long after its first day


@dataclass(slots=True)
class Past:
    """The earlier proposals of one helper, absences recorded besides, and how many tasks lie ahead or wait."""

    answers: list[Answer] = field(default_factory=list)
    absences: int = 0
    load: int = 0


_PROPOSED = sa.select(
    MatchProposal.person_id, MatchProposal.resource_id, MatchProposal.need_id, MatchProposal.state,
    MatchProposal.created_at, MatchProposal.rating, MatchProposal.team_id, MatchProposal.places, Need.category,
).join(Need, Need.id == MatchProposal.need_id)  # fmt: skip


def of_people(
    session: Session, tenant_id: UUID, now: datetime, zone: ZoneInfo, absent_days: int
) -> defaultdict[UUID, Past]:
    """Return the past of everybody who declared their time; who accepted and never checked in has missed.

    Absences that an office recorded besides count for `absent_days`.
    """
    came = sa.exists().where(
        Fact.shift_id == MatchProposal.shift_id, Fact.account_id == Person.account_id, Fact.kind == "check_in"
    )
    statement = (
        _PROPOSED.add_columns(Shift.ends_at, Signup.state.label("signup"), came.label("came"))
        .join(Person, Person.id == MatchProposal.person_id)
        .outerjoin(Shift, Shift.id == MatchProposal.shift_id)
        .outerjoin(
            Signup, sa.and_(Signup.shift_id == MatchProposal.shift_id, Signup.person_id == MatchProposal.person_id)
        )
        .where(MatchProposal.tenant_id == tenant_id, MatchProposal.state != "prepared")
    )

    def missed(row: Any) -> bool:
        return row.signup == "confirmed" and row.ends_at + _SETTLED <= now and not row.came

    def ahead(row: Any) -> bool:
        return row.signup in ("confirmed", "signed_up", "waitlisted") and row.ends_at > now

    past = _told(session.rows(statement), "person_id", zone, missed, ahead)
    for row in session.rows(
        _ABSENT.where(Fact.tenant_id == tenant_id, Fact.occurred_at > now - timedelta(days=absent_days))
    ):
        past[row.person_id].absences = row.many
    return past


def of_units(session: Session, tenant_id: UUID, now: datetime, zone: ZoneInfo) -> defaultdict[UUID, Past]:
    """Return the past of every resource; a unit that accepted and then called off, or never began, has missed."""
    statement = (
        _PROPOSED.add_columns(Project.state.label("project"), Project.starts_on, Project.flags)
        .outerjoin(Project, Project.id == MatchProposal.project_id)
        .where(
            MatchProposal.tenant_id == tenant_id, MatchProposal.state != "prepared",
            MatchProposal.resource_id.is_not(None),
        )
    )  # fmt: skip
    overdue = (now - _VANISHED).astimezone(zone).date()

    def missed(row: Any) -> bool:
        silent = NO_REPLY in (row.flags or ())  # the unit said yes with the proposal: the silence is the community's
        return (row.project in DEAD and not silent) or (row.project == "agreed" and row.starts_on <= overdue)

    return _told(session.rows(statement), "resource_id", zone, missed, lambda _row: False)


def of_teams(session: Session, tenant_id: UUID, zone: ZoneInfo) -> defaultdict[UUID, Past]:
    """Return the past of every team, as whoever answers for it gave it; whether its people came is their own past."""
    statement = _PROPOSED.where(
        MatchProposal.tenant_id == tenant_id, MatchProposal.state != "prepared", MatchProposal.team_id.is_not(None),
        MatchProposal.person_id.is_(None),
    )  # fmt: skip
    return _told(session.rows(statement), "team_id", zone, lambda _row: False, lambda _row: False)


def _told(
    rows: Any, by: str, zone: ZoneInfo, missed: Callable[[Any], bool], ahead: Callable[[Any], bool]
) -> defaultdict[UUID, Past]:
    past: defaultdict[UUID, Past] = defaultdict(Past)
    for row in rows:
        helper, accepted = past[getattr(row, by)], row.state == "accepted"
        day = row.created_at.astimezone(zone).date()
        helper.answers.append(
            Answer(str(row.need_id), row.category, row.state, day, accepted and missed(row), row.rating)
        )
        helper.load += row.places * (row.state == "proposed" or (accepted and ahead(row)))
    return past


_undone = sa.orm.aliased(Fact, name="undone")
_ABSENT = (
    sa.select(Person.id.label("person_id"), sa.func.count().label("many"))
    .select_from(Fact)
    .join(Person, Person.account_id == Fact.account_id)
    .where(
        Fact.kind == "absence", Fact.shift_id.is_(None), Fact.reverses_id.is_(None),
        ~sa.exists().where(_undone.reverses_id == Fact.id),
        Person.id.in_(sa.select(Availability.person_id).where(Availability.active)),
    )
    .group_by(Person.id)
)  # fmt: skip
