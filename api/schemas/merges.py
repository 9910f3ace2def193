"""Merges of people on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, ListQuery, Subject, Text

MergeReason = Literal["same_id_number", "same_phone_and_name", "registered_twice", "told_by_the_person"]


class NewMerge(Body):
    """Which other record is of the same human, why, and what shows it."""

    other_id: UUID
    reason: MergeReason
    evidence: Annotated[Text, Field(min_length=1)]


class Merge(Subject):
    """A merge: who stays, who goes, and how many rows of each kind went over."""

    survivor_id: UUID
    merged_id: UUID
    organization_id: UUID
    organization_name: str
    case_id: UUID
    reason: str
    evidence: str | None
    moved: dict[str, int]
    created_at: datetime
    done_at: datetime | None
    undone_at: datetime | None


class MergeQuery(ListQuery):
    """Which merges to list; `personId` is either of the two."""

    state: Literal["proposed", "done", "declined", "undone"] | None = None
    person_id: UUID | None = None
