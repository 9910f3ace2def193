"""记实 on the wire: facts, entries, records of people and organisations, and the first screen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.base import Body, Code, Day, ListQuery, Query, View
from api.schemas.cases import Case
from api.schemas.measures import Emergency

ReasonCode = Literal["recorded_by_mistake", "duplicate", "wrong_person", "not_present", "wrong_time"]
FactKind = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$", examples=["venue_opened", "award"])
]
Unit = Literal["volunteer_minutes", "participation", "points", "fen"]


class Reversal(Body):
    """Why something is taken back: a code, since the ledger holds no free text."""

    reason: ReasonCode


class Appended(View):
    """What facts and entries have in common; `account_id` is a pseudonym."""

    id: UUID
    kind: str
    account_kind: str
    account_id: UUID
    served_on: date
    provenance: str
    recorded_at: datetime
    revision: int
    community_id: UUID | None
    employer_id: UUID | None
    shift_id: UUID | None
    reverses_id: UUID | None
    reversed_by: UUID | None
    position: int | None = Field(description="its place in the sealed order; null until it is sealed")
    allowed_actions: list[str]


class Fact(Appended):
    """A fact as it stands."""

    occurred_at: datetime
    pair: int | None
    details: dict[str, Any]


class NewFact(Body):
    """What happened, of a unit (`organizationId`) or a person (`personId`), as the community's record has it.

    A community tells of itself where `organizationId` is `communityId`. `kind` is one of those listed by the guide, or
    one for which a rulebook in force there asks; `value` is then the word that the rulebook tells apart, and `columns`
    are others that it reads. `amount` says how many: problems, items, lectures. `reason` and `until`, the first day
    after it, are an exemption's: ill, seconded, retired, not_yet_joined, other, or one that a rulebook in force there
    names; `code` names a qualification, which may have an `until` too.
    """

    kind: FactKind
    organization_id: UUID | None = None
    person_id: UUID | None = None
    community_id: UUID
    occurred_on: Day
    amount: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    reason: FactKind | None = None
    until: Day | None = None
    code: Code | None = None
    value: Code | None = None
    columns: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9]{0,40}$")], Code],
        Field(
            max_length=10,
            description="further words that a rulebook in force there reads of this kind",
            examples=[{"level": "district"}],
        ),
    ] = {}
    shift_id: Annotated[UUID | None, Field(description="the shift it bears on, of whoever was present there")] = None
    project_id: Annotated[UUID | None, Field(description="the agreed project that it came of")] = None
    file_id: Annotated[UUID | None, Field(description="evidence, where somebody else has to confirm it")] = None

    @model_validator(mode="after")
    def _of_one(self) -> NewFact:
        if (self.organization_id is None) == (self.person_id is None):
            raise ValueError("give one of organizationId and personId")
        if self.shift_id is not None and self.person_id is None:
            raise ValueError("shiftId goes with personId")
        return self


class Recorded(View):
    """The fact, null until the community confirms what a unit told; then `case` says where that stands."""

    fact: Fact | None
    case: Case | None


class Entry(Appended):
    """A posting as it stands; minutes are whole, money is in fen."""

    unit: str
    amount: int
    nature: str | None
    started_at: datetime | None
    ended_at: datetime | None
    activity_id: UUID | None
    source_id: UUID


class RecordQuery(ListQuery):
    """Which facts or entries to list."""

    mine: bool = False
    kind: Annotated[str, Field(max_length=30, pattern="^[a-z_]+$")] | None = None
    shift_id: UUID | None = None
    community_id: UUID | None = None
    served_from: Day | None = None
    served_before: Day | None = None


class FactQuery(RecordQuery):
    """Which facts to list; `organizationId` asks for those of a unit itself."""

    organization_id: UUID | None = None


class EntryQuery(RecordQuery):
    """Which entries to list."""

    unit: Unit | None = None


class Period(Query):
    """Days from `since`, before `until`; without them all there is."""

    since: Day | None = None
    until: Day | None = None


class Total(View):
    """A sum of entries, reversals taken away."""

    unit: str
    amount: int
    entries: int


class MonthTotal(Total):
    """A month's sum; `month` is yyyy-mm."""

    month: str


class Record(View):
    """A person's record as the caller may see it."""

    person_id: UUID
    totals: list[Total]
    months: list[MonthTotal]


class OrganizationTotal(Total):
    """A sum with how many people stand behind it."""

    people: int


class FactTotal(View):
    """How many facts of a kind stand."""

    kind: str
    label: dict[Literal["zh", "en"], str]
    facts: int


class OrganizationRecord(View):
    """What was served in a community, or by the people of a unit, and the units' own facts (共建记实)."""

    organization_id: UUID
    name: str
    totals: list[OrganizationTotal]
    facts: list[FactTotal]


class HomeShift(View):
    """A shift that the caller signed up for."""

    shift_id: UUID
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    signup_state: str


class HomeNeed(View):
    """An open need of the caller's community."""

    id: UUID
    title: str
    category: str


class HomeRegistration(View):
    """Where the caller reported in."""

    community_id: UUID
    community_name: str
    state: str


class Home(View):
    """All that the first screen needs; emergencies in force are shown to everybody."""

    person_id: UUID
    name: str | None
    year: int
    volunteer_minutes: int
    participation_minutes: int
    registration: HomeRegistration | None
    shifts: list[HomeShift]
    needs: list[HomeNeed]
    emergencies: list[Emergency]
