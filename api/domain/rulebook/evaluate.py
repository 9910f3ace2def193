"""The one rule engine: evaluate(rulebook, bundle) → judgement, a pure function into a canonical document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypedDict

from api.domain.rulebook.bundle import InputBundle, MemberRow
from api.domain.rulebook.choose import in_force
from api.domain.rulebook.figures import PLACES, Figure
from api.domain.rulebook.grading import possible_grades, reports
from api.domain.rulebook.measures import Reading, measured
from api.domain.rulebook.references import references, stages
from api.domain.rulebook.schema import Grade, Rulebook, Score
from api.domain.rulebook.scores import scored
from api.domain.rulebook.values import Number, text, whole
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
        numbers[f"{measure.id}.streaks"], numbers[f"{measure.id}.longest"] = reading.streaks, reading.longest
        pending += reading.pending
        lines.append(_measured_line(measure.id, measure.source, measure.labels.both(), reading))
    told = bundle.get("group", {})
    numbers |= {each.id: _told(told.get(each.id)) for each in rulebook.figures}
    attributes = bundle.get("attributes", {})
    for stage, score, raw, value in _computed(rulebook, numbers, attributes):
        line = {"rule": score.id, "stage": stage, "op": score.op, "labels": score.labels.both()}
        line |= {"value": _written(value), "from": _read(references(score), numbers)}
        lines.append(line if raw == value else {**line, "before": _written(raw)})
    at = len(rulebook.measures)
    lines[at:at] = [_figure_line(each, numbers) for each in rulebook.figures]
    possible, answers = possible_grades(rulebook, numbers, attributes)
    outcome, grade = _outcome(rulebook, possible)
    return {
        "rulebook": {"id": rulebook.id, "version": rulebook.version, "digest": rulebook.digest},
        "subject": bundle["subject"],
        "subjectKind": bundle["subjectKind"],
        "period": {"start": bundle["period"]["start"], "end": bundle["period"]["end"]},
        "asOf": bundle["asOf"],
        "timeZone": bundle["timeZone"],
        "calendar": bundle["calendar"],
        "outcome": outcome,
        "grade": grade.id if grade else None,
        "gradeLabels": grade.labels.both() if grade else None,
        "possible": possible,
        "score": None if rulebook.final is None else _written(numbers[rulebook.final]),
        "numbers": lines,
        "gates": reports(rulebook, answers),
        "pending": pending,
    }


class Verdict(NamedTuple):
    """What a judgement comes to, without its lines."""

    outcome: str
    grade: str | None
    possible: tuple[str, ...]
    score: Number | None


def verdict(rulebook: Rulebook, measured: Mapping[str, Number | None], attributes: Mapping[str, str | None]) -> Verdict:
    """Return what the measured numbers come to: the same stages as in `evaluate`, for subjects judged in sets.

    `measured` has every measured number by its name, None where it decides nothing, and what scores are known already.
    """
    numbers = dict(measured)
    for _ in _computed(rulebook, numbers, attributes):
        continue
    possible, _ = possible_grades(rulebook, numbers, attributes)
    outcome, grade = _outcome(rulebook, possible)
    score = None if rulebook.final is None else numbers[rulebook.final]
    return Verdict(outcome, grade.id if grade else None, tuple(possible), score)


def as_member(judgement: Judgement) -> MemberRow:
    """Return the row by which a member's judgement enters its unit's bundle; no grade by decision is "none"."""
    grade = judgement["grade"]
    if grade is None and judgement["outcome"] != "unknown":
        grade = "none"
    numbers = {line["rule"]: line["value"] for line in judgement["numbers"]}
    return {"key": judgement["subject"], "outcome": judgement["outcome"], "grade": grade, "numbers": numbers}


def _computed(
    rulebook: Rulebook, numbers: dict[str, Number | None], attributes: Mapping[str, str | None]
) -> Iterator[tuple[str, Score, Number | None, Number | None]]:
    """Put each score into `numbers` in its turn; yield its stage, itself, and its value before and after limits.

    A score that is there already stays as it is.
    """
    for stage, scores in stages(rulebook):
        for score in scores:
            if score.id in numbers:
                continue
            raw, numbers[score.id] = scored(score, numbers, attributes)
            yield stage, score, raw, numbers[score.id]


def _outcome(rulebook: Rulebook, possible: Sequence[str]) -> tuple[str, Grade | None]:
    decided = possible[0] if len(possible) == 1 else None
    grade = next((grade for grade in rulebook.grades if grade.id == decided), None)
    return "graded" if grade else decided or "unknown", grade


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
    if reading.streaks is not None:
        line |= {"streaks": reading.streaks, "longest": reading.longest}
    return line


def _figure_line(figure: Figure, numbers: Mapping[str, Number | None]) -> dict[str, Any]:
    line = {"rule": figure.id, "stage": "figures", "op": f"group_{figure.take}", "labels": figure.labels.both()}
    own = [("", figure.of)] if figure.take in PLACES else []
    return line | {"value": _written(numbers[figure.id]), "from": _read(own, dict(numbers)), "within": figure.within}


def _told(written: str | None) -> Number | None:
    return None if written is None else whole(Fraction(written))


def _read(names: list[tuple[str, str]], numbers: dict[str, Number | None]) -> list[dict[str, Any]]:
    seen = dict.fromkeys(name for _, name in names)
    return [{"rule": name, "value": _written(numbers[name])} for name in seen]


def _written(value: Number | None) -> str | None:
    return None if value is None else text(value)
