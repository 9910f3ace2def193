"""Short ways to write rulebooks and input bundles for the tests of the rule engine."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.evaluate import Judgement, evaluate
from api.domain.rulebook.explain import explain
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import load
from api.domain.rulebook.schema import Rulebook

HEAD = """format: 1
id: further
version: "1"
labels: {zh: 例, en: Example}
source: 例
effective: {since: 2020-01-01}
"""


def bundle(kind: str = "member", year: int = 2026, **sources: Any) -> InputBundle:
    """Return a bundle of a calendar year in which every source is known and empty, unless given; None leaves it out."""
    known: dict[str, Any] = {
        "subject": "0001",
        "subjectKind": kind,
        "period": {"start": f"{year}-01-01", "end": f"{year + 1}-01-01"},
        "asOf": 100,
        "timeZone": "Asia/Shanghai",
        "calendar": "cn-2026-1",
        "attributes": {},
        "entries": [],
        "facts": [],
        "reviews": [],
        "members": [],
        "affiliations": [],
        "grades": [],
        "exemptions": [],
        "denominators": {},
    } | sources
    return {name: value for name, value in known.items() if value is not None}  # type: ignore[return-value]


def service(
    key: str, minutes: int | None, on: str = "2026-03-05", activity: str = "", **columns: Any
) -> dict[str, Any]:
    """Return one entry of volunteer minutes, by default each in an activity of its own."""
    entry = {"key": key, "unit": "volunteer_minutes", "amount": minutes, "servedOn": on}
    return entry | {"activity": activity or f"activity-{key}", "nature": "volunteer_service"} | columns


def fact(key: str, kind: str, on: str = "2026-03-05", **columns: Any) -> dict[str, Any]:
    """Return one fact."""
    return {"key": key, "kind": kind, "occurredOn": on} | columns


def review(key: str, kind: str, amount: int | str | None, on: str = "2026-12-01") -> dict[str, Any]:
    """Return one review."""
    return {"key": key, "kind": kind, "givenOn": on, "amount": amount}


def registration(start: str = "2025-01-01", end: str | None = None) -> dict[str, Any]:
    """Return one 报到."""
    return {"key": f"registration-{start}", "kind": "registration", "start": start, "end": end}


def value(judgement: Any, rule: str) -> str | None:
    """Return one number of a judgement as it is written."""
    return next(line["value"] for line in judgement["numbers"] if line["rule"] == rule)


def labelled(rules: list[Any]) -> list[Any]:
    """Give every rule of a stage its id as its label."""
    return [{"labels": {"zh": rule["id"], "en": rule["id"]}} | rule if "id" in rule else rule for rule in rules]


@cache
def written(text: str, subject: str, **quota: Any) -> Rulebook:
    """Return the rulebook of some stages; it has no errors."""
    stages = yaml.safe_load(text)
    stages |= {stage: labelled(rules) for stage, rules in stages.items() if isinstance(rules, list)}
    stages.get("quotas", [{}])[0].update(quota)
    book = load(HEAD + f"subject: {subject}\n" + yaml.safe_dump(stages, allow_unicode=True))
    assert [found.code for found in lint(book) if found.severity == "error"] == []
    return book


def judged(text: str, given: Any, subject: str = "member") -> Judgement:
    """Judge by a rulebook without findings; its explanation is written in both languages."""
    book = written(text, subject)
    judgement = evaluate(book, bundle(subject, **given))
    assert all(explain(judgement, "zh"))
    assert all(explain(judgement, "en"))
    return judgement
