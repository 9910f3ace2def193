"""志愿者基本信息 and a guardian's consent on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.domain.profiles import Relation, Sex
from api.schemas.base import Body, Day, Line, Subject, View

Several = Annotated[list[Line], Field(max_length=20)]


class Told(Body):
    """What a volunteer tells of themselves; each member may be left out, and what is left out is kept no more."""

    sex: Sex | None = None
    birth_date: Day | None = None
    residence: Annotated[Line, Field(description="the area where one lives, not the address")] | None = None
    contact: Annotated[Line, Field(description="how one likes to be reached")] | None = None
    skills: Several = []
    service_kinds: Annotated[Several, Field(description="the kinds of service one would give")] = []


class Profile(View):
    """Who the archive is of: name, phone and ID number as the roster has them, and what the volunteer told besides.

    `nationalNumber` is what the national system calls them, set by imports alone; `agreed` says whether the volunteer's
    consent to the profile stands; `minor` is true for who is known to be under 18.
    """

    person_id: UUID
    version: int = Field(description="0 while nothing is kept")
    name: str | None
    phone: str | None
    id_number: str | None
    sex: str | None
    birth_date: date | None
    residence: str | None
    contact: str | None
    skills: list[str]
    service_kinds: list[str]
    national_number: str | None
    minor: bool
    guardian_consent: bool
    agreed: bool


class NewGuardianConsent(Body):
    """A guardian who consented for a child, and the paper (`basis`) that the community keeps of it."""

    name: Line
    relation: Relation
    contact: Line
    basis: Line


class GuardianConsent(Subject):
    """A guardian's consent; what was told of the guardian goes when it is withdrawn."""

    person_id: UUID
    name: str | None
    relation: str | None
    contact: str | None
    basis: str | None
    created_at: datetime
    ended_at: datetime | None
