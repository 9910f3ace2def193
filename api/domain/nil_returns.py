"""零报告: a unit that says that it did nothing in a period has said so; of one that says nothing it is unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from api.domain.facts import UNIT_KINDS

NIL = "nil_return"
OWN = UNIT_KINDS - {NIL}
"""What units tell of themselves and communities note of them (共建记实); other kinds have records of their own."""


def covers(spans: Iterable[tuple[date, date]], start: date, end: date) -> bool:
    """Say whether half-open spans of days together cover all days from `start` until, not including, `end`."""
    known = start
    for since, until in sorted(spans):
        if since > known:
            break
        known = max(known, until)
    return known >= end


def gaps(
    facts: Sequence[dict[str, Any]], asked: Collection[str], gaps: Sequence[dict[str, str]], start: date, end: date
) -> list[dict[str, str]]:
    """Return what is unknown of one unit's facts: `gaps` are the kinds that nobody in the tenant recorded.

    `facts` are all that stand of the unit in the period. Where nil returns cover the period nothing of its own doing is
    unknown. Where there is neither a nil return for all of it nor any fact, the unit is silent, and what the rulebook
    asks of its doing is unknown.
    """
    own = OWN & set(asked)
    others = [gap for gap in gaps if gap.get("source") != "facts" or gap.get("kind") not in own]
    spans = [
        (date.fromisoformat(fact["occurredOn"]), date.fromisoformat(fact["until"]))
        for fact in facts
        if fact["kind"] == NIL
    ]
    if covers(spans, start, end):
        return others
    if any(fact["kind"] in OWN for fact in facts):
        return list(gaps)
    return others + [{"source": "facts", "kind": kind} for kind in sorted(own)]
