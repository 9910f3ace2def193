"""R1 as a bar: kills by the hundred on each database, and the seeded mistake that must turn it red."""

from __future__ import annotations

from benchmarks.fill import KINDS, ground
from benchmarks.harness import Row
from benchmarks.soak.crash import faults, storm

KILLS = {"small": 3, "normal": 100, "full": 1000}
ROUND = 50  # kills on one filled database


def rows(size: str, seed: int) -> list[Row]:
    """Kill servers and count what was acknowledged and what of it was lost or doubled."""
    control = _control(seed)
    return [_bar(kind, KILLS[size], seed, control) for kind in KINDS]


def _bar(kind: str, kills: int, seed: int, control: str) -> Row:
    done = acknowledged = repeats = 0
    wrong: list[str] = []
    while done < kills:
        with ground(kind, members=64, shifts=40, past=12) as filled:
            seen = storm(filled, min(ROUND, kills - done), seed + done)
            wrong += faults(filled, seen)
        done += seen.kills
        acknowledged += len(seen.acknowledged)
        repeats += seen.repeats
    told = f"{kills} kills, {acknowledged} acknowledged, {repeats} repeats; control: {control}; {'; '.join(wrong[:3])}"
    return Row(
        f"R1 crash, {kind}", len(wrong), "0", "lost or doubled", not wrong and "not seen" not in control, told, ""
    )


def _control(seed: int) -> str:
    with ground("sqlite", members=32, shifts=20, past=6) as filled:
        found = faults(filled, storm(filled, 10, seed, factory="benchmarks.soak.crash:careless"))
    return f"answers before the commit: {len(found)} faults" if found else "answers before the commit: not seen"
