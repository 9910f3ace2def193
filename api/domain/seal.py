"""The seal of a judgement: the hashes by which anybody can later show that rule, inputs and result are the same."""

from __future__ import annotations

from typing import Any, TypedDict

from api.domain.canonical import digest
from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.evaluate import Judgement, evaluate
from api.domain.rulebook.schema import Rulebook
from api.errors import Conflict


class Seal(TypedDict):
    """SHA-256 of the canonical rulebook, bundle and judgement."""

    rulebook: str
    bundle: str
    judgement: str


class SealBroken(Conflict):
    """Computed again, or hashed again, a sealed assessment is not what was sealed."""

    code = "seal_broken"
    zh = "封存内容与复算结果不一致：{parts}"
    en = "What was sealed and what is computed again differ: {parts}"


def seal(rulebook: Rulebook, bundle: InputBundle, judgement: Judgement) -> Seal:
    """Return the three hashes; rows are hashed in the order of their keys, so that the order of a query is nothing."""
    return {"rulebook": rulebook.digest, "bundle": digest(ordered(bundle)), "judgement": digest(judgement)}


def ordered(bundle: InputBundle) -> dict[str, Any]:
    """Return the bundle in its canonical order: every list of rows by key, the gaps by what they say."""
    return {name: sorted(value, key=_place) if isinstance(value, list) else value for name, value in bundle.items()}


def _place(row: Any) -> tuple[str, list[Any]]:
    if isinstance(row, str):
        return row, []
    return row.get("key", ""), sorted(row.items()) if "key" not in row else []


def verify(rulebook: Rulebook, bundle: InputBundle, sealed: Seal) -> Judgement:
    """Judge again and compare; return the judgement, or raise `SealBroken` naming the parts that differ."""
    judgement = evaluate(rulebook, bundle)
    now = seal(rulebook, bundle, judgement)
    parts = [name for name in ("rulebook", "bundle", "judgement") if now[name] != sealed[name]]
    if parts:
        raise SealBroken(parts=parts)
    return judgement
