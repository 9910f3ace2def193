"""考核分布与排名: grades of members as counts, and organisations in order where a district allows it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.figures import OTHERS, Column, Line, Table, nested, table
from api.domain.ranking import NotYetTold, Ranked, rank, require_not_spendable
from api.domain.rosters import UNIT_KINDS
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.rulebook.words import OUTCOMES
from api.domain.suppression import SMALLEST_GROUP, small
from api.models import Assessment, Cycle, Organization
from api.services import cycle_books, switches
from api.services.standing import of_rows, standing
from api.services.subjects import batched
from api.visibility import visible
from api.visibility.judged import stands
from api.visibility.ruled import TOLD

_NOT_TOLD = {"zh": "其他", "en": "others"}
_UNDECIDED = {"zh": "待定", "en": "not decided"}
_UNKNOWN = {"zh": "暂不能评定", "en": "cannot be decided yet"}
_CYCLE = sa.select(Cycle.id, Cycle.state, Cycle.title, Cycle.organization_id, Cycle.position, Organization.path).join(
    Organization, Organization.id == Cycle.organization_id
)
_JUDGED = sa.select(
    Assessment.subject_id, Assessment.subject_key, Assessment.community_id, Assessment.employer_id, Assessment.points,
    Assessment.judgement, Assessment.bundle,
).join(Cycle, Cycle.id == Assessment.cycle_id)  # fmt: skip
_COUNTED = sa.select(
    Assessment.cycle_id, Assessment.revision, Assessment.subject_id, Assessment.outcome, Assessment.grade,
    Assessment.community_id, Assessment.employer_id,
).join(Cycle, Cycle.id == Assessment.cycle_id)  # fmt: skip


def figures(session: Session, actor: Actor, cycle_id: UUID) -> dict[str, Any]:
    """Return how the grades of a cycle's members that stand are spread, as counts.

    An office within reach sees it from the first computation on, also by community and unit; everybody else once it is
    published, as a whole and by class, and as it was published: two spreads with an appeal between them would tell of
    who appealed. NotYetTold before.
    """
    cycle = found(session.first(_CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id)))
    office = actor.grant_for("assessment.read", cycle.path) is not None
    if not office and cycle.state not in TOLD:
        raise NotYetTold
    books = cycle_books.of_cycle(session, actor, cycle_id)
    grades_of, labels = _labels(books.all())
    told = stands() if office else sa.and_(Assessment.cycle_id == Cycle.id, Assessment.revision == Cycle.revision)
    members = _COUNTED.where(Assessment.cycle_id == cycle_id, Assessment.subject_kind == "member", told)
    rows = session.rows(members)
    grades = {
        row.subject_id: _name(each)
        for row, each in zip(rows, of_rows(session, [row._mapping for row in rows]), strict=True)
    }
    known = _organizations(session, {each for row in rows for each in (row.community_id, row.employer_id) if each})
    by_class, by_unit = nested(
        [(_kind(known, row.employer_id), row.employer_id, grades[row.subject_id]) for row in rows], grades_of
    )
    by_place = table([(row.community_id, grades[row.subject_id]) for row in rows], grades_of)
    return {
        "cycle_id": cycle.id, "as_of": cycle.position, "members": None if small(len(rows)) else len(rows),
        "columns": [_column(column, labels) for column in by_class.columns],
        "classes": [_class(line) for line in by_class.lines],
        "communities": _shown(by_place, known) if office else [],
        "units": _shown(by_unit, known) if office else [],
    }  # fmt: skip


def ranking(session: Session, actor: Actor, cycle_id: UUID, subject: str) -> dict[str, Any]:
    """Return the units or communities of a published cycle in order of grade and points; never a person.

    Each rulebook ranks its own. Units of fewer than five eligible members are left out: their place would tell what
    somebody did. SwitchedOff unless the district switched ranking on, NotYetTold, RankedBySpendable.
    """
    cycle = found(session.first(_CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id)))
    switches.require_on(session, actor.tenant_id, "points_ranking", cycle.organization_id)
    if cycle.state not in TOLD:
        raise NotYetTold
    books = cycle_books.by_digest(session, actor, [cycle_id])
    rows = session.rows(_JUDGED.where(Assessment.cycle_id == cycle_id, Assessment.subject_kind == subject, stands()))
    now = standing(session, cycle_id, [row.subject_id for row in rows])
    known = _organizations(session, {row.subject_id for row in rows})
    lists = []
    for book in sorted((each for each in books.values() if each.subject == subject), key=lambda each: each.id):
        require_not_spendable(book)
        mine = [row for row in rows if row.judgement["rulebook"]["digest"] == book.digest]
        told = [row for row in mine if subject != "unit" or _large(row.bundle)]
        order = [grade.id for grade in book.grades]
        ranked = [
            Ranked(row.subject_id, order.index(grade), Fraction(row.points) if row.points else None)
            for row in told
            if (grade := now[row.subject_id].grade) in order
        ]
        places = [
            {"rank": place, "organization_id": each.id, "name": known[each.id].name,
             "grade": order[each.grade], "grade_labels": book.grades[each.grade].labels.both()}
            for place, each in rank(ranked)
        ]  # fmt: skip
        lists.append(
            {"rulebook": book.id, "version": book.version, "labels": book.labels.both(), "places": places,
             "left_out": len(mine) - len(ranked)}
        )  # fmt: skip
    return {"cycle_id": cycle.id, "subject": subject, "lists": lists}


def _large(bundle: dict[str, Any]) -> bool:
    eligible = bundle["denominators"].get("eligible_members")
    return eligible is not None and eligible >= SMALLEST_GROUP


def _name(standing: Any) -> str:
    return standing.grade or standing.outcome


def _labels(books: list[Book]) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the grades of members, best first, and the words of these and of the outcomes without one."""
    grades = {grade.id: grade.labels.both() for book in books if book.subject == "member" for grade in book.grades}
    without = {code: {"zh": zh, "en": en} for code, (zh, en) in OUTCOMES.items() if code not in ("graded", "unknown")}
    return list(grades), grades | without | {"unknown": _UNKNOWN}


def _organizations(session: Session, ids: set[UUID]) -> dict[UUID, Any]:
    columns = (Organization.id, Organization.name, Organization.kind)
    return {
        row.id: row
        for some in batched(ids)
        for row in session.rows(sa.select(*columns).where(Organization.id.in_(some)))
    }


def _kind(known: dict[UUID, Any], unit: UUID | None) -> str:
    return known[unit].kind if unit is not None else "none"


def _column(column: Column, labels: dict[str, dict[str, str]]) -> dict[str, Any]:
    words = [labels.get(name, _UNDECIDED) for name in column.names]
    joined = {"zh": "、".join(word["zh"] for word in words), "en": ", ".join(word["en"] for word in words)}
    return {"grades": list(column.names), "labels": joined, "members": column.total}


def _class(line: Line) -> dict[str, Any]:
    words = {"zh": UNIT_KINDS[line.key][0], "en": line.key.replace("_", " ")} if line.key in UNIT_KINDS else _NOT_TOLD
    return {"kind": None if line.key == OTHERS else line.key, "labels": words, **_counts(line)}


def _shown(found: Table, known: dict[UUID, Any]) -> list[dict[str, Any]]:
    return [
        {"organization_id": line.key if line.key in known else None,
         "name": known[line.key].name if line.key in known else None, **_counts(line)}
        for line in found.lines
    ]  # fmt: skip


def _counts(line: Line) -> dict[str, Any]:
    return {"groups": line.groups, "members": line.total, "cells": list(line.cells)}
