"""What is known while items that were kept offline are decided, what waits, and what is written in the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import offline as rules
from api.domain.forgotten import PROVISIONAL
from api.domain.offline import Item, Taken
from api.domain.presence import Arrival, Key, PairOutOfRange, SelfRecorded, admit
from api.errors import Problem
from api.models import Fact, OfflineItem
from api.services import changes, pairs, presences, settlement, voices
from api.services.offline_cases import Review, Told, open_all
from api.services.presences import Board

WAITING = sa.select(
    OfflineItem.id, OfflineItem.recorded_by, OfflineItem.person_id, OfflineItem.shift_id, OfflineItem.direction,
    OfflineItem.pair, OfflineItem.code_at, OfflineItem.clock_at, OfflineItem.skew_seconds, OfflineItem.grant_id,
    OfflineItem.received_at,
).where(OfflineItem.tenant_id == sa.bindparam("tenant"), OfflineItem.waiting)  # fmt: skip


@dataclass(slots=True, eq=False)
class Kept:
    """An item that is to stand: whose presence it is, when it happened by what is known, and who kept it."""

    key: Key
    actor: Actor
    person_id: UUID
    provenance: str
    taken: Taken
    received_at: datetime
    grant: UUID | None
    row_id: UUID
    review: Review | None = None

    def details(self) -> dict[str, int]:
        """Return what the fact remembers: by how much the clock was off, and how late the item came."""
        late = (self.received_at - self.taken.at) // timedelta(minutes=1)
        return {"skewSeconds": round(self.taken.skew.total_seconds()), "lateMinutes": late}


@dataclass(slots=True)
class Desk:
    """The board of presences with what offline lists need besides; what is decided joins what is known."""

    board: Board
    tenant_id: UUID
    devices: dict[UUID, Any] = field(default_factory=dict)
    known: dict[tuple[UUID, UUID], str] = field(default_factory=dict)  # (sender, item) → fingerprint
    counted: dict[UUID, list[tuple[int, datetime]]] = field(default_factory=dict)  # device → its own count and times
    held: dict[UUID, Kept] = field(default_factory=dict)  # what waits, by its row
    presumed: dict[Key, Any] = field(default_factory=dict)  # check-outs that only a rule or the person says
    taken_back: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[UUID, dict[str, Any]] = field(default_factory=dict)  # items to be written
    over: list[UUID] = field(default_factory=list)  # rows that wait no more
    stands: list[tuple[Actor, Key]] = field(default_factory=list)
    reviews: dict[str, Review] = field(default_factory=dict)

    def hold(self, rows: Iterable[Any]) -> None:
        """Note items that wait, by the rows of WAITING; their people and shifts are on the board."""
        for row in rows:
            account, own = self.board.accounts[row.person_id], row.recorded_by == row.person_id
            actor = Actor(row.recorded_by, account if own else row.recorded_by, self.tenant_id)
            taken = Taken(row.code_at or row.clock_at, row.clock_at, timedelta(seconds=row.skew_seconds))
            self.held[row.id] = Kept(
                (account, row.shift_id, row.pair, row.direction), actor, row.person_id,
                "offline_code" if own else "roll_call", taken, row.received_at, row.grant_id, row.id,
            )  # fmt: skip

    def look_for_presumed(self, session: Session) -> None:
        """Note the check-outs that only a rule or the person says so far: a code takes their place."""
        provisional = {key for key, row in self.board.standing.items() if row.provenance in PROVISIONAL}
        if not provisional:
            return
        there = pairs.at_shifts(session, {key[1] for key in provisional}, {key[0] for key in provisional})
        for account, shift_id, pair, direction in provisional:
            found = there.get((shift_id, account, pair))
            if found is not None and found.provisional:
                self.presumed[account, shift_id, pair, direction] = found.left

    def waiting_for(self, key: Key) -> Kept | None:
        """Return the item that waits for this presence to become possible."""
        return next((kept for kept in self.held.values() if kept.key == key), None)

    def put(self, session: Session, kept: Kept) -> bool:
        """Let a presence stand, or let a person judge why it cannot; False where what it belongs to may still come.

        Raises PairOutOfRange and SelfRecorded, which nobody has to judge.
        """
        board, (account, shift_id, pair, direction) = self.board, kept.key
        if kept.key not in board.standing or kept.key in self.presumed:
            arrival = Arrival(
                account, shift_id, direction, pair, kept.taken.at, kept.received_at, kept.provenance,
                kept.actor.account_id,
            )  # fmt: skip
            try:
                row = admit(board.rule(shift_id), arrival, board.signups.get((account, shift_id)), board.standing)
            except Problem as why:
                if isinstance(why, PairOutOfRange | SelfRecorded) and kept.row_id not in self.held:
                    raise
                before = board.standing.get((account, shift_id, pair - 1, "check_out"))
                if rules.waits(why, before.at if before else None):
                    return False
                self.judge(kept, [why.code])
                return True
            presumed = self.presumed.pop(kept.key, None)
            if presumed is not None:
                self.taken_back.append(pairs.taking_back(session, kept.actor.aside(), presumed))
            board.write(session, kept.actor, row, kept.grant, kept.details())
        self.stands.append((kept.actor, kept.key))
        return True

    def wait(self, kept: Kept) -> None:
        """Keep an item until what it belongs to has come."""
        self.held[kept.row_id] = kept

    def judge(self, kept: Kept, reasons: list[str]) -> None:
        """Let a person judge an item; of one presence there is one case, whatever is odd about it later."""
        shift = self.board.shifts[kept.key[1]]
        review = Review(
            kept.actor, kept.person_id, kept.key, shift.community_id, reasons, kept.provenance, kept.taken,
            kept.received_at,
        )  # fmt: skip
        kept.review = self.reviews.setdefault(review.source, review)

    def confirm(self, kept: Kept) -> None:
        """Let a roll call confirm a pair of which an offline code stands."""
        if kept.provenance == "roll_call":
            voice = voices.on_offline(self.board.facts[kept.key], "roll_call", kept.taken.at, kept.grant)
            if voice is not None:
                self.board.said.append((kept.actor, voice))

    def remember(self, item: Item, device_id: UUID, kept: Kept) -> None:
        """Note an item by its id, so that a repeat is known for ever."""
        own = kept.provenance == "offline_code"
        fingerprint = rules.fingerprint(item)
        self.known[kept.actor.person_id, item.item_id] = fingerprint
        if own:
            self.counted.setdefault(device_id, []).append((item.sequence, kept.taken.at))
        self.rows[kept.row_id] = {
            "id": kept.row_id, "tenant_id": self.tenant_id, "item_id": item.item_id,
            "recorded_by": kept.actor.person_id, "person_id": kept.person_id, "device_id": device_id,
            "shift_id": item.shift_id, "direction": item.direction, "pair": item.pair,
            "code_at": kept.taken.at if own else None, "clock_at": kept.taken.clock_at,
            "skew_seconds": round(kept.taken.skew.total_seconds()), "sequence": item.sequence,
            "fingerprint": fingerprint, "grant_id": kept.grant, "received_at": kept.received_at,
        }  # fmt: skip

    def take_up(self, session: Session) -> int:
        """Record what waited and can be recorded by now, in the order in which it happened; return how many."""
        waiting = sorted(self.held.values(), key=lambda kept: (kept.taken.at, kept.key[2], kept.key[3] != "check_in"))
        ready = [kept for kept in waiting if self.put(session, kept)]
        for kept in ready:
            self.let_go(kept)
        return len(ready)

    def let_go(self, kept: Kept) -> None:
        """Let an item wait no more."""
        del self.held[kept.row_id]
        if kept.row_id not in self.rows:
            self.over.append(kept.row_id)

    def conclude(self, session: Session) -> tuple[dict[str, Told], settlement.Worth]:
        """Write what was decided, settle it and open the reviews; return these by source, and what pairs are worth."""
        session.insert_new(Fact, sorted([*self.board.new, *self.taken_back], key=lambda fact: fact["id"]))
        rows = [{**row, "waiting": row["id"] in self.held} for row in self.rows.values()]
        session.insert_new(OfflineItem, rows)
        for row in rows:
            if row["waiting"]:
                actor, shift = self.held[row["id"]].actor, self.board.shifts[row["shift_id"]]
                changes.record(
                    session, actor, "device.hold", "device", row["device_id"], at=shift.community_id, written=row
                )  # fmt: skip
        if self.over:
            over = sa.update(OfflineItem).where(OfflineItem.id.in_(sorted(self.over)))
            session.execute(over.values(waiting=False))
        voices.say_all(session, self.board.said)
        worth = presences.settle(session, self.board, self.stands)
        return open_all(session, self.tenant_id, list(self.reviews.values())), worth
