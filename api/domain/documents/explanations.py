"""评价说明: a person's own copy of how a result came about, each number opened down to the rows that it was made of.

It carries what no employer's statement does (003 §16, PIPL §44–45): entries, facts, reviews, and why some count less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from api.domain.documents.content import Words
from api.domain.kind_labels import KINDS
from api.domain.rulebook.evaluate import Judgement
from api.domain.rulebook.explain import explain, shown
from api.domain.rulebook.words import SEMICOLON, SOURCES, pick, reason

_TEMPLATE_VERSION = 1
_DAYS = ("servedOn", "occurredOn", "givenOn", "start")
_KINDS = {"facts": "fact.kind", "reviews": "review.party"}
_LANGUAGES: tuple[Literal["zh"], Literal["en"]] = ("zh", "en")
NOTE = Words(
    "本说明由本人调取留存，含个人信息；平台不向所在单位提供其中的明细。",
    "Fetched by the person for themselves; it holds personal data, and the employer is not given its details.",
)


@dataclass(frozen=True, slots=True)
class Came:
    """An entry behind a line: its day, what it was for and where."""

    on: date
    activity: str
    community: str | None


def explanation(
    head: Mapping[str, Any],
    judgement: Judgement,
    bundle: Mapping[str, Any],
    came: Mapping[str, Sequence[Came]],
    objection: Words,
) -> dict[str, Any]:
    """Return the content of a person's own page.

    `head` names person, cycle and what stands; `came` holds for the key of an entry group of the bundle what is behind
    it; `objection` says until when and how to object.
    """
    lines = [explain(judgement, language, inputs=False) for language in _LANGUAGES]
    return {
        "template": "explanation",
        "templateVersion": _TEMPLATE_VERSION,
        "timeZone": bundle["timeZone"],
        "title": {"zh": "考核评价说明（本人留存）", "en": "How the assessment came about (own copy)"},
        "period": bundle["period"],
        "position": bundle["asOf"],
        "score": judgement["score"],
        **head,
        "numbers": [_number(number) for number in judgement["numbers"]],
        "rows": [row for number in judgement["numbers"] for row in _rows(number, bundle, came)],
        "lines": [{"zh": zh, "en": en} for zh, en in zip(*lines, strict=True)],
        "notes": [objection.as_json(), NOTE.as_json()],
    }


def _number(number: Mapping[str, Any]) -> dict[str, Any]:
    value = number["value"]
    return {"rule": number["labels"], "value": {language: shown(value, language) for language in _LANGUAGES}}


def _rows(
    number: Mapping[str, Any], bundle: Mapping[str, Any], came: Mapping[str, Sequence[Came]]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    known: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    for row in number.get("inputs", []):
        source = row.get("source", number.get("source", ""))
        if source not in known:
            held = bundle.get(source, [])
            known[source] = {each["key"]: each for each in held} if isinstance(held, list) else {}
        read, entries = known[source].get(row["key"], {}), came.get(row["key"], ()) if source == "entries" else ()
        rows.append({
            "rule": number["labels"],
            "day": _day(read, entries),
            "what": _what(source, read, entries),
            "recorded": row["recorded"],
            "counted": row["counted"],
            "why": _why(row.get("why", [])),
        })  # fmt: skip
    return rows


def _day(row: Mapping[str, Any], came: Sequence[Came]) -> str:
    told = {each.on.isoformat() for each in came} or {row[name] for name in _DAYS if row.get(name)}
    return "、".join(sorted(told)) or "—"


def _what(source: str | None, row: Mapping[str, Any], came: Sequence[Came]) -> dict[str, str]:
    if came:
        told = dict.fromkeys(f"{one.activity}（{one.community}）" if one.community else one.activity for one in came)
        return {language: "；".join(told) for language in _LANGUAGES}
    zh, en = SOURCES.get(source or "", ("—", "—"))
    said = KINDS.get(_KINDS.get(source or "", ""), {}).get(row.get("kind", ""), (zh, en))
    return dict(zip(_LANGUAGES, said, strict=True))


def _why(codes: Sequence[str]) -> dict[str, str] | None:
    told = {
        language: pick(SEMICOLON, language).join(reason(code, language) for code in codes) for language in _LANGUAGES
    }
    return told if codes else None
