"""Long work and files on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.base import Code, ListQuery, Subject, View


class Job(Subject):
    """Durable work: how far it is, what it has counted, and its result or the problem it ended with."""

    kind: str
    location: str
    progress: Annotated[int, Field(ge=0, le=100, description="per cent")]
    counts: dict[str, Any]
    result: dict[str, Any] = Field(description="what the kind of job answers; `problem` where it failed")
    cancel_requested: bool
    attempt: int
    created_at: datetime
    finished_at: datetime | None


class JobQuery(ListQuery):
    """Which jobs to list."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    kind: Code | None = None


class File(View):
    """A file that was brought or made; `digest` is SHA-256 over its bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    digest: str
    created_at: datetime
