"""Organisations and their relations on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Count, Day, Line, ListQuery, Subject, View
from api.schemas.service import Point, ShownPoint

Axis = Literal["territory", "employer", "party", "body"]
Kind = Annotated[str, Field(max_length=40, pattern="^[a-z_]+$")]
Disclosure = Literal["named", "pseudonymous", "aggregate_only"]
LinkKind = Literal[
    "superior_party_org", "administrative_superior", "covers", "located_in", "member_of_body", "contact", "succeeds"
]


class EditedOrganization(Body):
    """An organisation as it is to read from now on; what is left out is unknown."""

    kind: Kind
    name: Line
    community_class: Code | None = None
    capacity: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    disclosure: Disclosure = "named"
    point: Annotated[Point, Field(description="where it is met; distances are told from here")] | None = None

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the point as plain data."""
        return {**super().values(), "point": self.point and self.point.values()}


class NewOrganization(EditedOrganization):
    """An organisation and what it is part of."""

    axis: Axis
    parent_id: UUID


class Move(Body):
    """The organisation that another is to hang under."""

    parent_id: UUID


class Ending(Body):
    """Why something ends."""

    reason: Line


class HeadCount(Body):
    """How many there were on a day."""

    kind: Literal["households", "residents", "members", "in_service_members", "staff"]
    as_of: Day
    value: Count


class HeadCounts(Body):
    """Head-counts and who counted."""

    source: Line
    counts: Annotated[list[HeadCount], Field(min_length=1, max_length=50)]


class ListedOrganization(Subject):
    """An organisation in a list."""

    axis: str
    kind: str
    name: str
    short_code: str
    parent_id: UUID | None
    community_class: str | None
    disclosure: str
    capacity: int | None
    point: ShownPoint | None
    flags: list[str]


class OrganizationCode(View):
    """A code that somebody issued for a year."""

    scheme: str
    code: str
    level: int | None
    issuer: str
    year: int
    valid_from: date
    valid_to: date | None


class OrganizationCount(View):
    """The newest head-count of a kind."""

    kind: str
    as_of: date
    value: int
    source: str


class BriefLink(View):
    """A relation in force."""

    id: UUID
    kind: str
    state: str
    from_id: UUID
    to_id: UUID
    basis: str | None
    valid_from: date
    valid_to: date | None


class Organization(ListedOrganization):
    """An organisation with its codes, newest head-counts and up to a hundred relations in force."""

    codes: list[OrganizationCode]
    counts: list[OrganizationCount]
    links: list[BriefLink]


class OrganizationQuery(ListQuery):
    """Which organisations to list; `name` is found anywhere in a name, `within` takes all that is part of one."""

    axis: Axis | None = None
    kind: Kind | None = None
    state: Literal["active", "in_review", "ended"] | None = None
    parent_id: UUID | None = None
    within: UUID | None = None
    name: Line | None = None
    name_prefix: Line | None = None
    code: Code | None = None


class DivisionImport(Body):
    """A kept file as the list of divisions that an issuer published for a year."""

    file_id: UUID
    issuer: Code
    year: Annotated[int, Field(ge=1949, le=2199)]
    mode: Literal["all_or_nothing", "good_rows"] = "all_or_nothing"


class NewLink(Body):
    """A relation between two organisations; trees and registrations have their own ways."""

    kind: LinkKind
    from_id: UUID
    to_id: UUID
    basis: Line | None = None
    valid_from: Day | None = None


class LinkEnding(Body):
    """When and why a relation ends; today where nothing is said."""

    valid_to: Day | None = None
    reason: Line | None = None


class OrganizationLink(Subject):
    """A dated relation between two organisations."""

    kind: str
    from_id: UUID
    to_id: UUID
    basis: str | None
    valid_from: date
    valid_to: date | None
    reason: str | None


class LinkQuery(ListQuery):
    """Which relations to list; `on` leaves those in force on that day."""

    organization_id: UUID | None = None
    kind: Annotated[str, Field(max_length=30, pattern="^[a-z_]+$")] | None = None
    on: Day | None = None
