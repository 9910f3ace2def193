"""P3: the rotation of master keys under reads and writes, killed in the middle, on a database of its own."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.calls import House
from api.db import Session
from api.jobs.loop import run_due, run_to_end
from api.models import Person
from api.security import KeyUnknown
from api.security.wrapping import new_master_key
from api.services import key_rotation, people, tenants
from api.settings import Settings
from tests.support.clock import Clock

READ = sa.select(Person.id, Person.wrapped_key, Person.name)


class Killed(BaseException):
    """Stands for the end of the process: nothing that a program catches."""


@dataclass
class Rotation:
    """What was seen: reads and writes beside the rotation, what could not be read, and what the job said."""

    people: int
    reads: int = 0
    writes: int = 0
    unreadable: int = 0
    kills: int = 0
    seconds: float = 0.0
    longest_write: float = 0.0
    result: dict[str, Any] = field(default_factory=dict)
    unreadable_after: int = 0
    blind: int = 0  # the control: unreadable to a process that was given the earlier key alone


def rotate(url: str, folder: Path, count: int, seed: int, kills: int = 2) -> Rotation:
    """Keep `count` people, give a second master key, rotate under load with kills, and read everybody again."""
    clock, (earlier, current) = Clock(), (new_master_key(), new_master_key())

    def opened(keys: str) -> House:
        return House(Settings(database_url=url, var_dir=folder, jobs=False, master_key=keys), clock)

    before = opened(earlier)
    actor = before.write_now(None, lambda session, _: tenants.found_tenant(session, f"keys-{seed}", "轮换市"))  # type: ignore[arg-type]
    names: dict[UUID, str] = {}
    for start in range(0, count, 1000):
        names |= before.write_now(actor, _keep, [f"人{seed}-{n}" for n in range(start, min(start + 1000, count))])
    before.close()

    both, seen = opened(f"{current} {earlier}"), Rotation(count)
    begun = time.monotonic()
    with _Load(both, actor, names, seen, random.Random(seed)):
        _run(both, actor, clock, seen, kills)
    seen.seconds = time.monotonic() - begun
    both.close()
    after, blind = opened(current), opened(earlier)
    seen.unreadable_after = _unreadable(after, names, list(names))
    seen.blind = _unreadable(blind, names, list(names))
    for house in (after, blind):
        house.close()
    return seen


def _keep(session: Session, actor: Actor, names: list[str]) -> dict[UUID, str]:
    rows = [people.person_row(session, actor, {"name": name}) for name in names]
    session.insert(Person, rows)
    return {row["id"]: name for row, name in zip(rows, names, strict=True)}


def _run(house: House, actor: Actor, clock: Clock, seen: Rotation, kills: int) -> None:
    job = house.write_now(actor, key_rotation.request)
    for _ in range(kills):
        steps = iter(range(3))

        def dies(_per_cent: int, _counts: Any, steps: Any = steps) -> None:
            if next(steps, None) is None:
                raise Killed

        try:
            run_due(house, only=job, watch=dies)
        except Killed:
            seen.kills += 1
            clock.forward(seconds=60)  # its lease runs out
    seen.result = run_to_end(house, actor, job)["result"]


def _unreadable(house: House, names: dict[UUID, str], wanted: list[UUID]) -> int:
    missing = 0
    for start in range(0, len(wanted), 500):
        with house.engines.look() as session:
            for row in session.rows(READ.where(Person.id.in_(wanted[start : start + 500]))):
                try:
                    missing += house.vault.open(row.wrapped_key, row.id, "name", row.name) != names[row.id]
                except KeyUnknown:
                    missing += 1
    return missing


class _Load:
    """Two readers and a writer beside the rotation, for as long as the block lasts."""

    def __init__(self, house: House, actor: Actor, names: dict[UUID, str], seen: Rotation, dice: random.Random):
        self._house, self._actor, self._names, self._seen, self._dice = house, actor, names, seen, dice
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_on, args=(one,)) for one in (self._read,) * 2 + (self._write,)
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _keep_on(self, once: Callable[[], None]) -> None:
        while not self._over.wait(0.002):
            once()

    def _read(self) -> None:
        some = self._dice.sample(sorted(self._names), min(40, len(self._names)))
        self._seen.unreadable += _unreadable(self._house, self._names, some)
        self._seen.reads += len(some)

    def _write(self) -> None:
        begun = time.monotonic()
        fresh = self._house.write_now(self._actor, _keep, [f"新{self._seen.writes}"])
        self._seen.longest_write = max(self._seen.longest_write, time.monotonic() - begun)
        self._seen.writes += 1
        self._names |= fresh
