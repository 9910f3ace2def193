"""评议: voices of four parties on the subjects of a cycle, given once; recusals, and the subject's right of reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain.reviews import (
    IN_STATE,
    PARTY,
    Judged,
    NotNow,
    PresenceNotVerified,
    Recused,
    RepliedAlready,
    ReviewedAlready,
    require_impartial,
    require_now,
    worth,
)
from api.domain.rulebook.rubric import Voice
from api.errors import NotFound
from api.models import NOBODY, Assessment, Cycle, Review
from api.services import changes, review_rights, round_books
from api.services.days import today
from api.services.review_rights import Speaker, Way
from api.visibility import visible

_REPLIES_IN = ("public_review",)


def give(session: Session, actor: Actor, cycle_id: UUID, values: Mapping[str, Any]) -> UUID:
    """Keep one voice: `subject_id`, `party` (whose voice), `marks` by criterion, `comment`; return its id.

    A community, a street or a unit has one voice, whoever gives it; a person has one. Raises NotFound for a subject of
    which this caller is not asked, PresenceNotVerified for a recipient who was not there, NotNow, PartyNotAsked,
    RubricNotFilled, ReviewOfOneself, ReviewOfOwnUnit, ReviewOfColleague, Recused, and ReviewedAlready for a second one.
    """
    cycle = _held_round(session, actor, cycle_id)
    voice: Voice = values["party"]
    speaker = review_rights.speaker(session, actor)
    way, subject = _asked(session, actor, speaker, cycle_id, voice, values["subject_id"])
    require_now(voice, cycle.state)
    require_impartial(voice, speaker.ties, Judged(subject.subject_kind, subject.subject_id, subject.employer_id))
    if _recused(session, actor, speaker, cycle_id, voice, subject.subject_id):
        raise Recused
    books = round_books.books_of(session, actor, [cycle_id])[cycle_id]
    name, rubrics = round_books.asking(books, subject.judgement)
    row = _row(session, actor, cycle_id, subject, way, "rating") | {
        "rubric": name, "marks": dict(values["marks"]), "amount": worth(rubrics.get(voice), values["marks"]),
        "comment": values["comment"],
    }  # fmt: skip
    return keep(session, actor, row, "cycle.review", at=cycle.organization_id, again=ReviewedAlready)


def recuse(session: Session, actor: Actor, cycle_id: UUID, values: Mapping[str, Any]) -> UUID:
    """Note that somebody will not judge a subject, and why; another of the same office still may.

    Raises as `give`, ReviewedAlready where they have spoken or recused themselves before.
    """
    cycle = _held_round(session, actor, cycle_id)
    voice: Voice = values["party"]
    speaker = review_rights.speaker(session, actor)
    way, subject = _asked(session, actor, speaker, cycle_id, voice, values["subject_id"])
    if cycle.state not in IN_STATE.values():
        raise NotNow(state=cycle.state)
    spoken = sa.select(Review.id).where(
        Review.round_kind == "cycle", Review.round_id == cycle_id, Review.subject_id == subject.subject_id,
        Review.kind == "rating", Review.party == PARTY[voice], Review.recorded_by == actor.person_id,
    )  # fmt: skip
    if session.first(spoken) is not None:
        raise ReviewedAlready
    own = {"reviewer_id": actor.account_id, "comment": values["reason"]}
    row = _row(session, actor, cycle_id, subject, way, "recusal") | own
    return keep(session, actor, row, "cycle.recuse", at=cycle.organization_id, again=ReviewedAlready)


def reply(session: Session, actor: Actor, review_id: UUID, text: str) -> UUID:
    """Let the subject answer a voice once, before the result is published; return the reply's id.

    Raises NotFound for whoever is not the subject, NotNow once it is published, RepliedAlready.
    """
    voice = found(session.first(_VOICE.where(visible(actor, Review), Review.id == review_id, Review.kind == "rating")))
    speaker = review_rights.speaker(session, actor)
    selves = {way.reviewer_id: way for way in speaker.as_("self")}
    own = voice.subject_id in speaker.ties.accounts
    if not own and voice.subject_id not in selves:
        raise NotFound
    cycle = _held_round(session, actor, voice.round_id)
    if cycle.state not in _REPLIES_IN:
        raise NotNow(state=cycle.state)
    way = selves[actor.account_id if own else voice.subject_id]
    row = _row(session, actor, cycle.id, voice, way, "reply")
    row |= {"reviewer_id": voice.subject_id, "answers_id": review_id, "comment": text}
    return keep(session, actor, row, "review.reply", at=cycle.organization_id, again=RepliedAlready)


def keep(
    session: Session, actor: Actor, row: dict[str, Any], step: str, *, at: UUID | None, again: type[Exception]
) -> UUID:
    """Append a voice with its event, for any kind of round; raise `again` where the same one stands already."""
    session.insert_new(Review, [row])
    if session.first(sa.select(Review.id).where(Review.id == row["id"])) is None:
        raise again
    changes.record(session, actor, step, "review", row["id"], at=at, written=session.sealed(Review, row))
    return row["id"]


def voice_row(session: Session, actor: Actor, **values: Any) -> dict[str, Any]:
    """Return a new voice as a row, given by the actor today; what is not told is empty."""
    empty = {
        "organization_id": None, "panel_id": None, "answers_id": NOBODY, "rubric": None, "marks": {}, "amount": None,
        "comment": None,
    }  # fmt: skip
    head = {"id": new_id(), "tenant_id": actor.tenant_id, "recorded_by": actor.person_id, "created_at": session.now}
    return {**head, "given_on": today(session, actor.tenant_id), **empty, **values}


def _row(session: Session, actor: Actor, cycle_id: UUID, subject: Any, way: Way, kind: str) -> dict[str, Any]:
    return voice_row(
        session, actor, round_kind="cycle", round_id=cycle_id, subject_kind=subject.subject_kind,
        subject_id=subject.subject_id, party=PARTY[way.voice], kind=kind, reviewer_id=way.reviewer_id,
        organization_id=way.organization_id, panel_id=way.panel_id,
    )  # fmt: skip


_VOICE = sa.select(Review.id, Review.round_id, Review.subject_kind, Review.subject_id)
_ROUND = sa.select(Cycle.id, Cycle.state, Cycle.organization_id)


def _held_round(session: Session, actor: Actor, cycle_id: UUID) -> Any:
    """Return a cycle and hold its state until the commit, so that no voice comes in behind its publication."""
    held = _ROUND.where(visible(actor, Cycle), Cycle.id == cycle_id).with_for_update(read=True)
    return found(session.first(held))


def _asked(
    session: Session, actor: Actor, speaker: Speaker, cycle_id: UUID, voice: Voice, subject_id: UUID
) -> tuple[Way, Any]:
    columns = (Assessment.subject_kind, Assessment.subject_id, Assessment.employer_id, Assessment.judgement)
    this = review_rights.about(actor, *columns).where(
        Assessment.cycle_id == cycle_id, Assessment.subject_id == subject_id
    )
    for way in speaker.as_(voice):
        row = session.first(this.where(way.of))
        if row is not None:
            return way, row
    if voice == "resident":
        raise PresenceNotVerified
    raise NotFound(pointer="/subjectId")


def _recused(session: Session, actor: Actor, speaker: Speaker, cycle_id: UUID, voice: Voice, subject_id: UUID) -> bool:
    declared = sa.select(Review.id).where(
        Review.tenant_id == actor.tenant_id, Review.round_kind == "cycle", Review.round_id == cycle_id,
        Review.subject_id == subject_id, Review.party == PARTY[voice], Review.kind == "recusal",
        Review.reviewer_id.in_(sorted(speaker.ties.accounts)),
    )  # fmt: skip
    return session.first(declared) is not None
