"""出具意见: the draft that the person is told, and the numbered paper that is delivered to who asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import hearing
from api.domain import opinions as rules
from api.domain.documents import (
    Counted,
    Head,
    Label,
    Party,
    Voice,
    Words,
    opinion,
    record_json,
)
from api.domain.four_eyes import require_another
from api.domain.opinions import Procedure
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Invalid
from api.models import Document, Event, Opinion
from api.services import (
    cases,
    changes,
    cuts,
    days,
    deliveries,
    disclosures,
    documents,
    opinion_readers,
    opinion_record,
    opinion_voices,
    opinions,
)
from api.services.parties import parties

OUTCOMES = frozenset({"declined"})


class TextMissing(Invalid):
    """What is issued without a draft has a text."""

    code, zh, en = "opinion_text_missing", "请填写意见正文", "Write the text of the opinion"


class WrongPredecessor(Invalid):
    """An opinion takes the place of one that the same organisation got about the same, and that stands."""

    code = "wrong_predecessor"
    zh = "只能取代同一单位就同一对象、同一程序取得的有效意见"
    en = "It can only take the place of one in force, about the same, for the same organisation"


def draft(session: Session, actor: Actor, opinion_id: UUID, conclusion: str, text: str) -> UUID:
    """Write the draft and freeze the record as of the last sealed position; where it is told, the reply is open now.

    Forbidden for who does not lead, OwnOpinion, NotAllHeard before the days of speaking are over, WrongConclusion where
    votes decide, StepNotAllowed for a second draft.
    """
    row = opinions.find(session, actor, opinion_id, held=True)
    procedure, grant = opinion_voices.leading(session, actor, row, "opinion.draft")
    said = opinion_voices.voices(session, row.case_id)
    day = days.today(session, actor.tenant_id)
    hearing.require_heard(opinion_voices.standing_of(session, row, said), day)
    hearing.conclusion_of(procedure, None, conclusion)
    record, position = _record(session, actor, row, procedure)
    until = add_workdays(day, procedure.reply_days, WorkCalendar()) if procedure.reply_days is not None else None
    values = {
        "draft": {"conclusion": conclusion, "text": text, "record": record}, "drafted_by": actor.person_id,
        "position": position, "reply_until": until,
    }  # fmt: skip
    changes.take(session, actor, Opinion, row, "opinion.draft", values, at=row.organization_id, grant=grant)
    return opinion_id


def issue(session: Session, actor: Actor, opinion_id: UUID, values: dict[str, Any]) -> UUID:
    """Issue the opinion as a numbered document, answer its case and deliver it to who asked; return the opinion's id.

    `conclusion` and `text` replace those of the draft. Where too few voted, the case is answered without an opinion.
    What `supersedes_id` names is superseded; that takes another person than issued it (NeedsSecondPerson). Raises what
    `require_ready` does, Forbidden, OwnOpinion, WrongConclusion, TextMissing, WrongPredecessor, StepNotAllowed.
    """
    row = opinions.find(session, actor, opinion_id, held=True)
    procedure, grant = opinion_voices.leading(session, actor, row, "opinion.issue")
    said = opinion_voices.voices(session, row.case_id)
    standing = opinion_voices.standing_of(session, row, said)
    hearing.require_ready(procedure, standing, days.today(session, actor.tenant_id))
    if standing.counted is not None and not standing.counted.quorate:
        _close(session, actor, row, "not_quorate", None, grant)
        return opinion_id
    written = values["conclusion"] or (row.draft or {}).get("conclusion")
    conclusion = hearing.conclusion_of(procedure, standing.counted, written)
    text = values["text"] or (row.draft or {}).get("text")
    if text is None:
        raise TextMissing(pointer="/text")
    before = _predecessor(session, actor, row, values["supersedes_id"])
    paper = _paper(session, actor, row, procedure, said, standing, conclusion, text)
    content, valid_to, told = paper
    document_id = documents.issue(
        session, actor.aside(), kind="opinion", issuer_id=row.organization_id, recipient_id=row.asker_id,
        title=content["title"]["zh"], content=content, circle=procedure.circle, source=f"opinion:{row.id}",
        valid_to=valid_to, supersedes_id=before, grant=grant,
    )  # fmt: skip
    if row.unit_id is not None and row.unit_id != row.asker_id:
        deliveries.send(session, actor.aside(), document_id, [row.unit_id], at=row.organization_id, grant=grant)
    disclosures.note(session, actor, document_id, row.asker_id, opinion_readers.purpose_of(row), told)
    _close(session, actor, row, "issued", document_id, grant)
    return opinion_id


def decline(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Decline to hear an asking, as the answer of its case says; nothing is issued. OwnOpinion, StepNotAllowed."""
    row = opinions.find(session, actor, case.subject_id, held=True)
    opinion_voices.leading(session, actor, row, "case.answer")
    changes.take(session, actor.aside(), Opinion, row, "opinion.decline", at=row.organization_id, grant=grant)
    return {}


def _close(session: Session, actor: Actor, row: Any, state: str, document_id: UUID | None, grant: UUID) -> None:
    """Let the opinion end in its state, and answer its case with no more than that."""
    values = {"document_id": document_id}
    changes.take(session, actor, Opinion, row, "opinion.issue", values, at=row.organization_id, grant=grant, to=state)
    if row.case_state == "open":
        cases.assign(session, actor.aside(), row.case_id, None)
    words = "已出具意见，另行送达。" if document_id else "参加投票人数未达规定，不出具意见。"
    cases.answer(session, actor.aside(), row.case_id, words, state)


def _record(session: Session, actor: Actor, row: Any, procedure: Procedure) -> tuple[list[dict[str, Any]], int]:
    position = cuts.last_recorded(session, actor.tenant_id)
    accounts = [row.unit_id]
    if row.person_id is not None:
        accounts = opinion_record.accounts_of(session, actor.tenant_id, row.person_id)
    scope = opinion_record.Scope(actor.tenant_id, accounts, row.since, row.until, position)
    return record_json(opinion_record.recorded(session, scope, procedure.record)), position


def _paper(
    session: Session, actor: Actor, row: Any, procedure: Procedure, said: list[Any], standing: hearing.Standing,
    conclusion: str, text: str,
) -> tuple[dict[str, Any], Any, list[tuple[UUID, str]]]:  # fmt: skip
    """Return the content, the first day on which it no longer holds, and where it tells of whom."""
    day = days.today(session, actor.tenant_id)
    if row.draft is not None:
        record, position = row.draft["record"], row.position
    else:
        record, position = _record(session, actor, row, procedure)
    heard = [UUID(each["organizationId"]) for each in row.heard]
    named = parties(session, actor, [row.asker_id, row.organization_id, *heard], day)
    about = opinion_readers.about(session, actor, row)
    readers, people = opinion_readers.names(session, actor, row)
    valid_to = rules.valid_until(day, procedure.valid_months)
    title, zone = Words(procedure.paper_zh, procedure.paper_en), days.zone_of(session, actor.tenant_id).key
    content = opinion(
        Head(named[row.organization_id], named[row.asker_id], row.since, row.until, zone, title),
        procedure=Label(procedure.code, procedure.zh, procedure.en),
        basis=Words(procedure.basis_zh, procedure.basis_en), about=about,
        purpose=row.purpose, ground=row.ground, record=record, position=position,
        voices=_voices(row, said, named), counted=_counted(said, standing), conclusion=conclusion, text=text,
        reply=next((each.comment for each in said if each.kind == "reply"), None), told=_told(procedure),
        readers=readers, valid_to=valid_to,
    )  # fmt: skip
    pointers = [
        "/subject",
        "/opinion",
        *(f"/{part}/{at}" for part in ("record", "heard") for at in range(len(content[part]))),
    ]
    told = [(row.person_id, pointer) for pointer in pointers] if row.person_id else []
    return content, valid_to, told + [(person_id, f"/readers/{at}") for at, person_id in people]


def _voices(row: Any, said: list[Any], named: dict[UUID, Party]) -> list[Voice]:
    """Return what each organisation said; who said nothing in time is silent, and one that stays out says so."""
    spoken = {str(each.organization_id): each for each in said if each.kind == "rating"}
    voices = []
    for seat in row.heard:
        voice = spoken.get(seat["organizationId"])
        stance = voice.marks["stance"] if voice else "out" if seat["out"] else "silent"
        if row.unit_id is None or voice is not None:  # on a unit the roster speaks; its organisation may
            voices.append(Voice(named[UUID(seat["organizationId"])], stance, voice.comment if voice else None))
    return voices


def _counted(said: list[Any], standing: hearing.Standing) -> Counted | None:
    if standing.counted is None:
        return None
    reasons = [(each.marks["vote"], each.comment) for each in said if each.kind == "vote" and each.comment]
    return Counted(standing.counted.roster, standing.counted.quorum, standing.counted.counts, reasons)


def _told(procedure: Procedure) -> Words:
    if procedure.disclosed:
        return Words("本意见已告知当事人。", "Whom it is about was told.")
    return Words(f"本意见不告知本人：{procedure.withheld_zh}。", f"The person is not told: {procedure.withheld_en}.")


def _predecessor(session: Session, actor: Actor, row: Any, document_id: UUID | None) -> UUID | None:
    """Return what the new opinion takes the place of; another person issued it. WrongPredecessor, NeedsSecondPerson."""
    if document_id is None:
        return None
    same = (
        sa.select(Document.id, Event.actor_id)
        .join(Opinion, Opinion.document_id == Document.id)
        .join(Event, sa.and_(Event.subject_id == Document.id, Event.kind == "document.issue"))
        .where(
            Document.tenant_id == actor.tenant_id, Document.id == document_id, Document.state == "issued",
            Opinion.procedure == row.procedure, Opinion.asker_id == row.asker_id,
            Opinion.organization_id == row.organization_id,
            Opinion.person_id.is_not_distinct_from(row.person_id), Opinion.unit_id.is_not_distinct_from(row.unit_id),
        )
    )  # fmt: skip
    found = session.first(same)
    if found is None:
        raise WrongPredecessor(pointer="/supersedesId")
    require_another(found.actor_id, actor.person_id)
    return found.id
