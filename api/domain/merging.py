"""Rules for two records of one human that become one: whose time counts once, what is carried over, what stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.domain.overlap import Covered, Span
from api.errors import Conflict, Invalid

REASONS = {
    "same_id_number": ("身份证号一致", "the same ID number"),
    "same_phone_and_name": ("手机号、姓名一致", "the same phone and name"),
    "registered_twice": ("本人重复登记", "registered twice"),
    "told_by_the_person": ("本人说明并核实", "told by the person and looked into"),
}
"""Why two records are said to be of one human."""


class SamePerson(Invalid):
    """A record cannot be merged with itself."""

    code, zh, en = "same_person", "不能与自身合并", "A record cannot be merged with itself"


class MergeWaits(Conflict):
    """The record that goes has a service that is not settled yet; its minutes would have nowhere to go."""

    code = "merge_waits"
    zh = "待并入的记录尚有未结算的班次（班次结束 72 小时内），请结算后再确认"
    en = "The record that goes has a shift not settled yet (72 hours from its end); confirm once it is"


class MergeRefused(Conflict):
    """One person would hold roles that have to stay apart, or roles that they gave to themselves."""

    code = "merge_refused"
    zh = "合并后同一人将持有不得兼任或由本人授予的岗位，请先收回授权"
    en = "One person would hold roles that stay apart, or that they gave to themselves; end those grants first"


class UndoTooLate(Conflict):
    """The time in which a merge can be undone has passed."""

    code = "undo_too_late"
    zh, en = "合并已超过可撤销的期限（{days} 天）", "The merge could be undone for {days} days and no longer"


class LaterMergeFirst(Conflict):
    """The person left was merged with another since; that has to be undone before."""

    code = "later_merge_first"
    zh, en = "此后又有合并，请先撤销后一次合并", "There was a later merge; undo that one first"


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that stands: its minutes and the instants between which they lie; without instants only the sum."""

    id: UUID
    amount: int
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Carried:
    """What of an entry is posted to the person left: minutes, and the stretch that they fill where it is known."""

    entry_id: UUID
    amount: int
    started_at: datetime | None
    ended_at: datetime | None


def carried(theirs: Iterable[Standing], own: Iterable[Standing]) -> list[Carried]:
    """Return what is posted anew for the entries of the record that goes: a posting for each stretch still free.

    Time that the person left has minutes for already is not credited twice. An entry without instants goes over whole.
    The order of the arguments' members does not matter.
    """
    covered = Covered(span for spans in spans_of(own).values() for span in spans)
    theirs = sorted(theirs, key=lambda each: each.id)
    spans = spans_of(theirs)
    found: list[Carried] = []
    timed = [each for each in theirs if each.id in spans]
    for each in sorted(timed, key=lambda each: (spans[each.id][:1], each.id)):
        for start, end in spans[each.id]:
            for since, upto in covered.take(start, end):
                found.append(Carried(each.id, upto - since, _instant(since), _instant(upto)))
    found += [Carried(each.id, each.amount, None, None) for each in theirs if each.id not in spans]
    return found


def spans_of(entries: Iterable[Standing]) -> dict[UUID, list[Span]]:
    """Return the stretches that the minutes of one person's entries fill, for those entries that tell instants.

    Between the outer bounds of an entry others may lie, which have their minutes taken out. Of two such entries one
    lies wholly in a gap of the other, so the shorter is laid down first: what is then free is the longer one's own.
    """
    timed = [(bounds, each) for each in entries if (bounds := _bounds(each)) is not None]
    taken = Covered()
    found: dict[UUID, list[Span]] = {}
    for (start, end), each in sorted(timed, key=lambda pair: (pair[0][1] - pair[0][0], pair[0], pair[1].id)):
        left, kept = each.amount, []
        for since, upto in Covered(taken.spans()).take(start, end):
            stop = min(upto, since + left)
            if stop > since:
                kept.append((since, stop))
                taken.take(since, stop)
                left -= stop - since
        found[each.id] = kept
    return found


def _bounds(each: Standing) -> Span | None:
    if each.started_at is None or each.ended_at is None:
        return None
    return (each.started_at - _ORIGIN) // _MINUTE, (each.ended_at - _ORIGIN) // _MINUTE


def _instant(minute: int) -> datetime:
    return _ORIGIN + minute * _MINUTE


_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
