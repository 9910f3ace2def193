"""Whom a cycle judges: the members who serve under an authority, and their units, as they stood at the cut-off.

Units in scope are those that report in or lie under the authority's node, and the employers of the members who are
registered there: with all their in-service members, because a rate over a part of a unit would be no rate of the unit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.bundle_rows import NONE, numbered
from api.domain.exemptions import MEMBER
from api.domain.subject_kinds import BRANCHES
from api.models import Affiliation, Organization, OrganizationCode, OrganizationLink, Person, PersonStatus
from api.services.affiliations import IN_FORCE_ONCE

_IN_ONE_STATEMENT = 10_000
_KEYED = ("employment", "registration")  # where a member's key is from
_COUNTED = ("active", "restricted")  # who was erased since still stands in the sums of the days before


@dataclass(frozen=True, slots=True)
class Subject:
    """One member at the cut-off. `counts` says whether the member stands in the employer's denominator."""

    account_id: UUID
    person_id: UUID
    key: str
    employer_id: UUID | None
    community_id: UUID | None
    counts: bool
    attributes: dict[str, str | None]
    branch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """One employer or Party branch at the cut-off."""

    id: UUID
    key: str
    disclosure: str


def _held(kind: str, day: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        Affiliation.kind == kind,
        Affiliation.state.in_(IN_FORCE_ONCE),
        Affiliation.valid_from <= day,
        sa.or_(Affiliation.valid_to.is_(None), Affiliation.valid_to > day),
    )


def _of(session: Session, statement: sa.Select[Any], column: Any, ids: Iterable[UUID]) -> list[Any]:
    """Return the rows of a statement where a column is one of any number of ids."""
    some = statement.where(column.in_(sa.bindparam("ids", expanding=True)))
    return [row for each in batched(ids) for row in session.rows(some, {"ids": each})]


def _registered(session: Session, tenant_id: UUID, path: str, day: date) -> set[UUID]:
    """Return the persons whose principal registration was under the authority with this path."""
    homes = sa.select(Affiliation.person_id).where(
        Affiliation.tenant_id == tenant_id, _held("registration", day), Affiliation.principal,
        Affiliation.organization_id.in_(_below(tenant_id, path)),
    )  # fmt: skip
    return {row.person_id for row in session.rows(homes)}


def _below(tenant_id: UUID, path: str) -> sa.Select[Any]:
    return sa.select(Organization.id).where(
        Organization.tenant_id == tenant_id, Organization.path >= path, Organization.path < f"{path[:-1]}0"
    )


def _held_at(session: Session, tenant_id: UUID, kind: str, day: date, people: Iterable[UUID]) -> set[UUID]:
    """Return the organisations to which any of these persons belonged."""
    held = sa.select(Affiliation.organization_id).where(Affiliation.tenant_id == tenant_id, _held(kind, day))
    return {row.organization_id for row in _of(session, held.distinct(), Affiliation.person_id, people)}


def _held_by(session: Session, tenant_id: UUID, kind: str, day: date, organizations: Iterable[UUID]) -> set[UUID]:
    """Return the persons who belonged to any of these organisations."""
    held = sa.select(Affiliation.person_id).where(Affiliation.tenant_id == tenant_id, _held(kind, day))
    return {row.person_id for row in _of(session, held, Affiliation.organization_id, organizations)}


def _units(session: Session, tenant_id: UUID, path: str, day: date, registered: Iterable[UUID]) -> list[Any]:
    """Return the units in scope: those that report in or lie under the authority, and where its registered work."""
    linked = sa.select(OrganizationLink.from_id).where(
        OrganizationLink.tenant_id == tenant_id,
        OrganizationLink.kind.in_(("registration", "located_in")),
        OrganizationLink.state.in_(IN_FORCE_ONCE),
        OrganizationLink.valid_from <= day,
        sa.or_(OrganizationLink.valid_to.is_(None), OrganizationLink.valid_to > day),
        OrganizationLink.to_id.in_(_below(tenant_id, path)),
    )
    ids = {row.from_id for row in session.rows(linked)} | _held_at(session, tenant_id, "employment", day, registered)
    employers = sa.select(Organization.id, Organization.disclosure, Organization.kind).where(
        Organization.tenant_id == tenant_id, Organization.axis == "employer"
    )
    return _of(session, employers, Organization.id, ids)


def of_cycle(
    session: Session, tenant_id: UUID, path: str, day: date, *, branches: bool = False
) -> tuple[list[Subject], list[Unit]]:
    """Return the members and units under the authority with this path as they stood on a day, by their keys.

    Where branches are judged, with all members of each branch that somebody registered there belongs to.
    A few statements for each ten thousand, one step after the other: as sub-queries of one statement they are planned
    anew at every use, and on tables that grew a moment ago planned badly. A member's key is the unit's and the roster
    number; without one it is the place of the employment, or of the registration, in the order in which that
    organisation took them on (`~3`).
    """
    registered = _registered(session, tenant_id, path, day)
    in_scope = _units(session, tenant_id, path, day, registered)
    kinds = {row.id: row.kind for row in in_scope}
    wanted = registered | _held_by(session, tenant_id, "employment", day, kinds)
    if branches:
        theirs = _held_at(session, tenant_id, "party_relation", day, registered)
        wanted |= _held_by(session, tenant_id, "party_relation", day, theirs)
    held = _affiliations(session, tenant_id, wanted, day)
    standing = _statuses(session, wanted, day)
    whole = sa.select(Person.id, Person.account_id).where(Person.state.in_(_COUNTED))
    people = _of(session, whole, Person.id, wanted)
    belonging = {row.organization_id for rows in held.values() for kind, row in rows.items() if kind in _KEYED}
    names = organization_keys(session, tenant_id, belonging | set(kinds), day)
    numberless = (row for rows in held.values() for kind, row in rows.items() if kind in _KEYED)
    roster = _places(session, [row for row in numberless if row.roster_number is None])
    found = [
        subject
        for person_id, account_id in people
        if (subject := _subject(person_id, account_id, held, standing, names, roster, kinds)) is not None
    ]
    listed = [Unit(row.id, names[row.id], row.disclosure) for row in in_scope]
    return sorted(found, key=lambda each: each.key), sorted(listed, key=lambda each: each.key)


def _subject(
    person_id: UUID,
    account_id: UUID,
    held: dict[UUID, dict[str, Any]],
    standing: dict[UUID, dict[str, str]],
    names: dict[UUID, str],
    roster: dict[UUID, str],
    kinds: dict[UUID, str],
) -> Subject | None:
    """Return who is judged, or None for somebody who is no Party member or of whose membership nothing is known."""
    member = standing.get(person_id, {})
    job, home = (held.get(person_id, {}).get(kind) for kind in ("employment", "registration"))
    known = member.get("political_status")
    if known not in (None, *MEMBER) or (known is None and home is None):
        return None
    at = job or home
    if at is None:
        return None
    told = {
        "registrationBasis": home.basis if home else NONE,
        "politicalStatus": known,
        "memberClass": member.get("member_class"),
        "employerKind": kinds.get(job.organization_id) if job else NONE,
    }
    key = f"{names[at.organization_id]}:{at.roster_number or roster[at.id]}"
    counts = job is not None and member.get("member_class") in (None, "in_service")
    branch = held[person_id].get("party_relation")
    unit, community, branch = (row.organization_id if row else None for row in (job, home, branch))
    return Subject(account_id, person_id, key, unit, community, counts, told, branch)


def branches_of(
    session: Session, tenant_id: UUID, path: str, members: Sequence[Subject], day: date
) -> tuple[list[Unit], dict[UUID, set[UUID]]]:
    """Return the Party branches of those registered under an authority, by their keys, and who belongs to each."""
    theirs = _held_at(session, tenant_id, "party_relation", day, _registered(session, tenant_id, path, day))
    known = sa.select(Organization.id).where(Organization.axis == "party", Organization.kind.in_(sorted(BRANCHES)))
    mates: dict[UUID, set[UUID]] = {row.id: set() for row in _of(session, known, Organization.id, theirs)}
    for member in members:
        if member.branch_id in mates:
            mates[member.branch_id].add(member.account_id)
    keys = organization_keys(session, tenant_id, mates, day)
    return sorted((Unit(each, keys[each], "named") for each in mates), key=lambda unit: unit.key), mates


def _affiliations(session: Session, tenant_id: UUID, wanted: Iterable[UUID], day: date) -> dict[UUID, dict[str, Any]]:
    """Return for each person the employment, the principal registration and the Party branch of the day.

    Of several employments the principal one counts, then the one that began last, then the later record.
    """
    statement = sa.select(
        Affiliation.id, Affiliation.person_id, Affiliation.organization_id, Affiliation.kind, Affiliation.basis,
        Affiliation.roster_number,
    ).where(
        Affiliation.tenant_id == tenant_id,
        sa.or_(
            _held("employment", day), _held("party_relation", day),
            sa.and_(_held("registration", day), Affiliation.principal),
        ),
    ).order_by(Affiliation.principal, Affiliation.valid_from, Affiliation.id)  # fmt: skip
    found: dict[UUID, dict[str, Any]] = {}
    for row in _of(session, statement, Affiliation.person_id, wanted):
        found.setdefault(row.person_id, {})[row.kind] = row
    return found


def _statuses(session: Session, wanted: Iterable[UUID], day: date) -> dict[UUID, dict[str, str]]:
    statement = sa.select(PersonStatus.person_id, PersonStatus.kind, PersonStatus.value).where(
        PersonStatus.valid_from <= day,
        sa.or_(PersonStatus.valid_to.is_(None), PersonStatus.valid_to > day),
    )
    by_age = statement.order_by(PersonStatus.valid_from, PersonStatus.id)
    found: dict[UUID, dict[str, str]] = {}
    for person_id, kind, value in _of(session, by_age, PersonStatus.person_id, wanted):
        found.setdefault(person_id, {})[kind] = value
    return found


def _places(session: Session, without_number: Collection[Any]) -> dict[UUID, str]:
    """Return `~3` for the third person that an organisation took on, for those who have no roster number."""
    places = sa.func.row_number().over(
        partition_by=(Affiliation.organization_id, Affiliation.kind), order_by=Affiliation.id
    )
    found: dict[UUID, str] = {}
    for organizations in batched({row.organization_id for row in without_number}):
        statement = sa.select(Affiliation.id, places).where(Affiliation.organization_id.in_(organizations))
        found |= {each: f"~{number}" for each, number in session.rows(statement)}
    return found


def batched(ids: Iterable[UUID], most: int = _IN_ONE_STATEMENT) -> Iterator[list[UUID]]:
    """Yield the ids in order, in lists that fit into one statement of either database."""
    listed = sorted(set(ids))
    for start in range(0, len(listed), most):
        yield listed[start : start + most]


def codes_of(session: Session, ids: Sequence[UUID], day: date) -> dict[UUID, str]:
    """Return the code in force of each organisation that has one: the credit code, else the statistical one."""
    statement = sa.select(OrganizationCode.organization_id, OrganizationCode.code).where(
        OrganizationCode.organization_id.in_(ids),
        OrganizationCode.scheme.in_(("credit", "statistical")),
        OrganizationCode.valid_from <= day,
        sa.or_(OrganizationCode.valid_to.is_(None), OrganizationCode.valid_to > day),
    )
    by_age = (OrganizationCode.valid_from, OrganizationCode.year, OrganizationCode.code)
    rows = session.rows(statement.order_by(OrganizationCode.scheme.desc(), *by_age))
    return {row.organization_id: row.code for row in rows}


def organization_keys(session: Session, tenant_id: UUID, wanted: Iterable[UUID], day: date) -> dict[UUID, str]:
    """Return for each organisation a name that is the same on every database: its code in force, else its name.

    Of several organisations with one name and no code the second, in the order of their creation, is `name#2`.
    """
    found: dict[UUID, str] = {}
    for ids in batched(wanted):
        coded = codes_of(session, ids, day)
        alike = sa.select(Organization.name).where(Organization.id.in_([each for each in ids if each not in coded]))
        namesakes = sa.select(Organization.name, Organization.id).where(
            Organization.tenant_id == tenant_id, Organization.name.in_(alike)
        )
        found |= numbered((name, each) for name, each in session.rows(namesakes)) | coded
    return found
