"""What an erasure does, step by step: end what runs, keep apart what the law keeps, shred the rest."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from api.access import Actor
from api.db import Session, new_id
from api.domain.erasing import AT_THE_END, PERSON, WAYS
from api.domain.hosting import UNPUBLISHED
from api.models import (
    Activity,
    Affiliation,
    Assessment,
    Case,
    Grant,
    Need,
    Person,
    ProjectPerson,
    RestrictedPerson,
    Ruling,
    Shift,
    Signup,
)
from api.services import changes, consents, grant_ends, need_claims, project_people, signups, stories, teams
from api.services.days import today

RESTRICTED_NAME, RESTRICTED_NUMBER = "restricted_name", "restricted_id_number"
_UNPUBLISHED = ("draft", "submitted", "declined")
_LIVE = {"registration": ("proposed", "submitted", "accepted"), None: ("active", "disputed")}


def end_what_runs(session: Session, actor: Actor) -> None:
    """End the actor's sign-ups ahead, registrations, employments, grants, consents, open cases, unpublished needs."""
    ahead = (
        sa.select(Signup.shift_id)
        .join(Shift, Shift.id == Signup.shift_id)
        .where(
            Signup.person_id == actor.person_id,
            Signup.state.in_(("confirmed", "waitlisted", "signed_up")),
            Shift.starts_at > session.now,
        )
    )
    for row in session.rows(ahead.order_by(Signup.shift_id)):
        signups.cancel(session, actor, row.shift_id)
    _end_affiliations(session, actor)
    teams.end_led(session, actor)
    for row in session.rows(_OPEN_GRANTS, {"person": actor.person_id}):
        grant_ends.end(session, actor, row.id, "erased", False)
    project_people.end_all(session, actor, ProjectPerson.person_id == actor.person_id)
    consents.withdraw_all(session, actor, actor.person_id)
    _withdraw_cases(session, actor)
    need_claims.let_go_of(session, actor)
    stories.retract_all(session, actor)
    drafts = sa.delete(Need).where(Need.asked_by == actor.person_id, Need.state.in_(_UNPUBLISHED))
    session.execute(drafts)
    ahead = Activity.state.in_((*UNPUBLISHED, "published"))
    led = sa.update(Activity).where(Activity.leader_id == actor.person_id, ahead)
    session.execute(led.values(leader_id=None))


def restrict_or_forget(session: Session, actor: Actor, kept_until: date | None) -> None:
    """Move name and ID number to where auditors alone see them, or let key and link die where no record is kept."""
    row = session.first(
        sa.select(Person.wrapped_key, Person.name, Person.id_number).where(Person.id == actor.person_id)
    )
    person = sa.update(Person).where(Person.id == actor.person_id)
    if row is None or kept_until is None:
        _delete_what_ends_with_it(session, actor.person_id)
        session.execute(person.values(state="erased", wrapped_key=None, account_id=new_id(), **PERSON))
        return
    kept = {"name": RESTRICTED_NAME, "id_number": RESTRICTED_NUMBER}
    opened = {
        column: session.vault.open(row.wrapped_key, actor.person_id, column, getattr(row, column)) for column in kept
    }
    sealed = {
        column: None if text is None else session.vault.seal(row.wrapped_key, actor.person_id, kept[column], text)
        for column, text in opened.items()
    }
    restricted = {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": actor.person_id, "account_id": actor.account_id,
        "until": kept_until, **sealed,
    }  # fmt: skip
    session.insert(RestrictedPerson, [restricted])
    session.execute(person.values(state="restricted", **PERSON))


def shred(session: Session, tenant_id: UUID, person_id: UUID) -> None:
    """Delete or empty every row of a person as `WAYS` says, and whatever else another record of the person holds."""
    for place, way in WAYS.items():
        name, column = place.split(".")
        table = SQLModel.metadata.tables[name]
        mine = sa.and_(table.c.tenant_id == tenant_id, table.c[column] == person_id)
        if name == "cases":
            mine = sa.and_(mine, table.c.kind.in_(_WORDS_OF_ONES_OWN))
        if way.act == "delete":
            for child, reference in way.children:
                below = SQLModel.metadata.tables[child]
                session.execute(sa.delete(below).where(below.c[reference].in_(sa.select(table.c.id).where(mine))))
            session.execute(sa.delete(table).where(mine))
        elif way.act == "clear":
            there = {key: value for key, value in way.clear.items() if key in table.c}
            session.execute(sa.update(table).where(mine).values(**there))
    other = sa.update(Person).where(Person.id == person_id, Person.state == "merged")
    session.execute(other.values(state="erased", wrapped_key=None, **PERSON))


def let_die(session: Session, row: Any) -> None:
    """Take away what still led from a service record to a person: the name, the key, the link, what they were."""
    session.execute(sa.delete(RestrictedPerson).where(RestrictedPerson.id == row.id))
    _delete_what_ends_with_it(session, row.person_id)
    judged = sa.update(Assessment).where(Assessment.subject_id == row.account_id)
    session.execute(judged.values(subject_key="", bundle={}, judgement={}))
    session.execute(sa.update(Ruling).where(Ruling.subject_id == row.account_id).values(reason=""))
    person = sa.update(Person).where(Person.id == row.person_id)
    session.execute(person.values(state="erased", wrapped_key=None, account_id=new_id()))


def _delete_what_ends_with_it(session: Session, person_id: UUID) -> None:
    for name in AT_THE_END:
        table = SQLModel.metadata.tables[name]
        session.execute(sa.delete(table).where(table.c.person_id == person_id))


_OPEN_GRANTS = (
    sa.select(Grant.id)
    .where(Grant.person_id == sa.bindparam("person"), Grant.state.in_(("active", "proposed")))
    .order_by(Grant.id)
)
_WORDS_OF_ONES_OWN = ("objection", "appeal", "complaint", "data_request", "suggestion")


def _end_affiliations(session: Session, actor: Actor) -> None:
    day = today(session, actor.tenant_id)
    rows = session.rows(
        sa.select(
            Affiliation.id, Affiliation.state, Affiliation.version, Affiliation.kind, Affiliation.organization_id,
            Affiliation.valid_from,
        )
        .where(Affiliation.person_id == actor.person_id, Affiliation.valid_to.is_(None))
        .order_by(Affiliation.id)
    )  # fmt: skip
    for row in rows:
        if row.state not in _LIVE.get(row.kind, _LIVE[None]):
            continue
        step = "affiliation.end"
        if row.kind == "registration":
            step = "registration.end" if row.state == "accepted" else "registration.withdraw"
        ends = {"valid_to": max(day, row.valid_from)}
        changes.take(session, actor, Affiliation, row, step, ends, at=row.organization_id)


def _withdraw_cases(session: Session, actor: Actor) -> None:
    rows = session.rows(
        sa.select(Case.id, Case.state, Case.version, Case.organization_id)
        .where(
            Case.opened_by == actor.person_id,
            Case.kind.in_(_WORDS_OF_ONES_OWN),
            Case.state.in_(("open", "assigned", "escalated", "reopened")),
        )
        .order_by(Case.id)
    )
    for row in rows:
        changes.take(session, actor, Case, row, "case.withdraw", at=row.organization_id)
