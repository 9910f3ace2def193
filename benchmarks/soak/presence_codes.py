"""S13: codes that must not count, and one check-in sent a thousand times at once, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.domain import codes
from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.coded import Forger, storm

CODES = {"small": 2_000, "normal": 10_000, "full": 200_000}
STORMS = {"small": 1, "normal": 5, "full": 50}
AT_ONCE = 1_000


def rows(size: str, seed: int) -> list[Row]:
    """Count codes that were accepted and facts that are too many; the control takes codes one step longer."""
    found: list[Row] = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, _):
            accepted, caught, wrong = asyncio.run(_run(url, var_dir, size, seed))
        told = f"{CODES[size]} codes, seed {seed}; control: one step too many, {caught} of 200 accepted"
        found.append(Row(f"S13 codes, {kind}", accepted, "0", "accepted", accepted == 0 and caught > 0, told, ""))
        told = f"{STORMS[size]} times {AT_ONCE} at once"
        found.append(Row(f"S13 at once, {kind}", wrong, "0", "storms that left not one fact", wrong == 0, told, ""))
    return found


async def _run(url: str, var_dir: Path, size: str, seed: int) -> tuple[int, int, int]:
    clock = Clock()
    world = worlds.build(url, var_dir, clock, token_minutes=60 * 24 * 365)
    other = worlds.another(world, "othercity")
    try:
        forger = Forger(world, other, clock, seed)
        await forger.prepare()
        accepted = await forger.send(CODES[size])
        careless = Forger(world, other, clock, seed)
        await careless.prepare()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(codes, "STEPS_BEFORE", 2)
            caught = await careless.send(200)
        wrong = 0
        for _ in range(STORMS[size]):
            told, facts = await storm(world, clock, AT_ONCE)
            wrong += not (facts == 1 and len(told) == 1 and next(iter(told))[0] == 200)
    finally:
        world.close()
    return accepted, caught, wrong
