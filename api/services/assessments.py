"""评价 as it is read: by its subject once it is published, by the authority, and opened down to its entries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, require
from api.db import Session
from api.domain import documents
from api.domain.rulebook.explain import explain
from api.models import Assessment, Cycle, Organization
from api.services import opened, own_pages
from api.services.places import governed
from api.services.standing import decided_on, of_rows
from api.visibility import prepared, visible
from api.visibility.judged import stands
from api.visibility.ruled import TOLD

_SHOWN = (
    sa.select(
        Assessment.id, Assessment.cycle_id, Assessment.subject_kind, Assessment.subject_id, Assessment.subject_key,
        Assessment.employer_id, Assessment.community_id, Assessment.revision, Assessment.outcome, Assessment.grade,
        Assessment.points, Assessment.minutes, Assessment.services, Assessment.bundle_hash, Assessment.judgement,
        Assessment.judgement_hash, Cycle.title.label("cycle_title"), Cycle.state.label("cycle_state"),
        decided_on(),
    )
    .join(Cycle, Cycle.id == Assessment.cycle_id)
)  # fmt: skip
_OPENED = sa.select(
    Assessment.id, Assessment.cycle_id, Assessment.revision, Assessment.subject_kind, Assessment.subject_id,
    Assessment.outcome, Assessment.grade, Assessment.bundle, Assessment.judgement,
    Assessment.bundle_hash, Assessment.judgement_hash, Cycle.cut_off, Organization.path, decided_on(),
).join(Cycle, Cycle.id == Assessment.cycle_id).join(Organization, Organization.id == Cycle.organization_id)  # fmt: skip


def one(session: Session, actor: Actor, assessment_id: UUID) -> dict[str, Any]:
    """Return one assessment with its judgement; NotFound for a liaison, who gets the statement instead."""
    row = found(session.first(_SHOWN.where(visible(actor, Assessment), Assessment.id == assessment_id)))
    return _views(session, [row._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the assessments that stand and that the actor may see, newest first."""
    statement = _SHOWN.where(visible(actor, Assessment), stands())
    for column, wanted in (
        (Assessment.cycle_id, query.cycle_id),
        (Assessment.subject_kind, query.subject_kind),
        (Assessment.employer_id, query.employer_id),
        (Assessment.community_id, query.community_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return _page(session, statement, query)


def mine(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the actor's own published assessments, newest first."""
    own = Assessment.subject_id == actor.account_id
    return _page(session, _SHOWN.where(visible(actor, Assessment), own, stands()), query)


def told(session: Session, actor: Actor, organization_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of the published grades of an organisation for which the actor acts, newest first."""
    governed(session, actor, "assessment.told", organization_id)
    published = sa.and_(Assessment.subject_id == organization_id, stands(), Cycle.state.in_(TOLD))
    statement = _SHOWN.add_columns(Cycle.appeals_until).where(Assessment.tenant_id == actor.tenant_id, published)
    return _page(session, statement, query)


def own_standing(session: Session, actor: Actor, cycle_id: UUID) -> dict[str, Any] | None:
    """Return the actor's own grade that stands in a cycle, once it is published; else None."""
    own = sa.and_(Assessment.subject_id == actor.account_id, Assessment.cycle_id == cycle_id)
    row = session.first(_SHOWN.where(own, stands(), Cycle.state.in_(TOLD)))
    return None if row is None else _views(session, [row._asdict()])[0]["standing"]


def explanation(session: Session, actor: Actor, assessment_id: UUID) -> dict[str, Any]:
    """Return an assessment in plain words, each input with the ids of the entries that it is the sum of.

    Entries are named only as far as the actor may see them; the bundle and the hashes are what was sealed.
    """
    row = found(session.first(_opened(actor), {"id": assessment_id}))
    if row.subject_id != actor.account_id:
        require(actor, "assessment.explain", row.path)
    entries = opened.entries(session, actor, row)
    (now,) = of_rows(session, [row._mapping])
    return {
        "assessment_id": row.id,
        "standing": now.told(row.judgement["gradeLabels"]),
        "lines": {"zh": explain(row.judgement, "zh"), "en": explain(row.judgement, "en")},
        "opened": [{"key": key, "entry_ids": ids} for key, ids in sorted(entries.items())],
        "bundle": row.bundle,
        "rulebook_hash": row.judgement["rulebook"]["digest"],
        "bundle_hash": row.bundle_hash,
        "judgement_hash": row.judgement_hash,
    }


@prepared
def _opened(actor: Actor) -> Any:
    return _OPENED.where(visible(actor, Assessment), Assessment.id == sa.bindparam("id"))


def own_page(session: Session, actor: Actor, assessment_id: UUID) -> dict[str, Any]:
    """Return content, number and time of the actor's own copy of how their published result came about; NotFound.

    Nothing is kept of it: its number is the hash of the result, which a repeat shows again.
    """
    own = sa.and_(visible(actor, Assessment), Assessment.subject_id == actor.account_id)
    statement = _OPENED.add_columns(
        Cycle.title, Cycle.state.label("cycle_state"), Cycle.appeals_until, Cycle.appeal_days
    )
    row = found(session.first(statement.where(own, Assessment.id == assessment_id, Cycle.state.in_(TOLD))))
    (now,) = of_rows(session, [row._mapping])
    head = own_pages.head(session, actor, row, now.told(row.judgement["gradeLabels"]))
    came = own_pages.behind(session, opened.entries(session, actor, row))
    content = documents.explanation(head, row.judgement, row.bundle, came, own_pages.objection(session, actor, row))
    return {"content": content, "number": row.judgement_hash, "printed_at": session.now}


def _page(session: Session, statement: Any, query: Any) -> dict[str, Any]:
    answer = paging.page(session, statement, Assessment.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, answer["items"])
    return answer


def _views(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    labels = [row["judgement"]["gradeLabels"] for row in rows]
    return [
        {**row, "grade_labels": computed, "standing": now.told(computed)}
        for row, computed, now in zip(rows, labels, of_rows(session, rows), strict=True)
    ]
