"""评议 as it is read: by who gave it, by its subject, and by who decides once it is published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found, require
from api.db import Session
from api.domain.rulebook.rubric import VOICES
from api.models import Cycle, Organization, Person, Review
from api.services import panel_clocks
from api.visibility import visible

_SHOWN = sa.select(
    Review.id, Review.round_id.label("cycle_id"), Review.subject_kind, Review.subject_id, Review.party, Review.kind,
    Review.organization_id, Review.panel_id, Review.answers_id, Review.rubric, Review.marks, Review.amount,
    Review.comment, Review.given_on, Review.recorded_by, Organization.name.label("organization_name"),
).outerjoin(Organization, Organization.id == Review.organization_id)  # fmt: skip


def one(session: Session, actor: Actor, review_id: UUID) -> dict[str, Any]:
    """Return one voice that the actor may see."""
    return _told(session, actor, [found(session.first(_of_cycles(actor).where(Review.id == review_id)))._asdict()])[0]


def listed(session: Session, actor: Actor, cycle_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of the voices of a cycle that the actor may see, newest first; never who spoke for residents."""
    found(session.first(sa.select(Cycle.id).where(visible(actor, Cycle), Cycle.id == cycle_id)))
    statement = _of_cycles(actor).where(Review.round_id == cycle_id)
    for column, wanted in ((Review.subject_id, query.subject_id), (Review.kind, query.kind)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    page = paging.page(session, statement, Review.id, limit=query.limit, cursor=query.cursor)
    page["items"] = _told(session, actor, page["items"])
    return page


def turnout(session: Session, actor: Actor, cycle_id: UUID) -> dict[str, Any]:
    """Return to the cycle's office how many subjects each party has spoken of, and how each panel stands."""
    statement = sa.select(Cycle.id, Organization.path).join(Organization, Organization.id == Cycle.organization_id)
    cycle = found(session.first(statement.where(visible(actor, Cycle), Cycle.id == cycle_id)))
    require(actor, "cycle.turnout", cycle.path)
    of_round = sa.and_(Review.round_kind == "cycle", Review.round_id == cycle_id, Review.tenant_id == actor.tenant_id)
    panel = sa.case((Review.panel_id.is_not(None), "panel"), else_=Review.party).label("voice")
    counted = sa.select(
        panel, Review.kind, sa.func.count().label("voices"),
        sa.func.count(sa.distinct(Review.subject_id)).label("subjects"),
    ).where(of_round, Review.kind.in_(("rating", "recusal"))).group_by(panel, Review.kind)  # fmt: skip
    by = {(row.voice, row.kind): row for row in session.rows(counted)}
    none = {"voices": 0, "subjects": 0}
    items = [
        {
            "party": voice,
            **{name: getattr(by.get((voice, "rating")), name, none[name]) for name in none},
            "recusals": getattr(by.get((voice, "recusal")), "voices", 0),
        }
        for voice in VOICES
    ]
    return {"items": items, "panels": panel_clocks.of_cycle(session, actor, cycle_id)}


def _of_cycles(actor: Actor) -> sa.Select[Any]:
    return _SHOWN.where(visible(actor, Review), Review.round_kind == "cycle")


def _told(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return voices as they are shown: whose they are is a party and an organisation, never a person."""
    others = {row["subject_id"] for row in rows if row["recorded_by"] != actor.person_id} - {actor.account_id}
    people = sa.select(Person.id).where(Person.tenant_id == actor.tenant_id, Person.account_id.in_(sorted(others)))
    if others:
        session.look([row.id for row in session.rows(people)], ["review"], "assessment")
    shown = []
    for row in rows:
        resident = row["party"] == "resident"
        voice = "panel" if row["panel_id"] is not None else row["party"]
        place = {"organization_id": None, "organization_name": None} if resident and not row["panel_id"] else {}
        answers = row["answers_id"] if row["kind"] == "reply" else None
        mine = row["recorded_by"] == actor.person_id
        shown.append({**row, "party": voice, "answers_id": answers, "mine": mine, **place})
    return shown
