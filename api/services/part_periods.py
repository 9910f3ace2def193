"""部分期间反馈单: what a former employer is told of who left it within a final cycle's period, issued once a unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.consents import EMPLOYER_RESULT
from api.domain.documents import Words
from api.domain.documents.part_periods import TITLE, PartLine, part_period_statement
from api.domain.steps import TABLES
from api.models import Affiliation, Assessment, Cycle, Document, Entry, Organization, Person, Position
from api.services import disclosures, documents, judges, proofs, statements
from api.services.affiliations import IN_FORCE_ONCE
from api.visibility.judged import stands

_CYCLE = sa.select(
    Cycle.id, Cycle.state, Cycle.title, Cycle.organization_id, Cycle.period_start, Cycle.period_end, Cycle.cut_off,
    Cycle.position, Organization.path, Organization.name,
).join(Organization, Organization.id == Cycle.organization_id)  # fmt: skip
_UNIT = sa.select(Organization.id, Organization.name, Organization.disclosure)


def missing(session: Session, actor: Actor, cycle_id: UUID) -> list[UUID]:
    """Return the former employers of a cycle's members without a part-period statement, in order of their ids."""
    cycle = _cycle(session, actor, cycle_id)
    units = sorted({row.organization_id for row in session.rows(_left(actor, cycle))})
    issued = sa.select(Document.source).where(
        Document.tenant_id == actor.tenant_id, Document.source.in_([_source(cycle, unit) for unit in units])
    )
    told = {row.source for row in session.rows(issued)}
    return [unit for unit in units if _source(cycle, unit) not in told]


def issue_for(session: Session, actor: Actor, cycle_id: UUID, unit_id: UUID) -> UUID:
    """Issue and deliver the statement of a former employer; return the document's id, the same for a repeat.

    StepNotAllowed before the cycle is final, NotFound for a unit that nobody left.
    """
    cycle = _cycle(session, actor, cycle_id)
    grant = judges.require_judge(session, actor, "cycle.deliver", cycle_id, cycle)
    if cycle.state != "delivered":
        TABLES["cycle"].next(cycle.state, "cycle.deliver")
    rows = found(session.rows(_left(actor, cycle).where(Affiliation.organization_id == unit_id)) or None)
    unit = found(session.first(_UNIT.where(Organization.id == unit_id)))
    people = statements.people_of(session, [row.account_id for row in rows])
    names = statements.names_of(session, people) if unit.disclosure == "named" else {}
    closed = statements.closed_to(session, actor, unit_id, people)
    served = _served(session, actor, cycle, unit_id, list(people))
    lines = [(row, _line(cycle, row, names, closed, served)) for row in rows]
    content = part_period_statement(
        statements.head_of(session, actor, cycle, unit), cycle=Words(cycle.title, cycle.title),
        position=cycle.position, checkpoint=proofs.root_at(session, actor.tenant_id, cycle.position),
        roster=unit.disclosure, members=[line for _, line in lines],
    )  # fmt: skip
    document_id = documents.issue(
        session, actor, kind="feedback_statement", issuer_id=cycle.organization_id, recipient_id=unit_id,
        title=f"{TITLE.zh}（{cycle.title}）", content=content, source=_source(cycle, unit_id), grant=grant,
        rests_on=statements.finalised(session, actor, cycle_id),
    )  # fmt: skip
    by_line = {(line.roster_number, line.since.isoformat()): row for row, line in lines}
    told = [
        (people[by_line[line["rosterNumber"], line["since"]].account_id].id, f"/members/{place}")
        for place, line in enumerate(content["members"] or ())
        if line["disclosed"]
    ]
    disclosures.note(session, actor, document_id, unit_id, EMPLOYER_RESULT, told)
    return document_id


def _cycle(session: Session, actor: Actor, cycle_id: UUID) -> Any:
    return found(session.first(_CYCLE.where(Cycle.tenant_id == actor.tenant_id, Cycle.id == cycle_id)))


def _source(cycle: Any, unit_id: UUID) -> str:
    return f"cycle:{cycle.id}:left:{unit_id}"


def _left(actor: Actor, cycle: Any) -> Any:
    """Select the employments within the period that ended by the cut-off, of members judged at another employer."""
    return (
        sa.select(
            Person.account_id, Affiliation.id, Affiliation.organization_id, Affiliation.roster_number,
            Affiliation.valid_from, Affiliation.valid_to,
        )
        .join(Person, Person.id == Affiliation.person_id)
        .join(Assessment, Assessment.subject_id == Person.account_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .where(
            Cycle.id == cycle.id, stands(), Assessment.subject_kind == "member",
            Affiliation.tenant_id == actor.tenant_id, Affiliation.kind == "employment",
            Affiliation.state.in_(IN_FORCE_ONCE), Affiliation.valid_to > cycle.period_start,
            Affiliation.valid_to <= cycle.cut_off, Affiliation.valid_to > Affiliation.valid_from,
            sa.or_(Assessment.employer_id.is_(None), Assessment.employer_id != Affiliation.organization_id),
        )
        .order_by(Affiliation.id)
    )  # fmt: skip


def _line(
    cycle: Any, row: Any, names: dict[UUID, str | None], closed: set[UUID], served: dict[UUID, Sequence[Any]]
) -> PartLine:
    since = max(cycle.period_start, row.valid_from)
    days = [each for each in served.get(row.account_id, ()) if since <= each.served_on < row.valid_to]
    return PartLine(
        row.roster_number or f"~{row.id.hex[-6:]}", names.get(row.account_id), since, row.valid_to,
        sum(int(each.times) for each in days), sum(int(each.minutes) for each in days),
        disclosed=row.account_id not in closed,
    )  # fmt: skip


def _served(
    session: Session, actor: Actor, cycle: Any, unit_id: UUID, accounts: Sequence[UUID]
) -> dict[UUID, list[Any]]:
    """Return the minutes of each day that belong to this employer, as of the position at which the cycle looked."""
    times = sa.func.sum(sa.case((Entry.reverses_id.is_(None), 1), else_=-1)).label("times")
    statement = (
        sa.select(Entry.account_id, Entry.served_on, sa.func.sum(Entry.amount).label("minutes"), times)
        .join(Position, Position.row_id == Entry.id)
        .where(
            Entry.tenant_id == actor.tenant_id, Entry.account_id.in_(accounts), Entry.employer_id == unit_id,
            Entry.unit == "volunteer_minutes", Entry.served_on >= cycle.period_start,
            Entry.served_on < cycle.period_end, Position.position <= cycle.position,
        )
        .group_by(Entry.account_id, Entry.served_on)
    )  # fmt: skip
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in session.rows(statement):
        found[row.account_id].append(row)
    return found
