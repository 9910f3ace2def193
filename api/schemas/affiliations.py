"""隶属 on the wire: a person's job at an organisation."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from api.schemas.base import Body, Day, Subject


class NewAffiliation(Body):
    """A job of a person at an organisation, on which grants can hang."""

    person_id: UUID
    organization_id: UUID
    kind: Literal["staff", "committee_seat", "posted", "seconded"]
    valid_from: Day | None = None


class Affiliation(Subject):
    """An affiliation as it stands."""

    person_id: UUID
    organization_id: UUID
    organization_name: str
    kind: str
    valid_from: date
    valid_to: date | None
    reason: str | None
