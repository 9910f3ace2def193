"""故事 on the wire: what became of needs, as those who asked and served agreed to tell it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Line, ListQuery, Subject, Words


class NewStory(Body):
    """What became of a need, in the words of one who asked or served."""

    title: Line
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class Story(Subject):
    """A story as it is shown."""

    need_id: UUID
    community_id: UUID
    community_name: str
    title: str
    text: str
    reason: str | None
    published_at: datetime | None
    waits_for: int | None = Field(description="how many have not agreed yet; null for who only reads it")


class StoryQuery(ListQuery):
    """Which stories to list."""

    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None
    community_id: UUID | None = None
    text: Words | None = None
