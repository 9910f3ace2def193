"""清单 and 对接: needs, resources and the projects that come of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import Changing, Json, Row, instant, json_field, one_of, partial_unique, ref, sealed
from api.models.personal import MENTIONED, Personal, info

_WISHED = Personal("need", "asked_by", "request")
_WISHED_TOLD = Personal("need", MENTIONED, "request")
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
    # What is asked of whoever serves (api/domain/need_gates.py); no key, no gate.
    gates: dict[str, Any] = Field(default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": "{}"})
    risks: str | None = sealed("needs.risks", _WISHED, optional=True)
    # Where in the community, for whom, and how to reach them: for who serves and the community alone.
    place: str | None = sealed("needs.place", _WISHED, optional=True)
    recipient: str | None = sealed("needs.recipient", _WISHED, optional=True)
    attachments: list[str] = Field(default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    verify_by: date | None = None
    escalated_at: datetime | None = instant(optional=True)
    reply_by: date | None = None
    # Who claimed it directly, and for which unit; of projects the parties say so.
    claimed_by: UUID | None = Field(default=None, sa_column_kwargs=info("need", "claimed_by", "request", "plain"))
    claimed_for: UUID | None = None
    claimed_at: datetime | None = instant(optional=True)
    thanks: str | None = sealed("needs.thanks", _WISHED, optional=True)
    for_month: date | None = None  # the first day of the month whose list it stands in


class Story(Changing, table=True):
    """What became of a need, as it may be told: read by others when both sides agreed and the community published."""

    __tablename__ = "stories"
    __table_args__ = (
        one_of("state", "told", "published", "declined", "retracted"),
        sa.Index("ix_stories_list", "tenant_id", "state", "id"),
        partial_unique("uq_stories_live", "need_id", where="state IN ('told', 'published')"),
    )
    need_id: UUID = ref("needs.id")
    community_id: UUID = ref("organizations.id")
    state: str = "told"
    title: str = sealed("stories.title", _WISHED_TOLD)
    text: str = sealed("stories.text", _WISHED_TOLD)
    reason: str | None = sealed("stories.reason", _WISHED_TOLD, optional=True)
    published_at: datetime | None = instant(optional=True)


class StoryVoice(Row, table=True):
    """One who asked or served: whether they agree that the story is published; without each of them it is not."""

    __tablename__ = "story_voices"
    __table_args__ = (one_of("side", "asked", "served"),)
    story_id: UUID = ref("stories.id", index=True)
    side: str
    person_id: UUID | None = Field(default=None, index=True)
    organization_id: UUID | None = None
    agreed: bool | None = None
    spoken_at: datetime | None = instant(optional=True)


class Resource(Changing, table=True):
    """Somebody offers, and shows who."""

    __tablename__ = "resources"
    __table_args__ = (
        one_of("kind", "venue", "fund", "skill", "service", "goods", "information"),
        sa.Index("ix_resources_list", "tenant_id", "state", "id"),
        sa.Index("ix_resources_organization", "tenant_id", "organization_id", "state", "id"),
        # never promised beyond its quantity; of what is lent `promised` is the most that bookings ahead hold at once
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
    windows: list[Any] | None = Field(default=None, sa_type=Json)  # when it is open, as of needs; None at any time
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
        one_of("circle", "public", "parties"),
        # no more people take part than there are places
        sa.CheckConstraint("taken >= 0 AND (headcount IS NULL OR taken <= headcount)", name="taken"),
        # one live claim: a need is served by one project at a time
        sa.Index(
            "uq_projects_live_claim",
            "need_id",
            unique=True,
            sqlite_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
            postgresql_where=sa.text("need_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')"),
        ),
        partial_unique(
            "uq_projects_live_renewal",
            "renews_id",
            where="renews_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')",
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
    headcount: int | None = None  # how many people may take part; None: as many as come
    taken: int = 0
    circle: str = "public"  # who may know of it once it is agreed
    terms: dict[str, Any] | None = Field(default=None, sa_type=Json)  # of posts and pairings: api/domain/posts.py
    starts_on: date | None = None
    ends_on: date | None = None
    budget_fen: int | None = Field(default=None, sa_type=sa.BigInteger)
    reasons: list[dict[str, Any]] = json_field(list)
    reason: str | None = sealed("projects.reason", _REMARKED, optional=True)
    agreement_id: UUID | None = None
    reply_by: date | None = None  # the last day on which a proposal waits for its answer
    renews_id: UUID | None = None  # the project that this one goes on from
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


class SearchWindow(SQLModel, table=True):
    """When something published takes place, in seconds of the tenant's local time since 1970, repetition included.

    It begins at `starts`, with `every` again after so many seconds, before `before`.
    """

    __tablename__ = "search_windows"
    __table_args__ = (
        sa.Index("ix_search_windows_begins", "tenant_id", "noun", "every", "starts", "before", "subject_id"),
    )
    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    noun: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    starts: int = Field(sa_type=sa.BigInteger)
    every: int = Field(sa_type=sa.BigInteger)
    before: int | None = Field(default=None, sa_type=sa.BigInteger)
