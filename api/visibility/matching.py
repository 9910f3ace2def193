"""What of a match an actor sees: offices their runs, and proposals those to whom they were made."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import or_

from api.access import Actor, within
from api.models import MatchProposal, MatchRun, Team


def runs(actor: Actor) -> sa.ColumnElement[bool]:
    """Show the runs of areas within reach."""
    return within(actor, "match_run.read", MatchRun.organization_id)


def to_led_team(actor: Actor) -> sa.ColumnElement[bool]:
    """Select what was proposed to a team for which the actor answers, not to its people."""
    led = sa.select(Team.id).where(Team.leader_id == actor.person_id, Team.state == "active")
    return sa.and_(MatchProposal.person_id.is_(None), MatchProposal.team_id.in_(led))


def teams(actor: Actor) -> sa.ColumnElement[bool]:
    """Show the teams that are there, and of those that ended one's own and those within reach."""
    return or_(
        Team.state == "active", Team.leader_id == actor.person_id, within(actor, "team.edit", Team.organization_id)
    )


def proposals(actor: Actor) -> sa.ColumnElement[bool]:
    """Show what was proposed to oneself or one's unit, and to offices what was proposed for needs within reach.

    What a run has only prepared nobody sees.
    """
    return sa.and_(
        MatchProposal.state != "prepared",
        or_(
            MatchProposal.person_id == actor.person_id,
            to_led_team(actor),
            within(actor, "match_proposal.accept", MatchProposal.organization_id),
            within(actor, "match_proposal.read", MatchProposal.community_id),
        ),
    )
