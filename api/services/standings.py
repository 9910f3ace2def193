"""What people were in a period, by account: Party standing, class of member and secondment, as it is known now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.exemptions import MEMBER, Standing
from api.models import Affiliation, Person, PersonStatus
from api.services.affiliations import IN_FORCE_ONCE


def standings(session: Session, tenant_id: UUID, accounts: Sequence[UUID], end: date) -> dict[UUID, list[Standing]]:
    """Return what each of these accounts was before a day; two statements."""
    found: dict[UUID, list[Standing]] = {account: [] for account in accounts}
    if not found:
        return found
    theirs = sa.and_(Person.tenant_id == tenant_id, Person.account_id.in_(list(found)))
    statuses = (
        sa.select(
            Person.account_id, PersonStatus.kind, PersonStatus.value, PersonStatus.valid_from, PersonStatus.valid_to
        )
        .join(Person, Person.id == PersonStatus.person_id)
        .where(theirs, PersonStatus.tenant_id == tenant_id, PersonStatus.valid_from < end)
    )
    away = (
        sa.select(
            Person.account_id, Affiliation.kind, Affiliation.kind, Affiliation.valid_from, Affiliation.valid_to
        )
        .join(Person, Person.id == Affiliation.person_id)
        .where(
            theirs, Affiliation.tenant_id == tenant_id, Affiliation.kind == "seconded",
            Affiliation.state.in_(IN_FORCE_ONCE), Affiliation.valid_from < end,
        )
    )  # fmt: skip
    for statement in (statuses, away):
        for account, *standing in session.rows(statement):
            found[account].append(Standing(*standing))
    return found


def may_be_exempt(session: Session, tenant_id: UUID) -> set[UUID]:
    """Return the accounts with anything on record from which `exempt_spans` could make an exemption, at any time."""
    statuses = (
        sa.select(Person.account_id)
        .join(PersonStatus, PersonStatus.person_id == Person.id)
        .where(
            PersonStatus.tenant_id == tenant_id,
            PersonStatus.kind.in_(("political_status", "member_class")),
            PersonStatus.value.not_in((*MEMBER, "in_service")),
        )
    )
    away = (
        sa.select(Person.account_id)
        .join(Affiliation, Affiliation.person_id == Person.id)
        .where(Affiliation.tenant_id == tenant_id, Affiliation.kind == "seconded")
    )
    return {account for (account,) in session.rows(sa.union(statuses, away))}
