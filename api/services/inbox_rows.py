"""待办, of cycles and the match: phases that end, rulings and proposals that wait, results; and how a row is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.domain.needs import HELD
from api.models import (
    Assessment,
    Cycle,
    Event,
    MatchProposal,
    Need,
    Organization,
    Panel,
    Recomputation,
    Ruling,
    Sanction,
)
from api.services import cycle_clocks
from api.services.days import today
from api.services.judges import within_seat
from api.visibility import visible
from api.visibility.judged import stands
from api.visibility.matching import to_led_team

CHANGED = timedelta(days=30)
"""How long a changed result is shown to its subject among what waits."""

STALE = timedelta(days=14)
"""How long a claim may stand before the community is asked to look after it."""

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
        visible(actor, Ruling), Ruling.state == "proposed",
        within_seat(actor, "ruling.confirm", Cycle.id, Cycle.organization_id),
        Ruling.proposed_by != actor.person_id, Ruling.subject_id != actor.account_id,
    )  # fmt: skip


def cycles(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the cycles of which a phase ends soon or should have ended."""
    day = today(session, actor.tenant_id)
    last = cycle_clocks.running(day)
    return shown(Cycle.id, Cycle.organization_id, state=Cycle.state, since=Cycle.created_at, due_on=last).where(
        visible(actor, Cycle),
        last <= cycle_clocks.soon(day),
        within_seat(actor, "cycle.publish", Cycle.id, Cycle.organization_id),
    )


def recomputations(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the recomputations and amendments that somebody else proposed."""
    place = Recomputation.organization_id
    return shown(Recomputation.id, place, state=Recomputation.state, since=Recomputation.created_at).where(
        visible(actor, Recomputation), Recomputation.state == "proposed",
        within_seat(actor, "recomputation.adopt", Recomputation.cycle_id, place),
        Recomputation.proposed_by != actor.person_id,
    )  # fmt: skip


def assessments(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the actor's own results: from publication until the appeals window is over, and lately changed ones."""
    taken = Cycle.state.in_(("published", "appeals"))
    found = shown(
        Assessment.id, Cycle.organization_id, state=Cycle.state, since=Assessment.created_at,
        due_on=sa.case((taken, Cycle.appeals_until)), of=sa.join(Assessment, Cycle, Cycle.id == Assessment.cycle_id),
    )  # fmt: skip
    return found.where(
        visible(actor, Assessment),
        stands(),
        Assessment.subject_id == actor.account_id,
        sa.or_(taken, _changed(session)),
    )


def needs(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select needs to check: the community's own, and for the offices above those that it did not check in time."""
    place = Need.community_id
    here = place.in_({reach.organization_id for reach in actor.reaches_for("need.publish")})
    found = shown(Need.id, place, state=Need.state, since=Need.created_at, due_on=Need.verify_by)
    return found.where(
        visible(actor, Need), Need.state == "submitted", within(actor, "need.publish", place),
        sa.or_(here, Need.escalated_at.is_not(None)),
    )  # fmt: skip


def needs_due(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select needs that nobody answered in time, and direct claims that have stood for long."""
    place, day = Need.community_id, today(session, actor.tenant_id)
    unanswered = sa.and_(Need.state == "published", Need.reply_by < day)
    stale = sa.and_(Need.state.in_(HELD), Need.claimed_at < session.now - STALE)
    found = shown(Need.id, place, state=Need.state, since=Need.created_at, due_on=Need.reply_by)
    return found.where(visible(actor, Need), within(actor, "need.prolong", place), sa.or_(unanswered, stale))


def needs_told(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select what the actor asked for and was told of lately: brought, so that they confirm it, or met by nobody."""
    lately = sa.exists().where(
        Event.tenant_id == actor.tenant_id, Event.subject_id == Need.id, Event.recorded_at > session.now - CHANGED,
        Event.kind.in_(("need.expire", "need.answer", "need.decline")),
    )  # fmt: skip
    ended = sa.and_(Need.state.in_(("expired", "declined")), lately)
    found = shown(Need.id, Need.community_id, state=Need.state, since=Need.created_at)
    return found.where(visible(actor, Need), Need.asked_by == actor.person_id, sa.or_(Need.state == "done", ended))


def match_proposals(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select what the match proposed to the actor or to a unit that they speak for, while it may be answered."""
    proposal, unit = MatchProposal, MatchProposal.organization_id
    to_unit = within(actor, "match_proposal.accept", unit)
    to_me = sa.or_(proposal.person_id == actor.person_id, to_led_team(actor), to_unit)
    found = shown(proposal.id, proposal.community_id, state=proposal.state, since=proposal.created_at)
    return found.where(visible(actor, proposal), proposal.state == "proposed", proposal.answer_by > session.now, to_me)


def results(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the results of organisations at which the actor holds office, from publication until the window is over.

    Lately changed ones stay as long as a member's do. Those of what lies below are no news to who judged them.
    """
    offices = sorted({reach.organization_id for reach in actor.reaches_for("assessment.told")})
    found = shown(
        Assessment.subject_id, Assessment.subject_id, state=Cycle.state, since=Assessment.created_at,
        key=Assessment.id, due_on=Cycle.appeals_until,
        of=sa.join(Assessment, Cycle, Cycle.id == Assessment.cycle_id),
    )  # fmt: skip
    return found.where(
        Assessment.tenant_id == actor.tenant_id, Assessment.subject_kind != "member", stands(),
        Assessment.subject_id.in_(offices), sa.or_(Cycle.state.in_(("published", "appeals")), _changed(session)),
    )  # fmt: skip


def suspensions(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select what the actor was told lately of their own right to make up hours, and may appeal against."""
    place = Sanction.organization_id
    return shown(Sanction.id, place, state=Sanction.state, since=Sanction.imposed_at, due_on=Sanction.ends_on).where(
        visible(actor, Sanction), Sanction.person_id == actor.person_id, Sanction.state == "imposed",
        Sanction.imposed_at > session.now - CHANGED,
    )  # fmt: skip


def panels(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the panels whose roster is to be fixed before the public round: after that it is too late."""
    place, of = Panel.organization_id, sa.join(Panel, Cycle, Cycle.id == Panel.round_id)
    found = shown(
        Panel.id, place, state=Panel.state, since=Panel.created_at, due_on=Cycle.self_review_until, of=of
    )  # fmt: skip
    return found.where(
        visible(actor, Panel), Panel.round_kind == "cycle", Panel.state == "drafted", within(actor, "panel.fix", place),
        Cycle.state.in_(("open", "computed", "self_review")),
    )  # fmt: skip


def _changed(session: Session) -> Any:
    return sa.exists().where(
        Recomputation.cycle_id == Assessment.cycle_id, Recomputation.revision == Assessment.revision,
        Recomputation.state == "adopted", Recomputation.decided_at > session.now - CHANGED,
    )  # fmt: skip
