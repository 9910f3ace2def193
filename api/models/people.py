"""People, what they are, where they belong, and what they may do."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Dated, Row, instant, one_of, partial_unique, ref, sealed
from api.models.personal import Personal, info

_ROSTER = Personal("roster_number", "person_id", "reporting_in")
_TOLD = Personal("affiliation", "person_id", "reporting_in")


def own(what: str) -> Any:
    """Return a column that holds a person's data under the person's own key, bound to table, column and row."""
    return Field(default=None, sa_type=sa.LargeBinary, sa_column_kwargs=info(what, "id", "reporting_in"))


def found_by(what: str) -> Any:
    """Return a column that holds the blind index of a person's data."""
    return Field(default=None, sa_column_kwargs=info(what, "id", "reporting_in", "index"))


class Person(Changing, table=True):
    """A person, once per tenant. `account_id` is the pseudonym under which facts and entries stand."""

    __tablename__ = "people"
    __table_args__ = (
        sa.Index("uq_people_account_id", "account_id", unique=True),
        sa.Index("ix_people_phone_index", "tenant_id", "phone_index"),
        sa.Index("ix_people_name_index", "tenant_id", "name_index"),
        sa.Index("ix_people_id_number_index", "tenant_id", "id_number_index"),
        sa.Index("ix_people_merged_into", "merged_into"),
    )
    account_id: UUID
    state: str = "active"
    wrapped_key: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    name: bytes | None = own("name")
    phone: bytes | None = own("phone")
    id_number: bytes | None = own("id_number")
    name_index: str | None = found_by("name")
    phone_index: str | None = found_by("phone")
    id_number_index: str | None = found_by("id_number")
    phone_state: str = "listed"  # doubted: another way in was vouched for with this phone; it then proves nothing
    merged_into: UUID | None = None  # the one person left of two records; never a chain


class PersonStatus(Row, table=True):
    """A dated standing: `political_status` or `member_class`."""

    __tablename__ = "person_statuses"
    __table_args__ = (
        one_of("kind", "political_status", "member_class"),
        sa.Index("ix_person_statuses_person_id", "person_id", "kind"),
    )
    person_id: UUID = ref("people.id")
    kind: str
    value: str = Field(sa_column_kwargs=info("standing", "person_id", "reporting_in", "plain"))
    valid_from: date
    valid_to: date | None = None


class Affiliation(Dated, table=True):
    """A person's dated relation to an organisation; `registration` is a member's 报到."""

    __tablename__ = "affiliations"
    __table_args__ = (
        one_of(
            "kind",
            "employment",
            "party_relation",
            "registration",
            "secondary_home",
            "committee_seat",
            "posted",
            "seconded",
            "staff",
            "reserve",
            "team",
            "contact",
        ),
        sa.Index("ix_affiliations_person_id", "tenant_id", "person_id", "kind"),
        sa.Index("ix_affiliations_organization_id", "tenant_id", "organization_id", "kind", "state"),
        partial_unique(
            "uq_affiliations_one_home",
            "tenant_id",
            "person_id",
            where="kind = 'registration' AND principal AND state = 'accepted'",
        ),
        partial_unique(
            "uq_affiliations_roster",
            "tenant_id",
            "organization_id",
            "roster_number_index",
            where="roster_number_index IS NOT NULL AND valid_to IS NULL",
        ),
    )
    person_id: UUID = ref("people.id")
    organization_id: UUID = ref("organizations.id")
    kind: str
    basis: str | None = None
    state: str  # of a registration as its table says; of any other kind active or ended
    principal: bool = False
    roster_number: str | None = sealed("affiliations.roster_number", _ROSTER, optional=True, indexed=True)
    roster_number_index: str | None = Field(
        default=None, sa_column_kwargs=info("roster_number", "person_id", "reporting_in", "index")
    )
    reason: str | None = sealed("affiliations.reason", _TOLD, optional=True)
    replaces_id: UUID | None = None  # on transfer: the registration that stands until this one is accepted
    team_id: UUID | None = Field(default=None, index=True)  # of the kind team: which one, of all that its node has
    details: dict[str, Any] = sealed("affiliations.details", _TOLD, kind="dict")


class Grant(Dated, table=True):
    """A role of a person or API client at a node, with giver; it may hang on an affiliation and then ends with it.

    Only an `active` grant opens doors; a `proposed` one waits until `confirm_until` for a second person.
    """

    __tablename__ = "grants"
    __table_args__ = (
        sa.Index("ix_grants_person_id", "person_id"),
        sa.Index("ix_grants_client_id", "client_id"),
        sa.Index("ix_grants_organization_id", "tenant_id", "organization_id"),
        sa.Index("ix_grants_given_under", "given_under"),
        sa.Index("ix_grants_affiliation_id", "affiliation_id"),
    )
    role: str
    state: str = "active"
    person_id: UUID | None = None
    client_id: UUID | None = None
    organization_id: UUID = ref("organizations.id")
    affiliation_id: UUID | None = None
    given_by: UUID
    given_under: UUID | None = None  # the giver's own grant; nobody's where a command of the installation gave it
    confirmed_by: UUID | None = None
    confirm_until: datetime | None = instant(optional=True)
    reason: str | None = None


class Identity(Row, table=True):
    """A way in that claims a person: the provider's own name of who came."""

    __tablename__ = "identities"
    __table_args__ = (sa.Index("uq_identities_subject", "tenant_id", "provider", "subject_index", unique=True),)
    person_id: UUID = ref("people.id", index=True)
    provider: str
    subject: str = sealed("identities.subject", Personal("way_in", "person_id", "signing_in"), indexed=True)
    subject_index: str | None = Field(default=None, sa_column_kwargs=info("way_in", "person_id", "signing_in", "index"))
    created_at: datetime = instant()
