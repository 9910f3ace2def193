"""People on the wire: what the caller may know of each."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.base import Body, Line, ListQuery, Subject, View


class Belonging(View):
    """One affiliation in force, within the caller's reach."""

    kind: str
    state: str
    organization_id: UUID
    organization_name: str
    roster_number: str | None
    valid_from: date


class Person(Subject):
    """A person: the whole name for who works with them, else its first sign; the phone is never whole."""

    name: str | None
    phone: str | None
    statuses: dict[str, str]
    affiliations: list[Belonging]


class PersonQuery(ListQuery):
    """Which people to list; a name is matched exactly."""

    organization_id: UUID | None = None
    name: Line | None = None


class PersonSearch(Body):
    """What is known of who is looked for; all that is given has to fit. A body stands in no log of addresses."""

    name: Line | None = None
    phone: Line | None = None
    id_number: Line | None = None

    @model_validator(mode="after")
    def _says_something(self) -> PersonSearch:
        if not any((self.name, self.phone, self.id_number)):
            raise ValueError("nothing to look for")
        return self


class Unmask(Body):
    """Which fields of a person to show in plain, and why; the purposes are those of the access log."""

    fields: Annotated[list[Literal["name", "phone", "id_number"]], Field(min_length=1, max_length=3)]
    purpose: Literal["roster", "registration", "service", "case", "contact", "identity", "emergency"]


class Ground(View):
    """The legal ground of a purpose."""

    zh: str
    en: str


class PlainPerson(View):
    """The fields that were asked for in plain; what was not asked for or is not known is null."""

    id: UUID
    name: str | None
    phone: str | None
    id_number: str | None
    purpose: str
    ground: Ground
