"""报到 on the wire: registrations of members and units."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Day, ListQuery, Subject, View

Basis = Literal["residence", "workplace", "paired_fallback", "floating_inflow"]
ReturnReason = Literal["not_resident", "duplicate", "wrong_community"]
State = Literal[
    "proposed", "submitted", "accepted", "returned", "redirected", "transferred", "ended", "expired", "withdrawn"
]


class NewRegistration(Body):
    """Where a member reports in; left open, where the roster says they live, else where the employer is paired.

    With `unitId` a unit's liaison reports the unit in, against the published plan.
    """

    community_id: UUID | None = None
    basis: Basis | None = None
    principal: bool = True
    unit_id: UUID | None = None


class Accepting(Body):
    """On what terms a community accepts; `until` is the first day on which it no longer holds."""

    until: Day | None = None


class Returning(Body):
    """Why a registration is returned."""

    reason: ReturnReason


class Ending(Body):
    """Why a registration ends."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Redirecting(Body):
    """The community to which a registration is passed on."""

    community_id: UUID


class Transferring(Body):
    """The community that is to take over, and on what basis."""

    community_id: UUID
    basis: Basis = "residence"


class Advice(View):
    """What the rules say to a request; the community's officer may differ."""

    step: str | None
    reason: str | None
    community_id: UUID | None


class Registration(Subject):
    """A registration of a member or a unit as it is shown to this caller."""

    subject: Literal["member", "unit"]
    person_id: UUID | None
    person_name: str | None = Field(description="shown to the person, the community and the employer's liaison")
    unit_id: UUID | None
    unit_name: str | None
    community_id: UUID
    community_name: str
    basis: str | None
    principal: bool
    reason: str | None
    valid_from: date
    valid_to: date | None
    replaces_id: UUID | None = Field(description="the registration that stands until this one is accepted")
    successor_id: UUID | None = Field(description="where it was passed on or asked to be transferred to")
    plan_id: UUID | None
    advice: Advice | None = Field(description="what the rules say, for whoever may decide on it now")


class RegistrationQuery(ListQuery):
    """Which registrations to list."""

    subject: Literal["member", "unit"] = "member"
    state: State | None = None
    community_id: UUID | None = None
    unit_id: UUID | None = None
