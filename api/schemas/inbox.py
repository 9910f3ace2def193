"""待办 on the wire."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from api.schemas.base import ListQuery, View


class InboxItem(View):
    """One thing that waits for the caller: what, where, since when, until when, what they may do, where it stands."""

    kind: str
    id: UUID
    title: dict[str, str]
    state: str
    organization_id: UUID
    organization_name: str
    since: datetime
    due_on: date | None
    late: bool
    allowed_actions: list[str]
    link: str


class InboxQuery(ListQuery):
    """Which page of the inbox."""


class InboxCount(View):
    """How many of a kind wait; `more` where there are more than are counted."""

    kind: str
    title: dict[str, str]
    count: int
    more: bool


class InboxCounts(View):
    """How many wait, by kind."""

    total: int
    items: list[InboxCount]
