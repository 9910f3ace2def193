"""S7: mutants of good tokens, read by the strict reader; the control reads with the library alone."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from uuid import uuid4

from api.errors import Unauthenticated
from api.security import Tokens
from api.settings import Settings
from benchmarks.fill import now
from benchmarks.harness import Row
from tests.support.token_attacks import mutants

MUTANTS = {"small": 2_000, "normal": 100_000, "full": 1_000_000}


def rows(size: str, seed: int) -> list[Row]:
    """Count mutants that are accepted; as a control the good tokens themselves are."""
    with tempfile.TemporaryDirectory(prefix="dualreport-soak-") as folder:
        tokens = Tokens(Settings(var_dir=Path(folder), token_minutes=600), now)
        good = [tokens.issue(uuid4(), uuid4(), uuid4())[0] for _ in range(8)]
        accepted = sum(_accepts(tokens, text) for text in mutants(good, MUTANTS[size], random.Random(seed)))
        caught = sum(_accepts(tokens, text) for text in good)
    told = f"{MUTANTS[size]} mutants, seed {seed}; control: {caught} of 8 good tokens accepted"
    return [Row("S7 tokens", accepted, "0", "mutants accepted", accepted == 0 and caught == 8, told, "")]


def _accepts(tokens: Tokens, text: str) -> bool:
    try:
        tokens.read(text)
    except Unauthenticated:
        return False
    return True
