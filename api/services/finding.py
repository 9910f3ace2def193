"""查找: what the lists of needs and activities have in common: words, kinds of help, times, places and nearness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, below
from api.db import Session
from api.domain.location import Point
from api.domain.nearness import NoHome, rings
from api.models import Affiliation, Organization, OrganizationLink
from api.services import search
from api.services.homes import home_of
from api.services.places import place
from api.visibility import visible

_ENOUGH = 2  # places below one: it is not alone


def page(
    session: Session, actor: Actor, noun: str, table: Any, statement: sa.Select[Any], query: Any
) -> dict[str, Any]:
    """Return a page of what a list query (`schemas.finding.Finding`) asks for, newest first or nearest first.

    Each item has `metres`: the outer edge of its ring where nearness was asked for, None where its community's place is
    unknown. Raises NothingToFind, NoHome, BadCursor, NotFound for a place that is none.
    """
    conditions = list(_conditions(session, actor, noun, table, query))
    # Of one place its index is the shorter list; of a district, with all that is below it, the words' is.
    alone = any(each.compare(table.community_id == query.community_id) for each in conditions)
    placed = alone or any(each is not None for each in (query.unit_id, query.near, query.within))
    statement, key = search.narrowed(session, actor, statement, noun, query.text, placed=placed)
    statement = statement.where(*conditions)
    if query.near is None and query.within is None:
        answer = paging.page(session, statement, key, limit=query.limit, cursor=query.cursor)
        answer["items"] = [{**item, "metres": None} for item in answer["items"]]
        return answer
    around = list(_rings(session, actor, table, query))
    answer = paging.page_by_rings(
        session, statement, key, [(number, lies) for number, (_, lies) in enumerate(around)],
        limit=query.limit, cursor=query.cursor,
    )  # fmt: skip
    answer["items"] = [{**item, "metres": around[item["ring"]][0]} for item in answer["items"]]
    return answer


def in_subtree(session: Session, actor: Actor, column: Any, organization_id: UUID) -> sa.ColumnElement[bool]:
    """Return the condition that `column` names this organisation or one that is part of it; nothing for an unknown one.

    A place without others below it is compared alone, so that the list's own index serves.
    """
    path = session.scalar(
        sa.select(Organization.path).where(
            Organization.tenant_id == actor.tenant_id, Organization.id == organization_id
        )
    )
    if path is None:
        return sa.false()
    inside = sa.select(Organization.id).where(Organization.tenant_id == actor.tenant_id, below(path))
    found = session.rows(inside.limit(_ENOUGH))
    return column == organization_id if len(found) < _ENOUGH else column.in_(inside)


def one_of(column: Any, listed: str) -> sa.ColumnElement[bool]:
    """Return the condition that `column` is among codes that a query names with commas between them."""
    codes = sorted(set(listed.split(",")))
    return column == codes[0] if len(codes) == 1 else column.in_(codes)


def _conditions(session: Session, actor: Actor, noun: str, table: Any, query: Any) -> Iterator[sa.ColumnElement[bool]]:
    if query.category is not None:
        yield one_of(table.category, query.category)
    if query.community_id is not None:
        yield in_subtree(session, actor, table.community_id, query.community_id)
    if query.unit_id is not None:
        yield table.community_id.in_(_reported_in(actor, query.unit_id))
    begins = search.beginning(session, actor, noun, query.since, query.until)
    if begins is not None:
        yield begins


def _reported_in(actor: Actor, unit_id: UUID) -> sa.Select[Any]:
    """Return the communities in which a unit reports in, as far as the actor may know: of one's own employer always."""
    own = sa.select(Affiliation.organization_id).where(
        Affiliation.person_id == actor.person_id, Affiliation.kind == "employment", Affiliation.state == "active",
        Affiliation.valid_to.is_(None),
    )  # fmt: skip
    return sa.select(OrganizationLink.to_id).where(
        OrganizationLink.tenant_id == actor.tenant_id, OrganizationLink.from_id == unit_id,
        OrganizationLink.kind == "registration", OrganizationLink.state == "accepted",
        OrganizationLink.valid_to.is_(None),
        sa.or_(visible(actor, OrganizationLink), OrganizationLink.from_id.in_(own)),
    )  # fmt: skip


def _rings(
    session: Session, actor: Actor, table: Any, query: Any
) -> Iterator[tuple[int | None, sa.ColumnElement[bool]]]:
    """Yield the rings around where the query measures from, nearest first, and what lies in each."""
    centre = query.near
    if centre in (None, "mine"):
        centre = home_of(session, actor.tenant_id, actor.person_id)
        if centre is None:
            raise NoHome(pointer="?near")
    else:
        place(session, actor, centre, axis="territory", pointer="?near")
    used = sa.exists().where(table.tenant_id == actor.tenant_id, table.community_id == Organization.id)
    rows = session.rows(
        sa.select(Organization.id, Organization.point).where(
            Organization.tenant_id == actor.tenant_id, Organization.axis == "territory",
            sa.or_(used, Organization.id == centre),
        )
    )  # fmt: skip
    points = {row.id: Point(**row.point) if row.point else None for row in rows}
    near = rings(centre, points, query.within)
    for edge, places in near:
        yield edge, table.community_id.in_(places)
    if query.within is None:
        told = {each for _, places in near for each in places}
        yield None, table.community_id.in_([each for each in points if each not in told])
