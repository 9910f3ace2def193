"""R4: the database fails at each call of each changing operation, as the tests of the API ask for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fill import KINDS
from benchmarks.harness import Row

# Which tests ask, and how many calls of each operation are failed.
SIZES = {
    "small": (["tests/api/test_needs.py"], 6),
    "normal": (["tests/api"], 6),
    "full": (["tests/api", "tests/law"], 10_000),
}


def rows(size: str, _seed: int) -> list[Row]:
    """Run the tests under the plugin; count what is wrong after a failed call and its repeat."""
    tests, most = SIZES[size]
    return [_bar(kind, tests, most) for kind in KINDS]


def _bar(kind: str, tests: list[str], most: int) -> Row:
    found = swept(kind, tests, most)
    caught = swept(kind, SIZES["small"][0], 1000, careless=True)["wrong"]
    tried, wrong = found["tried"], found["wrong"]
    told = (
        f"{len(tried)} operations, {sum(tried.values())} failed calls, {len(found['left'])} operations not repeatable "
        f"({', '.join(found['left'])}); control: committed by halves, {len(caught)} wrong; {'; '.join(wrong[:3])}"
    )
    return Row(f"R4 anomalies, {kind}", len(wrong), "0", "wrong", bool(tried and caught) and not wrong, told, "")


def swept(kind: str, tests: list[str], most: int, *, careless: bool = False) -> dict[str, Any]:
    """Run tests on one database under the plugin; return what it tried, left out and found wrong."""
    with tempfile.TemporaryDirectory(prefix="dualreport-soak-") as folder:
        out = Path(folder) / "found.json"
        environment = {**os.environ, "DATABASES": kind, "ANOMALIES": str(out), "ANOMALIES_CALLS": str(most)}
        environment |= {"ANOMALIES_CARELESS": "1"} if careless else {}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.anomalies", "-p", "no:cacheprovider"]
        # What a test counts may differ under the plugin; only what the plugin finds is judged here.
        subprocess.run([*command, *tests], env=environment, capture_output=True, check=False)
        return json.loads(out.read_text())
