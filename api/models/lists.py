"""清单 and 对接: needs, resources and the projects that come of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import Changing, Json, Row, instant, json_field, one_of, ref, sealed
from api.models.personal import MENTIONED, Personal, info

_WISHED = Personal("need", "asked_by", "request")
_REMARKED = Personal("free_text", MENTIONED, "reporting_in")


class Need(Changing, table=True):
    """Somebody asks; who asks is hidden."""

    __tablename__ = "needs"
    __table_args__ = (
        one_of("kind", "need", "micro_wish", "livelihood_project", "proposal"),
        sa.Index("ix_needs_list", "tenant_id", "state", "id"),
        sa.Index("ix_needs_community", "tenant_id", "community_id", "state", "id"),
    )
    kind: str
    state: str = "draft"
    title: str = sealed("needs.title", _WISHED)
    description: str = sealed("needs.description", _WISHED)
    category: str
    target_group: str | None = None
    headcount: int | None = None
    quantity: str | None = None
    when_text: str | None = sealed("needs.when_text", _WISHED, optional=True)
    budget_fen: int | None = Field(default=None, sa_type=sa.BigInteger)
    community_id: UUID = ref("organizations.id")
    asked_by: UUID | None = Field(default=None, sa_column_kwargs=info("need", "asked_by", "request", "plain"))
    reason: str | None = sealed("needs.reason", _WISHED, optional=True)
    published_at: datetime | None = instant(optional=True)
    expires_on: date | None = None
    # Windows as {"startsAt", "endsAt", "every", "until"}; None where the list says no time.
    windows: list[Any] | None = Field(default=None, sa_type=Json)
    source: str | None = Field(default=None, index=True)  # the row of a list that it was imported from
    flags: list[str] = json_field(list)


class Resource(Changing, table=True):
    """Somebody offers, and shows who."""

    __tablename__ = "resources"
    __table_args__ = (
        one_of("kind", "venue", "fund", "skill", "service", "goods", "information"),
        sa.Index("ix_resources_list", "tenant_id", "state", "id"),
        sa.Index("ix_resources_organization", "tenant_id", "organization_id", "state", "id"),
        # never promised beyond its quantity; a venue is promised for stretches of days and keeps no sum
        sa.CheckConstraint("promised >= 0 AND (quantity IS NULL OR promised <= quantity)", name="promised"),
    )
    kind: str
    state: str = "draft"
    title: str
    description: str = sealed("resources.description", _REMARKED)
    category: str
    quantity: int | None = Field(default=None, sa_type=sa.BigInteger)
    promised: int = Field(default=0, sa_type=sa.BigInteger)
    quantity_text: str | None = None
    organization_id: UUID = ref("organizations.id")
    reason: str | None = sealed("resources.reason", _REMARKED, optional=True)
    published_at: datetime | None = instant(optional=True)
    source: str | None = Field(default=None, index=True)
    flags: list[str] = json_field(list)


class Project(Changing, table=True):
    """Parties, duties, dates and result; it begins as a proposal (对接) with reasons."""

    __tablename__ = "projects"
    __table_args__ = (
        one_of("kind", "project", "pairing", "duty_post", "pledge", "booking", "purchase"),
        one_of("category", "party_building", "livelihood"),
        sa.Index("ix_projects_list", "tenant_id", "state", "id"),
        sa.Index("ix_projects_community", "tenant_id", "community_id", "id"),
        # one live claim: a need is served by one project at a time
        sa.Index(
            "uq_projects_live_claim",
            "need_id",
            unique=True,
            sqlite_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
            postgresql_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
        ),
    )
    kind: str
    category: str
    state: str = "proposed"
    title: str
    community_id: UUID = ref("organizations.id")
    need_id: UUID | None = Field(default=None, foreign_key="needs.id")
    resource_id: UUID | None = Field(default=None, foreign_key="resources.id", index=True)
    quantity: int | None = Field(default=None, sa_type=sa.BigInteger)
    starts_on: date | None = None
    ends_on: date | None = None
    budget_fen: int | None = Field(default=None, sa_type=sa.BigInteger)
    reasons: list[dict[str, Any]] = json_field(list)
    reason: str | None = sealed("projects.reason", _REMARKED, optional=True)
    agreement_id: UUID | None = None
    result: dict[str, Any] = sealed("projects.result", _REMARKED, kind="dict")
    source: str | None = Field(default=None, index=True)
    flags: list[str] = json_field(list)


class ProjectParty(Row, table=True):
    """One side of a project with its duties; it is agreed when every side has confirmed."""

    __tablename__ = "project_parties"
    __table_args__ = (sa.UniqueConstraint("project_id", "organization_id"), one_of("side", "asks", "offers", "joins"))
    project_id: UUID = ref("projects.id")
    organization_id: UUID = ref("organizations.id", index=True)
    side: str
    duties: list[str] = json_field(list)
    confirmed_at: datetime | None = instant(optional=True)
    confirmed_by: UUID | None = None


class SearchTerm(SQLModel, table=True):
    """A term under which something published is found, as a keyed hash: the text itself stays sealed where it is."""

    __tablename__ = "search_terms"
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    noun: str = Field(primary_key=True)
    term: int = Field(primary_key=True, sa_type=sa.BigInteger)
    subject_id: UUID = Field(primary_key=True)
