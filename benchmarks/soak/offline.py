"""R8: days of phones without a network against an oracle that counts true minutes; what is odd ends with a person."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from api.domain import offline as rules
from api.services.offline_desk import Desk
from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.offline_storm import Storm, by_service

PHONES = {"small": 30, "normal": 200, "full": 200}
SEEDS = {"small": 2, "normal": 20, "full": 500}  # on each database


def rows(size: str, seed: int) -> list[Row]:
    """Count what differs from the oracle; one control ignores the clocks' errors, the other lets nothing wait."""
    found = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, _):
            wrong, seconds = live(url, var_dir, PHONES[size], range(seed, seed + SEEDS[size]))
        with empty(kind) as (url, var_dir, _), pytest.MonkeyPatch.context() as patched:
            ignore_skew(patched)
            skewed = live(url, var_dir, 20, [seed])[0]
        with empty(kind) as (url, var_dir, _), pytest.MonkeyPatch.context() as patched:
            let_nothing_wait(patched)
            dropped = live(url, var_dir, 20, [seed])[0]
        told = (
            f"{SEEDS[size]} days of {PHONES[size]} phones, seeds from {seed}, {seconds:.0f} s; controls: clocks taken "
            f"at their word {len(skewed)} differ, nothing waits {len(dropped)} differ"
        )
        ok = not wrong and bool(skewed) and bool(dropped)
        found.append(Row(f"R8 offline, {kind}", len(wrong), "0", "that differ", ok, told, ""))
    return found


def live(url: str, var_dir: Path, phones: int, seeds: Iterable[int]) -> tuple[list[str], float]:
    """Let phones live a day for each seed in one world; return what differs from the oracle, and the seconds."""
    clock, begun = Clock(), time.monotonic()
    world = worlds.build(url, var_dir, clock)
    try:
        storm = Storm(world, clock, phones)
        wrong = [f"seed {seed}: {each}" for seed in seeds for each in storm.day(seed, by_service)]
        return wrong + [str(each) for each in storm.verified()], time.monotonic() - begun
    finally:
        world.close()


def ignore_skew(patched: pytest.MonkeyPatch) -> None:
    """Seed a mistake: phones' clocks are taken at their word."""
    patched.setattr(rules, "skew_of", lambda *_: timedelta())


def let_nothing_wait(patched: pytest.MonkeyPatch) -> None:
    """Seed a mistake: what came before its check-in is never taken up."""
    patched.setattr(Desk, "take_up", lambda *_: 0)
