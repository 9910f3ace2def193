"""What a recomputation would change, for whom it was made, for their units and for others: shown before it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.appeals import OTHERS_KEEP, RULES, compared
from api.models import Allotment, Assessment, Cycle, QuotaGroup
from api.services import allotting, judging, standing
from api.visibility.judged import stands

_ROWS = sa.select(
    Assessment.id, Assessment.cycle_id, Assessment.revision, Assessment.subject_id, Assessment.subject_kind,
    Assessment.subject_key, Assessment.outcome, Assessment.grade, Assessment.judgement,
).join(Cycle, Cycle.id == Assessment.cycle_id)  # fmt: skip
_QUOTA = ("decision", "grade")


@dataclass(frozen=True, slots=True)
class Consequences:
    """The effects of a recomputation, to be shown, and what quotas make of its own results, to be kept."""

    effects: dict[str, Any]
    allotted: allotting.Allotted


def consequences(session: Session, actor: Actor, plan: judging.Plan, named: Sequence[UUID], basis: str) -> Consequences:
    """Return what would change if a recomputation were adopted; reads only.

    Each result stands beside what it was, with every number that differs. Others keep what they have: where a quota's
    arithmetic would now give somebody another grade, they are listed with it, and where groups have other seats.
    `named` are the assessments for which it was made, `basis` is what their grades then rest on; `unchanged` counts the
    subjects that nobody touched.
    """
    of_cycle = _ROWS.where(Assessment.cycle_id == plan.cycle_id)
    made = session.rows(of_cycle.where(Assessment.revision == plan.revision))
    mine = {row.subject_id for row in made}
    former = session.rows(of_cycle.where(Assessment.subject_id.in_(mine), stands()))
    were = dict(
        zip(
            (row.subject_id for row in former), standing.of_rows(session, [row._mapping for row in former]), strict=True
        )
    )
    before = {row.subject_id: row for row in former}
    made_now = allotting.allotted(session, actor, plan.cycle_id, plan.revision, plan.cut, again=True)
    quotas = _settled(made_now, mine, before, were)
    given = {row["subject_id"]: row for row in quotas.allotments}
    count = sa.select(sa.func.count()).select_from(of_cycle.where(stands()).subquery())
    zh, en = RULES[OTHERS_KEEP]
    effects = {
        "results": [
            {
                "named": row.subject_id in before and before[row.subject_id].id in named,
                **_result(row, before.get(row.subject_id), were.get(row.subject_id), given.get(row.subject_id), basis),
            }
            for row in sorted(made, key=lambda row: (row.subject_kind, row.subject_key))
        ],
        "others": _others(session, plan.cycle_id, [row for row in quotas.allotments if row["subject_id"] not in mine]),
        "seats": _seats(session, plan.cycle_id, quotas.groups),
        "unchanged": session.scalar(count) - len(former),
        "rule": {"code": OTHERS_KEEP, "zh": zh, "en": en},
    }
    own = [row for row in quotas.allotments if row["subject_id"] in mine]
    return Consequences(effects, allotting.Allotted(own, []))


def _settled(
    answer: allotting.Allotted, mine: set[UUID], before: Mapping[UUID, Any], were: Mapping[UUID, standing.Standing]
) -> allotting.Allotted:
    """Leave no recomputed subject undecided by a quota.

    The grade that people gave stands on where the computed one is what it was; else the computed one stands, for a tie
    or a share of less than one seat is no reason to refuse what an appeal gave.
    """
    return allotting.Allotted(
        [
            _decided(row, before.get(row["subject_id"]), were.get(row["subject_id"]))
            if row["decision"] == "needs_decision" and row["subject_id"] in mine
            else row
            for row in answer.allotments
        ],
        answer.groups,
    )


def _decided(row: dict[str, Any], before: Any, was: standing.Standing | None) -> dict[str, Any]:
    kept = {**row, "decision": "kept", "grade": row["before"], "quota": None}
    if was is None or was.decision is None or before.grade != row["before"] or was.grade in (None, row["before"]):
        return kept
    return {**kept, "decision": "lowered", "grade": was.grade, "grade_labels": was.labels}


def _result(row: Any, before: Any, was: standing.Standing | None, given: Any, basis: str) -> dict[str, Any]:
    told = compared(None if before is None else before.judgement, row.judgement)
    if was is not None:
        told["before"] = {**(told["before"] or {}), "stands": was.grade, "basis": was.basis}
    stands_then = {"stands": row.grade, "basis": basis}
    if given is not None and given["decision"] == "lowered":
        stands_then = {"stands": given["grade"], "basis": "quota"}
    return {
        "assessmentId": str(row.id), "formerId": None if before is None else str(before.id),
        "subjectKind": row.subject_kind, "subjectKey": row.subject_key, **told,
        "after": {**told["after"], **stands_then},
    }  # fmt: skip


def _others(session: Session, cycle_id: UUID, now: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return those of whom a quota's arithmetic would say something else now; what stands for them stays."""
    same = sa.and_(
        Allotment.cycle_id == Assessment.cycle_id, Allotment.revision == Assessment.revision,
        Allotment.subject_id == Assessment.subject_id,
    )  # fmt: skip
    kept = sa.select(Allotment.subject_id, Allotment.decision, Allotment.grade).join(Assessment, same)
    kept = kept.join(Cycle, Cycle.id == Assessment.cycle_id).where(Assessment.cycle_id == cycle_id, stands())
    were = {row.subject_id: (row.decision, row.grade) for row in session.rows(kept)}
    moved = {
        row["subject_id"]: row for row in now if were.get(row["subject_id"]) != tuple(row[name] for name in _QUOTA)
    }
    if not moved:
        return []
    rows = session.rows(_ROWS.where(Assessment.cycle_id == cycle_id, Assessment.subject_id.in_(moved), stands()))
    lines = [
        {"subjectKind": row.subject_kind, "subjectKey": row.subject_key, "quota": moved[row.subject_id]["quota"],
         "stands": each.grade, "arithmetic": moved[row.subject_id]["grade"],
         "decision": moved[row.subject_id]["decision"]}
        for row, each in zip(rows, standing.of_rows(session, [row._mapping for row in rows]), strict=True)
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line["subjectKind"], line["subjectKey"]))


def _seats(session: Session, cycle_id: UUID, groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the groups of quotas that count otherwise than in the computation."""
    columns = (QuotaGroup.rulebook, QuotaGroup.quota, QuotaGroup.group_id, QuotaGroup.counted, QuotaGroup.seats)
    computed = sa.select(*columns).join(
        Cycle, sa.and_(Cycle.id == QuotaGroup.cycle_id, Cycle.revision == QuotaGroup.revision)
    )
    were = {tuple(row)[:3]: (row.counted, row.seats) for row in session.rows(computed.where(Cycle.id == cycle_id))}
    lines = []
    for group in groups:
        before = were.get((group["rulebook"], group["quota"], group["group_id"]), (0, 0))
        if before != (group["counted"], group["seats"]):
            lines.append(
                {"quota": group["quota"], "grade": group["grade"], "within": group["within"],
                 "groupId": str(group["group_id"]), "countedBefore": before[0], "counted": group["counted"],
                 "seatsBefore": before[1], "seats": group["seats"]}
            )  # fmt: skip
    return lines
