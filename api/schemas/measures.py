"""开关 and 应急状态 on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.domain.emergencies import Basis, Permit
from api.domain.switches import Mode
from api.schemas.base import Body, Line, ListQuery, Moment, Query, Subject, View


class SwitchQuery(Query):
    """Where the switches are looked at."""

    organization_id: UUID


class Switch(View):
    """One switch as it stands at a place; `otherwise` is the way that is open without it, `reason` the law."""

    code: str
    label: dict[str, str]
    reason: dict[str, str]
    otherwise: dict[str, str]
    on: bool
    by_emergency: bool
    decided_by: UUID | None
    decided_by_name: str | None
    basis: str | None
    decided_at: datetime | None


class Switches(View):
    """All switches at a place."""

    items: list[Switch]


class SwitchDecision(Body):
    """What a district decides about a switch; `inherit` leaves it to what lies above."""

    organization_id: UUID
    mode: Mode
    basis: Annotated[Line, Field(description="the number or title of the decision")]


class NewEmergency(Body):
    """A proposed emergency: at most thirty days, under a stated decision, with what it permits."""

    organization_id: UUID
    title: Line
    basis: Basis
    decision_number: Line
    permits: Annotated[list[Permit], Field(min_length=1, max_length=2)]
    starts_at: Annotated[Moment, Field(description="now if left out")] | None = None
    ends_at: Moment


class Permitted(View):
    """One thing that an emergency permits."""

    code: str
    zh: str
    en: str


class Emergency(Subject):
    """An emergency; `inForce` says whether it holds now."""

    organization_id: UUID
    organization_name: str
    title: str
    basis: str
    basis_label: dict[str, str]
    decision_number: str
    permits: list[Permitted]
    starts_at: datetime
    ends_at: datetime
    in_force: bool
    created_at: datetime


class EmergencyQuery(ListQuery):
    """Which page of the emergencies."""


class Called(View):
    """One registered member and when they first came since the emergency began; null where they have not."""

    person_id: UUID
    name: str | None
    community_id: UUID
    community_name: str
    came_at: datetime | None
