"""Finding needs by a word against finding as many by an index on their category."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from api.access import Actor
from api.calls import House
from api.db import Session
from api.models import Need
from api.services import search
from benchmarks.fill import KINDS, Ground, add_needs, analyze, ground, now
from benchmarks.harness import Row, drive, interleaved, request, serving

COMMAND = "python -m benchmarks search"
WORDS = ("养老", "理发", "修")
EVERY = 20  # one need in so many holds a word, and is of the category beside it
COUNT = {"normal": 100_000, "full": 1_000_000}
_AT_ONCE = 10_000


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure both databases; the ways take turns."""
    found: list[Row] = []
    for kind in KINDS:
        with ground(kind, members=64, shifts=4) as filled:
            house = House(filled.settings(), now)
            try:
                for _ in range(0, COUNT[size], _AT_ONCE):
                    house.write_now(filled.actor, _add, filled)
                house.write_now(filled.actor, _index_categories)
            finally:
                house.close()
            analyze(filled)
            found += _table(filled, _costs(filled), COUNT[size])
    return found


def _add(session: Session, actor: Actor, filled: Ground) -> None:
    assert filled.community is not None
    ids = add_needs(session, actor, filled.community, _AT_ONCE)
    # Each word stands in one need of so many; the first of them is the one that the category is compared with.
    held = dict(enumerate(WORDS))
    titles = {need: f"居民请求第{at}件{held.get(at % EVERY, '陪诊')}" for at, need in enumerate(ids)}
    others = [need for at, need in enumerate(ids) if at % EVERY == 0]
    for start in range(0, len(others), 500):
        session.execute(sa.update(Need).where(Need.id.in_(others[start : start + 500])).values(category="other"))
    search.learn(session, actor.tenant_id, "need", {need: (title,) for need, title in titles.items()})


def _index_categories(session: Session, _actor: Actor) -> None:
    session.execute(sa.text("CREATE INDEX by_category ON needs (tenant_id, state, category, id)"))


def _costs(filled: Ground) -> dict[str, float]:
    signed = {"Authorization": f"Bearer {filled.tokens[0]}"}
    asked = {"category": "category=other", **{word: f"text={quote(word)}" for word in WORDS}}
    with serving("api.main:create_app", filled.environment()) as product:

        def by(name: str) -> float:
            content = request("GET", f"/api/v1/needs?state=published&limit=50&{asked[name]}", signed)
            load = drive(product, [content] * 100, 8)
            if set(load.statuses) != {200}:
                raise RuntimeError(f"not answered with 200: {load.statuses}")
            return load.cpu

        return interleaved({name: lambda name=name: by(name) for name in asked})


def _table(filled: Ground, costs: dict[str, float], count: int) -> list[Row]:
    told = ", ".join(f"{way} {cost:.0f} µs" for way, cost in costs.items())
    found: list[Any] = []
    for word in WORDS:
        ratio = costs[word] / costs["category"]
        name = f"search {word} in {count} needs, {filled.kind}: CPU against an index on category"
        found.append(Row(name, ratio, "≤ 3", "×", ratio <= 3, told, COMMAND))
    return found
