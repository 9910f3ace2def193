"""待评议: of whom somebody is asked to speak and has not yet spoken, for the list and for the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor
from api.db import Session
from api.domain.reviews import IN_STATE
from api.domain.rulebook.rubric import VOICES, Voice
from api.models import Assessment, Cycle, Organization, Person
from api.services import review_rights, round_books
from api.services.people import masked_name
from api.services.review_rights import Speaker
from api.visibility import visible


def open_rounds(session: Session, actor: Actor) -> list[UUID]:
    """Return the cycles in which anybody may speak now."""
    states = sorted(set(IN_STATE.values()))
    rounds = sa.select(Cycle.id).where(visible(actor, Cycle), Cycle.state.in_(states))
    return [row.id for row in session.rows(rounds.order_by(Cycle.id))]


def waiting(session: Session, actor: Actor, speaker: Speaker) -> sa.ColumnElement[bool]:
    """Return the condition that the speaker is asked of a subject, with a voice for which a rulebook asks."""
    asked: list[sa.ColumnElement[bool]] = []
    for cycle_id, books in round_books.books_of(session, actor, open_rounds(session, actor)).items():
        voices: dict[str, set[Voice]] = {}
        for book in books.values():
            voices.setdefault(book.subject, set()).update(rubric.party for rubric in book.rubrics)
        asked += [
            sa.and_(Assessment.cycle_id == cycle_id, Assessment.subject_kind == kind, speaker.may(sorted(some)))
            for kind, some in voices.items() if some
        ]  # fmt: skip
    return sa.or_(*asked) if asked else sa.false()


def cycles_waiting(session: Session, actor: Actor) -> sa.ColumnElement[bool] | None:
    """Return the condition that a cycle waits for a voice of the actor; None where no round is open."""
    if not open_rounds(session, actor):
        return None
    speaker = review_rights.speaker(session, actor)
    some = review_rights.about(actor, Assessment.cycle_id).where(waiting(session, actor, speaker))
    return Cycle.id.in_(some)


def due(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the subjects of whom the actor is asked and has not spoken, with the parties to speak for.

    A resident is shown the first sign of a name; who speaks for an office is shown the name, and that is logged.
    """
    speaker = review_rights.speaker(session, actor)
    statement = review_rights.about(
        actor, Assessment.id, Assessment.cycle_id, Assessment.subject_kind, Assessment.subject_id,
        Assessment.judgement, Cycle.title.label("cycle_title"), Cycle.state.label("cycle_state"),
    ).where(waiting(session, actor, speaker))  # fmt: skip
    if query.cycle_id is not None:
        statement = statement.where(Assessment.cycle_id == query.cycle_id)
    page = paging.page(session, statement, Assessment.id, limit=query.limit, cursor=query.cursor)
    rows = page["items"]
    voices = _voices(session, actor, speaker, rows)
    names = _names(session, actor, rows, voices)
    page["items"] = [
        {**row, "parties": voices[row["id"]], "name": names[row["id"]],
         "allowed_actions": ["cycle.review", "cycle.recuse"]}
        for row in rows if voices[row["id"]]
    ]  # fmt: skip
    return page


def _voices(session: Session, actor: Actor, speaker: Speaker, rows: list[dict[str, Any]]) -> Mapping[UUID, list[Voice]]:
    """Return for each of these subjects the voices with which the speaker is asked and the rulebook asks."""
    books = round_books.books_of(session, actor, {row["cycle_id"] for row in rows})
    asks = {row["id"]: round_books.asking(books[row["cycle_id"]], row["judgement"])[1] for row in rows}
    found_: dict[UUID, list[Voice]] = {row["id"]: [] for row in rows}
    for voice in VOICES:
        these = [row["id"] for row in rows if voice in asks[row["id"]]]
        statement = review_rights.about(actor, Assessment.id).where(Assessment.id.in_(these), speaker.may([voice]))
        for row in session.rows(statement) if these else ():
            found_[row.id].append(voice)
    return found_


def _names(
    session: Session, actor: Actor, rows: list[dict[str, Any]], voices: Mapping[UUID, list[Voice]]
) -> dict[UUID, str]:
    subjects = {row["subject_id"]: row["id"] for row in rows}
    people = sa.select(Person.id, Person.account_id, Person.wrapped_key, Person.name).where(
        Person.tenant_id == actor.tenant_id, Person.account_id.in_(sorted(subjects))
    )
    offices = sa.select(Organization.id, Organization.name).where(
        Organization.tenant_id == actor.tenant_id, Organization.id.in_(sorted(subjects))
    )
    named = {subjects[row.id]: row.name for row in session.rows(offices)}
    opened = []
    for row in session.rows(people):
        at = subjects[row.account_id]
        name = session.vault.open(row.wrapped_key, row.id, "name", row.name) or ""
        whole = bool({"self", "community", "street"} & set(voices[at]))
        named[at] = name if whole else masked_name(name)
        opened += [row.id] if whole else []
    session.look(opened, ["name"], "assessment")
    return {row["id"]: named.get(row["id"], "") for row in rows}
