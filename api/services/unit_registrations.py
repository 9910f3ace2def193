"""报到 of units: the links that a published plan proposes, and reporting in against them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require
from api.db import Session
from api.domain import registration as rules
from api.errors import Invalid
from api.models import Document, OrganizationLink
from api.services import changes
from api.services.days import today
from api.services.places import place


class CommunityMissing(Invalid):
    """Nothing tells in which community somebody reports in."""

    code = "community_missing"
    zh, en = "请填写报到的社区", "Name the community to report in to"


def submit(session: Session, actor: Actor, unit_id: UUID, community_id: UUID | None) -> UUID:
    """Report a unit in to a community that the published plan links it with; return the link's id.

    Raises NoPublishedPlan, NotInPlan, OutsidePlanPeriod, or StepNotAllowed where it was reported in before.
    """
    unit = place(session, actor, unit_id, axis="employer", pointer="/unitId")
    grant = require(actor, "registration.submit", unit.path)
    if community_id is None:
        raise CommunityMissing(pointer="/communityId")
    community = place(session, actor, community_id, axis="territory", pointer="/communityId")
    link = rules.planned_link(unit.id, community.id, _planned(session, actor, unit.id), today(session, actor.tenant_id))
    row = session.first(_LINK, {"id": link.id})
    changes.take(session, actor, OrganizationLink, row, "registration.submit", at=community.id, grant=grant)
    return link.id


def propose(session: Session, actor: Actor, plan_id: UUID, pairs: Iterable[rules.PlannedLink]) -> None:
    """Write the links of a plan in state proposed, in bulk; the plan's own event carries their hash."""
    session.insert(
        OrganizationLink,
        [
            changes.born(
                session, actor, "registration", "registration.propose",
                {"id": pair.id, "kind": "registration", "from_id": pair.unit, "to_id": pair.community, "basis": "plan",
                 "valid_from": pair.starts_on, "valid_to": pair.ends_on, "reason": None, "document_id": plan_id,
                 "details": {}},
            )
            for pair in pairs
        ],
    )  # fmt: skip


def withdraw(session: Session, actor: Actor, plan_id: UUID, grant: UUID | None) -> None:
    """Withdraw the links of a plan that nobody reported in to; a repeat finds none."""
    for link in links_of(session, actor, plan_id, OrganizationLink.state == "proposed"):
        changes.take(session, actor, OrganizationLink, link, "registration.withdraw", at=link.to_id, grant=grant)


def links_of(session: Session, actor: Actor, plan_id: UUID, *conditions: Any) -> Sequence[Any]:
    """Return the links that a plan arranged, with id, state, version, unit, community and period."""
    of_plan = (OrganizationLink.tenant_id == actor.tenant_id, OrganizationLink.document_id == plan_id)
    return session.rows(_LINKS.where(*of_plan, *conditions))


_LINK = sa.select(OrganizationLink.id, OrganizationLink.state, OrganizationLink.version).where(
    OrganizationLink.id == sa.bindparam("id")
)
_LINKS = sa.select(
    OrganizationLink.id, OrganizationLink.from_id, OrganizationLink.to_id, OrganizationLink.valid_from,
    OrganizationLink.valid_to, OrganizationLink.state, OrganizationLink.version,
).where(OrganizationLink.kind == "registration").order_by(OrganizationLink.id)  # fmt: skip


def _planned(session: Session, actor: Actor, unit_id: UUID) -> list[rules.PlannedLink] | None:
    """Return the unit's links in plans that are in force, None where no plan of the tenant is."""
    issued = sa.select(Document.id).where(
        Document.tenant_id == actor.tenant_id, Document.kind == "plan", Document.state == "issued"
    )
    if session.first(issued.limit(1)) is None:
        return None
    rows = session.rows(_LINKS.where(OrganizationLink.from_id == unit_id, OrganizationLink.document_id.in_(issued)))
    return [
        rules.PlannedLink(row.id, row.from_id, row.to_id, row.valid_from, row.valid_to, row.state)
        for row in rows
        if row.state != "withdrawn"
    ]


def arranged(session: Session, actor: Actor, units: Iterable[UUID], besides: UUID | None) -> Sequence[Any]:
    """Return the links of these units that stand or are proposed under plans other than `besides`."""
    statement = _LINKS.where(
        OrganizationLink.tenant_id == actor.tenant_id,
        OrganizationLink.from_id.in_(sorted(units)),
        OrganizationLink.state.in_(("proposed", *sorted(rules.STANDING))),
        OrganizationLink.document_id.is_distinct_from(besides),
    )
    return session.rows(statement)
