"""征求意见: an opinion on a person or on a unit's honour is asked for, and becomes a case with a clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain import opinions as rules
from api.domain.hearing import IS_SUBJECT, require_untied
from api.domain.opinions import Procedure
from api.domain.periods import EndsBeforeItBegins
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict, Forbidden, Invalid
from api.models import Case, Opinion, OpinionReader, Organization
from api.services import cases, changes, days, opinion_places
from api.services.certificates import NotYetOver
from api.services.places import place
from api.visibility import visible


class AskedAlready(Conflict):
    """The same organisation asked the same about the same, and it is not answered yet."""

    code, zh, en = "opinion_asked_already", "同一事项正在征求意见", "The same was asked already and is not answered yet"


class NoOffice(Invalid):
    """Readers are offices, and persons who hold one."""

    code, zh, en = "reader_holds_no_office", "查阅人须为在任的工作人员", "A reader holds an office"


_ISSUER = sa.orm.aliased(Organization, name="lead")
_ASKER = sa.orm.aliased(Organization, name="asker")
ROW = (
    sa.select(
        Opinion.id, Opinion.tenant_id, Opinion.version, Opinion.state, Opinion.case_id, Opinion.procedure,
        Opinion.asker_id, Opinion.organization_id, Opinion.person_id, Opinion.unit_id, Opinion.heard, Opinion.since,
        Opinion.until, Opinion.purpose, Opinion.ground, Opinion.disclosed, Opinion.speak_until, Opinion.reply_until,
        Opinion.vote_until, Opinion.draft, Opinion.drafted_by, Opinion.position, Opinion.document_id,
        Opinion.created_at, Case.opened_by, Case.due_on, Case.state.label("case_state"), _ISSUER.path,
        _ISSUER.name.label("organization_name"), _ASKER.name.label("asker_name"), _ASKER.path.label("asker_path"),
    )
    .join(Case, Case.id == Opinion.case_id)
    .join(_ISSUER, _ISSUER.id == Opinion.organization_id)
    .join(_ASKER, _ASKER.id == Opinion.asker_id)
)  # fmt: skip


def find(session: Session, actor: Actor, opinion_id: UUID, *, held: bool = False) -> Any:
    """Return an opinion's row; NotFound for who is not named to read it. `held` keeps others from it until the end."""
    statement = ROW.where(visible(actor, Opinion), Opinion.id == opinion_id)
    return found(session.first(statement.with_for_update(of=Opinion) if held else statement))


def ask(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Ask for an opinion with purpose and legal ground; return its id. Its case lies with who leads the procedure.

    `values` name procedure, asker, person or unit, the half-open period of the record, and readers beside who asked.
    Forbidden for who may not ask by this procedure there, OwnOpinion about oneself, NotFound for somebody else's
    people, NobodyToHear, AskedAlready, NoOffice, UnknownProcedure, WrongSubject.
    """
    procedure = rules.book().procedure(values["procedure"])
    rules.require_subject(procedure, [each for each in ("person", "unit") if values[f"{each}_id"]])
    _require_period(session, actor, values)
    asker = place(session, actor, values["asker_id"], pointer="/askerId")
    grant = _may_ask(actor, procedure, asker.path)
    person_id, unit_id = values["person_id"], values["unit_id"]
    if person_id == actor.person_id:
        require_untied(IS_SUBJECT)
    if person_id is not None:
        community = opinion_places.community_of_person(session, actor, asker, person_id)
    else:
        community = opinion_places.community_of_unit(session, actor, asker, unit_id, values["community_id"])
    _require_new(session, actor, values)
    heard = opinion_places.heard(session, actor, procedure, community, person_id)
    lead = opinion_places.lead_of(procedure, heard)
    readers = _readers(session, actor, values["readers"], person_id)
    opinion_id = new_id()
    case_id = cases.open_case(
        session, actor.aside(), kind="opinion", organization_id=UUID(lead["organizationId"]), reason=procedure.code,
        facts={"procedure": procedure.code}, subject_kind="opinion", subject_id=opinion_id,
        due_days=procedure.answer_days,
    )  # fmt: skip
    row = _born(session, actor, procedure, values, heard) | {"id": opinion_id, "case_id": case_id}
    row["organization_id"] = UUID(lead["organizationId"])
    changes.create(session, actor, Opinion, "opinion.create", row, at=asker.id, grant=grant)
    session.insert(OpinionReader, _named(actor, opinion_id, heard, readers))
    return opinion_id


def _born(
    session: Session, actor: Actor, procedure: Procedure, values: dict[str, Any], heard: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what an opinion is born with, but for its own id and those of its case and lead."""
    day = days.today(session, actor.tenant_id)
    told = ("asker_id", "person_id", "unit_id", "since", "until", "purpose", "ground")
    return {name: values[name] for name in told} | {
        "procedure": procedure.code, "edition": rules.book().version, "disclosed": procedure.disclosed,
        "heard": [{key: each[key] for key in ("at", "role", "organizationId", "out")} for each in heard],
        "speak_until": add_workdays(day, procedure.speak_days, WorkCalendar()), "reply_until": None,
        "vote_until": None, "draft": None, "drafted_by": None, "position": None, "document_id": None,
    }  # fmt: skip


def withdraw(session: Session, actor: Actor, opinion_id: UUID) -> None:
    """End a hearing whose case was taken back by who asked; StepNotAllowed once an opinion is issued."""
    row = find(session, actor, opinion_id, held=True)
    changes.take(session, actor, Opinion, row, "opinion.withdraw", at=row.asker_id)


def _may_ask(actor: Actor, procedure: Procedure, path: str) -> UUID:
    """Return the grant of a role that asks by this procedure there; Forbidden without one."""
    for role in sorted(procedure.askers):
        grant = actor.only(role).grant_for("opinion.create", path)
        if grant is not None:
            return grant
    raise Forbidden(step="opinion.create")


def _require_period(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    if values["until"] <= values["since"]:
        raise EndsBeforeItBegins(pointer="/until")
    if values["until"] > days.today(session, actor.tenant_id) + timedelta(days=1):
        raise NotYetOver(pointer="/until")


def _require_new(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    same = sa.select(Opinion.id).where(
        Opinion.tenant_id == actor.tenant_id, Opinion.asker_id == values["asker_id"],
        Opinion.procedure == values["procedure"], Opinion.state.in_(("asked", "drafted")),
        Opinion.person_id.is_not_distinct_from(values["person_id"]),
        Opinion.unit_id.is_not_distinct_from(values["unit_id"]),
    )  # fmt: skip
    if session.first(same.limit(1)) is not None:
        raise AskedAlready


def _readers(
    session: Session, actor: Actor, asked: list[dict[str, Any]], person_id: UUID | None
) -> list[dict[str, Any]]:
    """Return whom the asker names to read: offices in service and persons who hold one; NoOffice for anything else."""
    for at, each in enumerate(asked):
        pointer = f"/readers/{at}"
        if (each["person_id"] is None) == (each["organization_id"] is None):
            raise NoOffice(pointer=pointer)
        if each["organization_id"] is not None:
            place(session, actor, each["organization_id"], pointer=f"{pointer}/organizationId")
        elif each["person_id"] == person_id or not opinion_places.holds_office(session, actor, each["person_id"]):
            raise NoOffice(pointer=f"{pointer}/personId")
    return asked


def _named(
    actor: Actor, opinion_id: UUID, heard: list[dict[str, Any]], readers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows of readers: who asked, whoever speaks for those who are heard, and who was named beside."""
    speaking = [
        {"organization_id": UUID(each["organizationId"]), "role": each["role"], "capacity": "hears"}
        for each in heard if not each["out"]
    ]  # fmt: skip
    named = [{"person_id": actor.person_id, "capacity": "asks"}, *speaking]
    named += [{**each, "capacity": "reads"} for each in readers]
    empty = {"person_id": None, "organization_id": None, "role": None}
    more = {"tenant_id": actor.tenant_id, "opinion_id": opinion_id}
    return [{"id": new_id(), **more, **empty, **each} for each in named]
