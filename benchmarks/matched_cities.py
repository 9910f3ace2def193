"""A city matched by the product itself: its rows read, the job run, every proposal written; beside the bare flow.

`python -m benchmarks.matched_cities 10000` prints one measurement as JSON; it runs in a process of its own.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, Reach
from api.calls import House
from api.db import Session, new_id
from api.domain.matching.candidates import candidates
from api.domain.matching.columns import columns
from api.domain.matching.flow import network, solve
from api.domain.matching.inputs import Ask, Offer
from api.domain.matching.propose import propose
from api.domain.matching.scores import scores
from api.domain.matching.times import Window, plain
from api.jobs.kinds import discover
from api.jobs.loop import run_due
from api.models import NOBODY, Availability, MatchProposal, Need, Organization, Person
from api.services import match_runs, organizations, people, tenants
from api.settings import Settings
from benchmarks.cities import APART, PARTS, City, city
from benchmarks.fill import empty

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai; what is asked for lies in the week after
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIMES = (("morning", 9), ("afternoon", 14), ("evening", 19))
_DEGREE = 111_195
_AT_ONCE = 2000
_TIMES = 3


def measured(volunteers: int) -> dict[str, Any]:
    """Fill a database with a city and match it; return what it cost and what it came to.

    Three copies of it are matched, each followed by the bare flow, and of both the best counts: the machine is not
    alone. The memory is that of the first.
    """
    propose(*city(300)[:2])  # libraries are loaded once a process, and so are the kinds of jobs
    discover()
    with empty("sqlite") as (url, var_dir, _):
        house = House(Settings(database_url=url, var_dir=var_dir, jobs=False), lambda: MONDAY)
        actor = _filled(house, city(volunteers))  # and the city goes: what remains of it stands in the database
        house.close()
        found = [_matched(actor, url, var_dir, number) for number in range(_TIMES)]
    return {**found[0], **{name: min(each[name] for each in found) for name in ("cpu", "bare")}}


def _matched(actor: Actor, url: str, var_dir: Path, number: int) -> dict[str, Any]:
    """Match a copy of the filled database once, then solve the bare flow of the same graph."""
    filled = Path(url.removeprefix("sqlite:///"))
    copy = filled.with_name(f"{number}-{filled.name}")
    shutil.copy(filled, copy)
    house = House(Settings(database_url=f"sqlite:///{copy}", var_dir=var_dir, jobs=False), lambda: MONDAY)
    try:
        values = {"organization_id": actor.reaches[0].organization_id, "kind": "people"}
        run_id = house.write_now(actor, match_runs.request, values)
        begun = time.process_time()
        run_due(house)
        cost = time.process_time() - begun
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        of = MatchProposal.run_id == run_id
        written = house.read_now(
            actor, lambda session, _: session.scalar(sa.select(sa.func.count()).where(of, _PROPOSED))
        )
        stored = house.read_now(actor, match_runs.stored, run_id)
    finally:
        house.close()
        copy.unlink()
    return {"cpu": cost, "memory": memory, "proposals": written, "state": stored.state, **_bare(stored)}


_PROPOSED = MatchProposal.state == "proposed"


def _bare(stored: Any) -> dict[str, Any]:
    """Return what the solver alone takes for the graph of the stored run."""
    run = columns(*match_runs.restored_inputs(stored))
    pairs = candidates(run)
    built = network(run, pairs, scores(run, pairs))
    begun = time.process_time()
    solve(built, len(pairs.ask))
    return {"bare": time.process_time() - begun, "pairs": len(pairs.ask)}


def _filled(house: House, town: City) -> Actor:
    """Fill an empty database with the people and needs of a town; return the office that may match it."""
    founder: Actor = house.write_now(None, lambda session, _: tenants.found_tenant(session, "match", "匹配市"))
    root, path, places = house.write_now(founder, _communities, town)
    for some in _parts(town.offers):
        house.write_now(founder, _people, some, places)
    for some in _parts(town.asks):
        house.write_now(founder, _needs, some, places)
    office = Reach("city_officer", NOBODY, root, path)
    return Actor(founder.person_id, founder.account_id, founder.tenant_id, (office,), "match_run.create")


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def _communities(session: Session, actor: Actor, town: City) -> tuple[UUID, str, Callable[[Any], UUID]]:
    """Make the city with its communities where they lie; return its id, its path, and whose a place is."""
    node = {"axis": "territory", "kind": "city", "name": "匹配市"}
    root = organizations.create(session, actor, node, None)
    street = organizations.create(session, actor, {**node, "kind": "street", "name": "街道"}, root)
    names = sorted({ask.community for ask in town.asks if ask.community})
    side = max(1, round(len(names) ** 0.5))
    made: dict[str, UUID] = {}
    for number, name in enumerate(names):
        east, north = number % side * APART, number // side * APART
        point = {"latitude": 31 + north / _DEGREE, "longitude": 120 + east / _DEGREE / 0.857, "system": "wgs84"}
        community = {"axis": "territory", "kind": "community", "name": name, "point": point}
        made[name] = organizations.create(session, actor, community, street)
    path = session.scalar(sa.select(Organization.path).where(Organization.id == root))

    def nearest(row: Ask | Offer) -> UUID:
        if isinstance(row, Ask) and row.community:
            return made[row.community]
        east, north = row.place or (0, 0)
        column, line = (min(max(round(at / APART), 0), side - 1) for at in (east, north))
        return made[names[min(line * side + column, len(names) - 1)]]

    return root, path, nearest


def _people(session: Session, actor: Actor, offers: Sequence[Offer], places: Callable[[Any], UUID]) -> None:
    rows = [people.person_row(session, actor, {"name": offer.id}) for offer in offers]
    session.insert(Person, rows)
    session.insert(Availability, [
        {"id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "person_id": row["id"],
         "active": True, "told": _told(offer, places)}
        for row, offer in zip(rows, offers, strict=True)
    ])  # fmt: skip


def _told(offer: Offer, places: Callable[[Any], UUID]) -> dict[str, Any]:
    return {
        "skills": [{"category": category, "level": level} for category, level in offer.skills],
        "free": None if offer.slots is None else [_half_day(slot) for slot in offer.slots],
        "preferred": [_half_day(slot) for slot in offer.preferred], "area_id": str(places(offer)),
        "reach_metres": offer.reach, "max_tasks": offer.max_tasks,
        "wishes": [each for each in offer.wishes if not each.startswith("community")],
    }  # fmt: skip


def _half_day(slot: int) -> str:
    return f"{DAYS[slot // PARTS]}.{TIMES[slot % PARTS][0]}"


def _needs(session: Session, actor: Actor, asks: Sequence[Ask], places: Callable[[Any], UUID]) -> None:
    session.insert(Need, [
        {"id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "kind": "need",
         "state": "published", "title": ask.id, "description": "", "category": ask.category, "target_group": None,
         "headcount": ask.headcount, "quantity": None, "when_text": None, "budget_fen": None,
         "community_id": places(ask), "asked_by": None, "reason": None, "published_at": session.now,
         "expires_on": None, "windows": None if ask.slots is None else [plain(_window(slot)) for slot in ask.slots],
         "source": None, "flags": []}
        for ask in asks
    ])  # fmt: skip


def _window(slot: int) -> Window:
    begins = MONDAY + timedelta(days=7 + slot // PARTS, hours=TIMES[slot % PARTS][1] - 9)
    return Window(begins, begins + timedelta(hours=2))


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
