"""The limit of a check-in: the statements that the product prints, sent by the bare driver behind the same route.

The route, its reading and the lane are the product's. No rule is looked at, nothing is compiled twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from api import calls, grants
from api.access import Actor, Ask
from api.db import Session, new_id
from api.main import create_app
from api.models import Fact
from api.services import presences

_COLUMNS = [column.name for column in Fact.__table__.columns]


class Printed:
    """A statement as the product prints it; the text is kept for each length of its lists."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._kept: dict[Any, tuple[str, list[tuple[str, int | None, Any]]]] = {}

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Run it with these values, lists under the names of the lists, and return bare tuples."""
        values = {name: _padded(value) if isinstance(value, list) else value for name, value in values.items()}
        sizes = tuple(len(value) if isinstance(value, list) else -1 for value in values.values())
        kept = self._kept.get((session.dialect, sizes))
        if kept is None:
            kept = self._kept[session.dialect, sizes] = self._compiled(session, values)
        text, slots = kept
        plain = session.dialect == "sqlite"
        bound = {name: at if index is None else _bound(values, at, index, plain) for name, index, at in slots}
        cursor = session.connection.connection.cursor()
        cursor.execute(text, tuple(bound.values()) if plain else bound)
        found = cursor.fetchall()
        cursor.close()
        return found

    def _compiled(self, session: Session, values: Mapping[str, Any]) -> Any:
        compiled = self._statement.compile(dialect=session.connection.dialect)
        state = compiled.construct_expanded_state(dict(values))
        slots: list[tuple[str, int | None, Any]] = []
        for place, name in enumerate(state.positiontup or state.parameters):
            stem, _, number = name.rpartition("_")
            slot = f"{name}#{place}" if state.positiontup else name
            if name in values:
                slots.append((slot, 0, name))
            elif stem in values and number.isdecimal():
                slots.append((slot, int(number), stem))
            else:
                process = state.processors.get(name)
                constant = state.parameters[name]
                slots.append((slot, None, process(constant) if process else constant))
        return state.statement, slots


def _padded(items: list[Any]) -> list[Any]:
    """Repeat the last item up to a power of two, so that few texts serve all lengths."""
    return items + items[-1:] * ((1 << (len(items) - 1).bit_length()) - len(items))


def _bound(values: Mapping[str, Any], name: str, index: int, plain: bool) -> Any:
    value = values[name] if index == 0 else values[name][index - 1]
    if not plain:
        return value
    return value.hex if isinstance(value, UUID) else str(value)


_WHO, _SHIFTS = Printed(grants._BY_SIGN_IN), Printed(presences._SHIFTS)
_PEOPLE, _STANDING = Printed(presences._PEOPLE), Printed(presences._STANDING_OF)


def recognise(session: Session, asks: Sequence[Ask]) -> list[Actor]:
    """Return the actor of each request by one bare statement."""
    sign_ins = sorted({ask.claims.sign_in_id for ask in asks if ask.claims})
    around = {"earliest": session.now.date(), "latest": session.now.date()}
    known = {_uuid(row[0]): row for row in _WHO.rows(session, {"sign_ins": sign_ins, **around})}
    return [
        Actor(ask.claims.person_id, _uuid(known[ask.claims.sign_in_id][2]), ask.claims.tenant_id, (), ask.step)
        for ask in asks
        if ask.claims
    ]


def check_in(session: Session, wanted: Sequence[tuple[Actor, Any]]) -> list[dict[str, Any]]:
    """Read what the product reads, write what it writes, and decide nothing."""
    shift_ids = sorted({each.shift_id for _, each in wanted})
    tenant = wanted[0][0].tenant_id
    keys = {"shifts": shift_ids, "people": sorted({actor.person_id for actor, _ in wanted}), "tenant": tenant}
    shifts = {_uuid(row[0]): row for row in _SHIFTS.rows(session, {"shifts": shift_ids, "tenant": tenant})}
    people = {_uuid(row[0]): row for row in _PEOPLE.rows(session, keys)}
    accounts = sorted(_uuid(row[1]) for row in people.values())
    _STANDING.rows(session, {"shifts": shift_ids, "accounts": accounts})
    facts = []
    for actor, each in wanted:
        shift, person = shifts[each.shift_id], people[actor.person_id]
        facts.append({
            "id": new_id(), "tenant_id": tenant, "recorded_at": session.now, "actor_id": actor.person_id,
            "grant_id": None, "request_key": None, "fingerprint": None, "kind": each.direction,
            "account_kind": "person",
            "account_id": _uuid(person[1]), "occurred_at": session.now, "served_on": session.now.date(),
            "provenance": "code", "shift_id": each.shift_id, "pair": each.pair, "revision": 0,
            "community_id": _uuid(shift[5]), "employer_id": _uuid(person[5]), "reverses_id": None, "details": b"",
        })  # fmt: skip
    _insert(session, facts)
    return [{**fact, "direction": fact["kind"], "at": fact["occurred_at"]} for fact in facts]


def _insert(session: Session, facts: list[dict[str, Any]]) -> None:
    plain = session.dialect == "sqlite"
    mark = "?" if plain else "%s"
    values = ", ".join([mark] * len(_COLUMNS))
    text = f"INSERT INTO facts ({', '.join(_COLUMNS)}) VALUES ({values}) ON CONFLICT DO NOTHING"
    cursor = session.connection.connection.cursor()
    cursor.executemany(text, [[_stored(fact[name]) if plain else fact[name] for name in _COLUMNS] for fact in facts])
    cursor.close()


def _stored(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) or value is None else UUID(hex=value)


def create() -> FastAPI:
    """Build the product's application with door and check-in on the bare driver."""
    calls.recognise = recognise  # type: ignore[assignment]
    presences.check_in = check_in  # type: ignore[assignment]
    return create_app()
