"""Rotation of the key that wraps keys: every wrapped key gets the current one around it, the keys themselves stay."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.models import Person, VaultKey
from api.services import jobs

BATCH = 500  # keys in one transaction: some hundredths of a second, so that other writers hardly wait
_FIRST = UUID(int=0)

_REWRAP = (
    sa.update(Person)
    .where(Person.id == sa.bindparam("person"), Person.wrapped_key == sa.bindparam("before"))
    .values(wrapped_key=sa.bindparam("after"))
)


def request(session: Session, actor: Actor) -> UUID:
    """Queue the rotation of a tenant's keys; return the job's id."""
    return jobs.enqueue(session, actor, "vault.rotate", {})


def waiting(session: Session, actor: Actor) -> int:
    """Return how many people of the tenant have a key that an earlier key-encryption key wraps."""
    return session.scalar(sa.select(sa.func.count()).select_from(Person).where(_earlier(session, actor)))


def rewrap_roots(session: Session, _actor: Actor) -> None:
    """Wrap the root keys anew where an earlier key-encryption key wraps them; a repeat changes nothing."""
    mark = session.vault.wrapper.mark
    for row in session.rows(sa.select(VaultKey.number, VaultKey.wrapped)):
        if not row.wrapped.startswith(mark):
            anew = session.vault.rewrapped_root(row.wrapped, row.number)
            same = sa.and_(VaultKey.number == row.number, VaultKey.wrapped == row.wrapped)
            session.execute(sa.update(VaultKey).where(same).values(wrapped=anew))


def rewrap_some(session: Session, actor: Actor, counts: dict[str, Any]) -> dict[str, Any]:
    """Wrap the keys of the next people anew, in the order of their ids; return the counts to go on from, and `found`.

    A key that changed or was shredded meanwhile is left as it is. A person's version stays: nothing about them changed.
    """
    after = UUID(counts["after"]) if counts.get("after") else _FIRST
    some = sa.select(Person.id, Person.wrapped_key).where(_earlier(session, actor), Person.id > after)
    rows = session.rows(some.order_by(Person.id).limit(BATCH))
    if rows:
        vault = session.vault
        anew = [
            {"person": row.id, "before": row.wrapped_key, "after": vault.rewrapped(row.wrapped_key, row.id)}
            for row in rows
        ]
        session.execute(_REWRAP, anew)
    done = counts.get("rewrapped", 0) + len(rows)
    # The last look begins anew: a process that knew the earlier key alone may have written behind this one.
    return {"counts": {"after": str(rows[-1].id) if rows else None, "rewrapped": done}, "found": len(rows)}


def _earlier(session: Session, actor: Actor) -> sa.ColumnElement[bool]:
    mark = session.vault.wrapper.mark
    return sa.and_(
        Person.tenant_id == actor.tenant_id,
        Person.wrapped_key.is_not(None),
        sa.func.substr(Person.wrapped_key, 1, len(mark), type_=sa.LargeBinary()) != mark,
    )
