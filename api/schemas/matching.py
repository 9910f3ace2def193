"""匹配 on the wire: its rules, runs, gaps and figures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Line, ListQuery, Query, Subject, View
from api.schemas.proposals import Assumption, Lines, ProposalState, Words

RunKind = Literal["people", "units"]
_Weight = Annotated[int, Field(ge=0, le=10_000)]
_Days = Annotated[int, Field(ge=0, le=3650)]


class Weights(Body):
    """Points by which pairs are compared; zero leaves a factor out, what is left out stays as shipped."""

    skills: _Weight = 3
    distance: _Weight = 4
    slot: _Weight = 1
    rating: _Weight = 1
    wish: _Weight = 2
    urgency: _Weight = 2
    load: _Weight = 150
    decline: _Weight = 30
    no_show: _Weight = 60
    place: _Weight = 1500
    cover: _Weight = 2000
    most: Annotated[int, Field(ge=0, le=100)] = 5
    unknown: Annotated[int, Field(ge=0, le=100)] = 50


class Terms(Body):
    """How often somebody is asked in a calendar month, how far ahead, and how long a proposal waits."""

    asks: Annotated[int, Field(ge=0, le=31)] = 3
    horizon_days: Annotated[int, Field(ge=1, le=92)] = 35
    answer_days: Annotated[int, Field(ge=1, le=30)] = 5
    reply_days: Annotated[int, Field(ge=1, le=60, description="working days that a project waits for an answer")] = 10
    start_days: Annotated[int, Field(ge=1, le=92, description="until a project that has not begun is asked for")] = 14
    verify_days: Annotated[int, Field(ge=1, le=60, description="working days to check a submitted need")] = 5
    list_day: (
        Annotated[int, Field(ge=1, le=28, description="day on which next month's needs are frozen as a list")] | None
    ) = None
    lead_hours: Annotated[int, Field(ge=0, le=168)] = 24
    capacity: Annotated[int, Field(ge=0, le=100_000, description="places a community takes in one run")] | None = None
    spread: Annotated[
        int, Field(ge=0, le=1000, description="per cent of an even share of units that a community takes; 0: any")
    ] = 200


class Memory(Body):
    """For how many days a no in a category, an absence, a rating, and the inputs of a run are kept."""

    decline_days: _Days = 180
    no_show_days: _Days = 365
    rating_days: _Days = 730
    inputs_days: _Days = 730


class NewMatchRule(Body):
    """The rules of a district and all below it, and on what ground they were chosen."""

    organization_id: UUID
    basis: Line
    weights: Weights = Weights()
    terms: Terms = Terms()
    memory: Memory = Memory()

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, the rules as plain data."""
        parts = {name: getattr(self, name).values() for name in ("weights", "terms", "memory")}
        return {**super().values(), **parts}


class Rules(View):
    """Weights, terms and memory as they hold."""

    weights: dict[str, int]
    terms: dict[str, int | None]
    memory: dict[str, int]


class StandingRules(Rules):
    """What holds at a place; `ruleId` null is what is shipped."""

    rule_id: UUID | None


class MatchRule(Rules):
    """One edition of an office's rules."""

    id: UUID
    organization_id: UUID
    organization_name: str
    edition: int
    basis: str
    set_at: datetime


class MatchRules(View):
    """What holds at an organisation, and the editions declared on the way down to it, newest first."""

    standing: StandingRules
    items: list[MatchRule]


class RulesQuery(Query):
    """At which organisation."""

    organization_id: UUID


class NewMatchRun(Body):
    """Whose needs are matched: with people who declared their time, or with what units offer."""

    organization_id: UUID
    kind: RunKind = "people"


class Previewing(NewMatchRun):
    """Weights and terms that are tried in place of those declared."""

    weights: Weights | None = None
    terms: Terms | None = None

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, what is tried as plain data."""
        tried = {name: value and value.values() for name, value in (("weights", self.weights), ("terms", self.terms))}
        return {**super().values(), **tried}


class MatchRun(Subject):
    """A match with the rules and the position that it was made by, and its job."""

    kind: str
    organization_id: UUID
    organization_name: str
    seed: int = Field(description="deals out the numbers by which people go in the inputs")
    as_of: datetime | None
    position: int | None
    rule_id: UUID | None
    rules: Rules
    inputs_hash: str | None
    result_hash: str | None
    job_id: UUID | None
    job_state: str | None
    progress: int | None
    problem: dict[str, Any] | None
    location: str
    created_at: datetime
    finished_at: datetime | None


class MatchRunQuery(ListQuery):
    """Which runs to list."""

    kind: RunKind | None = None
    organization_id: UUID | None = None


class Gap(View):
    """Why a need has places that nobody was found for, and what would change it; null where all were."""

    need_id: UUID
    missing: int | None
    why: str | None
    why_labels: Words | None
    change: str | None
    change_labels: Words | None
    assumptions: list[Assumption]
    lines: Lines


class LastGap(Gap):
    """The same of the last run that looked at the need."""

    run_id: UUID | None = Field(description="null where no run has looked at it")
    as_of: datetime | None


class CommunityShare(View):
    """What a community wanted and got."""

    id: UUID | None
    name: str
    places: int
    filled: int


class AnsweredShare(CommunityShare):
    """The same with how many were accepted since."""

    accepted: int


class UnitShare(CommunityShare):
    """What a unit's helpers could take and were proposed; `id` null are units of fewer than five helpers together."""

    idle: int
    helpers: int


class _Sums(View):
    kind: str
    as_of: datetime
    method: str
    needs: int
    places: int
    filled: int
    served: int
    newly_served: int
    helpers: int
    idle: int
    concentration: int = Field(description="sum of squared shares of the communities, in ten-thousandths")
    unserved: int
    units: list[UnitShare]


class MatchPreview(_Sums):
    """What a match would come to now, chosen greedily; `gaps` are those of the first hundred needs."""

    proposals: int
    communities: list[CommunityShare]
    gaps: list[Gap]


class MatchFigures(_Sums):
    """What a run came to, how it was answered, and a picture of both."""

    run_id: UUID
    answers: dict[ProposalState, int]
    time_to_match: int | None = Field(description="median minutes from publication to the first yes")
    communities: list[AnsweredShare]
    picture: str = Field(description="SVG")
