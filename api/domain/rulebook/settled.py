"""Whether a condition is settled before anybody is judged, by the values between which its numbers can lie."""

from __future__ import annotations

from collections.abc import Mapping

from api.domain.rulebook.conditions import All, AnyOf, Compare, Condition, Not
from api.domain.rulebook.ranges import Range

WHOLE: Range = (1, 1)


def settled(condition: Condition, between: Mapping[str, Range]) -> bool | None:
    """Return what a condition says of everybody, whatever the numbers are; None where that depends on them.

    An attribute always depends on whose it is.
    """
    if isinstance(condition, Compare):
        share = WHOLE if condition.pro_rata is None else between[condition.pro_rata]
        number = between[condition.value]
        return False if unmet(condition, number, share) else _met(condition, number, share) or None
    if isinstance(condition, All | AnyOf):
        decisive = isinstance(condition, AnyOf)
        parts = condition.any if isinstance(condition, AnyOf) else condition.all
        answers = [settled(part, between) for part in parts]
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    answer = settled(condition.negate, between) if isinstance(condition, Not) else None
    return None if answer is None else not answer


def unmet(leaf: Compare, between: Range, share: Range = WHOLE) -> bool:
    """Say whether no number in a range meets a comparison, whatever the share is by which its limits shrink."""
    low, high = between
    return (
        (leaf.at_least is not None and leaf.at_least * min(share) > high)
        or (leaf.more_than is not None and leaf.more_than * min(share) >= high)
        or (leaf.at_most is not None and leaf.at_most * max(share) < low)
        or (leaf.less_than is not None and leaf.less_than * max(share) <= low)
    )


def _met(leaf: Compare, between: Range, share: Range) -> bool:
    """Say whether every number in a range meets a comparison, whatever the share is."""
    low, high = between
    at_least, more_than, at_most, less_than = (
        [] if limit is None else [limit * part for part in share]
        for limit in (leaf.at_least, leaf.more_than, leaf.at_most, leaf.less_than)
    )
    return (
        all(low >= limit for limit in at_least)
        and all(low > limit for limit in more_than)
        and all(high <= limit for limit in at_most)
        and all(high < limit for limit in less_than)
    )
