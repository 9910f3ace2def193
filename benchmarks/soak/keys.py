"""P3: the rotation of the master key under reads and writes, with kills, on both databases."""

from __future__ import annotations

from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from tests.support.master_keys import rotate

PEOPLE = {"small": 2_000, "normal": 20_000, "full": 100_000}


def rows(size: str, seed: int) -> list[Row]:
    """Count what could not be read; the control is a process that was given the earlier key alone."""
    found: list[Row] = []
    for kind in KINDS:
        with empty(kind) as (url, var_dir, _):
            seen = rotate(url, var_dir, PEOPLE[size], seed, kills=3)
        unreadable = seen.unreadable + seen.unreadable_after
        good = not unreadable and seen.result["left"] == 0 and seen.blind == seen.people + seen.writes
        told = (
            f"{seen.people} people in {seen.seconds:.0f} s, {seen.kills} kills, beside it {seen.reads} reads and "
            f"{seen.writes} writes (longest {seen.longest_write:.2f} s), seed {seed}; control: {seen.blind} unreadable"
        )
        found.append(Row(f"P3 rotation, {kind}", unreadable, "0", "unreadable", good, told, ""))
    return found
