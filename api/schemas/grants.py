"""授权 on the wire: roles of people at nodes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Day, Line, ListQuery, Subject

Role = Literal[
    "liaison", "community_worker", "street_officer", "district_officer", "city_officer", "work_committee_officer",
    "department_handler", "organiser", "system_admin", "security_admin", "auditor",
]  # fmt: skip


class NewGrant(Body):
    """A role for a person at a node; without an affiliation it hangs on the one that fits, where there is one."""

    person_id: UUID
    role: Role
    organization_id: UUID
    affiliation_id: UUID | None = None
    valid_from: Annotated[Day | None, Field(description="the first day; today where it is not said")] = None
    valid_to: Annotated[Day | None, Field(description="the day on which it ends; no later than the giver's own")] = None


class EndedGrant(Body):
    """Why a grant ends, and whether what its holder gave under it ends as well."""

    reason: Line
    with_given: bool = False


class Grant(Subject):
    """A grant as it stands. `giverLost`: the grant under which it was given is no longer in force."""

    role: str
    person_id: UUID | None
    client_id: UUID | None
    organization_id: UUID
    organization_name: str
    affiliation_id: UUID | None
    given_by: UUID
    given_under: UUID | None
    giver_lost: bool
    confirmed_by: UUID | None
    confirm_until: datetime | None
    valid_from: date
    valid_to: date | None
    reason: str | None


class GrantQuery(ListQuery):
    """Which grants to list; `on` takes those in force on that day, `giverLost` those to look at again."""

    person_id: UUID | None = None
    client_id: UUID | None = None
    role: Role | None = None
    organization_id: UUID | None = None
    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    on: Day | None = None
    giver_lost: bool | None = None
