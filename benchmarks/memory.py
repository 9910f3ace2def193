"""How much memory a measurement took at most."""

from __future__ import annotations

from pathlib import Path


def peak() -> float:
    """Return the megabytes that this program had at most; `ru_maxrss` counts what its parent had when it began it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
