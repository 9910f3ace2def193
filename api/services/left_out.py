"""Divisions that a newer list leaves out though it names their siblings: listed, or a case where others need them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.division_matching import REVIEWS
from api.domain.hosting import UNPUBLISHED
from api.domain.rows import RowError
from api.models import (
    Activity,
    Affiliation,
    Grant,
    Need,
    Organization,
    OrganizationCode,
    OrganizationLink,
    Project,
    Resource,
)
from api.services import cases
from api.services.subjects import batched

_BATCH = 5_000  # rows read at a time: a list of one city leaves out the rest of a country


class LeftOut(NamedTuple):
    """A node in service that the list does not name any more; `dependants` are the kinds of what hangs on it."""

    id: UUID
    parent_id: UUID
    code: str
    name: str
    dependants: tuple[str, ...] = ()


def left_out(session: Session, actor: Actor, issuer: str, scheme: str, year: int, parents: set[str]) -> list[LeftOut]:
    """Return the nodes that have only older codes of this issuer and hang under one of these parents, by code.

    `parents` are ids as text of those of which the list names children: what lies elsewhere it may not mean to cover.
    Read after the list was written, when every node that it names has a code of its year.
    """
    nodes = list(_only_older(session, actor, issuer, scheme, year, parents))
    hanging = _dependants(session, [node.id for node in nodes])
    return [node._replace(dependants=tuple(sorted(hanging.get(node.id, ())))) for node in nodes]


def review_rows(nodes: Sequence[LeftOut]) -> list[RowError]:
    """Return them as rows of the report, which stand in no row of the file: row 0."""
    codes = ("left_out_with_dependants" if node.dependants else "left_out" for node in nodes)
    return [
        RowError(0, "code", code, *REVIEWS[code], f"{node.code} {node.name}")
        for node, code in zip(nodes, codes, strict=True)
    ]


def open_reviews(session: Session, actor: Actor, nodes: Sequence[LeftOut], issuer: str, year: int) -> None:
    """Open a case, with its one event, at the parent of each node on which something hangs; a repeat opens none.

    The node stays in service: a list does not end what people work with.
    """
    cases.open_cases(
        session,
        actor,
        [
            {
                "kind": "odd_fact", "organization_id": node.parent_id, "reason": "left_out_of_list",
                "subject_kind": "organization", "subject_id": node.id, "source": f"left_out:{issuer}:{year}:{node.id}",
                "facts": {
                    "code": node.code, "name": node.name, "issuer": issuer, "year": year,
                    "dependants": list(node.dependants),
                },
            }
            for node in nodes
            if node.dependants
        ],
    )  # fmt: skip


def _only_older(
    session: Session, actor: Actor, issuer: str, scheme: str, year: int, parents: set[str]
) -> Iterator[LeftOut]:
    newer = sa.orm.aliased(OrganizationCode, name="newer")
    known = sa.exists().where(
        newer.organization_id == Organization.id, newer.scheme == scheme, newer.issuer == issuer, newer.year >= year
    )
    statement = (
        sa.select(
            Organization.id, Organization.parent_id, OrganizationCode.code, Organization.name,
            sa.cast(Organization.parent_id, sa.String).label("under"),
        )
        .distinct()
        .join(Organization, Organization.id == OrganizationCode.organization_id)
        .where(
            OrganizationCode.tenant_id == actor.tenant_id, OrganizationCode.scheme == scheme,
            OrganizationCode.issuer == issuer, OrganizationCode.year < year, Organization.state == "active", ~known,
        )
        .order_by(OrganizationCode.code)
    )  # fmt: skip
    for row in session.execute(statement.execution_options(yield_per=_BATCH)):
        if row.under in parents:
            yield LeftOut(row.id, row.parent_id, row.code, row.name)


def _dependants(session: Session, ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    """Return for each node the kinds of what is in service and refers to it."""
    found: dict[UUID, set[str]] = {}
    for part in batched(ids):
        for kind, column, holds in _REFERRING:
            for (each,) in session.rows(sa.select(column).distinct().where(column.in_(part), holds)):
                found.setdefault(each, set()).add(kind)
    return found


def _still(table: Any) -> sa.ColumnElement[bool]:
    return table.valid_to.is_(None)


_LINKED = sa.and_(OrganizationLink.kind != "part_of", _still(OrganizationLink))
_REFERRING: tuple[tuple[str, Any, sa.ColumnElement[bool]], ...] = (
    ("parts", Organization.parent_id, Organization.state != "ended"),
    ("links", OrganizationLink.from_id, _LINKED),
    ("links", OrganizationLink.to_id, _LINKED),
    ("people", Affiliation.organization_id, _still(Affiliation)),
    ("grants", Grant.organization_id, _still(Grant)),
    ("needs", Need.community_id, Need.state.not_in(("confirmed", "declined", "withdrawn", "expired"))),
    ("resources", Resource.organization_id, Resource.state.in_(("draft", "published", "exhausted"))),
    ("projects", Project.community_id, Project.state.not_in(("declined", "closed", "cancelled"))),
    ("activities", Activity.community_id, Activity.state.in_((*UNPUBLISHED, "published"))),
)
"""What can hang on a node: its kind, the column that refers to it, and the condition under which it is in service."""
