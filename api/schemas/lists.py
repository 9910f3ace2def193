"""清单 and 对接 on the wire: needs, resources, projects."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Count, Day, Fen, Line, ListQuery, Subject, Text

NeedKind = Literal["need", "micro_wish", "livelihood_project", "proposal"]


class NewNeed(Body):
    """A need as somebody asks for it; what is not known stays out."""

    kind: NeedKind = "need"
    title: Line
    description: Text = ""
    category: Code
    target_group: Line | None = None
    headcount: Annotated[int, Field(ge=1, le=100_000)] | None = None
    quantity: Line | None = None
    when_text: Line | None = None
    budget_fen: Fen | None = None
    community_id: UUID
    expires_on: Day | None = None


class Need(Subject):
    """A need as it is shown; who asks is not."""

    kind: str
    title: str
    description: str
    category: str
    target_group: str | None
    headcount: Count | None
    quantity: str | None
    when_text: str | None
    budget_fen: int | None
    community_id: UUID
    community_name: str
    reason: str | None
    published_at: datetime | None
    expires_on: Day | None
    flags: list[str]


class NeedQuery(ListQuery):
    """Which needs to list."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    community_id: UUID | None = None
    category: Code | None = None


class Reason(Body):
    """Why a step is taken."""

    reason: Line
