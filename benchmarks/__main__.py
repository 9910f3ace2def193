"""`make bench`: every measurement as one table on the screen and in `var/bench.json`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

from rich.console import Console

from benchmarks.harness import table

MODULES = (
    "routes", "checkin", "crowd", "lists", "search", "divisions", "assessment", "explaining", "matching", "real_lists",
)  # fmt: skip


def main() -> int:
    """Run the modules named on the command line, all by default; a missed goal is told, a broken run exits 1."""
    parser = argparse.ArgumentParser(description="Measure against limits in one run")
    parser.add_argument("modules", nargs="*", default=list(MODULES))
    parser.add_argument("--size", default=os.environ.get("SIZE", "normal"), choices=("normal", "full"))
    parser.add_argument("--data", type=Path, help="folder with the national lists")
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    options = parser.parse_args()
    console, rows, broken = Console(), [], False
    for name in options.modules:
        begun = time.monotonic()
        console.print(f"[bold]{name}[/bold] …")
        try:
            rows += importlib.import_module(f"benchmarks.{name}").rows(options.size, options.data)
        except Exception:  # one broken measurement must not hide the others
            traceback.print_exc()
            broken = True
        console.print(f"{name}: {time.monotonic() - begun:.0f} s")
    console.print(table(rows))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps([row.as_dict() for row in rows], ensure_ascii=False, indent=1) + "\n")
    missed = [row.name for row in rows if not row.ok]
    console.print(f"{len(rows)} rows, {len(missed)} goals missed" + (f": {', '.join(missed)}" if missed else ""))
    return 1 if broken else 0


def _shown(figure: float | str) -> str:
    if isinstance(figure, str):
        return figure
    return f"{figure:,.3g}" if figure < 1000 else f"{figure:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
