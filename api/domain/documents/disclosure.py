"""What a statement keeps back because it would tell of a group under five what one of them did (docs/adr/documents.md).

Whether something is kept back follows from the size of the groups alone, never from what it would have said: else the
gap itself would tell.
"""

from __future__ import annotations

from typing import Any

from api.domain.documents.content import Label, Words
from api.domain.suppression import SMALLEST_GROUP

UNDER_FIVE = Label("under_five", "少于5人", "fewer than 5 people")
WITHHELD_UNDER_FIVE = Label(
    "withheld_under_five", "不予披露的成员少于5人，不予显示", "not shown: fewer than 5 members are withheld"
)
EXPLANATION_KEPT_BACK = Words(
    "积分和评价说明会显示少于5人的情况，不予显示；单位等次不受影响。",
    "Points and explanation would tell of fewer than five people and are not shown; the grade stands.",
)


def kept_back_because(*, listed: bool, withheld: int, members: int, eligible: int) -> Label | None:
    """Return why a statement must not tell what its members did as a sum, or None where it may.

    Where people are listed, a sum less the rows shown is the sum of those withheld: it is kept back for 1–4 of them.
    Where nobody is listed, it is kept back for a unit under five.
    """
    if listed:
        return WITHHELD_UNDER_FIVE if 0 < withheld < SMALLEST_GROUP else None
    return UNDER_FIVE if min(members, eligible) < SMALLEST_GROUP else None


def unless(why: Label | None, value: Any) -> Any:
    """Return the value, or `{"suppressed": {code, zh, en}}` in its place where there is a reason to keep it back."""
    return value if why is None else {"suppressed": why.as_json()}
