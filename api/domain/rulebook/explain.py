"""Explanation: a judgement as lines of plain words, each number opened down to the rows that it was made of."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from api.domain.rulebook.evaluate import Judgement
from api.domain.rulebook.values import Rounding, text
from api.domain.rulebook.words import (
    COMMA,
    EFFECTS,
    LACKS,
    OPERATIONS,
    OUTCOMES,
    SEMICOLON,
    SENTENCES,
    SOURCES,
    STATES,
    UNKNOWN,
    Language,
    pick,
    reason,
)


def explain(judgement: Judgement, language: Language, *, inputs: bool = True) -> list[str]:
    """Return the lines of an explanation in `zh` or `en`; without `inputs` the rows behind the numbers are left out.

    It reads the judgement alone, so that a sealed one explains itself years later. An employer's copy may not carry
    the rows: pass `inputs=False`, or do not show it at all.
    """
    labels = {line["rule"]: line["labels"][language] for line in judgement["numbers"]}
    lines = [outcome_line(judgement, language)]
    lines += [line for gate in judgement["gates"] if (line := _gate(gate, judgement, language))]
    for pending in judgement["pending"]:
        lines.append(_say("pending", language, **pending))
    for number in reversed(judgement["numbers"]):
        lines += _number(number, labels, language, inputs)
    return lines


def outcome_line(judgement: Judgement, language: Language) -> str:
    """Return the one line that says how the judgement ends."""
    grade = judgement["gradeLabels"]
    filled = grade[language] if grade else pick(COMMA, language).join(judgement["possible"])
    return pick(OUTCOMES[judgement["outcome"]], language).format(filled)


def _gate(gate: dict[str, Any], judgement: Judgement, language: Language) -> str | None:
    label = gate["labels"][language]
    if gate["holds"] is None:
        return _say("gate_unknown", language, label=label)
    if not gate["holds"]:
        return None
    named = gate["gradeLabels"][language] if gate["gradeLabels"] else ""
    return _say("gate", language, label=label, effect=pick(EFFECTS[gate["effect"]], language).format(named))


def _number(number: dict[str, Any], labels: dict[str, str], language: Language, inputs: bool) -> list[str]:
    value = shown(number["value"], language)
    label = number["labels"][language]
    if number["stage"] != "measures":
        read = pick(COMMA, language).join(_named(row, labels, language) for row in number["from"])
        how = pick(OPERATIONS[number["op"]], language)
        lines = [_say("computed" if read else "given", language, label=label, value=value, how=how, inputs=read)]
        if number.get("before") is not None:
            lines.append(_say("before", language, before=shown(number["before"], language)))
        return lines
    lines = [_say("number", language, label=label, value=value)]
    lines += [_say("unknown", language, what=_lack(code, language)) for code in number.get("unknown", [])]
    for span in number.get("spans", []):
        state = pick(STATES[span["state"]], language)
        sentence = "scored_span" if "value" in span else "span"
        lines.append(_say(sentence, language, **{**span, "state": state}))
    if "streaks" in number:
        lines.append(_say("streak", language, streaks=number["streaks"], longest=number["longest"]))
    if inputs:
        own = number["source"]
        lines += [_input(row, pick(SOURCES[row.get("source", own)], language), language) for row in number["inputs"]]
        lines += [_say("fact", language, key=key) for key in number.get("facts", [])]
    return lines


def _lack(code: str, language: Language) -> str:
    """Return in words what a number lacks: a source, rows of it, a head-count by its name, voices."""
    source, _, about = code.partition(":")
    if source == "quorum":
        return pick(LACKS["quorum"], language).format(*about.split("/"))
    named = pick(LACKS[source] if source in LACKS else SOURCES[source], language)
    if about == "none":
        return pick(LACKS["none"], language).format(named)
    return f"{named} {about}" if about else named


def _input(row: dict[str, Any], source: str, language: Language) -> str:
    said = {name: row[name] for name in ("key", "recorded", "counted")}
    line = _say("input", language, source=source, **said)
    reasons = [reason(code, language) for code in row.get("why", [])]
    return pick(SEMICOLON, language).join([line, *reasons])


def _named(row: dict[str, Any], labels: dict[str, str], language: Language) -> str:
    name, _, part = row["rule"].partition(".")
    label = labels[name] + (f" {pick(_PARTS[part], language)}" if part else "")
    return f"{label} {shown(row['value'], language)}"


def shown(value: str | None, language: Language) -> str:
    """Return a number for reading: a fraction that has no end as digits gets its first four beside it."""
    if value is None:
        return pick(UNKNOWN, language)
    if "/" not in value:
        return value
    near = Rounding(quantum=Fraction(1, 10000), mode="half_up").apply(Fraction(value))
    return f"{value} ≈ {text(near)}"


_PARTS = {
    "streaks": ("（连续段数）", "(runs)"),
    "longest": ("（最长连续）", "(longest run)"),
    "required": ("（应达到）", "(required)"),
    "missed": ("（未达到）", "(missed)"),
}


def _say(sentence: str, language: Language, **facts: Any) -> str:
    return pick(SENTENCES[sentence], language).format(**facts)
