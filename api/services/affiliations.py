"""Where people belonged on a day, read for many at once: employer, home community, branch."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.belonging import Belonging, Span
from api.models import Affiliation, Person

# A registration counts from its acceptance until it ended, whatever ended it; what was never accepted never counts.
IN_FORCE_ONCE = ("active", "accepted", "transferred", "ended", "expired")

_HELD = (
    sa.select(
        Affiliation.id, Person.account_id, Affiliation.organization_id, Affiliation.kind, Affiliation.valid_from,
        Affiliation.valid_to, Affiliation.principal,
    )
    .join(Person, Person.id == Affiliation.person_id)
    .where(
        Person.tenant_id == sa.bindparam("tenant"),
        Person.account_id.in_(sa.bindparam("accounts", expanding=True)),
        Affiliation.tenant_id == sa.bindparam("tenant"),
        Affiliation.kind.in_(sa.bindparam("kinds", expanding=True)),
        Affiliation.state.in_(IN_FORCE_ONCE),
    )
)  # fmt: skip


def as_of(
    session: Session,
    tenant_id: UUID,
    accounts: Iterable[UUID],
    kinds: Collection[str] = ("employment", "registration"),
) -> Belonging:
    """Return where these accounts belong and belonged, to be asked for any day; one statement.

    `as_of(…).employer(account, day)` is the employer of that day, `.home(account, day)` the community of registration.
    """
    wanted = sorted(set(accounts))
    if not wanted:
        return Belonging()
    held = session.rows(_HELD, {"tenant": tenant_id, "accounts": wanted, "kinds": sorted(kinds)})
    return Belonging.of(Span(*row) for row in held)


def employer_of(session: Session, tenant_id: UUID, accounts: Iterable[UUID], day: date) -> dict[UUID, UUID]:
    """Return account → employer of the day for those who have one; one statement."""
    accounts = list(accounts)
    belonging = as_of(session, tenant_id, accounts, ("employment",))
    return {account: unit for account in accounts if (unit := belonging.employer(account, day)) is not None}
