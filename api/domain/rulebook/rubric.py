"""评议表: by which criteria and levels a party rates the subjects of a rulebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from api.domain.rulebook.unfit import Unfit
from api.domain.rulebook.values import Exact, Identifier, Labels, Number, Sentence, Strict, whole

Voice = Literal["self", "community", "street", "resident", "panel"]
"""Whose voice a rating is: residents speak one by one as recipients (`resident`) or through a panel with a quorum."""

VOICES: tuple[Voice, ...] = ("self", "community", "street", "resident", "panel")


class Level(Strict):
    """One answer to a criterion, and the points that it gives."""

    id: Identifier
    labels: Labels
    points: Exact


class Criterion(Strict):
    """One question; its id is the `kind` by which measures read the answers to it."""

    id: Identifier
    labels: Labels
    note: Sentence | None = None
    levels: Annotated[list[Level], Field(min_length=2, max_length=20)]


class Rubric(Strict):
    """What one party is asked. A rating is one row of kind `party` with the sum, and one for each criterion."""

    party: Voice
    labels: Labels
    criteria: Annotated[list[Criterion], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _names_differ(self) -> Rubric:
        for each in (self.criteria, *(criterion.levels for criterion in self.criteria)):
            if len({one.id for one in each}) < len(each):
                raise Unfit("same_criterion")
        if {criterion.id for criterion in self.criteria} & set(VOICES):
            raise Unfit("criterion_like_party")
        return self

    def points(self, marks: Mapping[str, str]) -> tuple[Number, dict[str, Number]]:
        """Return the sum of a rating and the points of each criterion; KeyError names the criterion at fault."""
        found: dict[str, Number] = {}
        for criterion in self.criteria:
            level = next((level for level in criterion.levels if level.id == marks.get(criterion.id)), None)
            if level is None:
                raise KeyError(criterion.id)
            found[criterion.id] = level.points
        if extra := sorted(marks.keys() - found.keys()):
            raise KeyError(extra[0])
        return whole(sum(map(Fraction, found.values()), Fraction(0))), found


def asked_once(rubrics: Iterable[Rubric]) -> None:
    """Raise ValueError where one party is asked twice."""
    parties = [rubric.party for rubric in rubrics]
    if len(set(parties)) < len(parties):
        raise Unfit("party_twice")
