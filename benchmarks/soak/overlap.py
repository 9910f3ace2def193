"""R9: minutes credited from random, overlapping presences against a union counted minute by minute."""

from __future__ import annotations

import random
from zoneinfo import ZoneInfo

from api.domain.settlement import credits_of
from benchmarks.harness import Row
from tests.domain.test_settlement import a_life, union_by_minute

INTERVALS = {"small": 2_000, "normal": 100_000, "full": 1_000_000}
LIFE = 25
ZONE = ZoneInfo("Asia/Shanghai")


def rows(size: str, seed: int) -> list[Row]:
    """Count lives whose credited minutes differ from the union; the control leaves overlaps in."""
    dice, wrong, caught = random.Random(seed), 0, 0
    for _ in range(INTERVALS[size] // LIFE):
        stays = a_life(dice, LIFE)
        union = union_by_minute(stays)
        credited = {key: credit.minutes for key, credit in credits_of(stays, ZONE).items()}
        twice = {key: credit.minutes + credit.overlapped for key, credit in credits_of(stays, ZONE).items()}
        wrong += {key: minutes for key, minutes in credited.items() if minutes} != _counted(union)
        caught += {key: minutes for key, minutes in twice.items() if minutes} != _counted(union)
    told = f"{INTERVALS[size]} intervals, seed {seed}; control: overlaps left in, {caught} lives differ"
    return [Row("R9 overlap", wrong, "0", "lives that differ", wrong == 0 and caught > 0, told, "")]


def _counted(union: dict) -> dict:
    return {key: minutes for key, minutes in union.items() if minutes}
