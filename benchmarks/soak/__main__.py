"""`make soak`: the long bars in turn, the one that waited longest first; the last figures stand in `var/soak.json`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.harness import Row, table

BARS = {
    "A5": "appeals",
    "E1": "agreement",
    "P1": "plaintext",
    "P3": "keys",
    "R1": "crash_bar",
    "R2": "database_crash",
    "R3": "power_loss",
    "R4": "anomalies",
    "R5": "network",
    "R6": "races",
    "R7": "model",
    "R8": "offline",
    "R9": "overlap",
    "S5": "hostile",
    "T1": "tampering",
    "S10": "enumeration",
    "S13": "presence_codes",
    "S7": "tokens",
    "S8": "sessions",
    "YEAR": "year",
}
SIZES = ("small", "normal", "full")


def main() -> int:
    """Run one bar, or all in turn until the minutes are over; 1 where a bar is red or broke."""
    parser = argparse.ArgumentParser(description="Run the long bars of reliability")
    parser.add_argument("--bar", default=os.environ.get("BAR") or None, choices=tuple(BARS))
    parser.add_argument("--size", default=os.environ.get("SIZE") or "normal", choices=SIZES)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "0")) or time.time_ns() % 2**31)
    parser.add_argument("--minutes", type=float, default=75.0)
    parser.add_argument("--out", type=Path, default=Path("var/soak.json"))
    options = parser.parse_args()
    console, deadline, red = Console(), time.monotonic() + options.minutes * 60, False
    kept = _kept(options.out)
    for bar in [options.bar] if options.bar else _longest_ago(kept):
        if time.monotonic() > deadline:
            console.print(f"{bar}: no time left; it is first in the next run")
            continue
        begun = time.monotonic()
        console.print(f"[bold]{bar}[/bold], size {options.size}, seed {options.seed} …")
        try:
            rows = importlib.import_module(f"benchmarks.soak.{BARS[bar]}").rows(options.size, options.seed)
        except Exception:  # a bar that breaks must not keep the others from running
            traceback.print_exc()
            red = True
            continue
        console.print(table(rows))
        console.print(f"{bar}: {time.monotonic() - begun:.0f} s")
        red |= not all(row.ok for row in rows)
        kept = _keep(options.out, kept, rows, f"python -m benchmarks.soak --bar {bar} --seed {options.seed}")
    return 1 if red else 0


def _kept(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text()) if path.exists() else []


def _longest_ago(kept: list[dict[str, Any]]) -> list[str]:
    dates = {bar: max((row["date"] for row in kept if row["name"].startswith(bar)), default="") for bar in BARS}
    return sorted(BARS, key=lambda bar: dates[bar])


def _keep(path: Path, kept: list[dict[str, Any]], rows: list[Row], command: str) -> list[dict[str, Any]]:
    """Replace the figures of these names by the new ones, with their date and the command that repeats them."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    fresh = [{**row.as_dict(), "command": command, "date": date} for row in rows]
    names = {row["name"] for row in fresh}
    found = [row for row in kept if row["name"] not in names] + fresh
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return found


if __name__ == "__main__":
    sys.exit(main())
