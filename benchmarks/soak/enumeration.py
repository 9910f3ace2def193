"""S10: medians of who is there and who is not, at each way in, on both databases; within 5 %."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.models import ClaimCode
from api.services import claims
from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.enumerating import Side, Ways

SAMPLES = {"small": 20, "normal": 200, "full": 2_000}
WITHIN, TRIES = 0.05, 3
Medians = dict[str, tuple[Side, Side]]


def rows(size: str, _seed: int) -> list[Row]:
    """Compare medians, up to three times where a machine was busy with something else; the control sleeps for one."""
    found: list[Row] = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, _):
            measured, caught = asyncio.run(_run(url, var_dir, SAMPLES[size]))
        for name, sides in measured.items():
            there, absent = sides
            told = f"{there.median:.2f} ms there, {absent.median:.2f} ms absent; control: {caught:.0%} apart"
            met = _apart(sides) <= WITHIN and there.told == absent.told and caught > WITHIN
            found.append(Row(f"S10 {name}, {kind}", round(_apart(sides) * 100, 1), "5", "% apart", met, told, ""))
    return found


async def _run(url: str, var_dir: Path, samples: int) -> tuple[Medians, float]:
    clock = Clock()
    world = worlds.build(url, var_dir, clock, trials_per_address=10**9)
    try:
        ways = Ways(world, clock)
        await ways.prepare()
        measured = {name: await _settled(ways, name, samples) for name in ways.found}
        caught = _apart(await _hasty(ways, samples))
    finally:
        world.close()
    return measured, caught


async def _settled(ways: Ways, name: str, samples: int) -> tuple[Side, Side]:
    sides = await ways.measure(name, samples)
    for _ in range(TRIES - 1):
        if _apart(sides) <= WITHIN:
            break
        sides = await ways.measure(name, samples)
    return sides


async def _hasty(ways: Ways, samples: int) -> tuple[Side, Side]:
    """Measure the claim where nothing is looked up for a code that no row could have."""
    real = claims._matching

    def hasty(session, owner, ticket_id, text):  # type: ignore[no-untyped-def]
        selector = text.replace("-", "")[:5]
        found = session.scalar(sa.select(ClaimCode.id).where(ClaimCode.selector == selector))
        return real(session, owner, ticket_id, text) if found else None

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(claims, "_matching", hasty)
        return await ways.measure("claim", samples)


def _apart(sides: tuple[Side, Side]) -> float:
    low, high = sorted(side.median for side in sides)
    return high / low - 1
