"""匹配: declared free time, the rules of a match, its runs, what they propose, and which places stay empty."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from api.models.base import Changing, Row, instant, json_field, one_of, partial_index, ref, sealed
from api.models.personal import MENTIONED, Personal

_OWN = Personal("matching", "person_id", "request")
_MADE_OF = Personal("matching", MENTIONED, "request")


class Availability(Changing, table=True):
    """What somebody declares so that needs may be proposed to them; without it nobody is ever proposed anything."""

    __tablename__ = "availabilities"
    person_id: UUID = ref("people.id", unique=True)
    active: bool = True
    told: dict[str, Any] = sealed("availabilities.told", _OWN, kind="dict")


class MatchRule(Row, table=True):
    """Weights, limits and memory of the match as an office declared them, for itself and all below it; never edited."""

    __tablename__ = "match_rules"
    __table_args__ = (sa.UniqueConstraint("organization_id", "edition"),)
    organization_id: UUID = ref("organizations.id")
    edition: int
    content: dict[str, Any] = json_field()
    basis: str
    set_by: UUID
    set_at: datetime = instant()


class MatchRun(Changing, table=True):
    """One match of an office's area: made from the inputs that are stored with it, and repeatable from them alone.

    In `inputs` people go by numbers; `keys` say whose they are and are emptied when the proposals have been made.
    """

    __tablename__ = "match_runs"
    __table_args__ = (
        one_of("kind", "people", "units"),
        one_of("state", "requested", "prepared", "done"),
        sa.Index("ix_match_runs_list", "tenant_id", "organization_id", "id"),
    )
    kind: str
    state: str = "requested"
    organization_id: UUID = ref("organizations.id")
    actor_id: UUID
    job_id: UUID | None = None
    seed: int = Field(sa_type=sa.BigInteger)
    as_of: datetime | None = instant(optional=True)
    position: int | None = Field(default=None, sa_type=sa.BigInteger)
    rule_id: UUID | None = Field(default=None, foreign_key="match_rules.id")
    inputs: bytes | None = sealed("match_runs.inputs", _MADE_OF, kind="bytes", optional=True)
    inputs_hash: str | None = None
    keys: dict[str, Any] = sealed("match_runs.keys", _MADE_OF, kind="dict")
    result_hash: str | None = None
    figures: dict[str, Any] = json_field()
    finished_at: datetime | None = instant(optional=True)


def _held(name: str, column: str, *more: str) -> sa.Index:
    """Return an index of proposals over those that have something in the column."""
    return partial_index(f"ix_match_proposals_{name}", column, *more, where=f"{column} IS NOT NULL")


class MatchProposal(Changing, table=True):
    """A need proposed to a person or a unit, with reasons; nobody is bound before they say yes, and no costs nothing.

    While its run is under way it is `prepared` and nobody sees it.
    """

    __tablename__ = "match_proposals"
    __table_args__ = (
        one_of("state", "prepared", "proposed", "accepted", "declined", "lapsed"),
        sa.CheckConstraint("rating IS NULL OR rating BETWEEN 1 AND 5", name="rating"),
        sa.UniqueConstraint("run_id", "number"),
        # A run writes tens of thousands of rows at once: an index holds only those that are asked for by it. None
        # begins with the tenant, which SQLite would take for a choice and read all proposals of a city for one person.
        _held("person", "person_id", "id"),
        _held("unit", "organization_id", "id"),
        _held("team", "team_id"),
        _held("shift_id", "shift_id"),
        sa.Index("ix_match_proposals_need", "need_id"),
        partial_index("ix_match_proposals_waiting", "id", where="state = 'proposed'"),
    )
    run_id: UUID = ref("match_runs.id")
    number: int
    state: str = "prepared"
    need_id: UUID = ref("needs.id")
    community_id: UUID = ref("organizations.id")
    person_id: UUID | None = Field(default=None, foreign_key="people.id")
    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id")
    resource_id: UUID | None = Field(default=None, foreign_key="resources.id")
    starts_at: datetime | None = instant(optional=True)
    ends_at: datetime | None = instant(optional=True)
    points: int
    reasons: dict[str, Any] = sealed("match_proposals.reasons", _OWN, kind="dict")
    answer_by: datetime = instant()
    answered_at: datetime | None = instant(optional=True)
    reason: str | None = sealed("match_proposals.reason", _OWN, optional=True)
    shift_id: UUID | None = Field(default=None, foreign_key="shifts.id")
    project_id: UUID | None = Field(default=None, foreign_key="projects.id")
    rating: int | None = None
    team_id: UUID | None = None  # of a team; with a person one of its people, whom its yes asked
    places: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class Team(Changing, table=True):
    """People who help together: who answers for them, and when and with what they would help, as that one tells.

    Who is in it stands in affiliations of the kind `team`.
    """

    __tablename__ = "teams"
    __table_args__ = (
        one_of("state", "active", "ended"),
        sa.Index("ix_teams_organization_id", "tenant_id", "organization_id", "id"),
    )
    state: str = "active"
    name: str
    organization_id: UUID = ref("organizations.id")
    leader_id: UUID = Field(index=True)
    told: dict[str, Any] = json_field()


class MatchGap(Row, table=True):
    """A need of a run with places that nobody was found for, why, and what would change it; it tells of nobody."""

    __tablename__ = "match_gaps"
    __table_args__ = (sa.UniqueConstraint("need_id", "run_id"),)
    run_id: UUID = ref("match_runs.id", index=True)
    need_id: UUID = ref("needs.id")
    details: dict[str, Any] = json_field()
