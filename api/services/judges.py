"""考核权: who takes the steps of a cycle; communities are judged by people of their own street, offices above read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require, within
from api.db import Session
from api.domain.subject_kinds import JudgedByOwnStreet
from api.grants import active
from api.models import CycleRulebook, Grant
from api.roles import roles_of

_DECIDES = "case.answer"


def of_communities(session: Session, cycle_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these cycles judge communities; one statement, and none for no cycles."""
    if not cycle_ids:
        return set()
    judged = sa.select(CycleRulebook.cycle_id).where(
        CycleRulebook.cycle_id.in_(sorted(cycle_ids)), CycleRulebook.subject == "community"
    )
    return {row.cycle_id for row in session.rows(judged.distinct())}


def seat(session: Session, actor: Actor, cycle_id: UUID, organization_id: UUID) -> Actor:
    """Return the actor with the grants that count in a cycle: where it judges communities those of its street alone."""
    return actor.held_at(organization_id) if of_communities(session, [cycle_id]) else actor


def require_judge(session: Session, actor: Actor, step: str, cycle_id: UUID, row: Any) -> UUID:
    """Return the grant under which the actor takes a step of a cycle; Forbidden, JudgedByOwnStreet.

    `row` is the cycle or what was decided in it, with `organization_id` and `path` of the authority.
    """
    return require_seat(
        actor, step, row.organization_id, row.path, communities=bool(of_communities(session, [cycle_id]))
    )


def require_seat(actor: Actor, step: str, organization_id: UUID, path: str, *, communities: bool) -> UUID:
    """Return the grant for a step at an authority, where `communities` are judged one held at that very node."""
    grant = require(actor, step, path)
    if not communities:
        return grant
    own = actor.held_at(organization_id).grant_for(step, path)
    if own is None:
        raise JudgedByOwnStreet(step=step)
    return own


def within_seat(actor: Actor, step: str, cycle: Any, place: Any) -> sa.ColumnElement[bool]:
    """Return the condition that the actor may take a step in a cycle; the columns name it and its authority."""
    own = place.in_(sorted({reach.organization_id for reach in actor.reaches_for(step)}))
    judged = sa.exists().where(CycleRulebook.cycle_id == cycle, CycleRulebook.subject == "community")
    return sa.and_(within(actor, step, place), sa.or_(own, ~judged))


def kept_for_street(session: Session, actor: Actor, cases: Iterable[dict[str, Any]]) -> set[UUID]:
    """Return which of these cases are appeals over a community that its street decides, and not the actor from above.

    They come to the offices above once they are late and were escalated, or where all of the street had a part.
    """
    here = {reach.organization_id for reach in actor.reaches_for(_DECIDES)}
    appeals = [
        case for case in cases
        if case["kind"] == "appeal" and case["state"] != "escalated" and case["organization_id"] not in here
        and case["assigned_to"] != actor.person_id
    ]  # fmt: skip
    judged = of_communities(session, {case["subject_id"] for case in appeals})
    waiting = [case for case in appeals if case["subject_id"] in judged]
    people = _deciding(session, actor.tenant_id, {case["organization_id"] for case in waiting})
    return {
        case["id"] for case in waiting
        if people[case["organization_id"]] - {str(case["opened_by"]), *case["facts"].get("deciders", ())}
    }  # fmt: skip


def _deciding(session: Session, tenant_id: UUID, organization_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return who may decide a case under a grant held at each of these organisations today."""
    found: dict[UUID, set[str]] = {each: set() for each in organization_ids}
    if not found:
        return found
    roles = roles_of(_DECIDES)
    held = sa.select(Grant.person_id).where(
        Grant.tenant_id == tenant_id, Grant.organization_id.in_(sorted(found)), Grant.state == "active",
        Grant.person_id.is_not(None), Grant.role.in_(sorted(roles)),
    )  # fmt: skip
    for row, paths in active(session, {each.person_id for each in session.rows(held.distinct())}):
        if paths and row.role in roles and row.organization_id in found:
            found[row.organization_id].add(str(row.id))
    return found
