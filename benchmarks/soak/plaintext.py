"""P1: the search for canary people, with as many of them as the size says; the journey itself is a test."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.harness import Row

CANARIES = {"small": 50, "normal": 500, "full": 5_000}


def rows(size: str, _seed: int) -> list[Row]:
    """Run the journey on both databases; what it prints is what is told."""
    journey = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/journeys/test_plaintext.py"]
    environment = {**os.environ, "CANARIES": str(CANARIES[size])}
    done = subprocess.run(journey, env=environment, capture_output=True, text=True, check=False)
    told = [line.lstrip(".") for line in done.stdout.splitlines() if "P1 plaintext" in line]
    hits = sum(int(line.split(" hits; control", 1)[0].rsplit(" ", 1)[1]) for line in told)
    good = done.returncode == 0 and len(told) == 2 and not hits
    return [Row("P1 plaintext", hits, "0", "hits", good, "; ".join(told) or done.stdout[-300:], "")]
