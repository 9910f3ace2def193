"""What audit verify asks of money: every entry follows from a payment of two people, and no account is overdrawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.funds import legs
from api.models import Entry, Payment, Project

Found = Iterator[tuple[Any, dict[str, Any]]]
_OVER = ("closed", "cancelled")


def accounts_of_money(session: Session, tenant_id: UUID) -> Found:
    """Accounts of funds and projects are what their payments post, never below nought; a project that is over has none.

    Of what counts, one person proposed and another confirmed; what flows back by itself needs neither.
    """
    of = (Entry.tenant_id == tenant_id, Entry.account_kind == "fund")
    columns = (Entry.id, Entry.account_id, Entry.amount, Entry.source_id, Entry.reverses_id)
    balances: Counter[UUID] = Counter()
    posted: defaultdict[UUID, Counter[tuple[UUID, int]]] = defaultdict(Counter)
    for row in session.rows(sa.select(*columns).where(*of)):
        balances[row.account_id] += row.amount
        posted[row.source_id][row.account_id, row.amount] += 1
    yield from _payments(session, tenant_id, posted)
    for source_id, moved in posted.items():
        yield source_id, {"is": "no payment", "fen": sum(amount for _, amount in moved)}
    for account, fen in balances.items():
        if fen < 0:
            yield account, {"is": "overdrawn", "fen": fen}
    over = sa.select(Project.id).where(Project.tenant_id == tenant_id, Project.state.in_(_OVER))
    for row in session.rows(over):
        if balances[row.id]:
            yield row.id, {"is": "over and not empty", "fen": balances[row.id]}


def _payments(
    session: Session, tenant_id: UUID, posted: defaultdict[UUID, Counter[tuple[UUID, int]]]
) -> Found:  # fmt: skip
    """Compare each payment with what it posted, and take that out of `posted`."""
    columns = (
        Payment.id, Payment.kind, Payment.state, Payment.amount_fen, Payment.resource_id, Payment.project_id,
        Payment.proposed_by, Payment.confirmed_by,
    )  # fmt: skip
    for row in session.rows(sa.select(*columns).where(Payment.tenant_id == tenant_id)):
        wanted: Counter[tuple[UUID, int]] = Counter()
        if row.state in ("confirmed", "reversed"):
            moved = legs(row.kind, row.amount_fen, row.resource_id, row.project_id)
            wanted.update(moved)
            if row.state == "reversed":
                wanted.update((account, -amount) for account, amount in moved)
            if row.kind != "refund" and row.confirmed_by in (None, row.proposed_by):
                yield row.id, {"is": "not confirmed by a second person"}
        if posted.pop(row.id, Counter()) != wanted:
            yield row.id, {"is": "not posted as it is", "kind": row.kind, "state": row.state}
