"""开关 and 应急状态: what districts chose of what policy leaves open, and what an emergency permits until it ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.models.base import Changing, Row, instant, json_field, one_of, ref


class SwitchSetting(Row, table=True):
    """One decision about one switch at one organisation, on for what lies below; the last one of a node counts."""

    __tablename__ = "switch_settings"
    __table_args__ = (one_of("mode", "on", "off", "inherit"), sa.Index("ix_switch_settings_list", "tenant_id", "id"))
    code: str
    organization_id: UUID = ref("organizations.id")
    mode: str
    basis: str  # the number or title of the decision
    set_by: UUID
    set_at: datetime = instant()


class Emergency(Changing, table=True):
    """A declared emergency: its legal basis, where, until when, and what of a small set it permits."""

    __tablename__ = "emergencies"
    __table_args__ = (sa.Index("ix_emergencies_list", "tenant_id", "id"),)
    organization_id: UUID = ref("organizations.id")
    state: str = "proposed"
    title: str
    basis: str
    decision_number: str
    permits: list[Any] = json_field(list)
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    proposed_by: UUID
    confirmed_by: UUID | None = None
