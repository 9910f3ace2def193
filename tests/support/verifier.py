"""The one-file verifier as a module: what the outside checks proofs by is what the tests check them by."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.support.guards import ROOT

PATH = ROOT / "api/static/verify_proof.py"


def loaded() -> Any:
    """Return the file as a module; it lies outside every package, because it is handed out alone."""
    spec = importlib.util.spec_from_file_location("verify_proof", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = loaded()
