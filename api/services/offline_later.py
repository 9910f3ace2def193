"""What follows later from offline items: an office's answer about an odd one, and the end of waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain.presence import Arrival, Key, admit
from api.domain.settlement import HOST, HOST_UNCONFIRMED
from api.errors import NotFound
from api.models import Fact, OfflineItem, Person, Shift
from api.services import ledger, pairs, presences, voices
from api.services.offline import POLICY
from api.services.offline_desk import WAITING, Desk
from api.services.presences import Board, Presented
from api.services.voices import Voice

OUTCOMES = frozenset({"accepted", "declined"})
_A_DAY = 24 * 60
_REMEMBERED = timedelta(days=180)


def settle(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Let the presence that an odd item tells of stand, confirmed by the office that accepts it, or let it be.

    What an earlier answer let stand is taken back first. The hours of check-in and the need of a place are the office's
    to pass over; that nobody checks out before having checked in is not. Raises what `admit` raises.
    """
    before, offline = case.facts.get("stands"), case.facts["offline"]
    if before is not None:
        ledger.take_back(session, actor, UUID(before), grant, "recorded_by_mistake")
    if told["outcome"] != "accepted":
        return {"stands": None} if before is not None else {}
    shift_id, person_id = UUID(offline["shiftId"]), UUID(offline["personId"])
    wish = Presented(shift_id, offline["direction"], offline["pair"], person_id=person_id)
    board = presences.read(session, [(actor, wish)])
    account = board.accounts.get(person_id)
    if account is None or shift_id not in board.shifts:
        raise NotFound
    key: Key = (account, shift_id, wish.pair, wish.direction)
    another = key in board.standing and "another_time_stands" in case.facts["codes"]
    rows = [_other_time(session, actor, board, key, grant)] if another else []
    if key not in board.standing:
        _write(session, actor, board, key, offline, grant, case.id)
    session.insert(Fact, [*board.new, *rows])
    said = HOST if board.shifts[shift_id].policy.get("host_confirms") else "organiser"
    voices.say(session, actor.aside(), [Voice(account, shift_id, wish.pair, said, grant=grant)])
    presences.settle(session, board, [(actor, key)])
    return {"stands": str(board.facts[key]["id"])} if board.new else {}


def confirm(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Confirm a pair that came offline, or that the community hosted, and that nobody had confirmed."""
    if told["outcome"] == "accepted":
        facts = case.facts
        pair = (UUID(facts["accountId"]), UUID(facts["shiftId"]), facts["pair"])
        said = HOST if case.reason == HOST_UNCONFIRMED else "organiser"
        for outcome in voices.say(session, actor.aside(), [Voice(*pair, said, grant=grant)]):
            if isinstance(outcome, Exception):
                raise outcome
    return {}


def take_up_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Record items whose turn has come, let people judge those that waited in vain; return how many waited no more."""
    rows = session.rows(_DUE.limit(limit), {"tenant": actor.tenant_id, "vain": session.now - POLICY.latest})
    if not rows:
        return 0
    wishes = [(actor, Presented(row.shift_id, row.direction, row.pair, person_id=row.person_id)) for row in rows]
    desk = Desk(presences.read(session, wishes), actor.tenant_id)
    desk.hold(rows)
    desk.look_for_presumed(session)
    done = desk.take_up(session)
    for kept in list(desk.held.values()):
        desk.judge(kept, ["not_checked_in" if kept.key[3] == "check_out" else "previous_pair_open"])
        desk.let_go(kept)
        done += 1
    desk.conclude(session)
    return done


def forget_due(session: Session, actor: Actor) -> int:
    """Delete items that nobody will ask about any more; their facts stay. Returns 0: one round forgets all."""
    before = session.now - _REMEMBERED
    session.execute(
        sa.delete(OfflineItem).where(OfflineItem.tenant_id == actor.tenant_id, OfflineItem.received_at < before)
    )
    return 0


_came, _undone = aliased(Fact, name="came"), aliased(Fact, name="undone")
_leaves = OfflineItem.direction == "check_out"
_DUE = (
    WAITING.join(Shift, Shift.id == OfflineItem.shift_id)
    .join(Person, Person.id == OfflineItem.person_id)
    .where(
        sa.or_(
            Shift.ends_at < sa.bindparam("vain"),
            sa.exists().where(
                _came.shift_id == OfflineItem.shift_id,
                _came.account_id == Person.account_id,
                _came.kind == sa.case((_leaves, "check_in"), else_="check_out"),
                _came.pair == sa.case((_leaves, OfflineItem.pair), else_=OfflineItem.pair - 1),
                _came.reverses_id.is_(None),
                ~sa.exists().where(_undone.reverses_id == _came.id),
            ),
        )
    )
    .order_by(OfflineItem.received_at, OfflineItem.id)
)


def _other_time(session: Session, actor: Actor, board: Board, key: Key, grant: UUID) -> dict[str, Any]:
    """Take back the check-out that the code contradicts, on the board too; return the row that reverses it."""
    stands = pairs.at_shifts(session, [key[1]], [key[0]])[key[1], key[0], key[2]].left
    del board.standing[key]
    return pairs.taking_back(session, actor.aside(), stands, grant)


def _write(
    session: Session, actor: Actor, board: Board, key: Key, offline: dict[str, Any], grant: UUID, case_id: UUID
) -> None:
    account, shift_id, pair, direction = key
    at, received_at = datetime.fromisoformat(offline["at"]), datetime.fromisoformat(offline["receivedAt"])
    rule = board.rule(shift_id)
    open_hours = replace(
        rule.policy, early_minutes=_A_DAY, late_minutes=None, check_out_minutes=_A_DAY, walk_in=True
    )  # fmt: skip
    arrival = Arrival(
        account, shift_id, direction, pair, at, received_at, offline["provenance"], actor.account_id
    )  # fmt: skip
    row = admit(replace(rule, policy=open_hours), arrival, board.signups.get((account, shift_id)), board.standing)
    late = (received_at - at) // timedelta(minutes=1)
    details = {"skewSeconds": offline["skewSeconds"], "lateMinutes": late, "caseId": str(case_id)}
    board.write(session, actor, row, grant, details)
