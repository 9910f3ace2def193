"""What the record says of a person or a unit in a period, as of a sealed position: the facts of an opinion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.documents import Recorded, Words, duration
from api.domain.kind_labels import kind_label
from api.models import Entry, Fact, Person, Position

_undone = sa.orm.aliased(Fact, name="undone_as_of")
_undone_position = sa.orm.aliased(Position, name="undone_position")
_NOTED = ("training", "qualification", "award")
_OF_UNITS = (
    "venue_opened", "goods", "lecture", "problem_solved", "leader_on_site", "joint_activity", "nil_return",
    "complaint_finding",
)  # fmt: skip


class Scope(NamedTuple):
    """Whose record, of which days, up to which sealed position."""

    tenant_id: UUID
    accounts: Sequence[UUID]
    since: date
    until: date
    position: int


def accounts_of(session: Session, tenant_id: UUID, person_id: UUID) -> list[UUID]:
    """Return the accounts of a person and of the records that were merged into theirs."""
    own = sa.or_(Person.id == person_id, Person.merged_into == person_id)
    rows = session.rows(sa.select(Person.account_id).where(Person.tenant_id == tenant_id, own))
    return sorted(row.account_id for row in rows)


def recorded(session: Session, scope: Scope, groups: Sequence[str]) -> list[Recorded]:
    """Return the lines of the record that a procedure asks for, in its order; what is not there stands as none."""
    return [line for group in groups for line in _GROUPS[group](session, scope)]


def _service(session: Session, scope: Scope) -> list[Recorded]:
    """Return volunteer time, how many activities and how many days; reversals up to the position take away."""
    rows = [row for row in _entries(session, scope, "volunteer_minutes") if row.minutes > 0]
    minutes, activities = sum(row.minutes for row in rows), len({row.activity_id for row in rows if row.activity_id})
    days = len({row.served_on for row in rows})
    told = duration(minutes)
    return [
        Recorded(Words("志愿服务时长", "Volunteer time"), told),
        Recorded(
            Words("参加活动", "Activities"),
            Words(f"{activities} 项，{days} 天", f"{activities} activities on {days} days"),
        ),
    ]


def _participation(session: Session, scope: Scope) -> list[Recorded]:
    minutes = sum(row.minutes for row in _entries(session, scope, "participation"))
    return [Recorded(Words("组织生活等参与时长", "Time in organisational life"), duration(minutes))]


def _entries(session: Session, scope: Scope, unit: str) -> Sequence[Any]:
    """Return the net minutes by activity and day; what nets to nought tells of a mistake put right, and is none."""
    return session.rows(
        sa.select(Entry.activity_id, Entry.served_on, sa.func.sum(Entry.amount).label("minutes"))
        .join(Position, Position.row_id == Entry.id)
        .where(
            Entry.tenant_id == scope.tenant_id, Entry.account_id.in_(scope.accounts), Entry.unit == unit,
            Entry.served_on >= scope.since, Entry.served_on < scope.until, Position.position <= scope.position,
        )
        .group_by(Entry.activity_id, Entry.served_on)
    )  # fmt: skip


def _findings(session: Session, scope: Scope) -> list[Recorded]:
    days = [f"{row.served_on}" for row in _facts(session, scope, ("complaint_finding",))]
    told = Words(f"{len(days)} 件：{'、'.join(days)}", f"{len(days)}: {', '.join(days)}") if days else _NONE
    return [Recorded(Words("查实的投诉", "Complaints found true"), told)]


def _noted(session: Session, scope: Scope) -> list[Recorded]:
    """Return trainings, qualifications and awards by kind, each with its days."""
    rows = _facts(session, scope, _NOTED)
    lines = []
    for kind in _NOTED:
        days = [f"{row.served_on}" for row in rows if row.kind == kind]
        if days:
            lines.append(Recorded(Words(**kind_label("fact.kind", kind)), Words("、".join(days), ", ".join(days))))
    return lines


def _unit(session: Session, scope: Scope) -> list[Recorded]:
    """Return what the community noted of a unit, counted by kind; a finding stands also where there is none."""
    counted = Counter(row.kind for row in _facts(session, scope, _OF_UNITS))
    told = [kind for kind in _OF_UNITS if counted[kind] or kind == "complaint_finding"]
    return [
        Recorded(Words(**kind_label("fact.kind", kind)), Words(f"{counted[kind]} 次", f"{counted[kind]}"))
        for kind in told
    ]


def _facts(session: Session, scope: Scope, kinds: Sequence[str]) -> Sequence[Any]:
    """Return day and kind of facts that stood at the position: what was reversed later still stood then."""
    reversed_then = (
        sa.exists()
        .where(_undone.reverses_id == Fact.id, _undone_position.row_id == _undone.id)
        .where(_undone_position.position <= scope.position)
    )
    return session.rows(
        sa.select(Fact.kind, Fact.served_on)
        .join(Position, Position.row_id == Fact.id)
        .where(
            Fact.tenant_id == scope.tenant_id, Fact.account_id.in_(scope.accounts), Fact.kind.in_(kinds),
            Fact.served_on >= scope.since, Fact.served_on < scope.until, Fact.reverses_id.is_(None),
            Position.position <= scope.position, ~reversed_then,
        )
        .order_by(Fact.served_on, Fact.id)
    )  # fmt: skip


_NONE = Words("无", "none")
_GROUPS: Mapping[str, Callable[[Session, Scope], list[Recorded]]] = {
    "service": _service, "participation": _participation, "findings": _findings, "noted": _noted, "unit": _unit,
}  # fmt: skip
