"""S8: rotations on a bad network and thefts, on both databases."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from api.services import people, sign_ins
from benchmarks.fill import KINDS, empty, now
from benchmarks.harness import Row
from tests.support import world as worlds
from tests.support.rotating import rotations, theft

ROTATIONS = {"small": 100, "normal": 1_000, "full": 10_000}
THEFTS = {"small": 20, "normal": 200, "full": 2_000}
LOST = 0.3


def rows(size: str, seed: int) -> list[Row]:
    """Count forced log-ins and families that stayed open; the control forgives no lost answer."""
    found: list[Row] = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, _):
            forced, open_, caught = asyncio.run(_run(url, var_dir, size, seed))
        told = f"{ROTATIONS[size]} rotations, {THEFTS[size]} thefts, seed {seed}; control: {caught} forced log-ins"
        found += [
            Row(f"S8 rotations, {kind}", forced, "0", "forced log-ins", forced == 0 and caught > 0, told, ""),
            Row(f"S8 thefts, {kind}", open_, "0", "families left open", open_ == 0, told, ""),
        ]
    return found


async def _run(url: str, var_dir: Path, size: str, seed: int) -> tuple[int, int, int]:
    world = worlds.build(url, var_dir, now, trials_per_address=10**9)
    try:
        world.run(people.claim, world.people["member"], "demo", "member")
        async with world.client() as client:
            forced = (await rotations(client, "member", ROTATIONS[size], LOST, seed))["forced"]
            dice = random.Random(seed)
            shut = [await theft(client, "member", dice) for _ in range(THEFTS[size])]
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(sign_ins, "_successor_again", lambda _token, _standing: None)
                caught = (await rotations(client, "member", 100, LOST, seed))["forced"]
    finally:
        world.close()
    return forced, shut.count(False), caught
