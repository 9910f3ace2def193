"""What may be done with postings and facts that stand: they are taken back once, by somebody else, and never edited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from api.errors import Conflict, Forbidden

REASONS = {
    "recorded_by_mistake": ("误记", "recorded by mistake"),
    "duplicate": ("重复", "recorded twice"),
    "wrong_person": ("人员有误", "the wrong person"),
    "not_present": ("未到场", "was not there"),
    "wrong_time": ("时间有误", "the wrong time"),
    "found_false": ("查实不实", "found false"),
}
"""Why something is taken back: codes, since the ledger holds no free text."""


class AlreadyReversed(Conflict):
    """It was taken back before; a reversal names one earlier row, once."""

    code = "already_reversed"
    zh, en = "该记录已被冲正", "This has been reversed already"


class NotReversible(Conflict):
    """A reversal is not taken back; what is right is recorded anew."""

    code = "not_reversible"
    zh, en = "冲正记录不能再冲正，请重新记录", "A reversal cannot be reversed; record what is right anew"


class SelfApproval(Forbidden):
    """Nobody decides about their own record."""

    code = "self_approval"
    zh, en = "不能处理自己的记录，请由他人办理", "You cannot decide about your own record; somebody else must"


class AlreadyCredited(Conflict):
    """The person already has minutes for part of this time; no minute is credited twice, in whichever community."""

    code = "already_credited"
    zh, en = "该时段已有服务时长（{startedAt} 至 {endedAt}）", "Minutes stand already from {startedAt} until {endedAt}"


def require_reversible(*, own: bool, is_reversal: bool, is_reversed: bool) -> None:
    """Raise what keeps a row from being taken back by this actor: SelfApproval, NotReversible or AlreadyReversed."""
    if own:
        raise SelfApproval
    if is_reversal:
        raise NotReversible
    if is_reversed:
        raise AlreadyReversed


Credit = tuple[datetime, datetime, int]  # a standing entry: its outer bounds and its minutes


def overcredited(credits_: Iterable[Credit]) -> list[tuple[datetime, datetime, int, int]]:
    """Return where one person has more minutes than time: (start, end, minutes credited, minutes there are).

    Between the bounds of one credit another may lie, which has its minutes taken out. So credits that share time are
    looked at together: their minutes can never be more than the time that they cover.
    """
    clusters: list[list[Credit]] = []
    until: datetime | None = None
    for credit in sorted(credits_):
        if until is None or credit[0] >= until:
            clusters.append([])
            until = credit[1]
        clusters[-1].append(credit)
        until = max(until, credit[1])
    found = []
    for cluster in clusters:
        start, end = cluster[0][0], max(each[1] for each in cluster)
        minutes, room = sum(each[2] for each in cluster), (end - start) // timedelta(minutes=1)
        if minutes > room:
            found.append((start, end, minutes, room))
    return found
