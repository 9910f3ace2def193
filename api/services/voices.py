"""Voices on presences: facts beside a pair that confirm or deny it, and the settlement that follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session, new_id
from api.domain.ledger import SelfApproval
from api.domain.presence import NotCheckedIn
from api.errors import Problem
from api.models import Fact, Shift
from api.services import settlement
from api.services.days import zone_of

CONFIRMED, DENIED = settlement.CONFIRMED, "presence_denied"
_undone = aliased(Fact, name="undone")
_BESIDE = (
    sa.select(
        Fact.id, Fact.kind, Fact.account_id, Fact.shift_id, Fact.pair, Fact.revision, Fact.provenance, Fact.served_on,
        Fact.community_id, Fact.employer_id, _undone.id.label("undone_by"), Shift.starts_at, Shift.ends_at,
    )
    .join(Shift, Shift.id == Fact.shift_id)
    .outerjoin(_undone, _undone.reverses_id == Fact.id)
    .where(
        Fact.tenant_id == sa.bindparam("tenant"),
        Fact.shift_id.in_(sa.bindparam("shifts", expanding=True)),
        Fact.account_id.in_(sa.bindparam("accounts", expanding=True)),
        Fact.kind.in_(("check_in", CONFIRMED, DENIED)),
        Fact.reverses_id.is_(None),
    )
    .order_by(Fact.revision)
)  # fmt: skip
_Pair = tuple[UUID, UUID, int]


@dataclass(frozen=True, slots=True)
class Voice:
    """What somebody says of a pair: who says it is its `provenance` (organiser, roll_call, recipient_confirmed)."""

    account_id: UUID
    shift_id: UUID
    pair: int
    provenance: str
    kind: Literal["presence_confirmed", "presence_denied"] = CONFIRMED
    said_at: datetime | None = None
    grant: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Board:
    came: dict[_Pair, Any] = field(default_factory=dict)
    stands: dict[tuple[_Pair, str, str], UUID] = field(default_factory=dict)
    revisions: dict[tuple[_Pair, str], int] = field(default_factory=dict)
    new: list[dict[str, Any]] = field(default_factory=list)


def on_offline(fact: Mapping[str, Any], provenance: str, said_at: datetime, grant: UUID | None) -> Voice | None:
    """Return the voice of who vouches for a presence that stands by an offline code; None where another one stands."""
    if fact["provenance"] != "offline_code":
        return None
    return Voice(fact["account_id"], fact["shift_id"], fact["pair"], provenance, said_at=said_at, grant=grant)


def say_all(session: Session, said: Sequence[tuple[Actor, Voice]]) -> None:
    """Let the voices of several actors stand; one of whom nobody may hear, or that is about no check-in, is nothing."""
    by_actor: dict[UUID, tuple[Actor, list[Voice]]] = {}
    for actor, voice in said:
        by_actor.setdefault(actor.person_id, (actor.aside(), []))[1].append(voice)
    for actor, these in by_actor.values():
        say(session, actor, these)


def say(session: Session, actor: Actor, voices: Sequence[Voice]) -> list[UUID | Problem]:
    """Let voices stand beside the pairs that they are about, and settle what they confirm; return a fact id for each.

    One pair has at most one standing voice of each kind and provenance: a repeat returns what stands. Problems:
    NotCheckedIn where no check-in of the pair stands, SelfApproval for a voice on the actor's own presence. A denial
    changes no minutes. Locks the people; whoever calls this has decided that the actor may.
    """
    if not voices:
        return []
    settlement.hold(session, [each.account_id for each in voices])
    board = _read(session, actor, voices)
    outcomes = [_said(session, actor, board, voice) for voice in voices]
    session.insert(Fact, board.new)
    affected: dict[UUID, tuple[Actor, list[tuple[datetime, datetime]]]] = {}
    for row in board.new:
        if row["kind"] == CONFIRMED:
            came = board.came[row["account_id"], row["shift_id"], row["pair"]]
            _, windows = affected.setdefault(row["account_id"], (actor.aside(), []))
            windows.append((came.starts_at, came.ends_at))
    if affected:
        settlement.settle(session, actor.tenant_id, zone_of(session, actor.tenant_id), affected)
    return outcomes


def _read(session: Session, actor: Actor, voices: Sequence[Voice]) -> _Board:
    keys: dict[str, Any] = {
        "tenant": actor.tenant_id, "shifts": sorted({each.shift_id for each in voices}),
        "accounts": sorted({each.account_id for each in voices}),
    }  # fmt: skip
    board = _Board()
    for row in session.rows(_BESIDE, keys):
        pair = (row.account_id, row.shift_id, row.pair)
        board.revisions[pair, row.kind] = row.revision
        if row.undone_by is not None:
            continue
        if row.kind == "check_in":
            board.came[pair] = row
        else:
            board.stands[pair, row.kind, row.provenance] = row.id
    return board


def _said(session: Session, actor: Actor, board: _Board, voice: Voice) -> UUID | Problem:
    pair = (voice.account_id, voice.shift_id, voice.pair)
    stands = board.stands.get((pair, voice.kind, voice.provenance))
    if stands is not None:
        return stands
    if voice.account_id == actor.account_id:
        return SelfApproval()
    came = board.came.get(pair)
    if came is None:
        return NotCheckedIn()
    revision = board.revisions.get((pair, voice.kind), -1) + 1
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": voice.grant, **actor.take_key(), "kind": voice.kind, "account_kind": "person",
        "account_id": voice.account_id, "occurred_at": voice.said_at or session.now, "served_on": came.served_on,
        "provenance": voice.provenance, "shift_id": voice.shift_id, "pair": voice.pair, "revision": revision,
        "community_id": came.community_id, "employer_id": came.employer_id, "reverses_id": None,
        "details": voice.details,
    }  # fmt: skip
    board.new.append(row)
    board.revisions[pair, voice.kind] = revision
    board.stands[pair, voice.kind, voice.provenance] = row["id"]
    return row["id"]
