"""监督检查 on the wire: events, the log of who looked, and their export."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, ListQuery, Moment, Text, View


class Event(View):
    """One step that was taken on a row, by whom, under which grant; `contentHash` is that of what was written."""

    id: UUID
    recorded_at: datetime
    kind: str
    actor_id: UUID
    grant_id: UUID | None
    subject_kind: str
    subject_id: UUID
    organization_id: UUID | None
    organization_name: str | None
    content_hash: str
    details: dict[str, Any]


class EventQuery(ListQuery):
    """Which events to list; `since` is the first moment, `until` the first one after."""

    subject_kind: Code | None = None
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    step: Code | None = None
    organization_id: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


class AccessLog(View):
    """One request that opened personal data: by whom, in what role and under whose authority, why, of how many."""

    id: UUID
    at: datetime
    actor_id: UUID
    grant_id: UUID | None
    role: str | None
    organization_id: UUID | None
    organization_name: str | None
    step: str
    purpose: str
    purpose_label: dict[str, str]
    ground: dict[str, str]
    request_id: UUID | None = Field(description="the X-Request-Id of the answer; null where a job read")
    count: int


class AccessLogQuery(ListQuery):
    """Which requests to list; `personId` is whose data were opened."""

    actor_id: UUID | None = None
    person_id: UUID | None = None
    step: Code | None = None
    purpose: Code | None = None
    organization_id: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


class OwnAccessLog(View):
    """One request that opened data of the caller: when, which fields, in what role and under whose authority, why."""

    id: UUID
    at: datetime
    step: str
    role: str | None
    organization_id: UUID | None
    organization_name: str | None
    purpose: str
    purpose_label: dict[str, str]
    ground: dict[str, str]
    fields: list[str]


class _Export(Body):
    format: Literal["xlsx", "csv"] = "xlsx"
    ground: Annotated[Text, Field(min_length=1, description="why the list leaves the platform; stands in its manifest")]
    since: Moment | None = None
    until: Moment | None = None
    step: Code | None = None
    actor_id: UUID | None = None
    organization_id: UUID | None = None


class EventExport(_Export):
    """Which events to take out, as what, and on what ground."""

    subject_kind: Code | None = None
    subject_id: UUID | None = None


class AccessLogExport(_Export):
    """Which requests to take out, as what, and on what ground."""

    person_id: UUID | None = None
    purpose: Code | None = None
