"""设岗定责, 结对 and 承诺: the rules of what persons take on of their own accord, and may leave at any time."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Literal

from api.errors import Conflict, Invalid

Sort = Literal["post", "area"]
"""A duty post (岗位) is a duty, a responsibility area (责任区) a stretch of ground."""

DUTY_POST, PLEDGE, PAIRING = "duty_post", "pledge", "pairing"
OPEN = "open"
LIVE = ("claimed", "agreed")
"""States of a person's part in which it holds a place."""

DIARY_LEAST = 10
"""Signs that a note of a visit (民情日记) has at least: what was found, not only that somebody was there."""


class NoPlaceLeft(Conflict):
    """All places are taken."""

    code, zh, en = "no_place_left", "名额已满（{headcount}）", "All {headcount} places are taken"


class NotToBeClaimed(Conflict):
    """Only an open duty post or pairing can be claimed."""

    code, zh, en = "not_to_be_claimed", "该项目不可认领或已结束", "This cannot be claimed, or has ended"


class TakingPartAlready(Conflict):
    """Somebody holds one place of a project at a time."""

    code, zh, en = "taking_part_already", "您已认领", "You take part already"


class NotOnesOwn(Conflict):
    """Who holds a post, or made a pledge, is not who agrees to it, marks it or confirms it."""

    code, zh, en = "not_ones_own", "本人的岗位或承诺须由他人确认", "Somebody else has to decide on what is one's own"


class TermContradicts(Invalid):
    """What ends does so after it begins, and has not ended already."""

    code, zh, en = (
        "term_contradicts",
        "结束日期须晚于开始日期和今天",
        "The end must come after the start and after today",
    )


class NotRenewable(Conflict):
    """What has no term, or is to end with the post itself, is not renewed."""

    code, zh, en = (
        "not_renewable",
        "该岗位没有任期或已到岗位截止日，无需续任",
        "It has no term, or lasts as long as the post",
    )


class ConsentMissing(Invalid):
    """A household is paired when it has agreed."""

    code, zh, en = (
        "household_consent_missing",
        "须先取得结对家庭的同意",
        "The household has to agree before it is paired",
    )


class NotPaired(Conflict):
    """Visits are noted by who is paired, for days of the pairing, each day once."""

    code, zh, en = (
        "not_paired",
        "只能由结对人记录结对期间的走访，每天一次",
        "Only who is paired notes a visit, once a day",
    )


def term_end(begin: date, months: int | None, last: date | None) -> date | None:
    """Return the first day after a term of so many months, no later than `last`; None where neither is said."""
    if months is None:
        return last
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    end = date(year, month + 1, min(begin.day, monthrange(year, month + 1)[1]))
    return end if last is None else min(end, last)


def renewed_until(ends_on: date | None, months: int | None, last: date | None) -> date | None:
    """Return the first day after another term of a part; None where it has no end, no terms, or nothing is left."""
    until = term_end(ends_on, months, last) if ends_on is not None and months else None
    return None if until is None or ends_on is None or until <= ends_on else until


def require_term(starts_on: date, ends_on: date | None, today: date) -> None:
    """Raise TermContradicts for a stretch that is none or is over."""
    if ends_on is not None and ends_on <= max(starts_on, today):
        raise TermContradicts(pointer="/endsOn")
