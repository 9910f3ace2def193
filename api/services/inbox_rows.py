"""待办, of cycles: phases that end, rulings that wait for a second person, results to read; and how a row is shown."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.models import Assessment, Cycle, Organization, Ruling
from api.services import cycle_clocks
from api.services.days import today
from api.visibility import visible
from api.visibility.judged import stands

_NONE = sa.null()
_NO_FACTS = _NONE.label("facts")  # a sealed column bears its own name alone


def shown(
    noun: Any,
    place: Any,
    *,
    state: Any,
    since: Any,
    key: Any = None,
    due_on: Any = _NONE,
    facts: Any = _NO_FACTS,
    of: Any = None,
) -> sa.Select[Any]:
    """Select what the list says of each row: `noun` is its id, `place` the organisation at which it waits.

    `of` is what the row is joined with already, where its place stands in another table.
    """
    selected = sa.select(
        noun.label("id"), (noun if key is None else key).label("key"), state.label("state"), since.label("since"),
        due_on.label("due_on"), facts, Organization.id.label("organization_id"),
        Organization.name.label("organization_name"), Organization.path,
    )  # fmt: skip
    return (selected if of is None else selected.select_from(of)).join(Organization, Organization.id == place)


def rulings(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the rulings that somebody else proposed, but for those on the actor."""
    of = sa.join(Ruling, Cycle, Cycle.id == Ruling.cycle_id)
    return shown(Ruling.id, Cycle.organization_id, state=Ruling.state, since=Ruling.created_at, of=of).where(
        visible(actor, Ruling), Ruling.state == "proposed", within(actor, "ruling.confirm", Cycle.organization_id),
        Ruling.proposed_by != actor.person_id, Ruling.subject_id != actor.account_id,
    )  # fmt: skip


def cycles(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the cycles of which a phase ends soon or should have ended."""
    day = today(session, actor.tenant_id)
    last = cycle_clocks.running(day)
    return shown(Cycle.id, Cycle.organization_id, state=Cycle.state, since=Cycle.created_at, due_on=last).where(
        visible(actor, Cycle), last <= cycle_clocks.soon(day), within(actor, "cycle.publish", Cycle.organization_id)
    )


def assessments(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the actor's own results, from publication until the appeals window is over."""
    found = shown(
        Assessment.id, Cycle.organization_id, state=Cycle.state, since=Assessment.created_at,
        due_on=Cycle.appeals_until, of=sa.join(Assessment, Cycle, Cycle.id == Assessment.cycle_id),
    )  # fmt: skip
    return found.where(
        visible(actor, Assessment), stands(), Assessment.subject_id == actor.account_id,
        Cycle.state.in_(("published", "appeals")),
    )  # fmt: skip
