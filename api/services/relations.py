"""服务地点: whether a service took place where the member was registered, or where the unit of the day reports in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.belonging import Belonging, Pairing, relation
from api.models import Organization, OrganizationLink
from api.services.affiliations import IN_FORCE_ONCE, as_of
from api.services.cuts import Cut

Shape = Callable[[UUID, Sequence[Any]], tuple[Any, ...]]
_Above = sa.orm.aliased(Organization, name="paired_unit")


def shaped(session: Session, cut: Cut, columns: Sequence[str], accounts: Sequence[UUID]) -> tuple[list[str], Shape]:
    """Return the columns to read in place of these, and how a row of them is turned into one of these.

    `relation` is read off the community, the day and where the account belonged then: home, paired, other or none.
    """
    if "relation" not in columns:
        return list(columns), lambda _, row: tuple(row)
    read = [name for name in columns if name != "relation"]
    read += [] if "community" in read else ["community"]
    community, day, at = read.index("community"), read.index("servedOn"), columns.index("relation")
    belonging = as_of(session, cut.tenant_id, accounts)
    pairings = _pairings(session, cut, belonging)
    kept = range(len(columns) - 1)

    def shape(account: UUID, row: Sequence[Any]) -> tuple[Any, ...]:
        words = [row[n] for n in kept]
        words.insert(at, relation(belonging, pairings, account, row[community], row[day]))
        return tuple(words)

    return read, shape


def _pairings(session: Session, cut: Cut, belonging: Belonging) -> dict[UUID, list[Pairing]]:
    """Return for each employer the communities in which it, or what it is part of, was registered and when."""
    employers = _employers(belonging)
    if not employers:
        return {}
    statement = (
        sa.select(Organization.id, OrganizationLink.to_id, OrganizationLink.valid_from, OrganizationLink.valid_to)
        .select_from(Organization)
        .join(_Above, sa.func.substr(Organization.path, 1, sa.func.length(_Above.path)) == _Above.path)
        .join(OrganizationLink, OrganizationLink.from_id == _Above.id)
        .where(
            Organization.id.in_(employers),
            Organization.tenant_id == cut.tenant_id,
            _Above.tenant_id == cut.tenant_id,
            OrganizationLink.tenant_id == cut.tenant_id,
            OrganizationLink.kind == "registration",
            OrganizationLink.state.in_(IN_FORCE_ONCE),
        )
    )
    found: defaultdict[UUID, list[Pairing]] = defaultdict(list)
    for employer, community, starts_on, ends_on in session.rows(statement):
        found[employer].append(Pairing(community, starts_on, ends_on))
    return found


def _employers(belonging: Belonging) -> list[UUID]:
    spans: Iterable[Any] = (
        span for (_, kind), held in belonging.spans.items() if kind == "employment" for span in held
    )
    return sorted({span.organization for span in spans})
