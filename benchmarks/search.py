"""Finding needs by a word, a time or nearness against finding as many by an index on their category."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from api.access import Actor
from api.calls import House
from api.db import Session
from api.models import Organization, SearchWindow
from api.services import organizations, search
from benchmarks.fill import KINDS, ZONE, Ground, add_needs, analyze, ground, now
from benchmarks.harness import Row, drive, interleaved, request, serving
from tests.support.postgres import connect

COMMAND = "python -m benchmarks search"
WORDS = ("养老", "理发", "修")
EVERY = 20  # one need in so many holds a word, is of the category beside it, and begins on the day that is asked for
COUNT = {"normal": 100_000, "full": 1_000_000}
COMMUNITIES = 200  # on a square of 1 km between neighbours
_AT_ONCE, _ROUND = 10_000, 50
_DAY = datetime(2026, 3, 7, tzinfo=ZONE)


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure both databases; the ways take turns."""
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind, members=16, shifts=2) as filled:
            house = House(filled.settings(), now)
            try:
                places = house.write_now(filled.actor, _communities, filled)
                for _ in range(0, COUNT[size], _AT_ONCE):
                    house.write_now(filled.actor, _add, filled, places)
                _index_categories(house, filled)
            finally:
                house.close()
            analyze(filled)
            found += _table(filled, _costs(filled), COUNT[size])
    return found


def _communities(session: Session, actor: Actor, filled: Ground) -> list[Any]:
    """Give the first community a place and neighbours around it."""
    assert filled.community is not None
    above = session.scalar(sa.select(Organization.parent_id).where(Organization.id == filled.community))
    places = [filled.community]
    for number in range(1, COMMUNITIES):
        node = {"axis": "territory", "kind": "community", "name": f"第{number}社区"}
        places.append(organizations.create(session, actor, node, above))
    for number, place in enumerate(places):
        row, column = divmod(number, 15)
        point = {"latitude": 36 + row * 0.009, "longitude": 120 + column * 0.011, "system": "wgs84"}
        session.execute(sa.update(Organization).where(Organization.id == place).values(point=point))
    return places


def _add(session: Session, actor: Actor, filled: Ground, places: list[Any]) -> None:
    assert filled.community is not None

    def varied(at: int) -> dict[str, Any]:
        kind = {"category": "other"} if at % EVERY == 0 else {}
        return {"community_id": places[at % COMMUNITIES], **kind}

    ids = add_needs(session, actor, filled.community, _AT_ONCE, varied)
    # Each word stands in one need of so many; the first of them is the one that the category is compared with.
    held = dict(enumerate(WORDS))
    titles = {need: (f"{held.get(at % EVERY, '陪诊')}第{at % 97}件",) for at, need in enumerate(ids)}
    search.learn(session, actor.tenant_id, "need", titles)
    session.insert(SearchWindow, [_window(actor, need, at) for at, need in enumerate(ids)])


def _window(actor: Actor, need: Any, at: int) -> dict[str, Any]:
    """Return one window a need: one in so many on the day that is asked for, each fifth of those every week before."""
    day = _DAY - timedelta(days=(7 if at % (5 * EVERY) == 0 else 0) if at % EVERY == 0 else 1 + at % 200)
    every = 7 * 86_400 if at % (5 * EVERY) == 0 else 0
    starts = int((day + timedelta(hours=9)).replace(tzinfo=None).timestamp())
    return {
        "tenant_id": actor.tenant_id, "noun": "need", "subject_id": need, "number": 0, "starts": starts, "every": every,
        "before": None,
    }  # fmt: skip


def _index_categories(house: House, filled: Ground) -> None:
    index = "CREATE INDEX by_category ON needs (tenant_id, state, category, id)"
    if filled.server is None:
        house.write_now(filled.actor, lambda session, _: session.execute(sa.text(index)))
        return
    with connect(filled.server.root, "bench") as session:  # behind the wall nobody owns a table
        session.execute(index)


def _costs(filled: Ground) -> dict[str, float]:
    signed = {"Authorization": f"Bearer {filled.tokens[0]}"}
    until = quote((_DAY + timedelta(days=1)).isoformat())
    asked = {
        "category": "category=other", **{word: f"text={quote(word)}" for word in WORDS},
        "time=": f"since={quote(_DAY.isoformat())}&until={until}", "near=": f"near={filled.community}",
        "near= and 理发": f"near={filled.community}&text={quote('理发')}",
    }  # fmt: skip
    with serving("api.main:create_app", filled.environment()) as product:

        def by(name: str) -> float:
            content = request("GET", f"/api/v1/needs?state=published&limit=50&{asked[name]}", signed)
            load = drive(product, [content] * _ROUND, 8)
            if set(load.statuses) != {200}:
                raise RuntimeError(f"not answered with 200: {load.statuses}")
            return load.cpu

        return interleaved({name: lambda name=name: by(name) for name in asked})


def _table(filled: Ground, costs: dict[str, float], count: int) -> list[Row]:
    told = ", ".join(f"{way} {cost:.0f} µs" for way, cost in costs.items())
    found: list[Any] = []
    for way in list(costs)[1:]:
        ratio = costs[way] / costs["category"]
        name = f"search {way} in {count} needs, {filled.kind}: CPU against an index on category"
        # Words have a goal; of times and nearness it is told what they cost.
        is_word = way in WORDS
        found.append(Row(name, ratio, "≤ 3" if is_word else "told", "×", not is_word or ratio <= 3, told, COMMAND))
    return found
