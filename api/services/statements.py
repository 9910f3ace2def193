"""反馈单: what a unit is told of a final cycle, issued once for each unit as a numbered document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.consents import EMPLOYER_RESULT
from api.domain.documents import Head, Label, MemberLine, Party, RulebookRef, UnitResult, Words, feedback_statement
from api.domain.nil_returns import NIL
from api.domain.rulebook.explain import explain
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.rulebook.words import OUTCOMES
from api.domain.rulings import BASES, RECOMPUTED
from api.domain.steps import TABLES
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict
from api.models import Assessment, Cycle, Document, Event, Organization, Person
from api.services import consents, cycle_books, days, disclosures, documents, judges, proofs
from api.services.standing import Standing, standing
from api.services.subjects import codes_of
from api.visibility import GONE
from api.visibility.judged import stands

OBJECTION_DAYS = 10  # working days in which a unit or a member may object


class DenominatorUnknown(Conflict):
    """A unit that uploads no roster has not said how many in-service members it has."""

    code = "denominator_unknown"
    zh = "“{name}”未申报在职党员人数，不能出具反馈单"
    en = "“{name}” has not declared its in-service members; no statement can be issued"


_CYCLE = sa.select(
    Cycle.id, Cycle.state, Cycle.title, Cycle.organization_id, Cycle.period_start, Cycle.period_end, Cycle.cut_off,
    Cycle.revision, Cycle.position, Organization.path, Organization.name,
).join(Organization, Organization.id == Cycle.organization_id)  # fmt: skip
_RESULT = sa.select(
    Assessment.subject_id, Assessment.subject_key, Assessment.judgement, Assessment.bundle, Assessment.points,
    Assessment.minutes, Assessment.services, Assessment.revision,
)  # fmt: skip


def issue_for(session: Session, actor: Actor, cycle_id: UUID, unit_id: UUID) -> UUID:
    """Issue and deliver the statement of a unit for a final cycle; return the document's id, the same for a repeat.

    After an amendment that concerns the unit it is issued anew, and supersedes the one before.
    StepNotAllowed before the cycle is final, NotFound for a unit that it does not judge, DenominatorUnknown.
    """
    cycle = _cycle(session, actor, cycle_id)
    grant = judges.require_judge(session, actor, "cycle.deliver", cycle_id, cycle)
    if cycle.state != "delivered":
        TABLES["cycle"].next(cycle.state, "cycle.deliver")
    content, people, revision = _content(session, actor, cycle, unit_id)
    document_id = documents.issue(
        session, actor, kind="feedback_statement", issuer_id=cycle.organization_id, recipient_id=unit_id,
        title=f"{content['title']['zh']}（{cycle.title}）", content=content,
        source=_source(cycle, unit_id, revision), supersedes_id=_former(session, actor, cycle, unit_id, revision),
        grant=grant, rests_on=finalised(session, actor, cycle_id),
    )  # fmt: skip
    told = [
        (people[line["rosterNumber"]], f"/members/{place}")
        for place, line in enumerate(content["members"] or ())
        if line["disclosed"]
    ]
    disclosures.note(session, actor, document_id, unit_id, EMPLOYER_RESULT, told)
    return document_id


def finalised(session: Session, actor: Actor, cycle_id: UUID) -> list[UUID]:
    """Return the event that made a cycle's results what they are: the last amendment, else that which sealed them."""
    final = sa.select(Event.id).where(
        Event.tenant_id == actor.tenant_id, Event.subject_id == cycle_id,
        Event.kind.in_(("cycle.finalize", "cycle.amend")),
    )  # fmt: skip
    return [row.id for row in session.rows(final.order_by(Event.id.desc()).limit(1))]


def missing(session: Session, actor: Actor, cycle_id: UUID) -> tuple[list[UUID], int]:
    """Return the units of a cycle without a statement of what stands, by their keys, and how many units it judges."""
    cycle = _cycle(session, actor, cycle_id)
    judged = sa.select(Assessment.subject_key, Assessment.subject_id, Assessment.revision).join(
        Cycle, Cycle.id == Assessment.cycle_id
    )
    judged = judged.where(Assessment.cycle_id == cycle_id, Assessment.subject_kind == "unit", stands())
    units = sorted(tuple(row) for row in session.rows(judged))
    statement = sa.select(Document.source).where(
        Document.tenant_id == actor.tenant_id,
        Document.issuer_id == cycle.organization_id,
        Document.kind == "feedback_statement",
    )
    issued = {row.source for row in session.rows(statement)}
    wanting = [unit_id for _, unit_id, revision in units if _source(cycle, unit_id, revision) not in issued]
    return wanting, len(units)


def _source(cycle: Any, unit_id: UUID, revision: int) -> str:
    source = f"cycle:{cycle.id}:unit:{unit_id}"
    return source if revision == cycle.revision else f"{source}:{revision}"


def _former(session: Session, actor: Actor, cycle: Any, unit_id: UUID, revision: int) -> UUID | None:
    """Return the unit's statement in force that tells of a former revision."""
    of_unit = Document.source.startswith(_source(cycle, unit_id, cycle.revision), autoescape=True)
    told = sa.select(Document.id).where(
        Document.tenant_id == actor.tenant_id, Document.issuer_id == cycle.organization_id, of_unit,
        Document.source != _source(cycle, unit_id, revision), Document.state == "issued",
    )  # fmt: skip
    return session.scalar(told.order_by(Document.id.desc()).limit(1))


def _cycle(session: Session, actor: Actor, cycle_id: UUID) -> Any:
    return found(session.first(_CYCLE.where(Cycle.tenant_id == actor.tenant_id, Cycle.id == cycle_id)))


def _judged(cycle: Any, kind: str) -> Any:
    of_cycle = _RESULT.join(Cycle, Cycle.id == Assessment.cycle_id).where(Assessment.cycle_id == cycle.id)
    return of_cycle.where(Assessment.subject_kind == kind, stands())


def _content(session: Session, actor: Actor, cycle: Any, unit_id: UUID) -> tuple[dict[str, Any], dict[str, UUID], int]:
    """Return the content, who stands behind each of its roster numbers, and the revision of which it tells."""
    unit = found(session.first(_judged(cycle, "unit").where(Assessment.subject_id == unit_id)))
    place = found(session.first(_ORGANIZATION.where(Organization.id == unit_id)))
    rows = session.rows(_judged(cycle, "member").where(Assessment.employer_id == unit_id))
    eligible = unit.bundle["denominators"]["eligible_members"]
    if eligible is None:
        raise DenominatorUnknown(name=place.name)
    counted = {row["key"]: row for row in unit.bundle["members"]}
    mine = [row for row in rows if row.subject_key in counted]
    books = _books(session, actor, cycle, mine)
    book = books[0]
    people = people_of(session, [row.subject_id for row in mine])
    names = names_of(session, people) if place.disclosure == "named" else {}
    closed = closed_to(session, actor, unit_id, people)
    now = standing(session, cycle.id, [unit_id, *(row.subject_id for row in mine)])
    registered = sum(row["reportedIn"] == "yes" for row in counted.values())
    content = feedback_statement(
        head_of(session, actor, cycle, place),
        cycle=Words(cycle.title, cycle.title),
        rulebook=RulebookRef(book.id, book.version, book.digest),
        position=unit.bundle["asOf"],
        checkpoint=proofs.root_at(session, actor.tenant_id, unit.bundle["asOf"]),
        roster=place.disclosure,
        grades=list(dict.fromkeys(_label(grade) for each in books for grade in each.grades)),
        eligible=eligible,
        registered=_told(unit.judgement, "reported", registered),
        completed=_told(unit.judgement, "completed", _above_the_lowest(books, mine, counted)),
        members=[_line(row, now[row.subject_id], names, closed) for row in mine],
        result=_result(unit, now[unit_id], _nil_returns(unit.bundle)),
        object_until=add_workdays(days.today(session, actor.tenant_id), OBJECTION_DAYS, WorkCalendar()),
    )
    return content, {_number(row): people[row.subject_id].id for row in mine}, unit.revision


_ORGANIZATION = sa.select(Organization.id, Organization.name, Organization.disclosure)


def head_of(session: Session, actor: Actor, cycle: Any, unit: Any) -> Head:
    """Return the head of what a cycle's authority tells a unit."""
    codes = codes_of(session, [cycle.organization_id, unit.id], cycle.cut_off)
    zone = days.zone_of(session, actor.tenant_id)
    issuer, recipient = Party(cycle.name, codes.get(cycle.organization_id)), Party(unit.name, codes.get(unit.id))
    return Head(issuer, recipient, cycle.period_start, cycle.period_end, zone.key)


def people_of(session: Session, accounts: list[UUID]) -> dict[UUID, Any]:
    """Return the person behind each of these accounts, sealed as they are."""
    people = sa.select(Person.id, Person.account_id, Person.state, Person.wrapped_key, Person.name)
    return {row.account_id: row for row in session.rows(people.where(Person.account_id.in_(accounts)))}


def names_of(session: Session, people: dict[UUID, Any]) -> dict[UUID, str | None]:
    """Return the names of these people by account; the reading is logged."""
    session.look([row.id for row in people.values()], ["name"], "assessment")
    return {account: session.vault.open(row.wrapped_key, row.id, "name", row.name) for account, row in people.items()}


def closed_to(session: Session, actor: Actor, unit_id: UUID, people: dict[UUID, Any]) -> set[UUID]:
    """Return the accounts of whom the unit is told nothing: who refused and who was erased (PIPL §15, §47)."""
    refused = consents.withheld(session, actor.tenant_id, [row.id for row in people.values()], EMPLOYER_RESULT, unit_id)
    return {account for account, row in people.items() if row.id in refused or row.state in GONE}


def _line(row: Any, now: Standing, names: dict[UUID, str | None], closed: set[UUID]) -> MemberLine:
    grade, outcome = _grade(row.judgement, now)
    return MemberLine(
        _number(row), names.get(row.subject_id), grade, row.points, row.services, row.minutes,
        disclosed=row.subject_id not in closed, outcome=outcome, basis=_basis(now),
    )  # fmt: skip


def _number(row: Any) -> str:
    return row.subject_key.rpartition(":")[2]


def _result(unit: Any, now: Standing, notes: list[Words]) -> UnitResult:
    grade, outcome = _grade(unit.judgement, now)
    both = (explain(unit.judgement, language, inputs=False) for language in ("zh", "en"))
    lines = [Words(zh, en) for zh, en in zip(*both, strict=True)]
    if basis := _basis(now):
        zh, en = RECOMPUTED[now.why] if now.why else (now.reason, now.reason)
        notes = [
            Words(f"等次{basis.zh}" + (f"：{zh}" if zh else ""), f"The grade: {basis.en}" + (f": {en}" if en else "")),
            *notes,
        ]
    return UnitResult(grade, unit.points, lines, outcome, notes)


def _nil_returns(bundle: dict[str, Any]) -> list[Words]:
    """Return in words for which days the unit said that it did nothing."""
    told = [fact for fact in bundle.get("facts", ()) if fact["kind"] == NIL]
    return [
        Words(
            f"零报告：本单位报告 {fact['occurredOn']} 起至 {fact['until']}（不含）未开展共建活动。",
            f"Nil return: the unit said that it did nothing from {fact['occurredOn']} until, not including, "
            f"{fact['until']}.",
        )
        for fact in told
    ]


def _basis(now: Standing) -> Label | None:
    return None if now.basis == "assessment" else Label(now.basis, *BASES[now.basis])


def _grade(judgement: dict[str, Any], now: Standing) -> tuple[Label | None, Label | None]:
    """Return the grade that stands, or the outcome where that says why there is none."""
    told = now.told(judgement["gradeLabels"])
    labels, outcome = told["grade_labels"], now.outcome
    if now.grade and labels:
        return Label(now.grade, labels["zh"], labels["en"]), None
    return None, None if outcome in ("unknown", "undecided") else Label(outcome, *OUTCOMES[outcome])


def _label(grade: Any) -> Label:
    return Label(grade.id, grade.labels.zh, grade.labels.en)


def _told(judgement: dict[str, Any], rule: str, otherwise: int) -> int:
    """Return a count of members as the unit's rulebook made it, so that statement and judgement say the same."""
    for line in judgement["numbers"]:
        if line["rule"] == rule and line.get("source") == "members" and line["value"] is not None:
            value = Fraction(line["value"])
            return value.numerator if value.denominator == 1 else otherwise
    return otherwise


def _above_the_lowest(books: Sequence[Book], rows: Sequence[Any], counted: dict[str, Any]) -> int:
    """Count the members with a grade better than the last: the minimum, where the unit's rulebook names none."""
    better = {book.digest: {grade.id for grade in book.grades[:-1]} for book in books}
    return sum(counted[row.subject_key]["grade"] in better[_by(row)] for row in rows)


def _by(row: Any) -> str:
    return row.judgement["rulebook"]["digest"]


def _books(session: Session, actor: Actor, cycle: Any, rows: Sequence[Any]) -> list[Book]:
    """Return the rulebooks by which these members were judged, that of most of them first."""
    known = cycle_books.by_digest(session, actor, [cycle.id])
    found = Counter(_by(row) for row in rows)
    judged = sorted(found, key=lambda digest: (-found[digest], known[digest].id, known[digest].version))
    return [known[digest] for digest in judged] or [book for book in known.values() if book.subject == "member"][:1]
