"""Short ways to write input bundles for the tests of the rule engine."""

from __future__ import annotations

from typing import Any

from api.domain.rulebook.bundle import InputBundle


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
