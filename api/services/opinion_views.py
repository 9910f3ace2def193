"""What each side sees of an opinion: who asked, who is heard, the person it is about, and who only reads."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor
from api.db import Session
from api.domain import opinions as rules
from api.domain.kind_labels import kind_label
from api.domain.steps import TABLES
from api.models import Document, Opinion, Organization
from api.services import opinion_readers, opinion_voices, opinions
from api.services.days import today
from api.visibility import visible

_RUNNING = ("open", "assigned", "escalated", "reopened")
_LEADS = {"opinion.convene", "opinion.draft", "opinion.issue"}


def one(session: Session, actor: Actor, opinion_id: UUID) -> dict[str, Any]:
    """Return one opinion as it stands for this actor; NotFound for who is not named to read it.

    Who asked sees who is heard and until when; what was said stands in the paper. Who is heard sees the voices, the
    person the draft with its record.
    """
    row = opinions.find(session, actor, opinion_id)
    as_what = opinion_readers.capacities(session, actor, row)
    said = opinion_voices.voices(session, row.case_id)
    standing = opinion_voices.standing_of(session, row, said)
    procedure = rules.book().procedure(row.procedure)
    readers, _ = opinion_readers.names(session, actor, row)
    about = opinion_readers.about(session, actor, row)
    hears, told = "hears" in as_what, bool({"hears", "subject"} & as_what)
    return {
        **_listed(row._asdict(), today(session, actor.tenant_id)),
        "subject_name": about.name, "subject_of": about.of, "purpose": row.purpose, "ground": row.ground,
        "basis": {"zh": procedure.basis_zh, "en": procedure.basis_en}, "since": row.since, "until": row.until,
        "disclosed": row.disclosed, "withheld_because": _withheld(procedure), "speak_until": row.speak_until,
        "reply_until": row.reply_until, "vote_until": row.vote_until,
        "heard": _heard(session, row, said, told=hears), "readers": readers,
        "draft": _draft(row) if told else None,
        "reply": next((each.comment for each in said if each.kind == "reply" and told), None),
        "votes": _votes(standing, told=row.state in ("issued", "not_quorate")), "document_id": row.document_id,
        "number": session.scalar(sa.select(Document.number).where(Document.id == row.document_id)),
        "allowed_actions": _steps(session, actor, row, said, as_what),
    }  # fmt: skip


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the opinions that the actor is named to read or is the subject of, newest first; no names."""
    statement = opinions.ROW.where(visible(actor, Opinion))
    for column, wanted in (
        (Opinion.state, query.state),
        (Opinion.procedure, query.procedure),
        (Opinion.asker_id, query.asker_id),
        (Opinion.organization_id, query.organization_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    page = paging.page(session, statement, Opinion.id, limit=query.limit, cursor=query.cursor)
    day = today(session, actor.tenant_id)
    page["items"] = [{**_listed(item, day), "allowed_actions": []} for item in page["items"]]
    return page


def procedures(_session: Session, _actor: Actor) -> dict[str, Any]:
    """Return the declared procedures with their parties, days and votes."""
    book = rules.book()
    return {"version": book.version, "items": [_procedure(each) for each in book.procedures.values()]}


def _procedure(one: rules.Procedure) -> dict[str, Any]:
    votes = one.votes
    return {
        "code": one.code, "title": {"zh": one.zh, "en": one.en}, "basis": {"zh": one.basis_zh, "en": one.basis_en},
        "subject": one.subject, "askers": sorted(one.askers),
        "heard": [{"at": each.at, "role": each.role} for each in one.heard], "leads": one.leads,
        "answer_days": one.answer_days, "speak_days": one.speak_days, "reply_days": one.reply_days,
        "votes": votes and {
            "fewest": votes.fewest, "quorum": str(votes.quorum), "carried_over": str(votes.carried_over),
            "vote_days": votes.vote_days,
        },
        "disclosed": one.disclosed, "withheld_because": _withheld(one), "record": list(one.record),
        "valid_months": one.valid_months,
    }  # fmt: skip


def _listed(row: dict[str, Any], day: date) -> dict[str, Any]:
    procedure = rules.book().procedure(row["procedure"])
    late = row["case_state"] in _RUNNING and row["due_on"] < day
    names = (
        "id", "version", "state", "procedure", "asker_id", "asker_name", "organization_id", "organization_name",
        "case_id", "due_on", "person_id", "unit_id", "created_at",
    )  # fmt: skip
    title = {"zh": procedure.zh, "en": procedure.en}
    return {name: row[name] for name in names} | {"late": late, "title": title}


def _withheld(procedure: rules.Procedure) -> dict[str, str] | None:
    if procedure.withheld_zh is None or procedure.withheld_en is None:
        return None
    return {"zh": procedure.withheld_zh, "en": procedure.withheld_en}


def _heard(session: Session, row: Any, said: list[Any], *, told: bool) -> list[dict[str, Any]]:
    """Return who is heard and whether they have spoken; what they said only to who is heard as well."""
    ids = [UUID(each["organizationId"]) for each in row.heard]
    names = {
        each.id: each.name
        for each in session.rows(sa.select(Organization.id, Organization.name).where(Organization.id.in_(ids)))
    }
    spoken = {voice.organization_id: voice for voice in said if voice.kind == "rating"}
    shown = []
    for organization_id, seat in zip(ids, row.heard, strict=True):
        voice = spoken.get(organization_id)
        shown.append({
            "organization_id": organization_id, "organization_name": names[organization_id], "at": seat["at"],
            "stays_out": seat["out"] is not None, "spoken": voice is not None,
            "stance": voice.marks["stance"] if voice and told else None,
            "statement": voice.comment if voice and told else None,
        })  # fmt: skip
    return shown


def _draft(row: Any) -> dict[str, Any] | None:
    if row.draft is None:
        return None
    conclusion = {"code": row.draft["conclusion"], **kind_label("opinion.conclusion", row.draft["conclusion"])}
    return {**row.draft, "conclusion": conclusion, "position": row.position}


def _votes(standing: Any, *, told: bool) -> dict[str, Any] | None:
    """Return how many voted; how, only once the round is over: a running count would sway who has not voted."""
    counted = standing.counted
    if counted is None:
        return None
    return {
        "roster": counted.roster, "quorum": counted.quorum, "voted": counted.voted, "quorate": counted.quorate,
        "counts": dict(counted.counts) if told else None,
    }  # fmt: skip


def _steps(session: Session, actor: Actor, row: Any, said: list[Any], as_what: Collection[str]) -> list[str]:
    """Return the steps that this actor may take now."""
    possible = TABLES["opinion"].allowed(row.state)
    steps = [step for step in possible if step in _LEADS and "hears" in as_what and actor.grant_for(step, row.path)]
    if rules.book().procedure(row.procedure).votes is None:
        steps = [step for step in steps if step != "opinion.convene"]
    else:
        steps = [step for step in steps if step != "opinion.draft"]
        if opinion_voices.panel_of(session, row.case_id) is not None:
            steps = [step for step in steps if step != "opinion.convene"]
    mine = {
        "opinion.speak": "hears" in as_what and _may_speak(session, actor, row, said),
        "opinion.reply": "subject" in as_what and not any(voice.kind == "reply" for voice in said),
        "opinion.vote": opinion_voices.sits(session, actor, row.case_id)
        and not any(voice.kind == "vote" and voice.reviewer_id == actor.account_id for voice in said),
    }
    return steps + [step for step, may in mine.items() if may and step in possible]


def _may_speak(session: Session, actor: Actor, row: Any, said: list[Any]) -> bool:
    spoken = {str(voice.organization_id) for voice in said if voice.kind == "rating"}
    for seat in row.heard:
        if seat["out"] or seat["organizationId"] in spoken:
            continue
        path = session.scalar(sa.select(Organization.path).where(Organization.id == UUID(seat["organizationId"])))
        if actor.only(seat["role"]).grant_for("opinion.speak", path) is not None:
            return True
    return False
