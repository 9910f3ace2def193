"""The feedback statement (反馈单): what an employer is told of its members' service, and no more.

Grade and counts a person, never entries; the explanation stands in the person's own copy (003 §16, PIPL §6, §23).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from api.domain.documents.content import Head, InvalidContent, Label, Words, head_json
from api.domain.documents.disclosure import EXPLANATION_KEPT_BACK, kept_back_because, unless

Roster = Literal["named", "pseudonymous", "aggregate_only"]

_TEMPLATE_VERSION = 1
_NO_GRADE = Label("unknown", "未知", "unknown")
_EXACT = re.compile(r"-?[0-9]+(\.[0-9]+)?(/[1-9][0-9]*)?")

# Until a platform is joined to the national system its records say this of themselves (MCA order 67, 2020).
PLATFORM_RECORD = Words(
    "本单所载为平台服务记录，不是官方志愿服务记录证明。",
    "This statement shows records of service kept by the platform; it is not an official certificate.",
)
HOW_TO_OBJECT = Words(
    "对本单有异议的，单位联络员可在平台“反馈”中提出异议，本人可在“我的记录”中提出；逾期未提出的，按本单归档。",
    "The unit's liaison may object under 'Feedback' on the platform, a member under 'My record'; "
    "a statement without objection in time is filed as it stands.",
)


@dataclass(frozen=True, slots=True)
class RulebookRef:
    """The rulebook that judged: its id, version and the hash of its canonical form."""

    id: str
    version: str
    hash: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member of the unit. What is None is unknown, never 0; `points` is exact: `12.5` or `7/3`.

    `outcome` says why there is no grade where that is known: exempt, out of the assessment. `basis` says on what the
    grade rests where it is not as computed: a quota, or a decision of people; the reason is the member's own.

    A member who gave no consent and of whom no ground is recorded has `disclosed=False`: nothing of the result leaves.
    """

    roster_number: str
    name: str | None
    grade: Label | None
    points: str | None
    services: int | None
    minutes: int | None
    disclosed: bool = True
    outcome: Label | None = None
    basis: Label | None = None


@dataclass(frozen=True, slots=True)
class UnitResult:
    """The unit's own assessment: grade, or why there is none, exact points, and the lines that explain them.

    `notes` tell of the unit alone and stand before them: what it said of itself, what people decided on it and why.
    """

    grade: Label | None
    points: str | None
    lines: Sequence[Words]
    outcome: Label | None = None
    notes: Sequence[Words] = ()


def feedback_statement(
    head: Head,
    *,
    cycle: Words,
    rulebook: RulebookRef,
    position: int,
    checkpoint: str | None,
    roster: Roster,
    grades: Sequence[Label],
    eligible: int,
    registered: int,
    completed: int,
    members: Sequence[MemberLine],
    result: UnitResult,
    object_until: date,
) -> dict[str, Any]:
    """Return the frozen content of a unit's feedback statement; the order of `members` makes no difference.

    `eligible` is the unit's denominator at cut-off, `registered` and `completed` are how many of them have reported in
    and have fulfilled the minimum. `position` is the sealed position as of which it holds, `checkpoint` the tree's
    root there. `grades` are the rulebook's, best first. `roster` says how people appear: `named`, `pseudonymous`
    (roster number alone) or `aggregate_only` (no person at all). What would tell of fewer than five people stands as
    `{"suppressed": …}` (`disclosure`). Raises `InvalidContent` where the counts contradict each other.
    """
    _check_counts(eligible, registered, completed, position)
    lines = sorted(members, key=lambda line: line.roster_number)
    _check_members(lines)
    listed = roster != "aggregate_only"
    withheld = sum(not line.disclosed for line in lines)
    hidden = kept_back_because(listed=listed, withheld=withheld, members=len(lines), eligible=eligible)
    return {
        **head_json("feedback_statement", _TEMPLATE_VERSION, head),
        "cycle": cycle.as_json(),
        "rulebook": {"id": rulebook.id, "version": rulebook.version, "hash": rulebook.hash},
        "asOf": {"position": position, "checkpoint": checkpoint},
        "roster": roster,
        "denominator": eligible,
        "reportingInRate": unless(None if listed else hidden, _ratio(registered, eligible)),
        "completionRate": unless(hidden, _ratio(completed, eligible)),
        "grades": _counts(lines, roster, grades, None if listed else hidden),
        "undisclosed": withheld if listed else None,
        "members": [_row(line, roster) for line in lines] if listed else None,
        "result": _result(result, hidden),
        "objection": {"until": object_until.isoformat(), "how": HOW_TO_OBJECT.as_json()},
        "note": PLATFORM_RECORD.as_json(),
    }


def _result(result: UnitResult, hidden: Label | None) -> dict[str, Any]:
    """Write the unit's own result; who knows the rulebook could work back from exact points to what its members did."""
    lines = result.lines if hidden is None else [EXPLANATION_KEPT_BACK]
    return {
        "grade": result.grade.as_json() if result.grade else None,
        "outcome": _outcome(result),
        "points": unless(hidden, result.points),
        "lines": [line.as_json() for line in [*result.notes, *lines]],
    }


def _outcome(judged: MemberLine | UnitResult) -> dict[str, Any] | None:
    """Return why there is no grade; where there is one, or nothing is known, there is nothing to say."""
    return judged.outcome.as_json() if judged.outcome and not judged.grade else None


def _row(line: MemberLine, roster: Roster) -> dict[str, Any]:
    told = line.disclosed
    row = {
        "rosterNumber": line.roster_number,
        "disclosed": told,
        "grade": line.grade.as_json() if told and line.grade else None,
        "outcome": _outcome(line) if told else None,
        "points": line.points if told else None,
        "services": line.services if told else None,
        "minutes": line.minutes if told else None,
    }
    if told and line.basis:
        row["basis"] = line.basis.as_json()
    return {**row, "name": line.name} if roster == "named" else row


def _counts(
    lines: Sequence[MemberLine], roster: Roster, grades: Sequence[Label], hidden: Label | None
) -> list[dict[str, Any]]:
    """Count members by grade in the rulebook's order, then those without one by outcome, else as unknown.

    Where people are listed, those who are not disclosed are left out: a total less the listed would tell their grade.
    """
    counted = [line for line in lines if line.disclosed or roster == "aggregate_only"]
    found = Counter(line.grade for line in counted if line.grade is not None)
    if strange := set(found) - set(grades):
        raise InvalidContent(reason="a grade that the rulebook lacks", reasonZh=f"规则中没有的等次：{strange}")
    counts = [{"grade": grade.as_json(), "count": unless(hidden, found[grade])} for grade in grades]
    without = Counter(line.outcome or _NO_GRADE for line in counted if line.grade is None)
    told = sorted(without.items(), key=lambda pair: pair[0].code) if hidden is None else []
    return counts + [{"grade": outcome.as_json(), "count": count} for outcome, count in told]


def _ratio(part: int, whole: int) -> str | None:
    """Return the exact ratio, not reduced, so that both counts can be read from it; of nobody there is none."""
    return f"{part}/{whole}" if whole else None


def _check_counts(eligible: int, registered: int, completed: int, position: int) -> None:
    if min(eligible, registered, completed, position) < 0:
        raise InvalidContent(reason="a count is negative", reasonZh="计数为负")
    if max(registered, completed) > eligible:
        raise InvalidContent(reason="more people than are eligible", reasonZh="人数超过应参与人数")


def _check_members(lines: Sequence[MemberLine]) -> None:
    for earlier, later in pairwise(lines):
        if earlier.roster_number == later.roster_number:
            raise InvalidContent(
                reason=f"roster number {later.roster_number} stands twice",
                reasonZh=f"名册编号 {later.roster_number} 重复",
            )
    for line in lines:
        if line.points is not None and not _EXACT.fullmatch(line.points):
            raise InvalidContent(reason="points are not exact", reasonZh="积分不是精确数")
        if min(line.services or 0, line.minutes or 0) < 0:
            raise InvalidContent(reason="a count is negative", reasonZh="计数为负")
