"""考核周期的可用操作: what of a cycle's steps its days, or what is on record of the actor, refuse on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, allowed
from api.db import Session
from api.domain.cycle_calendar import shut
from api.models import Cycle
from api.services import appeals, judges, recomputations, review_due

_SPOKEN = {"cycle.review", "cycle.recuse"}


def actions(session: Session, actor: Actor, cycles: Sequence[dict[str, Any]], day: date) -> list[list[str]]:
    """Return the steps that the actor may take on each of these cycles, as a view shows them.

    To speak stands there for whom a voice is asked, to appeal for who has a result and no appeal against it, and to
    compute again where an upheld appeal waits for it.
    """
    found, bound = [], judges.of_communities(session, [cycle["id"] for cycle in cycles])
    for cycle in cycles:
        judge = actor.held_at(cycle["organization_id"]) if cycle["id"] in bound else actor
        refused = shut(cycle["period_end"], cycle["appeals_until"], day)
        steps = allowed(judge, "cycle", cycle["state"], cycle["path"], own=True)
        found.append([step for step in steps if step not in refused])
    asked = _asked(session, actor, _with(cycles, found, "cycle.review"))
    judged = appeals.open_to(session, actor, _with(cycles, found, "cycle.appeal"))
    owed = {each for each in _with(cycles, found, "cycle.recompute") if recomputations.owed(session, actor, each)}
    for cycle, steps in zip(cycles, found, strict=True):
        dead = set() if cycle["id"] in asked else set(_SPOKEN)
        dead |= set() if cycle["id"] in judged else {"cycle.appeal"}
        dead |= set() if cycle["id"] in owed else {"cycle.recompute"}
        steps[:] = [step for step in steps if step not in dead]
    return found


def _with(cycles: Sequence[dict[str, Any]], found: Sequence[Sequence[str]], step: str) -> list[UUID]:
    return [cycle["id"] for cycle, steps in zip(cycles, found, strict=True) if step in steps]


def _asked(session: Session, actor: Actor, cycle_ids: Sequence[UUID]) -> set[UUID]:
    waiting = review_due.cycles_waiting(session, actor) if cycle_ids else None
    if waiting is None:
        return set()
    return {row.id for row in session.rows(sa.select(Cycle.id).where(Cycle.id.in_(cycle_ids), waiting))}
