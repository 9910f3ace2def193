"""班次结算: a leader confirms a shift that is over, all or each with a time; 72 hours make final what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain.forgotten import WATERMARK, CheckedOut, PresenceFinal, require_left
from api.domain.ledger import SelfApproval
from api.domain.presence import NotCheckedIn
from api.domain.settlement import HOST, HOST_UNCONFIRMED, OFFLINE_UNCONFIRMED, ONLINE
from api.errors import Conflict
from api.models import Entry, Fact, Shift
from api.services import cases, changes, pairs, settlement, shifts, voices
from api.services.activities import grant_over
from api.services.days import zone_of
from api.services.pairs import Key, Pair
from api.services.voices import Voice


class ShiftNotOver(Conflict):
    """The shift has not ended yet."""

    code = "shift_not_over"
    zh, en = "班次尚未结束，不能确认", "The shift has not ended; confirm it then"


def settle_shift(session: Session, actor: Actor, shift_id: UUID, confirmation: dict[str, Any] | None = None) -> UUID:
    """Confirm who was there at a shift that is over, and credit them; a repeat confirms what came since.

    `confirmation` has `left`, the people whose time of leaving the leader knows (`person_id`, `pair`, `left_at`; None
    for what stands), and `everybody`: without it those alone are confirmed and the shift stays as it is. Forgotten
    check-outs are closed at the presumed time. The leader's own pairs wait for somebody else. Where a community hosts
    what a unit organises, roll calls count when the community confirms, and until then the shift stays open. Raises
    ShiftNotOver, and of what `left` names NotCheckedIn, SelfApproval, CheckedOut, PresenceFinal and what `require_left`
    raises.
    """
    everybody = confirmation is None or confirmation["everybody"]
    named = {(one["person_id"], one["pair"]): one["left_at"] for one in confirmation["left"]} if confirmation else {}
    shift = shifts.of_shift(session, actor, shift_id)
    grant = grant_over(actor, "shift.settle", shift)
    if session.now < shift.ends_at:
        raise ShiftNotOver
    (over,) = session.rows(pairs.SHIFTS.where(Shift.id == shift_id))
    there = _held(session, [shift_id])
    hosts = actor.grant_for("shift.settle", shift.host_path)
    awaited = hosts is None and any(pair.waits_for_host(over.policy) for pair in there.values())
    state = "settled" if everybody and over.state == "open" and not awaited else over.state
    changes.take(
        session, actor, Shift, over, "shift.settle", at=over.community_id, grant=grant, to=state,
        details={"everybody": everybody, "named": len(named)},
    )  # fmt: skip
    mine = {(pair.came.person_id, pair.came.pair): pair for pair in there.values()}
    for who in named:
        if who not in mine:
            raise NotCheckedIn(pointer="/left")
        if mine[who].came.account_id == actor.account_id:
            raise SelfApproval
    confirming = [
        (pair, named.get(who))
        for who, pair in mine.items()
        if who in named or (everybody and pair.came.account_id != actor.account_id)
    ]
    _confirm(session, actor, over, confirming, grant)
    if hosts is not None:
        waiting = [pair for pair, _ in confirming if pair.waits_for_host(over.policy)]
        voices.say(session, actor.aside(), [_of_host(pair, hosts) for pair in waiting])
    _settle(session, actor, {over.id: over}, there)
    return shift_id


def settle_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Make final what nobody confirmed within 72 hours after a shift; return for how many shifts, 0 when none is left.

    Open pairs are closed as a rule presumes. What phones brought offline stays out until somebody has judged it: a case
    of the community for each pair.
    """
    due = pairs.SHIFTS.where(
        Shift.tenant_id == actor.tenant_id, Shift.lapsed_at.is_(None), Shift.imported.is_(False),
        Shift.ends_at <= session.now - WATERMARK,
    )  # fmt: skip
    over = {row.id: row for row in session.rows(due.order_by(Shift.ends_at, Shift.id).limit(limit))}
    if over:
        there = _held(session, over)
        for shift in over.values():
            state = "cancelled" if shift.state == "cancelled" else "settled"
            lapsed = {"lapsed_at": session.now}
            changes.take(session, actor, Shift, shift, "shift.lapse", lapsed, at=shift.community_id, to=state)
        _presume(session, actor, over, there)
        _review(session, actor, over, _settle(session, actor, over, there).in_review)
    return len(over)


def presume_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Close pairs provisionally whose check-out was forgotten, once check-out has ended; return how many pairs.

    The minutes are not posted: the person is asked, the leader confirms, or the watermark passes.
    """
    came, left = aliased(Fact), aliased(Fact)
    forgotten = sa.exists().where(
        came.shift_id == Shift.id, came.kind == "check_in", came.reverses_id.is_(None), ~_undone(came),
        ~sa.exists().where(
            left.shift_id == came.shift_id, left.account_id == came.account_id, left.pair == came.pair,
            left.kind == "check_out", left.reverses_id.is_(None), ~_undone(left),
        ),
    )  # fmt: skip
    due = pairs.SHIFTS.where(
        Shift.tenant_id == actor.tenant_id, Shift.lapsed_at.is_(None), Shift.imported.is_(False),
        Shift.ends_at <= session.now, forgotten,
    )  # fmt: skip
    rows = session.rows(due.order_by(Shift.ends_at, Shift.id))
    over = {row.id: row for row in rows if pairs.closes_at(row.ends_at, row.policy) <= session.now}
    over = dict(list(over.items())[:limit])
    return _presume(session, actor, over, _held(session, over)) if over else 0


def settled(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return a shift with how many of its pairs are credited, with how many minutes, and how many still wait."""
    undone = aliased(Entry)
    sources = sa.select(Fact.id).where(Fact.shift_id == shift_id, Fact.kind == "check_in", Fact.reverses_id.is_(None))
    standing = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Entry.amount), 0)).where(
        Entry.source_id.in_(sources), Entry.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Entry.id)
    )
    count, minutes = session.rows(standing)[0]
    (over,) = session.rows(pairs.SHIFTS.where(Shift.id == shift_id))
    there = pairs.at_shifts(session, [shift_id]).values()
    waiting = [pair for pair in there if pair.waits or pair.waits_for_host(over.policy)]
    return {
        "shift": shifts.one(session, actor, shift_id), "credited": count, "minutes": int(minutes),
        "waiting": len(waiting),
    }  # fmt: skip


def _undone(fact: Any) -> sa.ColumnElement[bool]:
    reversal = aliased(Fact)
    return sa.exists().where(reversal.reverses_id == fact.id)


def _held(session: Session, over: Iterable[UUID]) -> dict[Key, Pair]:
    """Lock whoever was at these shifts and return the pairs that stand once nobody else changes them."""
    settlement.hold(session, [account for _, account, _ in pairs.at_shifts(session, over)])
    return pairs.at_shifts(session, over)


def _presume(session: Session, actor: Actor, over: Mapping[UUID, Any], there: Mapping[Key, Pair]) -> int:
    """Close the open pairs at the time at which a rule takes them to have ended; return how many."""
    rows = []
    for (shift_id, _, _), pair in there.items():
        if pair.left is None:
            at, policy = pairs.presumed_end(over[shift_id], pair)
            rows.append(pairs.leaving(session, actor, pair, at, "watermark", details={"policy": policy.version}))
    session.insert_new(Fact, rows)
    return len(rows)


def _confirm(
    session: Session, actor: Actor, shift: Any, confirming: Sequence[tuple[Pair, datetime | None]], grant: UUID | None
) -> None:
    """Let stand what the leader confirms: a new check-out where a time differs or none stands, else a voice."""
    rows, said = [], []
    for pair, left_at in confirming:
        provenances = {pair.came.provenance, pair.left.provenance if pair.left is not None else "organiser"}
        if pair.left is None or (left_at is not None and left_at != pair.left.occurred_at):
            rows += _checked_out(session, actor, shift, pair, left_at, grant)
            provenances = {pair.came.provenance}
        if provenances - ONLINE:
            said.append(Voice(pair.came.account_id, shift.id, pair.came.pair, "organiser", grant=grant))
    session.insert(Fact, rows)
    voices.say(session, actor.aside(), said)


def _of_host(pair: Pair, grant: UUID) -> Voice:
    return Voice(pair.came.account_id, pair.came.shift_id, pair.came.pair, HOST, grant=grant)


def _checked_out(
    session: Session, actor: Actor, shift: Any, pair: Pair, left_at: datetime | None, grant: UUID | None
) -> list[dict[str, Any]]:
    """Return the rows of a check-out that the leader vouches for, and of what it takes the place of."""
    details: dict[str, Any] = {}
    if left_at is None:
        left_at, policy = pairs.presumed_end(shift, pair)
        details = {"policy": policy.version}
    else:
        closes = pairs.closes_at(shift.ends_at, shift.policy)
        require_left(left_at, came_at=pair.came.occurred_at, closes_at=closes, now=session.now)
    new = pairs.leaving(session, actor, pair, left_at, "organiser", grant=grant, details=details)
    if pair.left is None:
        return [new]
    if not pair.provisional:
        if pair.confirmed:
            raise PresenceFinal
        raise CheckedOut(at=pair.left.occurred_at.isoformat(timespec="seconds"))
    if shift.lapsed_at is not None:
        raise PresenceFinal
    return [pairs.taking_back(session, actor, pair.left, grant), new]


def _settle(session: Session, actor: Actor, over: Mapping[UUID, Any], there: Mapping[Key, Pair]) -> settlement.Worth:
    affected: dict[UUID, tuple[Actor, list[tuple[datetime, datetime]]]] = {}
    for shift_id, account, _ in there:
        _, windows = affected.setdefault(account, (actor.aside(), []))
        windows.append((over[shift_id].starts_at, over[shift_id].ends_at))
    return settlement.settle(session, actor.tenant_id, zone_of(session, actor.tenant_id), affected)


def _review(session: Session, actor: Actor, over: Mapping[UUID, Any], odd: Iterable[settlement.Key]) -> None:
    """Ask the community about each pair that came offline, or that it hosted, and that nobody confirmed."""
    asked = [
        {
            "kind": "odd_fact", "organization_id": over[shift_id].community_id,
            "reason": (why := _why(over[shift_id])),
            "facts": {
                "codes": [why], "shiftId": str(shift_id), "accountId": str(account), "pair": pair,
            },
            "subject_kind": "shift", "subject_id": shift_id, "source": f"unconfirmed:{shift_id}:{account}:{pair}",
        }
        for account, shift_id, pair in sorted(odd)
        if shift_id in over
    ]  # fmt: skip
    cases.open_cases(session, actor, asked)


def _why(shift: Any) -> str:
    return HOST_UNCONFIRMED if shift.policy.get("host_confirms") else OFFLINE_UNCONFIRMED
