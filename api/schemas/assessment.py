"""评价 on the wire: rulebooks, cycles, assessments and their explanation."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.base import Body, Code, Day, Line, ListQuery, Subject, View
from api.schemas.rulings import Clock, CycleCalendar, ShownCalendar, StandingGrade

State = Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")]
RulebookSource = Annotated[str, Field(min_length=1, max_length=60_000, description="YAML or JSON")]
Words = dict[Literal["zh", "en"], str]


class EditedRulebook(Body):
    """A rulebook as text, or as an uploaded file where it is longer, or one that ships with the product."""

    text: RulebookSource | None = None
    file_id: UUID | None = None
    shipped: Code | None = None

    @model_validator(mode="after")
    def _one_source(self) -> EditedRulebook:
        if sum(source is not None for source in (self.text, self.file_id, self.shipped)) != 1:
            raise ValueError("give one of text, fileId and shipped")
        return self


class NewRulebook(EditedRulebook):
    """A rulebook of an authority: it judges cycles there and below."""

    organization_id: UUID


class Finding(View):
    """One thing that lint found."""

    severity: Literal["error", "warning"]
    code: str
    pointer: str = Field(description="JSON pointer into the rulebook")
    line: int | None = Field(None, description="where the text was sent with the request")
    column: int | None = None
    detail: Words
    remedy: Words


class Findings(View):
    """What lint found, errors first."""

    findings: list[Finding]


class Rulebook(Subject):
    """One version of a rule; its text never changes once it is active."""

    code: str
    edition: str
    subject: str
    labels: Words
    organization_id: UUID
    organization_name: str
    effective_from: Day
    effective_to: Day | None
    content_hash: str = Field(description="SHA-256 of the canonical text (RFC 8785)")


class RulebookText(Rulebook):
    """A rulebook with its text and what lint finds in it."""

    content: dict[str, Any]
    findings: list[Finding]


class RulebookQuery(ListQuery):
    """Which rulebooks to list."""

    state: State | None = None
    subject: State | None = None
    organization_id: UUID | None = None


class SubjectClass(Body):
    """A class of subjects: empty lists mean any; `largerThan` counts a unit's in-service members at the cut-off."""

    organization_kinds: Annotated[list[Code], Field(max_length=20)] = []
    community_classes: Annotated[list[Code], Field(max_length=20)] = []
    larger_than: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


SubjectKind = Literal["member", "unit", "branch", "community", "street"]


class NamedRulebook(Body):
    """A rulebook for a kind of subject; without `class` it judges whom its own text says."""

    subject: SubjectKind
    class_: Annotated[SubjectClass | None, Field(alias="class")] = None
    rulebook_id: UUID


class ShownClass(View):
    """A class of subjects; an empty list means any."""

    organization_kinds: list[str]
    community_classes: list[str]
    larger_than: int | None


class ShownRulebook(View):
    """A rulebook of a cycle and the class of subjects that it judges."""

    subject: SubjectKind
    class_: Annotated[ShownClass, Field(alias="class")]
    rulebook_id: UUID


class NewCycle(Body):
    """A period of assessment; `periodEnd` is the first day after it, `cutOff` the day that says who belongs where.

    Members and units are judged by the two defaults, further kinds and classes by `rulebooks`; the most specific holds.
    """

    title: Line
    organization_id: UUID
    period_start: Day
    period_end: Day
    cut_off: Day
    member_rulebook_id: UUID | None = None
    unit_rulebook_id: UUID | None = None
    rulebooks: Annotated[list[NamedRulebook], Field(max_length=50)] = []
    calendar: CycleCalendar | None = None


class Cycle(Subject):
    """A cycle; `position` is the sealed position that it was computed as of, `digest` that of all its assessments."""

    title: str
    organization_id: UUID
    organization_name: str
    period_start: Day
    period_end: Day
    cut_off: Day
    member_rulebook_id: UUID | None
    unit_rulebook_id: UUID | None
    rulebooks: list[ShownRulebook]
    position: int | None
    revision: int = Field(description="which computation stands; 0 before the first")
    digest: str | None
    decisions_digest: str | None = Field(
        description="of the grades that quotas and people changed, taken when the cycle became final"
    )
    calendar: ShownCalendar
    clock: Clock | None


class CycleQuery(ListQuery):
    """Which cycles to list."""

    state: State | None = None
    organization_id: UUID | None = None


class Assessment(View):
    """A judgement of one subject; what is null is unknown or not given, never 0."""

    id: UUID
    cycle_id: UUID
    cycle_title: str
    cycle_state: str
    subject_kind: str
    subject_key: str
    employer_id: UUID | None
    community_id: UUID | None
    revision: int
    outcome: str
    grade: str | None
    grade_labels: Words | None
    points: str | None = Field(description="exact: digits, or p/q")
    minutes: int | None = Field(description="of volunteer service in the period, before any rule")
    services: int | None
    bundle_hash: str
    judgement_hash: str
    standing: StandingGrade = Field(description="the grade that stands; `grade` is as computed")


class AssessmentText(Assessment):
    """An assessment with its canonical judgement: each number with its rule and its inputs."""

    judgement: dict[str, Any]


class OrganizationGrade(View):
    """A published grade of an organisation: no points and no judgement, which would tell of its members."""

    id: UUID
    cycle_id: UUID
    cycle_title: str
    cycle_state: str
    subject_kind: str
    standing: StandingGrade
    appeals_until: Day | None = Field(description="the last day on which appeals are taken, once they are")


class AssessmentQuery(ListQuery):
    """Which assessments to list."""

    cycle_id: UUID | None = None
    subject_kind: State | None = None
    employer_id: UUID | None = None
    community_id: UUID | None = None


class OpenedInput(View):
    """One input of a judgement and the entries that it is the sum of."""

    key: str
    entry_ids: list[UUID]


class Explanation(View):
    """The judgement in plain words, and every input opened down to its entries."""

    assessment_id: UUID
    standing: StandingGrade
    lines: dict[Literal["zh", "en"], list[str]]
    opened: list[OpenedInput]
    bundle: dict[str, Any]
    rulebook_hash: str
    bundle_hash: str
    judgement_hash: str
