"""裁定: people decide a grade where a quota's arithmetic cannot, or otherwise than computed; never one person alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from api.domain.rulebook.quota import covered
from api.domain.rulebook.schema import Rulebook
from api.errors import Conflict, Forbidden, Invalid

Kind = Literal["quota_choice", "override"]
"""What an office proposes of itself; rulings on appeals and amendments follow from those."""

BEFORE_PUBLICATION = frozenset({"computed", "self_review", "public_review"})
"""States of a cycle in which an office rules; later only appeals and amendments change a grade."""

BASES = {
    "assessment": ("按规则计算", "as computed by the rule"),
    "quota": ("按名额限制调整", "lowered by a quota"),
    "undecided": ("名额待人工裁定", "a quota leaves it for people to decide"),
    "quota_choice": ("名额由人工裁定", "decided by people where a quota could not"),
    "override": ("人工更正", "overridden by people"),
    "appeal": ("申诉后更正", "changed on appeal"),
    "amendment": ("定案后更正", "amended after the seal"),
}
"""On what a standing grade rests."""

RECOMPUTED = {
    "appeal_own": (
        "申诉成立，按更正后的记录重新计算，经第二人采用",
        "The appeal was upheld; computed again from the corrected record and adopted by a second person",
    ),
    "appeal_around": (
        "所含对象申诉成立，随之重新计算，经第二人采用",
        "An appeal of somebody it contains was upheld; computed again with it and adopted by a second person",
    ),
    "amendment_own": (
        "定案后发现记录有误，更正后重新计算，经第二人采用",
        "The sealed record was wrong; computed again from the corrected one and adopted by a second person",
    ),
    "amendment_around": (
        "所含对象的结果定案后更正，随之重新计算，经第二人采用",
        "A sealed result that it contains was amended; computed again with it and adopted by a second person",
    ),
}
"""What was decided where a grade rests on a recomputation: for the subject itself, or for somebody it contains."""


class OwnJudgement(Forbidden):
    """Nobody decides on their own result, or on that of a unit and its people for whom they act."""

    code = "own_judgement"
    zh = "不能裁定或采用本人、本人所代表的单位及其人员的结果"
    en = "Nobody decides on their own result, nor on that of a unit or its people for whom they act"


class RulingTooLate(Conflict):
    """After publication a grade changes on appeal or by an amendment alone."""

    code = "ruling_not_now"
    zh = "结果计算之后、公布之前方可裁定；公布后须经申诉或更正"
    en = "A ruling is made between computation and publication; after that it takes an appeal or an amendment"


class ComputedAnew(Conflict):
    """The cycle was computed again since; the ruling is about a result that no longer stands."""

    code = "computed_anew"
    zh, en = "结果已重新计算，此裁定须重新提出", "The cycle was computed again since; propose the ruling anew"


class NothingToChoose(Conflict):
    """No quota leaves this subject for people to decide."""

    code = "nothing_to_choose"
    zh, en = "该对象没有待裁定的名额", "No quota leaves this subject for people to decide"


class NoSuchGrade(Invalid):
    """The rule has no such grade, or the quota leaves no such choice."""

    code = "no_such_grade"
    zh, en = "等次只能是：{allowed}", "The grade can be: {allowed}"


class AlreadyProposed(Conflict):
    """A ruling on this subject waits for its second person."""

    code = "ruling_waits"
    zh, en = "该对象已有待确认的裁定", "A ruling on this subject waits for a second person already"


class NoSeatLeft(Conflict):
    """A quota's seats are taken."""

    code = "no_seat_left"
    zh = "“{gradeZh}”名额 {seats} 个已满"
    en = "All {seats} seats of “{grade}” are taken"


class DecisionsOpen(Conflict):
    """People have to decide before the results are published."""

    code = "decisions_open"
    zh = "尚有 {count} 个对象的等次待裁定或待确认：{firstZh}"
    en = "{count} subjects wait for a decision on their grade, or for its confirmation: {first}"


SHOWN_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of one quota in a subject's group, and who holds one by the grades that stand.

    `better` are the grades that take a seat too.
    """

    grade: str
    seats: int
    holders: frozenset[UUID]
    better: frozenset[str] = frozenset()


def require_seat(subject_id: UUID, grade: str | None, labels: Mapping[str, str], quotas: Iterable[Seats]) -> None:
    """Raise NoSeatLeft where giving a subject this grade would make more holders than a quota has seats."""
    for quota in quotas:
        if (grade == quota.grade or grade in quota.better) and len(quota.holders - {subject_id}) >= quota.seats:
            raise NoSeatLeft(seats=quota.seats, grade=labels.get("en", grade), gradeZh=labels.get("zh", grade))


def choices(
    rulebook: Rulebook, kind: str, quota: str | None, judgement: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Return the grades that a ruling may give, with their labels.

    Where a quota left the choice to people: its grade, or the better one that was computed and is under it too, what it
    gives instead, and what an unknown judgement leaves open. An override gives any grade of the rule.
    """
    grades = {grade.id: grade.labels.both() for grade in rulebook.grades}
    if kind != "quota_choice":
        return grades
    asked = [rule for rule in rulebook.quotas if rule.id == quota]
    left = {each for rule in asked for each in (rule.grade, rule.instead)}
    left |= {judgement["grade"]} & frozenset().union(*(covered(rulebook, rule) for rule in asked))
    if judgement["outcome"] == "unknown":
        left.update(judgement["possible"])
    return {code: labels for code, labels in grades.items() if code in left}


def require_grade(grade: str, allowed: Mapping[str, Any]) -> None:
    """Raise NoSuchGrade where a ruling would give a grade that it cannot."""
    if grade not in allowed:
        raise NoSuchGrade(pointer="/grade", allowed=", ".join(allowed))


def require_decided(waiting: Iterable[str]) -> None:
    """Raise DecisionsOpen, naming the subjects by their keys, where any waits for people."""
    subjects = sorted(set(waiting))
    if subjects:
        first = subjects[:SHOWN_AT_MOST]
        raise DecisionsOpen(
            count=len(subjects), subjects=first, first=", ".join(first[:5]), firstZh="、".join(first[:5])
        )
