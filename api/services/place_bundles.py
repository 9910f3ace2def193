"""社区、街道的输入包: what the record holds at a place and of what it was asked; nobody's name and no account in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.bundle_rows import Names, day_columns, occasion_names
from api.domain.place_facts import ANSWERS, ASKS, DERIVED, ISSUED, PUBLISHED, STEPS, Request, day_rows, request_rows
from api.domain.rulebook.bundle import InputBundle, attributes, grouping, kinds_asked
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.subject_kinds import COMMUNITIES, STREETS
from api.models import Affiliation, Document, Event, Fact, Organization, OrganizationCount, OrganizationLink, Position
from api.services import bundles
from api.services.affiliations import IN_FORCE_ONCE
from api.services.bundle_facts import fact_rows
from api.services.cuts import Cut, occasions
from api.services.earlier_results import over_time
from api.services.subjects import organization_keys

_KINDS = {"community": COMMUNITIES, "street": STREETS}


@dataclass(frozen=True, slots=True)
class Office:
    """A community or street that a cycle judges, with the communities whose record is its own."""

    id: UUID
    key: str
    subject: str
    kind: str
    community_class: str | None
    places: tuple[UUID, ...]


def offices(session: Session, tenant_id: UUID, path: str, day: date, subjects: Collection[str]) -> list[Office]:
    """Return the communities and streets under an authority that are in service, by kind and key."""
    below = sa.select(Organization.id, Organization.kind, Organization.path, Organization.community_class).where(
        Organization.tenant_id == tenant_id, Organization.axis == "territory", Organization.state != "ended",
        Organization.path >= path, Organization.path < f"{path[:-1]}0",
        Organization.kind.in_(sorted(COMMUNITIES | STREETS)),
    )  # fmt: skip
    rows = session.rows(below.order_by(Organization.path))
    wanted = [
        (subject, row) for subject in sorted(subjects & _KINDS.keys()) for row in rows if row.kind in _KINDS[subject]
    ]
    keys = organization_keys(session, tenant_id, [row.id for _, row in wanted], day)
    communities = [row for row in rows if row.kind in COMMUNITIES]
    found = [
        Office(row.id, keys[row.id], subject, row.kind, row.community_class,
               tuple(each.id for each in communities if each.path.startswith(row.path)))
        for subject, row in wanted
    ]  # fmt: skip
    return sorted(found, key=lambda office: (office.subject, office.key))


def place_bundles(
    session: Session, cut: Cut, book: Book, offices: Sequence[Office], gaps: Sequence[dict[str, str]]
) -> list[InputBundle]:
    """Return the bundle of each place, in their order; a few statements for all of them."""
    into = {place: office.id for office in offices for place in (*office.places, office.id)}
    entries = bundles.entries_at(session, cut, book, into)
    facts = _facts(session, cut, book, into) if grouping(book).get("facts") is not None else None
    heads = _denominators(session, cut, offices)
    earlier = over_time(session, cut, book, [office.id for office in offices])
    asked = attributes(book)
    told: list[Any] = []
    for office in offices:
        words = {"communityClass": office.community_class, "organizationKind": office.kind}
        bundle = {
            **bundles.head(cut, office.key, office.subject, gaps),
            "attributes": {name: words.get(name) for name in asked},
            "entries": entries[office.id],
            "denominators": heads[office.id],
            "exemptions": [],
            **earlier[office.id],
        }
        told.append(bundle if facts is None else {**bundle, "facts": facts[office.id]})
    return told


def _facts(session: Session, cut: Cut, book: Book, into: dict[UUID, UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what was recorded at each place and what follows from the steps it took, of the kinds that are asked."""
    asked = kinds_asked(book)
    by_hand = _recorded(session, cut, book, into, (asked or set()) - DERIVED - {"exemption"})
    steps = _steps(session, cut, into)
    papers, columns, since = _papers(session, steps), grouping(book)["facts"]["columns"], _since(book, cut)
    found = {}
    for office in set(into.values()):
        mine = steps[office]
        rows = [
            *request_rows(_requests(mine, cut)),
            *day_rows(
                PUBLISHED, [(day, "need") for _, _, step, day in mine if step == "need.publish" and day >= since]
            ),
            *day_rows(ISSUED, [(day, papers[each]) for _, each, _, day in mine if each in papers and day >= since]),
        ]
        rows = [
            {**row, **day_columns(row, row["occurredOn"], columns)}
            for row in rows
            if since.isoformat() <= row["occurredOn"] < cut.end.isoformat()
        ]
        derived = [row for row in rows if asked is None or row["kind"] in asked]
        found[office] = sorted([*by_hand[office], *derived], key=lambda row: row["key"])
    return found


def _since(book: Book, cut: Cut) -> date:
    """Return the first day of which facts are looked at: that of the period, or any where a rule looks back."""
    return date(1, 1, 1) if grouping(book)["facts"]["lifetime"] else cut.start


def _requests(steps: Sequence[tuple[int, UUID, str, date]], cut: Cut) -> list[Request]:
    """Return each request with the first step after it that answers; asked again after that it is another request."""
    open_since: dict[UUID, tuple[str, date]] = {}
    found = []
    for _, subject, step, day in steps:
        if step in ASKS:
            open_since.setdefault(subject, (ASKS[step], day))
        elif step in ANSWERS and subject in open_since:
            kind, asked_on = open_since.pop(subject)
            found.append(Request(kind, asked_on, step, day))
    return found + [Request(kind, asked_on) for kind, asked_on in open_since.values()]


def _steps(session: Session, cut: Cut, into: dict[UUID, UUID]) -> dict[UUID, list[tuple[int, UUID, str, date]]]:
    """Return the steps taken at each place up to the cut, in the order in which they were sealed."""
    statement = (
        sa.select(Position.position, Event.organization_id, Event.subject_id, Event.kind, Event.recorded_at)
        .join(Event, Event.id == Position.row_id)
        .where(
            Position.tenant_id == cut.tenant_id, Position.position <= cut.position, Event.tenant_id == cut.tenant_id,
            Event.kind.in_(STEPS), Event.organization_id.in_(sorted(into)),
        )
        .order_by(Position.position)
    )  # fmt: skip
    found: dict[UUID, list[tuple[int, UUID, str, date]]] = {office: [] for office in into.values()}
    for position, place, subject, kind, at in session.rows(statement):
        found[into[place]].append((position, subject, kind, at.astimezone(cut.zone).date()))
    return found


def _papers(session: Session, steps: dict[UUID, list[tuple[int, UUID, str, date]]]) -> dict[UUID, str]:
    issued = {subject for rows in steps.values() for _, subject, step, _ in rows if step == "document.issue"}
    return {row.id: row.kind for row in session.rows(_PAPER.where(Document.id.in_(sorted(issued))))} if issued else {}


_PAPER = sa.select(Document.id, Document.kind)
_undone, _undone_at = sa.orm.aliased(Fact, name="undone"), sa.orm.aliased(Position, name="undone_at")


def _recorded(
    session: Session, cut: Cut, book: Book, into: dict[UUID, UUID], kinds: Collection[str]
) -> dict[UUID, list[dict[str, Any]]]:
    """Return the facts that were recorded at each place, of whomever, without saying of whom."""
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    if kinds:
        undone = sa.exists().where(
            _undone.reverses_id == Fact.id, _undone_at.row_id == _undone.id, _undone_at.position <= cut.position
        )
        statement = sa.select(
            Fact.id, Fact.kind, Fact.served_on, Fact.shift_id, Fact.community_id, Fact.employer_id, Fact.provenance,
            Fact.details,
        ).join(Position, Position.row_id == Fact.id).where(
            Fact.tenant_id == cut.tenant_id, Fact.community_id.in_(sorted(into)), Fact.kind.in_(sorted(kinds)),
            Fact.reverses_id.is_(None), ~undone.correlate(Fact), Fact.served_on >= _since(book, cut),
            Fact.served_on < cut.end, Position.position <= cut.position,
        )  # fmt: skip
        for row in session.rows(statement.order_by(Fact.id)):
            found[into[row.community_id]].append(row)
    shifts = occasions(session, {row.shift_id for rows in found.values() for row in rows if row.shift_id})
    used = {place for rows in found.values() for row in rows for place in (row.community_id, row.employer_id)} - {None}
    keys = organization_keys(session, cut.tenant_id, used, cut.cut_off)
    columns = grouping(book)["facts"]["columns"]
    written: dict[UUID, list[dict[str, Any]]] = {office: [] for office in into.values()}
    for office, rows in found.items():
        mine = {row.shift_id for row in rows if row.shift_id in shifts}
        names = Names(cut.zone, keys, occasion_names([shifts[each] for each in mine], cut.zone))
        written[office] = [fact for _, _, fact in fact_rows(rows, names, columns)]
    return written


def _denominators(session: Session, cut: Cut, offices: Sequence[Office]) -> dict[UUID, dict[str, int | None]]:
    """Return the head-counts of each place at the cut-off; households and residents as they were last declared."""
    members = _counted(session, cut, Affiliation, Affiliation.organization_id, Affiliation.principal)
    units = _counted(session, cut, OrganizationLink, OrganizationLink.to_id, sa.true())
    declared = sa.select(OrganizationCount.organization_id, OrganizationCount.kind, OrganizationCount.value).where(
        OrganizationCount.tenant_id == cut.tenant_id, OrganizationCount.as_of <= cut.cut_off,
        OrganizationCount.organization_id.in_([office.id for office in offices]),
    )  # fmt: skip
    last = {(at, kind): value for at, kind, value in session.rows(declared.order_by(OrganizationCount.as_of))}
    return {
        office.id: {
            "registered_members": sum(members.get(place, 0) for place in office.places),
            "registered_units": sum(units.get(place, 0) for place in office.places),
            "communities": len(office.places),
            "households": last.get((office.id, "households")),
            "residents": last.get((office.id, "residents")),
        }
        for office in offices
    }


def _counted(session: Session, cut: Cut, table: Any, place: Any, more: Any) -> dict[UUID, int]:
    statement = (
        sa.select(place, sa.func.count())
        .where(
            table.tenant_id == cut.tenant_id, table.kind == "registration", more, table.state.in_(IN_FORCE_ONCE),
            table.valid_from <= cut.cut_off, sa.or_(table.valid_to.is_(None), table.valid_to > cut.cut_off),
        )
        .group_by(place)
    )  # fmt: skip
    return {at: int(count) for at, count in session.rows(statement)}


def places_of(session: Session, tenant_id: UUID, office_id: UUID) -> list[UUID]:
    """Return the communities whose record is that of a community or street."""
    office = sa.orm.aliased(Organization, name="office")
    below = sa.func.substr(Organization.path, 1, sa.func.length(office.path)) == office.path
    statement = sa.select(Organization.id).join(office, below).where(
        office.id == office_id, office.tenant_id == tenant_id, Organization.tenant_id == tenant_id,
        Organization.kind.in_(sorted(COMMUNITIES)),
    )  # fmt: skip
    return [row.id for row in session.rows(statement.order_by(Organization.id))]
