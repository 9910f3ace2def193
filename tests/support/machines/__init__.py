"""State machines of Hypothesis that drive services on both databases at once and hold them against a plain model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.machines import ledger, registrations, signups
from tests.support.machines.twins import Twins

MACHINES: dict[str, Callable[[Twins], Any]] = {
    "ledger": ledger.machine,
    "sign-up": signups.machine,
    "registration": registrations.machine,
}
