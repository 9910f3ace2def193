"""What a merge gives to the person left, row by row, and gives back: ways in, affiliations, grants, sign-ups."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.grants import APART
from api.domain.hosting import UNPUBLISHED
from api.domain.merging import MergeRefused
from api.models import (
    Activity,
    Affiliation,
    Availability,
    Case,
    Grant,
    Identity,
    MatchProposal,
    Need,
    Opinion,
    OpinionReader,
    OutsideRecord,
    Payment,
    Profile,
    Project,
    ProjectPerson,
    Sanction,
    Shift,
    Signup,
    StoryVoice,
    Team,
)
from api.services import sign_ins
from api.services.days import today

_LIVE_SIGNUP = ("signed_up", "waitlisted", "confirmed")
_GRANTED = ("active", "proposed")
_TAKES_PART = ("claimed", "agreed")
# What goes over as it is: table, the column that names the person, and which of its rows.
_GOES: dict[str, tuple[Any, Any, Any]] = {
    "identities": (Identity, Identity.person_id, sa.true()),
    "grants": (Grant, Grant.person_id, Grant.state.in_(_GRANTED)),
    "activities": (Activity, Activity.leader_id, Activity.state.in_((*UNPUBLISHED, "published"))),
    "needs": (Need, Need.asked_by, sa.true()),
    "claims": (Need, Need.claimed_by, sa.true()),
    "story_voices": (StoryVoice, StoryVoice.person_id, sa.true()),
    "cases": (Case, Case.opened_by, sa.true()),
    "opinions": (Opinion, Opinion.person_id, sa.true()),
    "opinion_readers": (OpinionReader, OpinionReader.person_id, sa.true()),
    "outside_records": (OutsideRecord, OutsideRecord.person_id, sa.true()),
    "match_proposals": (MatchProposal, MatchProposal.person_id, sa.true()),
    "project_people": (ProjectPerson, ProjectPerson.person_id, sa.true()),
    "teams": (Team, Team.leader_id, Team.state == "active"),
    "payments": (Payment, Payment.person_id, sa.true()),
    "sanctions": (Sanction, Sanction.person_id, sa.true()),
}
_TABLES: dict[str, tuple[Any, Any]] = {name: (table, column) for name, (table, column, _) in _GOES.items()} | {
    "affiliations": (Affiliation, Affiliation.person_id), "signups": (Signup, Signup.person_id),
    "profiles": (Profile, Profile.person_id), "availabilities": (Availability, Availability.person_id),
}  # fmt: skip
_ONE_EACH = (Profile, Availability)  # of which a person has one row
Moved = list[dict[str, Any]]


def give(session: Session, actor: Actor, gone: UUID, left: UUID) -> Moved:
    """Give what is live of person `gone` to person `left`; return each row as it stood, to be given back.

    Where both have the same, the one of who goes ends. Devices of who goes are signed out. MergeRefused.
    """
    _require_roles_fit(session, gone, left)
    tenant_id = actor.tenant_id
    moved: Moved = _end_doubles(session, gone, left)
    for name, (table, column, which) in _GOES.items():
        ids = session.rows(sa.select(table.id).where(table.tenant_id == tenant_id, column == gone, which))
        moved += [{"table": name, "id": str(row.id)} for row in ids]
        of = sa.and_(table.tenant_id == tenant_id, column == gone, which)
        session.execute(sa.update(table).where(of).values({column: left}))
    moved += [each for table in _ONE_EACH for each in _told(session, table, gone, left)]
    moved += _affiliations(session, tenant_id, gone, left)
    moved += _signups(session, tenant_id, gone, left)
    sign_ins.end_others(session, actor.aside(), gone, "ended")
    return moved


def give_back(session: Session, gone: UUID, left: UUID, moved: Iterable[dict[str, Any]]) -> None:
    """Give every row back to person `gone`, as it stood where nobody changed it since.

    A row that ended or was given elsewhere meanwhile keeps what was done to it.
    """
    for each in moved:
        if each["table"] == "swapped":
            _swap_back(session, each)
            continue
        table, column = _TABLES[each["table"]]
        row_id = UUID(each["id"])
        of = sa.and_(table.id == row_id, column.in_([gone, left]))
        session.execute(sa.update(table).where(of).values({column: gone}))
        if "after" in each:
            after, before = _plain(each["after"]), _plain(each["before"])
            same = [getattr(table, name).is_not_distinct_from(value) for name, value in after.items()]
            done = session.execute(sa.update(table).where(of, *same).values(before))
            if done.rowcount and each["table"] == "signups":
                _take_place(session, row_id, after["state"], before["state"])
            if done.rowcount and each["table"] == "project_people":
                _count_part(session, row_id, 1)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name == "valid_to" and value is not None else value
        for name, value in values.items()
    }


def _require_roles_fit(session: Session, gone: UUID, left: UUID) -> None:
    held = session.rows(
        sa.select(Grant.role, Grant.person_id, Grant.given_by).where(
            Grant.person_id.in_([gone, left]), Grant.state.in_(_GRANTED)
        )
    )
    if len({row.role for row in held} & APART) > 1 or any(row.given_by in (gone, left) for row in held):
        raise MergeRefused


def _end_doubles(session: Session, gone: UUID, left: UUID) -> Moved:
    """End the parts in projects that both have, of who goes: nobody takes part in one twice."""
    other = sa.orm.aliased(ProjectPerson)
    both = sa.exists().where(
        other.project_id == ProjectPerson.project_id, other.person_id == left, other.state.in_(_TAKES_PART)
    )
    held = sa.select(ProjectPerson.id, ProjectPerson.state).where(
        ProjectPerson.person_id == gone, ProjectPerson.state.in_(_TAKES_PART), both
    )
    moved: Moved = []
    for row in session.rows(held.order_by(ProjectPerson.id)):
        session.execute(sa.update(ProjectPerson).where(ProjectPerson.id == row.id).values(state="ended"))
        _count_part(session, row.id, -1)
        change = {"before": {"state": row.state}, "after": {"state": "ended"}}
        moved.append({"table": "project_people", "id": str(row.id), **change})
    return moved


def _count_part(session: Session, part_id: UUID, more: int) -> None:
    """Count a part that takes its place again or gives it back; where it is gone meanwhile it stays ended."""
    project = sa.select(ProjectPerson.project_id).where(ProjectPerson.id == part_id).scalar_subquery()
    room = sa.or_(more < 0, Project.headcount.is_(None), Project.taken < Project.headcount)
    counted = sa.update(Project).where(Project.id == project, room).values(taken=Project.taken + more)
    if session.execute(counted).rowcount == 0:
        session.execute(sa.update(ProjectPerson).where(ProjectPerson.id == part_id).values(state="ended"))


def _told(session: Session, table: Any, gone: UUID, left: UUID) -> Moved:
    """Give what the one who goes told of themselves, unless the one who stays told of themselves too."""
    told = {row.person_id: row.id for row in session.rows(
        sa.select(table.id, table.person_id).where(table.person_id.in_([gone, left]))
    )}  # fmt: skip
    if left in told or gone not in told:
        return []
    session.execute(sa.update(table).where(table.id == told[gone]).values(person_id=left))
    return [{"table": table.__tablename__, "id": str(told[gone])}]


def _affiliations(session: Session, tenant_id: UUID, gone: UUID, left: UUID) -> Moved:
    """Give the affiliations in force; one that both have ends, and of two principal homes that of who stays is it."""
    held = session.rows(
        sa.select(
            Affiliation.id, Affiliation.person_id, Affiliation.organization_id, Affiliation.kind, Affiliation.state,
            Affiliation.principal, Affiliation.valid_to, Affiliation.team_id,
        ).where(
            Affiliation.tenant_id == tenant_id, Affiliation.person_id.in_([gone, left]), Affiliation.valid_to.is_(None)
        ).order_by(Affiliation.id)
    )  # fmt: skip
    own = {(row.kind, row.organization_id, row.team_id) for row in held if row.person_id == left}
    principal = {row.kind for row in held if row.person_id == left and row.principal}
    moved: Moved = []
    for row in (row for row in held if row.person_id == gone):
        before = {"state": row.state, "principal": row.principal, "valid_to": None}
        after = dict(before)
        if (row.kind, row.organization_id, row.team_id) in own:
            after |= {"state": "ended", "valid_to": today(session, tenant_id), "principal": False}
        elif row.principal and row.kind in principal:
            after["principal"] = False
        session.execute(sa.update(Affiliation).where(Affiliation.id == row.id).values(**after, person_id=left))
        until = after["valid_to"] and after["valid_to"].isoformat()
        moved.append(
            {"table": "affiliations", "id": str(row.id), "before": before, "after": {**after, "valid_to": until}}
        )
    return moved


def _signups(session: Session, tenant_id: UUID, gone: UUID, left: UUID) -> Moved:
    """Give the sign-ups for shifts to come; where both are signed up the one of who goes gives its place back."""
    coming = session.rows(
        sa.select(Signup.id, Signup.person_id, Signup.shift_id, Signup.state)
        .join(Shift, Shift.id == Signup.shift_id)
        .where(Signup.tenant_id == tenant_id, Signup.person_id.in_([gone, left]), Shift.ends_at > session.now)
        .order_by(Signup.shift_id)
    )
    own = {row.shift_id: row for row in coming if row.person_id == left}
    moved: Moved = []
    for row in (row for row in coming if row.person_id == gone and row.state in _LIVE_SIGNUP):
        other = own.get(row.shift_id)
        if other is None:
            session.execute(sa.update(Signup).where(Signup.id == row.id).values(person_id=left))
            moved.append({"table": "signups", "id": str(row.id)})
        elif other.state in _LIVE_SIGNUP:
            change = {"before": {"state": row.state}, "after": {"state": "cancelled"}}
            session.execute(sa.update(Signup).where(Signup.id == row.id).values(state="cancelled"))
            _take_place(session, row.id, row.state, "cancelled")
            moved.append({"table": "signups", "id": str(row.id), **change})
        else:
            moved += _swap(session, row, other)
    return moved


def _swap(session: Session, row: Any, other: Any) -> Moved:
    """Let the cancelled sign-up of who stays take the place of who goes: a shift has one sign-up a person."""
    session.execute(sa.update(Signup).where(Signup.id == other.id).values(state=row.state))
    session.execute(sa.update(Signup).where(Signup.id == row.id).values(state=other.state))
    return [{"table": "swapped", "id": str(row.id), "other": str(other.id), "state": row.state}]


def _swap_back(session: Session, each: dict[str, Any]) -> None:
    still = sa.and_(Signup.id == UUID(each["other"]), Signup.state == each["state"])
    if session.execute(sa.update(Signup).where(still).values(state="cancelled")).rowcount:
        session.execute(sa.update(Signup).where(Signup.id == UUID(each["id"])).values(state=each["state"]))


def _take_place(session: Session, signup_id: UUID, was: str, becomes: str) -> None:
    """Count the place that a sign-up gives back or takes again; where it is gone meanwhile the sign-up waits."""
    more = (becomes == "confirmed") - (was == "confirmed")
    if more == 0:
        return
    shift = sa.select(Signup.shift_id).where(Signup.id == signup_id).scalar_subquery()
    room = sa.true() if more < 0 else Shift.confirmed < Shift.capacity
    counted = sa.update(Shift).where(Shift.id == shift, room).values(confirmed=Shift.confirmed + more)
    if session.execute(counted).rowcount == 0:
        session.execute(sa.update(Signup).where(Signup.id == signup_id).values(state="waitlisted"))
