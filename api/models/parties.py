"""Persons as parties of projects (岗位, 结对, 承诺), and households that are paired with somebody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.models.base import Changing, Row, instant, one_of, partial_unique, ref, sealed
from api.models.personal import MENTIONED, Personal

_OWN = Personal("taking_part", "person_id", "reporting_in")
_NOTED = Personal("household", MENTIONED, "service_record")
_PAIRED = Personal("household", MENTIONED, "request")


class ProjectPerson(Changing, table=True):
    """A person as a party of a project, of their own accord: who holds a duty post, makes a pledge, is paired.

    Who `claimed` or is `agreed` counts in the project's `taken`; nobody takes part in one project twice at a time.
    """

    __tablename__ = "project_people"
    __table_args__ = (
        one_of("side", "asks", "offers", "joins"),
        one_of("state", "claimed", "agreed", "declined", "ended"),
        sa.Index("ix_project_people_project", "project_id", "state", "id"),
        sa.Index("ix_project_people_person", "tenant_id", "person_id", "id"),
        partial_unique("uq_project_people_live", "project_id", "person_id", where="state IN ('claimed', 'agreed')"),
    )
    project_id: UUID = ref("projects.id")
    person_id: UUID = ref("people.id")
    side: str
    state: str = "claimed"
    starts_on: date | None = None
    ends_on: date | None = None
    agreed_at: datetime | None = instant(optional=True)
    confirmed_by: UUID | None = None
    ended_at: datetime | None = instant(optional=True)
    words: str | None = sealed("project_people.words", _OWN, optional=True)  # what is pledged
    reason: str | None = sealed("project_people.reason", _OWN, optional=True)
    marked_on: date | None = None  # since when it is a demonstration post (示范岗), and by whose word
    mark_reason: str | None = sealed("project_people.mark_reason", _OWN, optional=True)
    set_by: UUID | None = None


class Household(Row, table=True):
    """Who is paired in a pairing, as the community noted with their consent; for the paired and the community alone."""

    __tablename__ = "households"
    project_id: UUID = ref("projects.id", unique=True)
    told: dict[str, Any] = sealed("households.told", _PAIRED, kind="dict")
    consented_on: date | None = None
    consent: dict[str, Any] = sealed("households.consent", _PAIRED, kind="dict")
    recorded_by: UUID


class Visit(Row, table=True):
    """A note of a visit (民情日记) by who is paired: what was found and wished for; a fact says that it was made."""

    __tablename__ = "visits"
    __table_args__ = (sa.UniqueConstraint("project_id", "person_id", "visited_on"),)
    project_id: UUID = ref("projects.id")
    person_id: UUID = ref("people.id", index=True)
    fact_id: UUID = ref("facts.id")
    visited_on: date
    words: str = sealed("visits.words", _NOTED)
    wishes: str | None = sealed("visits.wishes", _NOTED, optional=True)
