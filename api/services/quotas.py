"""名额: what a cycle's quotas come to, as it is shown: the seats of each group, and what became of each subject."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, require
from api.db import Session
from api.domain.rulebook.quota import seats
from api.models import NOBODY, Allotment, Assessment, Cycle, Organization, QuotaGroup, Ruling
from api.services.allotting import groups_of, quotas_of, words_now
from api.services.standing import of_rows
from api.visibility import visible

_CYCLE = sa.select(Cycle.id, Cycle.revision, Organization.path).join(
    Organization, Organization.id == Cycle.organization_id
)
_GROUPS = sa.select(
    QuotaGroup.id, QuotaGroup.rulebook, QuotaGroup.quota, QuotaGroup.grade, QuotaGroup.within, QuotaGroup.group_id,
    QuotaGroup.counted, QuotaGroup.seats, QuotaGroup.words, QuotaGroup.subject_kind,
    Organization.name.label("group_name"),
).outerjoin(Organization, Organization.id == QuotaGroup.group_id)  # fmt: skip
_SUBJECTS = sa.select(
    Allotment.id, Allotment.cycle_id, Allotment.revision, Allotment.subject_id, Allotment.subject_kind,
    Allotment.rulebook, Allotment.quota, Allotment.decision, Allotment.branch_id, Allotment.before,
    Assessment.id.label("assessment_id"), Assessment.subject_key, Assessment.employer_id, Assessment.community_id,
    Assessment.outcome, Assessment.grade,
).join(
    Assessment,
    sa.and_(
        Assessment.cycle_id == Allotment.cycle_id,
        Assessment.revision == Allotment.revision,
        Assessment.subject_id == Allotment.subject_id,
    ),
)  # fmt: skip


def listed(session: Session, actor: Actor, cycle_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of the groups of a cycle's quotas: seats, who holds one now, who was lowered, who waits."""
    cycle = _governed(session, actor, cycle_id, "cycle.quota")
    statement = _GROUPS.where(QuotaGroup.cycle_id == cycle_id, QuotaGroup.revision == cycle.revision)
    page = paging.page(session, statement, QuotaGroup.id, limit=query.limit, cursor=query.cursor, newest_first=False)
    subjects = session.rows(_of(cycle).where(sa.or_(Allotment.decision != "kept", Allotment.grade.is_not(None))))
    stands = of_rows(session, [row._mapping for row in subjects])
    rules = quotas_of(session, {item["rulebook"] for item in page["items"]})
    words = words_now(session, cycle_id, page["items"], rules)
    for item, said in zip(page["items"], words, strict=True):
        quota, seated = rules[item["rulebook"], item["quota"]]
        item["seats"], item["words"] = seats(quota, item["counted"], said)[0], None if said is None else sorted(said)
        item["held"] = item["lowered"] = item["waiting"] = 0
        for row, now in zip(subjects, stands, strict=True):
            if row.rulebook != item["rulebook"] or groups_of(row)[item["within"]] != item["group_id"]:
                continue
            item["held"] += now.grade in seated
            item["lowered"] += now.basis == "quota" and row.quota == item["quota"]
            item["waiting"] += now.basis == "undecided" and row.quota == item["quota"]
        if item["group_id"] == NOBODY:
            item["group_id"] = None
    return page


def allotments(session: Session, actor: Actor, cycle_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of what the quotas made of each subject, with the grade that stands; `decision` narrows it."""
    cycle = _governed(session, actor, cycle_id, "cycle.allotments")
    statement = _of(cycle)
    if query.decision is not None:
        statement = statement.where(Allotment.decision == query.decision)
    if query.open:
        decided = sa.exists().where(
            Ruling.cycle_id == Allotment.cycle_id, Ruling.revision == Allotment.revision,
            Ruling.subject_id == Allotment.subject_id, Ruling.state == "confirmed",
        )  # fmt: skip
        statement = statement.where(Allotment.decision == "needs_decision", ~decided)
    page = paging.page(session, statement, Allotment.id, limit=query.limit, cursor=query.cursor, newest_first=False)
    stands = of_rows(session, page["items"])
    for item, now in zip(page["items"], stands, strict=True):
        item |= {"standing_grade": now.grade, "basis": now.basis, "ruling_id": now.decision}
    return page


def _of(cycle: Any) -> Any:
    return _SUBJECTS.where(Allotment.cycle_id == cycle.id, Allotment.revision == cycle.revision)


def _governed(session: Session, actor: Actor, cycle_id: UUID, step: str) -> Any:
    cycle = found(session.first(_CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id)))
    require(actor, step, cycle.path)
    return cycle
