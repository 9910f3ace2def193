"""A team's yes: whoever answers for it says that it would come, and each of its people is asked for themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.need_gates import TEAM, UNIT
from api.domain.profiles import is_minor
from api.models import Availability, MatchProposal, MatchRun
from api.services import changes, match_rules, profile_rows, teams
from api.services.days import day_of, zone_of
from api.services.match_gates import passing

_COUNTED = ("proposed", "accepted", "declined", "lapsed")


def ask(session: Session, actor: Actor, row: Any, need: Any, when: tuple[datetime, datetime]) -> int:
    """Propose a need to each of a team's people who may be asked, the one who answers for it too; return how many.

    Left out are who said that nothing is to be proposed to them, who is asked for this need already or refused it,
    who was asked as often as the rules allow this month, who is known to be a minor, and who does not pass its gates.
    """
    people = teams.people_of(session, [row.team_id]).get(row.team_id, set())
    _, rules = match_rules.holding(session, actor, need.path)
    asked = sorted(people - _not_to_ask(session, actor, need, people, rules.terms.asks))
    gates = {**need.gates, "groups": [each for each in need.gates.get("groups") or () if each not in (TEAM, UNIT)]}
    asked = passing(session, actor.tenant_id, gates, asked)
    session.execute(sa.select(MatchRun.id).where(MatchRun.id == row.run_id).with_for_update())
    last = session.scalar(sa.select(sa.func.max(MatchProposal.number)).where(MatchProposal.run_id == row.run_id))
    by = min(session.now + timedelta(days=rules.terms.answer_days), when[0])
    session.insert(MatchProposal, [
        changes.born(session, actor, "match_proposal", "match_proposal.ask", {
            "run_id": row.run_id, "number": number, "need_id": need.id, "community_id": need.community_id,
            "person_id": person, "organization_id": None, "resource_id": None, "team_id": row.team_id, "places": 1,
            "starts_at": when[0], "ends_at": when[1], "points": row.points, "reasons": row.reasons, "answer_by": by,
            "answered_at": None, "reason": None, "shift_id": None, "project_id": None, "rating": None,
        })
        for number, person in enumerate(asked, start=(last or 0) + 1)
    ])  # fmt: skip
    return len(asked)


def _not_to_ask(session: Session, actor: Actor, need: Any, people: set[UUID], most: int) -> set[UUID]:
    month = session.now.astimezone(zone_of(session, actor.tenant_id)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    of = sa.and_(MatchProposal.person_id.in_(sorted(people)), MatchProposal.state.in_(_COUNTED))
    here = session.rows(sa.select(MatchProposal.person_id).where(
        of, MatchProposal.need_id == need.id, MatchProposal.state != "lapsed"
    ))  # fmt: skip
    often = session.rows(
        sa.select(MatchProposal.person_id)
        .where(of, MatchProposal.created_at >= month)
        .group_by(MatchProposal.person_id)
        .having(sa.func.count() >= most)
    )
    silent = session.rows(
        sa.select(Availability.person_id).where(Availability.person_id.in_(sorted(people)), ~Availability.active)
    )
    day = day_of(session, actor.tenant_id, session.now)
    born = profile_rows.birth_dates(session, actor.tenant_id, people)
    minors = {person for person, birth_date in born.items() if is_minor(birth_date, day)}
    return {row.person_id for row in (*here, *often, *silent)} | minors
