"""考核对象: which rulebook judges which kind and class of subject in a cycle."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.models.base import Row, json_field, ref


class CycleRulebook(Row, table=True):
    """One rulebook of a cycle beside its two defaults, and whom it judges; it never changes.

    Empty lists mean every kind and every class; `larger_than` counts the in-service members at the cut-off.
    """

    __tablename__ = "cycle_rulebooks"
    __table_args__ = (sa.Index("ix_cycle_rulebooks_cycle", "tenant_id", "cycle_id"),)
    cycle_id: UUID = ref("cycles.id")
    subject: str
    organization_kinds: list[Any] = json_field(list)
    community_classes: list[Any] = json_field(list)
    larger_than: int | None = None
    rulebook_id: UUID = ref("rulebooks.id")
