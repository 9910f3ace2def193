"""Scores: one number out of others, exactly; anything that reads an unknown number is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from api.domain.rulebook.conditions import All, AnyOf, AttributeIn, Compare, Condition
from api.domain.rulebook.schema import (
    Award,
    Best,
    Cases,
    Constant,
    Deduct,
    Lookup,
    Product,
    Rate,
    Ratio,
    Score,
    Sum,
    Tally,
    Weighted,
)
from api.domain.rulebook.values import Number, whole

Numbers = Mapping[str, Number | None]
Attributes = Mapping[str, str | None]


def scored(score: Score, numbers: Numbers, attributes: Attributes) -> tuple[Number | None, Number | None]:
    """Return a score before and after its rounding, floor and cap; None is unknown."""
    raw = _value(score, numbers, attributes)
    if raw is None:
        return None, None
    value = raw = whole(raw)
    if score.rounding is not None:
        value = score.rounding.apply(value)
    if score.at_least is not None:
        value = max(value, score.at_least)
    if score.at_most is not None:
        value = min(value, score.at_most)
    return raw, value


def holds(condition: Condition, numbers: Numbers, attributes: Attributes) -> bool | None:
    """Say whether a condition holds; None if what is unknown would decide it (Kleene's logic)."""
    if isinstance(condition, Compare):
        return _compared(condition, numbers)
    if isinstance(condition, AttributeIn):
        found = attributes.get(condition.attribute)
        return None if found is None else found in condition.among
    if isinstance(condition, All | AnyOf):
        decisive = isinstance(condition, AnyOf)
        parts = condition.any if isinstance(condition, AnyOf) else condition.all
        answers = [holds(part, numbers, attributes) for part in parts]
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    answer = holds(condition.negate, numbers, attributes)
    return None if answer is None else not answer


def _compared(condition: Compare, numbers: Numbers) -> bool | None:
    value = numbers[condition.value]
    share = 1 if condition.pro_rata is None else numbers[condition.pro_rata]
    if value is None or share is None:
        return None
    return (
        (condition.at_least is None or value >= condition.at_least * share)
        and (condition.more_than is None or value > condition.more_than * share)
        and (condition.at_most is None or value <= condition.at_most * share)
        and (condition.less_than is None or value < condition.less_than * share)
    )


def _value(score: Score, numbers: Numbers, attributes: Attributes) -> Number | None:
    if isinstance(score, Constant):
        return score.points
    if isinstance(score, Award):
        answer = holds(score.when, numbers, attributes)
        return None if answer is None else score.points if answer else score.otherwise
    if isinstance(score, Tally):
        answers = [holds(condition, numbers, attributes) for condition in score.of]
        return None if None in answers else answers.count(True)
    if isinstance(score, Cases):
        return _first_case(score, numbers, attributes)
    if isinstance(score, Rate | Deduct | Lookup):
        value = numbers[score.of]
        return None if value is None else _of_one(score, value)
    return _of_several(score, numbers)


def _first_case(score: Cases, numbers: Numbers, attributes: Attributes) -> Number | None:
    for case in score.cases:
        answer = holds(case.when, numbers, attributes)
        if answer is None:
            return None
        if answer:
            return numbers[case.take]
    return numbers[score.otherwise]


def _of_one(score: Rate | Deduct | Lookup, value: Number) -> Number:
    if isinstance(score, Rate):
        return Fraction(value * score.points, score.per)
    if isinstance(score, Deduct):
        return score.full - score.each * value
    reached = [step for step in score.steps if value >= step.reaches]
    return max(reached, key=lambda step: step.reaches).points if reached else score.below


def _of_several(score: Sum | Weighted | Product | Ratio | Best, numbers: Numbers) -> Number | None:
    if isinstance(score, Weighted):
        names = [part.of for part in score.parts]
    elif isinstance(score, Ratio):
        names = [score.of, score.over]
    else:
        names = score.of
    values = [value for name in names if (value := numbers[name]) is not None]
    if len(values) < len(names):
        return None
    if isinstance(score, Weighted):
        return sum(part.weight * value for part, value in zip(score.parts, values, strict=True))
    if isinstance(score, Ratio):
        return Fraction(values[0]) / values[1] if values[1] else score.when_empty
    if isinstance(score, Best):
        return sum(sorted(values, reverse=not score.lowest)[: score.choose])
    if isinstance(score, Product):
        product: Number = 1
        for value in values:
            product *= value
        return product
    taken = [-value for name in score.minus if (value := numbers[name]) is not None]
    if len(taken) < len(score.minus):
        return None
    first, *others = *values, *taken
    return sum(others, first)
