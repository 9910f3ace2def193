"""The rules of signals and sanctions as versioned data: thresholds, questions to ask, how long a sanction may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

SignalKind = Literal[
    "same_minute_check_outs", "year_end_spike", "impossible_travel", "nobody_can_confirm", "recipients_deny",
    "beyond_window",
]  # fmt: skip
SanctionKind = Literal["warned", "second_roll_call", "no_new_activities"]
"""What may follow a signal; after a false claim it is `make_up_suspended` alone."""


@dataclass(frozen=True, slots=True)
class SignalRule:
    """When figures of a kind are told, and what is to be asked then; `limits` are whole numbers or lists of days."""

    zh: str
    en: str
    question_zh: str
    question_en: str
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SanctionRule:
    """What a sanction does and how long it may hold: days at most, and confirmed shifts at most before it ends.

    With `minutes` it holds for its days and then until as many minutes are served.
    """

    zh: str
    en: str
    effect_zh: str
    effect_en: str
    most_days: int
    most_shifts: int | None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """One version of the rules. Figures of fewer than `fewest_people` are told of nobody."""

    version: str
    fewest_people: int
    lookback_days: int
    most_facts: int
    signals: Mapping[str, SignalRule]
    sanctions: Mapping[str, SanctionRule]


def read(text: str) -> Book:
    """Return the rules that a JSON text holds; KeyError where one of them is missing."""
    raw = json.loads(text)
    words = ("zh", "en", "questionZh", "questionEn")
    signals = {
        kind: SignalRule(
            rule["zh"], rule["en"], rule["questionZh"], rule["questionEn"],
            {name: limit for name, limit in rule.items() if name not in words},
        )
        for kind, rule in raw["signals"].items()
    }  # fmt: skip
    sanctions = {
        kind: SanctionRule(
            rule["zh"],
            rule["en"],
            rule["effectZh"],
            rule["effectEn"],
            rule["mostDays"],
            rule["mostShifts"],
            rule.get("minutes"),
        )
        for kind, rule in raw["sanctions"].items()
    }
    return Book(raw["version"], raw["fewestPeople"], raw["lookbackDays"], raw["mostFacts"], signals, sanctions)


@lru_cache(maxsize=1)
def shipped() -> Book:
    """Return the rules that ship with the product, read once."""
    return read(files("api").joinpath("data", "signals.json").read_text("utf-8"))
