"""People on the wire: what the caller may know of each."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from api.schemas.base import Line, ListQuery, Subject, View


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
