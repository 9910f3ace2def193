"""复算: which branches, communities and streets a recomputation judges again beside the named and their units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Affiliation, Entry, Fact, Position
from api.services import judging_places
from api.services.judging import Plan
from api.services.judging_places import Places
from api.services.subjects import Subject


def around(
    session: Session, actor: Actor, plan: Plan, everybody: Sequence[Subject], members: Sequence[Subject], former: Any
) -> Places:
    """Return the branches and places to be judged again: those named, and those that the named change.

    `everybody` are the members that the cycle judges, `members` the named among them, `former` the rows of all named
    as they stood, with their bundles. A branch contains somebody named, now or before; a place holds something of
    theirs in the period that was recorded after they were judged.
    """
    whole = judging_places.places(session, actor, plan, everybody)
    named = {each.subject_id for each in former}
    if not whole.branches and not whole.offices:
        return whole
    mine = named | _branches(session, plan, members)
    branches = [each for each in whole.branches if each.id in mine]
    touched = named | _touched(session, plan, former)
    offices = [each for each in whole.offices if touched.intersection((each.id, *each.places))]
    return Places(branches, {each.id: whole.mates[each.id] for each in branches}, offices)


def _branches(session: Session, plan: Plan, members: Sequence[Subject]) -> set[UUID]:
    held = sa.select(Affiliation.organization_id).where(
        Affiliation.tenant_id == plan.cut.tenant_id, Affiliation.kind == "party_relation",
        Affiliation.person_id.in_([each.person_id for each in members]),
    )  # fmt: skip
    return {row.organization_id for row in session.rows(held.distinct())}


def _touched(session: Session, plan: Plan, former: Sequence[Any]) -> set[UUID]:
    """Return where something of the named members and units was recorded after they were judged.

    An exemption is of a person alone: a place's bundle has none.
    """
    whose = [each.subject_id for each in former if each.subject_kind in ("member", "unit")]
    if not whose:
        return set()
    since = min(each.bundle["asOf"] for each in former)
    places: set[UUID] = set()
    for table, more in ((Entry, sa.true()), (Fact, Fact.kind != "exemption")):
        later = sa.select(table.community_id).join(Position, Position.row_id == table.id).where(
            table.tenant_id == plan.cut.tenant_id, table.account_id.in_(whose), table.community_id.is_not(None), more,
            table.served_on >= plan.cut.start, table.served_on < plan.cut.end,
            Position.position > since, Position.position <= plan.cut.position,
        )  # fmt: skip
        places |= {row.community_id for row in session.rows(later.distinct())}
    return places
