"""Who could serve: people as they declared themselves, units by what they offer, each with what the past teaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.list_words import CATEGORIES, EVERYDAY, code_of
from api.domain.matching.learning import Answer, Learned, learned
from api.domain.matching.slots import free_slots, slot_of
from api.domain.matching.times import occurrences, windows_of
from api.domain.need_gates import PERSON, TEAM, UNIT
from api.domain.profiles import is_minor
from api.models import (
    Affiliation,
    Availability,
    Organization,
    OrganizationLink,
    Person,
    Profile,
    Resource,
    Shift,
    Signup,
    Team,
)
from api.services import match_history
from api.services.match_helpers import Area, Helper, Week
from api.services.teams import people_of

_KNOWN, _MIDDLE = 1, 2  # levels of a skill: one that a profile names, and what a unit offers
_UNIT_REACH, _UNIT_TASKS = 10_000, 3  # metres that a unit goes, and needs that one resource takes in a run


def people(session: Session, area: Area) -> list[Helper]:
    """Return who declared their time in the area and may be asked: active, and not known to be a minor."""
    homes, employers = _belonging(session, area)
    rows = session.rows(_DECLARED.where(Availability.tenant_id == area.tenant_id))
    texts = {each: str(each) for each in _within(session, area)}
    named = {text: each for each, text in texts.items()}
    profiles = _profiles(session, area)
    busy, memory = _busy(session, area), area.rules.memory
    past = match_history.of_people(session, area.tenant_id, area.now, area.zone, memory.no_show_days)
    found = []
    for person_id, told, account_id in rows:
        where, profile = told["area_id"], profiles.get(person_id)
        home = named.get(where) if where else homes.get(person_id)
        if home not in texts or (profile and is_minor(profile.born, area.today)):
            continue
        taught = past.get(person_id, _NO_PAST)
        values = {
            **_person(told, profile.skills if profile else (), texts[home]),
            **_taught(area, taught.answers, taught.absences), "load": taught.load, "unit": employers.get(person_id),
        }  # fmt: skip
        week = Week(told["free"], told["preferred"], busy.get(person_id, ()))
        found.append(Helper(str(account_id), home, {"person": str(person_id)}, PERSON, values, week))
    return found


def _person(told: dict[str, Any], more: Sequence[str], home: str) -> dict[str, Any]:
    return {
        "skills": _skills(tuple([(each["category"], each["level"]) for each in told["skills"]]), tuple(more)),
        "reach": told["reach_metres"], "max_tasks": told["max_tasks"],
        "wishes": tuple(sorted({*told["wishes"], home})),
    }  # fmt: skip


@lru_cache(maxsize=4096)
def _skills(declared: tuple[tuple[str, int], ...], more: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Return what somebody can do, at which level: everyday help, what a profile names, and what they declared."""
    skills = dict.fromkeys(EVERYDAY, _KNOWN)
    skills |= {code_of(CATEGORIES, said) or said: _KNOWN for said in more}
    return tuple(sorted((skills | dict(declared)).items()))


def units(session: Session, area: Area) -> list[Helper]:
    """Return what units offer that have reported in within the area, as far as it is not promised yet."""
    seats = session.rows(_REPORTED_IN.where(OrganizationLink.tenant_id == area.tenant_id))
    within = _within(session, area)
    homes = {row.from_id: row.to_id for row in reversed(seats) if row.to_id in within}
    past = match_history.of_units(session, area.tenant_id, area.now, area.zone)
    found = []
    for row in session.rows(_OFFERED.where(Resource.tenant_id == area.tenant_id)):
        left = _UNIT_TASKS if row.quantity is None else min(row.quantity - row.promised, _UNIT_TASKS)
        if row.organization_id not in homes or left < 1:
            continue
        home = homes[row.organization_id]
        taught = past[row.id]
        helper = Helper(str(row.id), home, {"unit": str(row.organization_id), "resource": str(row.id)}, UNIT)
        helper.values = {
            "skills": ((row.category, _MIDDLE),), "reach": _UNIT_REACH, "max_tasks": left, "at_once": left,
            "wishes": (str(home),), "load": taught.load, "unit": str(row.organization_id),
            "slots": _open(area, row.windows),
        } | _taught(area, taught.answers, 0)  # fmt: skip
        found.append(helper)
    return found


def _open(area: Area, stored: list[Any] | None) -> tuple[int, ...] | None:
    """Return the slots that a resource's opening hours touch; None where it names none and is there at any time."""
    hours = windows_of(stored)
    # What opened a day ago may still be open.
    begin = area.now - timedelta(days=1)
    return None if hours is None else free_slots(occurrences(hours, area.zone, begin, area.before), area.zone)


def teams(session: Session, area: Area) -> list[Helper]:
    """Return the teams that have said when they are free, each with as many places at once as it has people."""
    rows = [row for row in session.rows(_TEAMS.where(Team.tenant_id == area.tenant_id)) if row.told.get("active")]
    people_in, within = people_of(session, [row.id for row in rows]), _within(session, area)
    past = match_history.of_teams(session, area.tenant_id, area.zone)
    found = []
    for row in rows:
        home = UUID(row.told["area_id"]) if row.told["area_id"] else row.organization_id
        many = len(people_in.get(row.id, ()))
        if home not in within or not many:
            continue
        values = {
            **_person(row.told, (), str(home)), "at_once": many, "max_tasks": many * row.told["max_tasks"],
            "load": past[row.id].load, **_taught(area, past[row.id].answers, 0),
        }  # fmt: skip
        week = Week(row.told["free"], row.told["preferred"], ())
        found.append(Helper(str(row.id), home, {"team": str(row.id)}, TEAM, values, week))
    return found


def _taught(area: Area, answers: list[Answer], absences: int) -> dict[str, Any]:
    if not answers and not absences:
        return _UNTAUGHT
    return _told(learned(answers, absences, area.today, area.rules.memory))


def _told(found: Learned) -> dict[str, Any]:
    return {
        "declines": found.declines, "declined": found.declined, "no_shows": found.no_shows, "rating": found.rating,
        "asked": found.asked,
    }  # fmt: skip


_UNTAUGHT, _NO_PAST = _told(Learned()), match_history.Past()
_TEAMS = sa.select(Team.id, Team.organization_id, Team.told).where(Team.state == "active").order_by(Team.id)
_DECLARED = (
    sa.select(Availability.person_id, Availability.told, Person.account_id)
    .join(Person, Person.id == Availability.person_id)
    .where(Availability.active, Person.state == "active")
    .order_by(Availability.person_id)
)
_REPORTED_IN = (
    sa.select(OrganizationLink.from_id, OrganizationLink.to_id)
    .where(
        OrganizationLink.kind == "registration", OrganizationLink.state == "accepted",
        OrganizationLink.valid_to.is_(None),
    )
    .order_by(OrganizationLink.id)
)  # fmt: skip
_OFFERED = (
    sa.select(
        Resource.id, Resource.category, Resource.quantity, Resource.promised, Resource.organization_id, Resource.windows
    )
    .where(Resource.state == "published", Resource.kind != "fund")
    .order_by(Resource.id)
)


def _within(session: Session, area: Area) -> set[UUID]:
    below = Organization.path.startswith(area.path, autoescape=True)
    rows = session.rows(sa.select(Organization.id).where(Organization.tenant_id == area.tenant_id, below))
    return {row.id for row in rows}


def _belonging(session: Session, area: Area) -> tuple[dict[UUID, UUID], dict[UUID, str]]:
    """Return where each person is registered, and for whom they work; of several the first counts."""
    rows = session.rows(
        sa.select(Affiliation.person_id, Affiliation.organization_id, Affiliation.kind)
        .where(
            Affiliation.tenant_id == area.tenant_id, Affiliation.valid_to.is_(None),
            sa.or_(
                sa.and_(Affiliation.kind == "registration", Affiliation.state == "accepted", Affiliation.principal),
                sa.and_(Affiliation.kind == "employment", Affiliation.state == "active"),
            ),
            Affiliation.person_id.in_(sa.select(Availability.person_id).where(Availability.active)),
        )
        .order_by(Affiliation.id.desc())
    )  # fmt: skip
    homes = {row.person_id: row.organization_id for row in rows if row.kind == "registration"}
    return homes, {row.person_id: str(row.organization_id) for row in rows if row.kind == "employment"}


@dataclass(frozen=True, slots=True)
class _Profile:
    skills: list[str]
    born: date | None


def _profiles(session: Session, area: Area) -> dict[UUID, _Profile]:
    rows = session.rows(
        sa.select(
            Profile.id, Profile.tenant_id, Profile.person_id, Profile.skills, Profile.service_kinds, Profile.birth_date
        ).where(
            Profile.tenant_id == area.tenant_id,
            Profile.person_id.in_(sa.select(Availability.person_id).where(Availability.active)),
        )
    )
    return {
        row.person_id: _Profile(
            [*row.skills, *row.service_kinds], row.birth_date and date.fromisoformat(row.birth_date)
        )
        for row in rows
    }


def _busy(session: Session, area: Area) -> defaultdict[UUID, set[int]]:
    """Return the half days in which people have a place at a shift already."""
    rows = session.rows(
        sa.select(Signup.person_id, Shift.starts_at)
        .join(Shift, Shift.id == Signup.shift_id)
        .where(
            Signup.tenant_id == area.tenant_id, Signup.state != "cancelled", Shift.state == "open",
            Shift.starts_at >= area.now, Shift.starts_at < area.before,
            Signup.person_id.in_(sa.select(Availability.person_id).where(Availability.active)),
        )
    )  # fmt: skip
    busy: defaultdict[UUID, set[int]] = defaultdict(set)
    for row in rows:
        busy[row.person_id].add(slot_of(row.starts_at, area.zone))
    return busy
