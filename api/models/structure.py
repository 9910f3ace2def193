"""Who and where: tenants, organisations on three axes, their codes, links and counts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from api.models.base import BytewiseText, Changing, Dated, Json, Row, instant, json_field, one_of, ref, sealed
from api.models.personal import MENTIONED, Personal

_REMARKED = Personal("free_text", MENTIONED, "reporting_in")


class Tenant(SQLModel, table=True):
    """A data controller, normally a city; every other row carries its id."""

    __tablename__ = "tenants"
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    zone: str = "Asia/Shanghai"
    settings: dict[str, Any] = json_field()
    created_at: datetime = instant()


class Organization(Changing, table=True):
    """A node on one axis (territory 块, employer 条, party 党组织) or a body beside them.

    `path` is its place in the tree of its axis: the keys of its ancestors and its own, each closed by "/". It is
    derived from the `part_of` link in force and lets one range test answer "is this part of that" at any size.
    """

    __tablename__ = "organizations"
    __table_args__ = (
        one_of("axis", "territory", "employer", "party", "body"),
        sa.Index("ix_organizations_tenant_id_path", "tenant_id", "path"),
        sa.Index("ix_organizations_tenant_id_kind_id", "tenant_id", "kind", "id"),
        sa.Index("ix_organizations_tenant_id_name", "tenant_id", "name"),
        sa.Index("uq_organizations_tenant_id_short_code", "tenant_id", "short_code", unique=True),
    )
    axis: str
    kind: str
    name: str
    state: str = "active"
    short_code: str
    parent_id: UUID | None = Field(default=None, index=True)
    path: str = Field(sa_type=BytewiseText, nullable=False)
    community_class: str | None = None
    disclosure: str = "named"  # named | pseudonymous | aggregate_only: whether an employer may upload its roster
    capacity: int | None = None  # members that a community can take on; unknown where nobody said
    point: dict[str, Any] | None = Field(default=None, sa_type=Json)  # latitude, longitude, system: where it is met
    flags: list[str] = json_field(list)


class OrganizationCode(Row, table=True):
    """A code that somebody issued: an attribute with scheme, issuer and year, never the key."""

    __tablename__ = "organization_codes"
    __table_args__ = (sa.Index("ix_organization_codes_scheme_code", "tenant_id", "scheme", "code"),)
    organization_id: UUID = ref("organizations.id", index=True)
    scheme: str  # statistical | credit | roster
    code: str
    level: int | None = None  # the same digits can stand for a prefecture and for the county missing under it
    issuer: str
    year: int
    valid_from: date
    valid_to: date | None = None


class OrganizationCount(Row, table=True):
    """A head-count of an organisation on a day; what is not here is unknown, not nought."""

    __tablename__ = "organization_counts"
    __table_args__ = (
        one_of("kind", "households", "residents", "members", "in_service_members", "staff"),
        sa.UniqueConstraint("organization_id", "kind", "as_of"),
    )
    organization_id: UUID = ref("organizations.id")
    kind: str
    as_of: date
    value: int
    source: str


class OrganizationLink(Dated, table=True):
    """A dated relation with basis and state; `registration` is a unit's 报到 in a community."""

    __tablename__ = "organization_links"
    __table_args__ = (
        one_of(
            "kind",
            "part_of",
            "superior_party_org",
            "administrative_superior",
            "covers",
            "located_in",
            "registration",
            "member_of_body",
            "contact",
            "succeeds",
        ),
        sa.Index("ix_organization_links_from", "tenant_id", "from_id", "kind"),
        sa.Index("ix_organization_links_to", "tenant_id", "to_id", "kind"),
    )
    kind: str
    from_id: UUID = ref("organizations.id")
    to_id: UUID = ref("organizations.id")
    basis: str | None = None
    state: str  # of a registration as its table says; of any other kind active or ended
    reason: str | None = sealed("organization_links.reason", _REMARKED, optional=True)
    document_id: UUID | None = None  # the plan that arranged a registration
    details: dict[str, Any] = json_field()
