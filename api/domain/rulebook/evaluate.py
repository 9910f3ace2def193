"""The one rule engine: evaluate(rulebook, bundle) → judgement, a pure function into a canonical document."""

from __future__ import annotations

from typing import Any, TypedDict

from api.domain.rulebook.bundle import InputBundle, MemberRow
from api.domain.rulebook.choose import in_force
from api.domain.rulebook.grading import possible_grades
from api.domain.rulebook.measures import Reading, measured
from api.domain.rulebook.references import references, stages
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.scores import scored
from api.domain.rulebook.values import Number, text
from api.errors import Conflict


class RulebookDoesNotApply(Conflict):
    """The rulebook judges other subjects or other periods than the bundle's."""

    code = "rulebook_does_not_apply"
    zh = "规则 {rulebook}（版本 {version}）不适用于该对象或考核周期"
    en = "Rulebook {rulebook} (version {version}) does not apply to this subject or period"


class Judgement(TypedDict):
    """A judgement: no clock, no database id, no float, so that computed again it has the same bytes.

    `outcome` is graded, ungraded, exempt, out_of_assessment or unknown; `grade` stands only if graded; `possible`
    is what unknown numbers leave open, best first. Every number names its rule; a measured one lists its inputs by
    key with what was recorded and what counted, a computed one what it was computed `from`.
    """

    rulebook: dict[str, str]
    subject: str
    subjectKind: str
    period: dict[str, str]
    asOf: int
    timeZone: str
    calendar: str
    outcome: str
    grade: str | None
    gradeLabels: dict[str, str] | None
    possible: list[str]
    score: str | None
    numbers: list[dict[str, Any]]
    gates: list[dict[str, Any]]
    pending: list[dict[str, str]]


def evaluate(rulebook: Rulebook, bundle: InputBundle) -> Judgement:
    """Judge one subject: the same rulebook and bundle always give the same document; the order of rows is nothing.

    Raises `RulebookDoesNotApply` if the subject's kind differs or the period begins outside of the effective days.
    """
    _check(rulebook, bundle)
    numbers: dict[str, Number | None] = {}
    lines: list[dict[str, Any]] = []
    pending: list[dict[str, str]] = []
    for measure in rulebook.measures:
        reading = measured(measure, bundle)
        numbers[measure.id] = reading.value
        numbers[f"{measure.id}.required"], numbers[f"{measure.id}.missed"] = reading.required, reading.missed
        pending += reading.pending
        lines.append(_measured_line(measure.id, measure.source, measure.labels.both(), reading))
    attributes = bundle.get("attributes", {})
    for stage, scores in stages(rulebook):
        for score in scores:
            raw, value = scored(score, numbers, attributes)
            numbers[score.id] = value
            line = {"rule": score.id, "stage": stage, "op": score.op, "labels": score.labels.both()}
            line |= {"value": _written(value), "from": _read(references(score), numbers)}
            lines.append(line if raw == value else {**line, "before": _written(raw)})
    possible, gates = possible_grades(rulebook, numbers, attributes)
    decided = possible[0] if len(possible) == 1 else None
    grade = next((grade for grade in rulebook.grades if grade.id == decided), None)
    return {
        "rulebook": {"id": rulebook.id, "version": rulebook.version, "digest": rulebook.digest},
        "subject": bundle["subject"],
        "subjectKind": bundle["subjectKind"],
        "period": {"start": bundle["period"]["start"], "end": bundle["period"]["end"]},
        "asOf": bundle["asOf"],
        "timeZone": bundle["timeZone"],
        "calendar": bundle["calendar"],
        "outcome": "graded" if grade else decided or "unknown",
        "grade": grade.id if grade else None,
        "gradeLabels": grade.labels.both() if grade else None,
        "possible": possible,
        "score": None if rulebook.final is None else _written(numbers[rulebook.final]),
        "numbers": lines,
        "gates": gates,
        "pending": pending,
    }


def as_member(judgement: Judgement) -> MemberRow:
    """Return the row by which a member's judgement enters its unit's bundle; no grade by decision is "none"."""
    grade = judgement["grade"]
    if grade is None and judgement["outcome"] != "unknown":
        grade = "none"
    numbers = {line["rule"]: line["value"] for line in judgement["numbers"]}
    return {"key": judgement["subject"], "outcome": judgement["outcome"], "grade": grade, "numbers": numbers}


def _check(rulebook: Rulebook, bundle: InputBundle) -> None:
    start = bundle["period"]["start"]
    if bundle["subjectKind"] != rulebook.subject or not in_force(rulebook, start) or start >= bundle["period"]["end"]:
        raise RulebookDoesNotApply(
            rulebook=rulebook.id, version=rulebook.version, subjectKind=bundle["subjectKind"], period=bundle["period"]
        )


def _measured_line(rule: str, source: str, labels: dict[str, str], reading: Reading) -> dict[str, Any]:
    line: dict[str, Any] = {"rule": rule, "stage": "measures", "source": source, "labels": labels}
    line |= {"value": _written(reading.value), "inputs": reading.inputs}
    if reading.facts:
        line["facts"] = sorted(reading.facts)
    if reading.unknown:
        line["unknown"] = reading.unknown
    if reading.spans:
        line |= {"spans": reading.spans, "required": reading.required, "missed": reading.missed}
    return line


def _read(names: list[tuple[str, str]], numbers: dict[str, Number | None]) -> list[dict[str, Any]]:
    seen = dict.fromkeys(name for _, name in names)
    return [{"rule": name, "value": _written(numbers[name])} for name in seen]


def _written(value: Number | None) -> str | None:
    return None if value is None else text(value)
