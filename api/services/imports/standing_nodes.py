"""What stands already of the organisations that a list names: read for a part of the list at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Organization, OrganizationCode, OrganizationCount, OrganizationLink
from api.services.imports.shared import slices

_NODES = sa.select(
    Organization.id, Organization.axis, Organization.name, Organization.kind, Organization.flags, Organization.version,
    Organization.path, Organization.parent_id,
).where(Organization.tenant_id == sa.bindparam("tenant"), Organization.state != "ended")  # fmt: skip


@dataclass(slots=True)
class Standing:
    """An organisation as it stands: its row, its code of the list's scheme, latest head-count and links in force."""

    id: UUID
    axis: str
    name: str
    kind: str
    flags: list[str]
    version: int
    path: str
    parent_id: UUID | None
    code: str | None = None
    members: int | None = None
    located_in: tuple[UUID, UUID] | None = None  # the link and the community
    covers: set[UUID] = field(default_factory=set)


def standing_nodes(
    session: Session, actor: Actor, nodes: Sequence[Any], parents: Mapping[int, UUID | None]
) -> dict[int, Standing]:
    """Return row → what stands of it: the bearer of its code, else of its name under its superior (`parents`, by row).

    Of several Party organisations of one name the one counts that covers a unit of the row; of several units none does.
    """
    found: dict[int, Standing] = {}
    for part in slices(nodes):
        by_code = _by_code(session, actor, [node for node in part if node.code])
        by_name = _by_name(session, actor, [node for node in part if parents[node.row]], parents)
        everyone = {one.id: one for group in by_name.values() for one in group} | {s.id: s for s in by_code.values()}
        _complete(session, actor, everyone, part[0].scheme)
        for node in part:
            stands = by_code.get(node.code)
            if stands is None or stands.axis != node.axis:
                stands = _choose(node, by_name.get((node.name, parents[node.row]), []))
            if stands is not None:
                found[node.row] = everyone[stands.id]
    return found


def _choose(node: Any, candidates: list[Standing]) -> Standing | None:
    fitting = [c for c in candidates if not node.covers or not c.covers or c.covers.intersection(node.covers)]
    exact = [c for c in fitting if c.covers.intersection(node.covers)]
    return next(iter(exact or fitting), None)


def _by_code(session: Session, actor: Actor, nodes: Sequence[Any]) -> dict[str | None, Standing]:
    if not nodes:
        return {}
    statement = (
        _NODES.add_columns(OrganizationCode.code)
        .join(OrganizationCode, OrganizationCode.organization_id == Organization.id)
        .where(
            OrganizationCode.tenant_id == actor.tenant_id, OrganizationCode.scheme == nodes[0].scheme,
            OrganizationCode.code.in_({node.code for node in nodes}), OrganizationCode.valid_to.is_(None),
        )
    )  # fmt: skip
    return {row[-1]: Standing(*row) for row in session.rows(statement, {"tenant": actor.tenant_id})}


def _by_name(
    session: Session, actor: Actor, nodes: Sequence[Any], parents: Mapping[int, UUID | None]
) -> dict[tuple[str, UUID | None], list[Standing]]:
    if not nodes:
        return {}
    statement = _NODES.where(
        Organization.name.in_({node.name for node in nodes}), Organization.axis == nodes[0].axis,
        Organization.parent_id.in_({parents[node.row] for node in nodes}),
    ).order_by(Organization.id)  # fmt: skip
    named: dict[tuple[str, UUID | None], list[Standing]] = {}
    for row in session.rows(statement, {"tenant": actor.tenant_id}):
        named.setdefault((row.name, row.parent_id), []).append(Standing(*row))
    return named


def _complete(session: Session, actor: Actor, nodes: dict[UUID, Standing], scheme: str) -> None:
    """Fill in codes, head-counts and links of these nodes."""
    if not nodes:
        return
    ids = sorted(nodes)
    codes = sa.select(OrganizationCode.organization_id, OrganizationCode.code).where(
        OrganizationCode.organization_id.in_(ids),
        OrganizationCode.scheme == scheme,
        OrganizationCode.valid_to.is_(None),
    )
    for organization_id, code in session.rows(codes):
        nodes[organization_id].code = code
    counts = sa.select(OrganizationCount.organization_id, OrganizationCount.value).where(
        OrganizationCount.organization_id.in_(ids), OrganizationCount.kind == "in_service_members"
    )
    for organization_id, value in session.rows(counts.order_by(OrganizationCount.as_of)):
        nodes[organization_id].members = value
    link = OrganizationLink
    links = sa.select(link.id, link.kind, link.from_id, link.to_id).where(
        OrganizationLink.tenant_id == actor.tenant_id, OrganizationLink.from_id.in_(ids),
        OrganizationLink.kind.in_(("located_in", "covers")), OrganizationLink.valid_to.is_(None),
    )  # fmt: skip
    for link_id, kind, from_id, to_id in session.rows(links.order_by(OrganizationLink.id)):
        if kind == "covers":
            nodes[from_id].covers.add(to_id)
        else:
            nodes[from_id].located_in = (link_id, to_id)
