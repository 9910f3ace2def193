"""本人留存: what a person's own page of an assessment says besides the judgement, in words that they know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.cycle_calendar import how_to_object
from api.domain.documents import Came, Words
from api.domain.rulebook.explain import outcome_line
from api.models import Activity, Entry, Organization, Person
from api.services.days import today
from api.services.subjects import batched

_NO_TITLE = "补录服务"
_BEHIND = (
    sa.select(Entry.id, Entry.served_on, Activity.title, Organization.name)
    .outerjoin(Activity, Activity.id == Entry.activity_id)
    .outerjoin(Organization, Organization.id == Entry.community_id)
)


def head(session: Session, actor: Actor, row: Any, standing: Mapping[str, Any]) -> dict[str, Any]:
    """Return the head of the actor's own page: name, cycle, the grade that stands, on what basis, and the hashes."""
    name, key = session.rows(sa.select(Person.name, Person.wrapped_key).where(Person.id == actor.person_id))[0]
    book = row.judgement["rulebook"]
    computed = {"zh": outcome_line(row.judgement, "zh"), "en": outcome_line(row.judgement, "en")}
    return {
        "name": session.vault.open(key, actor.person_id, "name", name) or "",
        "cycle": row.title,
        "grade": standing["grade_labels"] or computed,
        "basis": standing["basis_labels"],
        "reason": standing["reason"],
        "rulebook": f"{book['id']} {book['version']}",
        "rulebookHash": book["digest"],
        "bundleHash": row.bundle_hash,
        "judgementHash": row.judgement_hash,
    }


def behind(session: Session, opened: Mapping[str, list[UUID]]) -> dict[str, list[Came]]:
    """Return for each group of entries of a bundle the days, activities and communities behind it, earliest first."""
    rows = [
        row
        for some in batched(each for ids in opened.values() for each in ids)
        for row in session.rows(_BEHIND.where(Entry.id.in_(some)))
    ]
    known = {row.id: Came(row.served_on, row.title or _NO_TITLE, row.name) for row in rows}
    came: defaultdict[str, list[Came]] = defaultdict(list)
    for key, ids in opened.items():
        came[key] = sorted((known[each] for each in ids), key=lambda one: (one.on, one.activity))
    return came


def objection(session: Session, actor: Actor, row: Any) -> Words:
    """Return until when the actor may object to this result, and how; or what remains."""
    return Words(*how_to_object(row.cycle_state, row.appeal_days, row.appeals_until, today(session, actor.tenant_id)))
