"""Where an opinion is heard: the community in which a person or unit reported in, its street, and who stays out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.hearing import ASKED, IS_SUBJECT, OF_UNIT, Tie
from api.domain.opinions import NobodyToHear, Procedure
from api.models import Affiliation, Grant, Organization, OrganizationLink, Person
from api.services import days
from api.services.places import place
from api.visibility import DISPUTED, JOBS

STREETS = ("street", "town", "township", "functional_zone")
_WORKING = ("employment", *JOBS)


def community_of_person(session: Session, actor: Actor, asker: Any, person_id: UUID) -> Any:
    """Return the community in which a person of the asking organisation reported in.

    NotFound where the asker neither employs the person nor keeps their Party relation; NobodyToHear where they have
    not reported in.
    """
    belongs = (
        _in_force(actor.tenant_id, person_id)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .where(
            Affiliation.kind.in_(("employment", "party_relation")), Affiliation.state != DISPUTED,
            Organization.path.startswith(asker.path, autoescape=True),
        )
        .join(Person, Person.id == Affiliation.person_id)
        .where(Person.state == "active")
    )  # fmt: skip
    found(session.first(belongs))
    home = session.first(
        _in_force(actor.tenant_id, person_id).where(
            Affiliation.kind == "registration", Affiliation.principal, Affiliation.state == "accepted"
        )
    )
    if home is None:
        raise NobodyToHear(pointer="/personId", reason="the person has not reported in", reasonZh="该人员尚未报到")
    return place(session, actor, home.organization_id)


def community_of_unit(session: Session, actor: Actor, asker: Any, unit_id: UUID, community_id: UUID | None) -> Any:
    """Return the community that hears about a unit: the one named among those where it reported in or lies.

    NotFound where the asker is neither the unit nor above it; NobodyToHear where it has none, or several and none or
    another is named.
    """
    unit = place(session, actor, unit_id, axis="employer", pointer="/unitId")
    if not unit.path.startswith(asker.path):
        found(None)
    links = sa.select(OrganizationLink.to_id).where(
        OrganizationLink.tenant_id == actor.tenant_id, OrganizationLink.from_id == unit_id,
        OrganizationLink.valid_to.is_(None),
        sa.or_(
            sa.and_(OrganizationLink.kind == "registration", OrganizationLink.state == "accepted"),
            sa.and_(OrganizationLink.kind == "located_in", OrganizationLink.state == "active"),
        ),
    )  # fmt: skip
    there = sorted({row.to_id for row in session.rows(links)})
    if community_id is None and len(there) == 1:
        return place(session, actor, there[0])
    if community_id not in there:
        zh, en = ("该单位未在所列社区报到或驻区", "the unit neither reported in nor lies there")
        raise NobodyToHear(pointer="/communityId", reason=en, reasonZh=zh)
    return place(session, actor, community_id)


def heard(session: Session, actor: Actor, procedure: Procedure, community: Any, person_id: UUID | None) -> list[Any]:
    """Return who is heard, as `{at, role, organizationId, name, path, out}`; where the person works stays out.

    NobodyToHear where all of them do.
    """
    seats = {"community": community, "street": _street_above(session, actor, community)}
    told = [(each, seats[each.at]) for each in procedure.heard if seats[each.at] is not None]
    near = _where_somebody_acts(session, actor, person_id) if person_id else set()
    rows = [
        {
            "at": each.at, "role": each.role, "organizationId": str(seat.id), "name": seat.name, "path": seat.path,
            "out": "works_there" if seat.id in near else None,
        }
        for each, seat in told
    ]  # fmt: skip
    if all(row["out"] for row in rows):
        raise NobodyToHear(reason="the person works for all of them", reasonZh="该人员在应听取意见的组织任职")
    return rows


def lead_of(procedure: Procedure, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return who leads and issues: the level that the procedure names, else the first that does not stay out."""
    free = [row for row in rows if not row["out"]]
    return next((row for row in free if row["at"] == procedure.leads), free[0])


def tie_of(session: Session, actor: Actor, person_id: UUID, opinion: Any) -> Tie | None:
    """Return why somebody has to stay out of an opinion: as its subject, as who asked, or as of the unit concerned.

    Of a person's own unit are its colleagues; of the organisation that asks all who work or hold a role in it.
    """
    if opinion.person_id == person_id:
        return IS_SUBJECT
    if opinion.opened_by == person_id:
        return ASKED
    concerned = {opinion.asker_id, opinion.unit_id} - {None}
    if opinion.person_id is not None:
        employers = _in_force(actor.tenant_id, opinion.person_id).where(Affiliation.kind == "employment")
        concerned |= {row.organization_id for row in session.rows(employers)}
    near = _where_somebody_acts(session, actor, person_id)
    return OF_UNIT if near & concerned or _below(session, near, concerned) else None


def _below(session: Session, near: set[UUID], concerned: set[UUID]) -> bool:
    """Say whether one of these places lies below a concerned unit; the root of an axis has everybody below it."""
    above = sa.orm.aliased(Organization, name="concerned")
    inside = sa.select(Organization.id).join(
        above, sa.and_(above.id.in_(concerned), above.parent_id.is_not(None), Organization.path.startswith(above.path))
    )
    return session.first(inside.where(Organization.id.in_(near)).limit(1)) is not None


def _where_somebody_acts(session: Session, actor: Actor, person_id: UUID) -> set[UUID]:
    """Return where a person works, sits or holds a role today."""
    day = days.today(session, actor.tenant_id)
    works = _in_force(actor.tenant_id, person_id).where(Affiliation.kind.in_(_WORKING), Affiliation.state != DISPUTED)
    holds = sa.select(Grant.organization_id).where(
        Grant.tenant_id == actor.tenant_id, Grant.person_id == person_id, Grant.state == "active", _open_on(Grant, day)
    )
    return {row.organization_id for statement in (works, holds) for row in session.rows(statement)}


def holds_office(session: Session, actor: Actor, person_id: UUID) -> bool:
    """Say whether a person holds any role today."""
    day = days.today(session, actor.tenant_id)
    held = sa.select(Grant.id).where(
        Grant.tenant_id == actor.tenant_id, Grant.person_id == person_id, Grant.state == "active", _open_on(Grant, day)
    )
    return session.first(held.limit(1)) is not None


def _in_force(tenant_id: UUID, person_id: UUID) -> sa.Select[Any]:
    return sa.select(Affiliation.organization_id).where(
        Affiliation.tenant_id == tenant_id, Affiliation.person_id == person_id, Affiliation.valid_to.is_(None)
    )


def _open_on(table: Any, day: date) -> Any:
    return sa.and_(table.valid_from <= day, sa.or_(table.valid_to.is_(None), table.valid_to > day))


def _street_above(session: Session, actor: Actor, community: Any) -> Any:
    """Return the street above a community, None where it lies directly under a district."""
    keys = community.path.split("/")[:-1]  # a path is the keys of the ancestors and its own, each closed by "/"
    above = ["/".join(keys[: depth + 1]) + "/" for depth in range(len(keys) - 1)]
    return session.first(
        sa.select(Organization.id, Organization.name, Organization.path)
        .where(
            Organization.tenant_id == actor.tenant_id, Organization.path.in_(above), Organization.kind.in_(STREETS),
            Organization.state == "active",
        )
        .order_by(sa.func.length(Organization.path).desc())
        .limit(1)
    )  # fmt: skip
