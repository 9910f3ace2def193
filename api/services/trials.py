"""Trials: who has tried what how often, remembered in the database, so that all servers count as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.trials import Limit, Standing
from api.domain.trials import spend as one_more
from api.models import NOBODY, Trial

_FORGOTTEN = timedelta(days=3)  # longer than any window or lock, and than what earlier locks count
_AT_ONCE = 10


def spend(session: Session, _actor: Actor, limits: Sequence[tuple[Limit, str]]) -> None:
    """Count one more trial under each limit by its subject; Limited where one is full, and then none is counted."""
    for limit, who in sorted(limits, key=lambda pair: pair[0].name):
        stand(session, limit.name, who, lambda standing, limit=limit: one_more(limit, standing, session.now))


def stand(session: Session, what: str, who: str, judge: Callable[[Standing | None], Standing]) -> Standing:
    """Let `judge` say what stands of a subject from now on; whoever comes at the same time waits for it.

    The subject is kept as a keyed hash: no address and no account can be read from the table.
    """
    key = session.vault.index(NOBODY, f"trials.{what}", who)
    asked = sa.select(Trial).where(Trial.key == key).with_for_update()
    row = session.first(asked)
    if row is None:
        _forget(session, session.now - _FORGOTTEN)
        session.insert_new(Trial, [{"key": key, **asdict(Standing(session.now))}])
        row = session.first(asked)
    known = None if row is None else Standing(row.begins_at, row.count, row.before, row.locked_until, row.locks)
    standing = judge(known)
    session.execute(sa.update(Trial).where(Trial.key == key).values(**asdict(standing)))
    return standing


def _forget(session: Session, before: datetime) -> None:
    """Delete a few of those that count no more; those that somebody else holds are left to the next."""
    old = sa.select(Trial.key).where(Trial.begins_at < before).order_by(Trial.begins_at).limit(_AT_ONCE)
    session.execute(sa.delete(Trial).where(Trial.key.in_(old.with_for_update(skip_locked=True))))
