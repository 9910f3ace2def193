"""What is said in the hearing of an opinion: statements of organisations, votes of a roster, the person's reply.

All of them are reviews of the round `opinion`; none is a decision, and nobody outside the hearing is told who spoke.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain import hearing
from api.domain import opinions as rules
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Forbidden
from api.models import Opinion, Organization, Panel, PanelMember, Person, PersonStatus, Review
from api.services import changes, days, opinion_places, opinions, panels, reviews

ROUND = "opinion"


def speak(session: Session, actor: Actor, opinion_id: UUID, values: dict[str, Any]) -> UUID:
    """Say what an organisation that is heard says: its stance and a statement, once.

    NotFound for an organisation that is not heard, Forbidden for who does not speak for it, OwnOpinion, SpokenAlready.
    """
    row = opinions.find(session, actor, opinion_id, held=True)
    seat = found(next((each for each in row.heard if each["organizationId"] == str(values["organization_id"])), None))
    if seat["out"]:
        hearing.require_untied(hearing.OF_UNIT)
    place = found(session.first(sa.select(Organization.path).where(Organization.id == values["organization_id"])))
    grant = require(actor.only(seat["role"]), "opinion.speak", place.path)
    hearing.require_untied(opinion_places.tie_of(session, actor, actor.person_id, row))
    changes.take(session, actor, Opinion, row, "opinion.speak", at=row.organization_id, grant=grant)
    voice = {
        "party": seat["at"], "kind": "rating", "reviewer_id": values["organization_id"],
        "organization_id": values["organization_id"], "rubric": ROUND, "marks": {"stance": values["stance"]},
        "comment": values["statement"],
    }  # fmt: skip
    _say(session, actor, row, voice)
    return opinion_id


def convene(session: Session, actor: Actor, opinion_id: UUID, person_ids: list[UUID]) -> UUID:
    """Fix the roster of members and residents who deliberate, and the days in which they vote.

    Everybody on it belongs to the community, holds no office there and has nothing to do with the unit. Forbidden for
    who does not lead, NoVotes where the procedure takes none, RosterTooSmall, NotAResident, OwnOpinion, PanelStands.
    """
    row = opinions.find(session, actor, opinion_id, held=True)
    procedure, grant = leading(session, actor, row, "opinion.convene")
    votes = hearing.require_votes(procedure)
    roster = sorted(set(person_ids))
    quorum = hearing.quorum_of(votes, len(roster))
    for person_id in roster:
        hearing.require_untied(opinion_places.tie_of(session, actor, person_id, row))
    until = add_workdays(days.today(session, actor.tenant_id), votes.vote_days, WorkCalendar())
    changes.take(
        session, actor, Opinion, row, "opinion.convene", {"vote_until": until}, at=row.organization_id, grant=grant
    )
    panel = {"organization_id": row.organization_id, "round_kind": ROUND, "round_id": row.case_id, "quorum": quorum}
    panel_id = panels.set_up(session, actor.aside(), panel, grant)
    panels.set_roster(session, actor.aside(), panel_id, roster, quorum)
    panels.fix(session, actor.aside(), panel_id)
    return opinion_id


def vote(session: Session, actor: Actor, opinion_id: UUID, choice: str, reason: str | None) -> UUID:
    """Vote for, against or abstain, once, with a reason in writing; Forbidden for who is not on the roster.

    VotesOver, OwnOpinion, SpokenAlready.
    """
    row = opinions.find(session, actor, opinion_id, held=True)
    panel = found(panel_of(session, row.case_id))
    if not sits(session, actor, row.case_id):
        raise Forbidden(step="opinion.vote")
    if days.today(session, actor.tenant_id) > row.vote_until:
        raise hearing.VotesOver(until=row.vote_until.isoformat())
    hearing.require_untied(opinion_places.tie_of(session, actor, actor.person_id, row))
    changes.take(session, actor, Opinion, row, "opinion.vote", at=row.organization_id)
    voice = {
        "party": _party(session, actor), "kind": "vote", "reviewer_id": actor.account_id, "panel_id": panel.id,
        "rubric": ROUND, "marks": {"vote": choice}, "comment": reason,
    }  # fmt: skip
    _say(session, actor, row, voice)
    return opinion_id


def reply(session: Session, actor: Actor, opinion_id: UUID, text: str) -> UUID:
    """Reply, once, to the draft that is about oneself; Forbidden for anybody else, ReplyOver, SpokenAlready."""
    row = opinions.find(session, actor, opinion_id, held=True)
    if row.person_id != actor.person_id:
        raise Forbidden(step="opinion.reply")
    changes.take(session, actor, Opinion, row, "opinion.reply", at=row.organization_id)
    if row.reply_until is None or days.today(session, actor.tenant_id) > row.reply_until:
        raise hearing.ReplyOver(until=row.reply_until.isoformat() if row.reply_until else "")
    voice = {"party": "self", "kind": "reply", "reviewer_id": actor.account_id, "comment": text}
    _say(session, actor, row, voice)
    return opinion_id


def voices(session: Session, case_id: UUID) -> list[Any]:
    """Return what was said in a round, in the order in which it was."""
    said = sa.select(
        Review.id, Review.tenant_id, Review.party, Review.kind, Review.reviewer_id, Review.organization_id,
        Review.marks, Review.comment,
    ).where(Review.round_kind == ROUND, Review.round_id == case_id)  # fmt: skip
    return list(session.rows(said.order_by(Review.id)))


def panel_of(session: Session, case_id: UUID) -> Any:
    """Return id, quorum and the size of the roster of a round's panel, None before it is fixed."""
    return session.first(
        sa.select(Panel.id, Panel.quorum, sa.func.count(PanelMember.id).label("roster"))
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .where(Panel.round_kind == ROUND, Panel.round_id == case_id)
        .group_by(Panel.id, Panel.quorum)
    )


def sits(session: Session, actor: Actor, case_id: UUID) -> bool:
    """Say whether the actor is on the roster of a round."""
    seat = sa.select(PanelMember.id).join(Panel, Panel.id == PanelMember.panel_id)
    mine = seat.where(Panel.round_kind == ROUND, Panel.round_id == case_id, PanelMember.person_id == actor.person_id)
    return session.first(mine) is not None


def standing_of(session: Session, row: Any, said: list[Any]) -> hearing.Standing:
    """Return where a round stands: who has yet to speak, what was told and answered, how it was voted."""
    spoken = {str(voice.organization_id) for voice in said if voice.kind == "rating"}
    waiting = [UUID(each["organizationId"]) for each in row.heard if not each["out"]]
    silent = [each for each in waiting if str(each) not in spoken]
    names = session.rows(sa.select(Organization.name).where(Organization.id.in_(silent)).order_by(Organization.path))
    panel = panel_of(session, row.case_id)
    counted = None
    if panel is not None:
        choices = [voice.marks["vote"] for voice in said if voice.kind == "vote"]
        counted = hearing.tally(panel.roster, panel.quorum, choices)
    return hearing.Standing(
        tuple(each.name for each in names), row.speak_until, row.state == "drafted",
        any(voice.kind == "reply" for voice in said), row.reply_until, counted, row.vote_until,
    )  # fmt: skip


def leading(session: Session, actor: Actor, row: Any, step: str) -> tuple[rules.Procedure, UUID]:
    """Return procedure and grant of who leads a round: the role that speaks for the lead. Forbidden, OwnOpinion."""
    procedure = rules.book().procedure(row.procedure)
    seat = next(each for each in row.heard if each["organizationId"] == str(row.organization_id))
    grant = require(actor.only(seat["role"]), step, row.path)
    hearing.require_untied(opinion_places.tie_of(session, actor, actor.person_id, row))
    return procedure, grant


def _say(session: Session, actor: Actor, row: Any, voice: dict[str, Any]) -> None:
    """Keep one voice; SpokenAlready where whoever speaks has spoken."""
    subject = row.unit_id
    if row.person_id is not None:
        subject = session.scalar(sa.select(Person.account_id).where(Person.id == row.person_id))
    before = sa.select(Review.id).where(
        Review.round_kind == ROUND, Review.round_id == row.case_id, Review.kind == voice["kind"],
        Review.reviewer_id == voice["reviewer_id"],
    )  # fmt: skip
    if session.first(before) is not None:
        raise hearing.SpokenAlready
    said = reviews.voice_row(
        session, actor, round_kind=ROUND, round_id=row.case_id, subject_kind="unit" if row.unit_id else "member",
        subject_id=subject, **voice,
    )  # fmt: skip
    step = {"rating": "opinion.speak", "vote": "opinion.vote", "reply": "opinion.reply"}[voice["kind"]]
    reviews.keep(session, actor.aside(), said, step, at=row.organization_id, again=hearing.SpokenAlready)


def _party(session: Session, actor: Actor) -> str:
    """Return in which capacity the actor sits on a roster: as a member of the Party, else as a resident."""
    day: date = days.today(session, actor.tenant_id)
    standing = sa.select(PersonStatus.value).where(
        PersonStatus.person_id == actor.person_id, PersonStatus.kind == "political_status",
        PersonStatus.valid_from <= day, sa.or_(PersonStatus.valid_to.is_(None), PersonStatus.valid_to > day),
    )  # fmt: skip
    return "member" if session.scalar(standing) in ("full", "probationary") else "resident"
