"""The edits of T1: what a hand on the database changes, deletes, slips in and reorders in a sealed ledger."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from api.db import Session, new_id
from api.models import Entry, Event, Fact, Position

_TABLES: dict[str, Any] = {"fact": Fact, "entry": Entry, "event": Event}
_JUMP = 1_000_000


@dataclass
class Sealed:
    """The sealed rows of a tenant in their order, and the dice that choose among them."""

    tenant_id: UUID
    dice: random.Random
    order: list[tuple[str, UUID]]

    def one(self, kind: str) -> UUID:
        """Return a sealed row of a kind."""
        return self.dice.choice([row_id for its, row_id in self.order if its == kind])


def nothing(_session: Session, _sealed: Sealed) -> None:
    """Leave everything as it is: what is computed anew is what stood, and nobody may find anything."""


def _changing(name: str, kind: str, column: str, value: Callable[[Sealed, Any], Any]) -> Callable[..., None]:
    """Return an edit that gives a column of a random row another value."""
    table = _TABLES[kind]

    def edit(session: Session, sealed: Sealed) -> None:
        row_id = sealed.one(kind)
        was = session.scalar(sa.select(getattr(table, column)).where(table.id == row_id))
        values = session.sealed(table, {column: value(sealed, was)}, row_id, sealed.tenant_id)
        session.execute(sa.update(table).where(table.id == row_id).values(values))

    edit.__name__ = name
    return edit


def _deleting(kind: str) -> Callable[..., None]:
    def edit(session: Session, sealed: Sealed) -> None:
        session.execute(sa.delete(_TABLES[kind]).where(_TABLES[kind].id == sealed.one(kind)))

    edit.__name__ = f"delete_{kind}"
    return edit


def _slipping_in(kind: str, **other: Callable[[], Any]) -> Callable[..., None]:
    """Return an edit that puts a row like another one at a random place among those before it."""
    table = _TABLES[kind]

    def edit(session: Session, sealed: Sealed) -> None:
        like = session.rows(sa.select(*table.__table__.c).where(table.id == sealed.one(kind)))[0]._asdict()
        fresh = {**like, "id": new_id(), "request_key": None, **{name: make() for name, make in other.items()}}
        place = sealed.dice.randint(1, len(sealed.order))
        session.insert(table, [fresh])
        own = Position.tenant_id == sealed.tenant_id
        later = sa.update(Position).where(own, Position.position >= place)
        session.execute(later.values(position=Position.position + _JUMP))
        session.insert(Position, [{
            "tenant_id": sealed.tenant_id, "position": place, "kind": kind, "row_id": fresh["id"], "leaf": b"",
            "sealed_at": session.now,
        }])  # fmt: skip

    edit.__name__ = f"slip_in_{kind}"
    return edit


def swap_two(session: Session, sealed: Sealed) -> None:
    """Let two rows change places."""
    one, other = sealed.dice.sample(range(1, len(sealed.order) + 1), 2)
    for place, to in ((one, -1), (other, one), (-1, other)):
        _move(session, sealed, place, to)


def move_the_last_to_the_front(session: Session, sealed: Sealed) -> None:
    """Let the youngest row be the oldest."""
    _move(session, sealed, len(sealed.order), 0)


def cut_the_tail(session: Session, sealed: Sealed) -> None:
    """Forget the youngest rows, as if they had never been."""
    for kind, row_id in sealed.order[-sealed.dice.randint(1, 20) :]:
        session.execute(sa.delete(_TABLES[kind]).where(_TABLES[kind].id == row_id))


def move_minutes_to_another(session: Session, sealed: Sealed) -> None:
    """Take minutes of one entry and give them to another, so that the total stays."""
    taken, given = sealed.one("entry"), sealed.one("entry")
    while given == taken:
        given = sealed.one("entry")
    for row_id, minutes in ((taken, -5), (given, 5)):
        session.execute(sa.update(Entry).where(Entry.id == row_id).values(amount=Entry.amount + minutes))


def let_a_reversal_never_be(session: Session, sealed: Sealed) -> None:
    """Delete what takes a credit back, so that it stands again."""
    reversals = [row.id for row in session.rows(sa.select(Entry.id).where(Entry.reverses_id.is_not(None)))]
    session.execute(sa.delete(Entry).where(Entry.id == sealed.dice.choice(reversals)))


def forget_a_person(session: Session, sealed: Sealed) -> None:
    """Delete everything of one account."""
    account = session.scalar(sa.select(Entry.account_id).where(Entry.id == sealed.one("entry")))
    for table in (Entry, Fact):
        session.execute(sa.delete(table).where(table.account_id == account))


def _move(session: Session, sealed: Sealed, place: int, to: int) -> None:
    own = sa.update(Position).where(Position.tenant_id == sealed.tenant_id, Position.position == place)
    session.execute(own.values(position=to))


EDITS: tuple[Callable[[Session, Sealed], None], ...] = (
    _changing("minutes", "entry", "amount", lambda sealed, was: was + sealed.dice.randint(1, 600)),
    _changing("person_of_entry", "entry", "account_id", lambda *_: uuid4()),
    _changing("day_of_entry", "entry", "served_on", lambda sealed, was: was - timedelta(sealed.dice.randint(1, 400))),
    _changing("community_of_entry", "entry", "community_id", lambda *_: uuid4()),
    _changing("employer_of_entry", "entry", "employer_id", lambda *_: uuid4()),
    _changing("provenance_of_entry", "entry", "provenance", lambda *_: "organiser"),
    _changing("recording_of_entry", "entry", "recorded_at", lambda _, was: was - timedelta(days=1)),
    _changing("person_of_fact", "fact", "account_id", lambda *_: uuid4()),
    _changing("moment_of_fact", "fact", "occurred_at", lambda _, was: was + timedelta(seconds=1)),
    _changing("provenance_of_fact", "fact", "provenance", lambda *_: "roll_call"),
    _changing("details_of_fact", "fact", "details", lambda sealed, _: {"band": sealed.dice.randint(1, 9)}),
    _changing("actor_of_fact", "fact", "actor_id", lambda *_: uuid4()),
    _changing("kind_of_event", "event", "kind", lambda *_: "organization.edit_"),
    _changing("actor_of_event", "event", "actor_id", lambda *_: uuid4()),
    _changing("subject_of_event", "event", "subject_id", lambda *_: uuid4()),
    _changing("hash_of_event", "event", "content_hash", lambda sealed, _: f"{sealed.dice.getrandbits(256):064x}"),
    _changing("details_of_event", "event", "details", lambda sealed, _: {"n": sealed.dice.randint(1, 9)}),
    _deleting("entry"), _deleting("fact"), _deleting("event"),
    _slipping_in("entry", source_id=uuid4, reverses_id=lambda: None), _slipping_in("fact", account_id=uuid4),
    _slipping_in("event"),
    swap_two, move_the_last_to_the_front, cut_the_tail, move_minutes_to_another, let_a_reversal_never_be,
    forget_a_person,
)  # fmt: skip
