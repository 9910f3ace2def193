"""班次结算: a leader confirms a shift that is over, or 72 hours pass; forgotten check-outs are closed by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain.presence import PresenceRow, open_pairs
from api.domain.settlement import presumed_end
from api.errors import Conflict
from api.models import Entry, Fact, Shift
from api.services import changes, settlement, shifts
from api.services.activities import grant_over
from api.services.affiliations import as_of
from api.services.days import zone_of
from api.services.presences import STANDING, Board


@dataclass(frozen=True, slots=True)
class _Over:
    id: UUID
    community_id: UUID
    starts_at: datetime
    ends_at: datetime
    zone: str


class ShiftNotOver(Conflict):
    """The shift has not ended yet."""

    code = "shift_not_over"
    zh, en = "班次尚未结束，不能确认", "The shift has not ended; confirm it then"


def settle_shift(session: Session, actor: Actor, shift_id: UUID) -> UUID:
    """Confirm a shift that is over: forgotten check-outs are closed and all its pairs are credited.

    A repeat credits what came since. The leader's own forgotten check-out stays open for somebody else.
    """
    shift = shifts.of_shift(session, actor, shift_id)
    grant = grant_over(actor, "shift.settle", shift)
    if session.now < shift.ends_at:
        raise ShiftNotOver
    zone = zone_of(session, actor.tenant_id)
    close(session, actor, [shift], zone, "organiser", grant)
    return shift_id


def settle_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Settle shifts that nobody confirmed within 72 hours; return how many, 0 when none is left."""
    due = sa.select(Shift.id, Shift.version, Shift.state, Shift.community_id, Shift.starts_at, Shift.ends_at).where(
        Shift.tenant_id == actor.tenant_id,
        Shift.state == "open",
        Shift.imported.is_(False),
        Shift.ends_at <= session.now - settlement.POLICY.watermark,
    )
    over = session.rows(due.order_by(Shift.ends_at, Shift.id).limit(limit))
    if over:
        close(session, actor, over, zone_of(session, actor.tenant_id), "watermark", None)
    return len(over)


def close(
    session: Session, actor: Actor, over: Sequence[Any], zone: ZoneInfo, provenance: str, grant: UUID | None
) -> None:
    """Close the open pairs of shifts that are over, mark the shifts settled and credit everybody who was there."""
    at: dict[str, Any] = {"shifts": sorted(shift.id for shift in over)}
    there = {row.account_id for row in session.rows(STANDING, at)}
    settlement.hold(session, there)
    board = Board({each.id: _Over(each.id, each.community_id, each.starts_at, each.ends_at, zone.key) for each in over})
    board.take(session.rows(STANDING, at))
    board.belonging = as_of(session, actor.tenant_id, there, ("employment",))
    for shift in over:
        changes.take(session, actor, Shift, shift, "shift.settle", at=shift.community_id, grant=grant)
    for came in open_pairs(list(board.standing.values())):
        if came.person_id != actor.account_id:
            left = presumed_end(came.at, board.shifts[came.shift_id].ends_at, settlement.POLICY)
            row = PresenceRow(
                came.person_id, came.shift_id, came.pair, "check_out", left, session.now, provenance, actor.account_id
            )
            board.write(session, actor, row, grant)
    session.insert_new(Fact, board.new)
    affected: dict[UUID, tuple[Actor, list[Any]]] = {account: (actor, []) for account in there}
    for account, shift_id, _, _ in board.standing:
        shift = board.shifts[shift_id]
        affected[account][1].append((shift.starts_at, shift.ends_at))
    settlement.settle(session, actor.tenant_id, zone, {account: each for account, each in affected.items() if each[1]})


def settled(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return a shift with how many of its pairs are credited, with how many minutes, and how many still wait."""
    undone = aliased(Entry)
    sources = sa.select(Fact.id).where(Fact.shift_id == shift_id, Fact.kind == "check_in", Fact.reverses_id.is_(None))
    standing = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Entry.amount), 0)).where(
        Entry.source_id.in_(sources), Entry.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Entry.id)
    )
    count, minutes = session.rows(standing)[0]
    board = Board({})
    board.take(session.rows(STANDING, {"shifts": [shift_id]}))
    return {
        "shift": shifts.one(session, actor, shift_id), "credited": count, "minutes": int(minutes),
        "waiting": len(open_pairs(list(board.standing.values()))),
    }  # fmt: skip
