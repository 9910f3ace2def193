"""What a rulebook may say: measures → scores → adjustments → totals → gates → grades → quota, as data."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.domain.canonical import digest
from api.domain.rulebook.conditions import Condition
from api.domain.rulebook.figures import Figure
from api.domain.rulebook.glossary import GLOSSARY
from api.domain.rulebook.measure import Measure
from api.domain.rulebook.rubric import Rubric, asked_once
from api.domain.rulebook.seats import Quota
from api.domain.rulebook.stretch import Step, require_different
from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Day, Exact, Identifier, Labels, Reference, Rounding, Rule, Sentence, Strict

SubjectKind = Literal["member", "unit", "branch", "community", "street", "secretary"]


class _Score(Rule):
    """Any rule that makes a number; rounding comes first, then the floor and the cap, so that those always hold."""

    rounding: Rounding | None = None
    at_least: Exact | None = None
    at_most: Exact | None = None


class Constant(_Score):
    """A fixed number of points, such as a yearly base."""

    op: Literal["constant"]
    points: Exact


class Rate(_Score):
    """`points` for each `per` of a number: 1 point for each 60 minutes."""

    op: Literal["rate"]
    of: Reference
    points: Exact
    per: Annotated[Exact, Field(gt=0)] = 1


class Deduct(_Score):
    """A full score less `each` for every one of a number; `atLeast` is the floor."""

    op: Literal["deduct"]
    full: Exact
    each: Annotated[Exact, Field(gt=0)]
    of: Reference


class Award(_Score):
    """Points if a condition holds, `otherwise` if not."""

    op: Literal["award"]
    when: Condition
    points: Exact
    otherwise: Exact = 0


class Lookup(_Score):
    """The points of the highest step that a number reaches, `below` if it reaches none."""

    op: Literal["lookup"]
    of: Reference
    steps: Annotated[list[Step], Field(min_length=1)]
    below: Exact = 0

    @model_validator(mode="after")
    def _steps_differ(self) -> Lookup:
        require_different(self.steps)
        return self


class Sum(_Score):
    """Numbers added, and others taken away."""

    op: Literal["sum"]
    of: Annotated[list[Reference], Field(min_length=1)]
    minus: list[Reference] = []


class Part(Strict):
    """One number and its weight."""

    of: Reference
    weight: Exact


class Weighted(_Score):
    """Numbers times their weights, added."""

    op: Literal["weighted"]
    parts: Annotated[list[Part], Field(min_length=1)]


class Product(_Score):
    """Numbers multiplied, such as base × role × conduct."""

    op: Literal["product"]
    of: Annotated[list[Reference], Field(min_length=2)]


class Ratio(_Score):
    """One number over another; over nothing it is unknown unless `whenEmpty` says what it is."""

    op: Literal["ratio"]
    of: Reference
    over: Reference
    when_empty: Exact | None = None


class Best(_Score):
    """The `choose` highest of several numbers, or with `lowest` the lowest, added."""

    op: Literal["best"]
    choose: Annotated[int, Field(ge=1)]
    lowest: bool = False
    of: Annotated[list[Reference], Field(min_length=1)]


class Tally(_Score):
    """How many of the conditions hold."""

    op: Literal["tally"]
    of: Annotated[list[Condition], Field(min_length=1)]


class Case(Strict):
    """If this holds, that number."""

    when: Condition
    take: Reference


class Cases(_Score):
    """The number of the first case that holds, else that of `otherwise`."""

    op: Literal["cases"]
    cases: Annotated[list[Case], Field(min_length=1)]
    otherwise: Reference


Score = Annotated[
    Constant | Rate | Deduct | Award | Lookup | Sum | Weighted | Product | Ratio | Best | Tally | Cases,
    Field(discriminator="op"),
]


class Gate(Rule):
    """What a condition does to the grade, whatever the points say."""

    when: Condition
    effect: Literal["exempt", "out_of_assessment", "becomes", "cannot_be_better_than"]
    grade: Identifier | None = None

    @model_validator(mode="after")
    def _names_its_grade(self) -> Gate:
        if (self.effect in ("becomes", "cannot_be_better_than")) != (self.grade is not None):
            raise Unfit("grade_of_gate")
        return self


class Band(Strict):
    """A stretch of the final number; each end is inclusive (atLeast, atMost) or exclusive (moreThan, lessThan)."""

    at_least: Exact | None = None
    more_than: Exact | None = None
    at_most: Exact | None = None
    less_than: Exact | None = None

    @model_validator(mode="after")
    def _has_ends(self) -> Band:
        if (self.at_least is not None and self.more_than is not None) or (
            self.at_most is not None and self.less_than is not None
        ):
            raise Unfit("both_ends")
        return self


class Grade(Rule):
    """One grade; best first. It is given if its band and its condition hold; one with neither takes all the rest."""

    band: Band | None = None
    when: Condition | None = None


class AppliesTo(Strict):
    """Kinds of organisation and classes of community; an empty list means every one."""

    organization_kinds: list[Identifier] = []
    community_classes: list[Identifier] = []


class Effective(Strict):
    """The half-open stretch of days in which a period may begin that this version judges."""

    since: Day
    until: Day | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Effective:
        if self.until is not None and self.until <= self.since:
            raise Unfit("ends_before")
        return self


class Rulebook(Strict):
    """One version of one published rule."""

    format: Literal[1]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    version: Annotated[str, Field(min_length=1, max_length=40)]
    labels: Labels
    source: Sentence
    settled: list[Labels] = []
    subject: SubjectKind
    applies_to: AppliesTo = AppliesTo()
    effective: Effective
    period: Literal["year", "half_year", "quarter", "month"] = "year"
    measures: Annotated[list[Measure], Field(min_length=1, max_length=200)]
    figures: Annotated[list[Figure], Field(max_length=20)] = []
    scores: Annotated[list[Score], Field(max_length=200)] = []
    adjustments: Annotated[list[Score], Field(max_length=200)] = []
    totals: Annotated[list[Score], Field(max_length=50)] = []
    gates: Annotated[list[Gate], Field(max_length=50)] = []
    final: Reference | None = None
    grades: Annotated[list[Grade], Field(max_length=20)] = []
    quotas: Annotated[list[Quota], Field(max_length=10)] = []
    rubrics: Annotated[list[Rubric], Field(max_length=5)] = []

    @model_validator(mode="after")
    def _asks_each_party_once(self) -> Rulebook:
        asked_once(self.rubrics)
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical document: what a sealed judgement names as its rule."""
        return digest(self.document())

    def document(self) -> dict[str, Any]:
        """Return what the author wrote, numbers in one spelling; defaults of newer code never enter its hash."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


@cache
def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12) of a rulebook, as editors and other programs check one.

    `x-labels` and `x-example` stand where the glossary has a name for a part.
    """
    schema = Rulebook.model_json_schema(by_alias=True, mode="validation")
    for name, (zh, en, example) in GLOSSARY.items():
        owner, _, member = name.partition(".")
        part = schema if owner == "Rulebook" else schema["$defs"][owner]
        part = part["properties"][member] if member else part
        part |= {"x-labels": {"zh": zh, "en": en}, "x-example": example}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
