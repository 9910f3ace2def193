"""What of a match an actor sees: offices their runs, and proposals those to whom they were made."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import or_

from api.access import Actor, within
from api.models import MatchProposal, MatchRun


def runs(actor: Actor) -> sa.ColumnElement[bool]:
    """Show the runs of areas within reach."""
    return within(actor, "match_run.read", MatchRun.organization_id)


def proposals(actor: Actor) -> sa.ColumnElement[bool]:
    """Show what was proposed to oneself or one's unit, and to offices what was proposed for needs within reach.

    What a run has only prepared nobody sees.
    """
    return sa.and_(
        MatchProposal.state != "prepared",
        or_(
            MatchProposal.person_id == actor.person_id,
            within(actor, "match_proposal.accept", MatchProposal.organization_id),
            within(actor, "match_proposal.read", MatchProposal.community_id),
        ),
    )
