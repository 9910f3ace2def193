"""往期结果: what sealed cycles said of a subject before, and the days of rest, for rules that look at either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.rulebook.filters import MemberNumber
from api.domain.rulebook.looks import looks
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.rows import limits
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.workdays import WorkCalendar
from api.models import Assessment, Cycle
from api.services.bundle_facts import merged
from api.services.cuts import Cut
from api.services.standing import of_rows
from api.services.subjects import batched
from api.visibility.judged import stands

_SEALED = ("final", "delivered")
_DAY = timedelta(days=1)


def over_time(session: Session, cut: Cut, book: Book, subjects: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return `grades` and `restDays` of the bundle of each subject, as far as the rulebook looks at them."""
    rest = {"restDays": rest_days(book, cut)} if waits_by_working_days(book) else {}
    if not looks_at_results(book):
        return {each: dict(rest) for each in subjects}
    results = earlier_results(session, cut, book, subjects)
    return {each: {**rest, "grades": results[each]} for each in subjects}


def looks_at_results(book: Book) -> bool:
    """Say whether a rulebook looks at results of earlier cycles."""
    return any(look.source == "grades" for measure in book.measures for look in looks(measure))


def waits_by_working_days(book: Book) -> bool:
    """Say whether a rulebook asks for answers in working days."""
    return bool(_waits(book))


def earlier_results(
    session: Session, cut: Cut, book: Book, subjects: Sequence[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """Return what stands for each subject in sealed cycles that ended before the period, amendments included.

    What stands for a record that was merged into another counts for who is left, unless the same cycle judged both.
    """
    asked = sorted({
        measure.take.number
        for measure in book.measures
        if isinstance(measure, RowMeasure) and measure.source == "grades" and isinstance(measure.take, MemberNumber)
    })  # fmt: skip
    left = merged(session, cut.tenant_id, subjects) if book.subject == "member" else {}
    found: dict[UUID, dict[UUID, Any]] = {each: {} for each in subjects}
    rows = [row for some in batched([*subjects, *left]) for row in session.rows(_results(cut, book.subject, some))]
    for row, stands_now in zip(rows, of_rows(session, [row._mapping for row in rows]), strict=True):
        subject = left.get(row.subject_id, row.subject_id)
        if subject == row.subject_id or row.cycle_id not in found[subject]:
            found[subject][row.cycle_id] = row, stands_now
    return {each: _written(known.values(), asked) for each, known in found.items()}


def _results(cut: Cut, subject_kind: str, subjects: Iterable[UUID]) -> Any:
    return (
        sa.select(
            Assessment.cycle_id, Assessment.revision, Assessment.subject_id, Assessment.outcome, Assessment.grade,
            Assessment.judgement, Assessment.judgement_hash, Cycle.period_start, Cycle.period_end,
        )
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .where(
            Cycle.tenant_id == cut.tenant_id, Cycle.state.in_(_SEALED), Cycle.period_end <= cut.start,
            Assessment.subject_kind == subject_kind, Assessment.subject_id.in_(list(subjects)), stands(),
        )
        .order_by(Cycle.period_start, Assessment.judgement_hash)
    )  # fmt: skip


def _written(results: Iterable[tuple[Any, Any]], asked: Sequence[str]) -> list[dict[str, Any]]:
    times: Counter[str] = Counter()
    rows = []
    for row, told in results:
        judgement = row.judgement
        key = f"{judgement['rulebook']['id']}/{row.period_start.isoformat()}"
        times[key] += 1
        numbers = {line["rule"]: line["value"] for line in judgement["numbers"]}
        rows.append({
            "key": key if times[key] == 1 else f"{key}#{times[key]}", "rulebook": judgement["rulebook"]["id"],
            "outcome": told.outcome, "grade": told.grade or "none", "amount": judgement["score"],
            "judgedOn": (row.period_end - _DAY).isoformat(), "numbers": {name: numbers.get(name) for name in asked},
            "digest": row.judgement_hash,
        })  # fmt: skip
    return rows


def _waits(book: Book) -> list[RowMeasure]:
    measures = [measure for measure in book.measures if isinstance(measure, RowMeasure)]
    return [each for each in measures if each.answered and each.answered.working_days is not None]


def rest_days(book: Book, cut: Cut) -> list[str]:
    """Return the days that are not worked, as far back and ahead as a time in working days may run."""
    start, end = cut.start.isoformat(), cut.end.isoformat()
    first, last = cut.start, cut.end
    for measure in _waits(book):
        room = timedelta(days=2 * ((measure.answered and measure.answered.working_days) or 0) + 30)
        since = limits(measure.window, start, end)[0]
        first, last = min(first, max(date.fromisoformat(since), date(1970, 1, 1)) - room), max(last, cut.end + room)
    calendar = WorkCalendar()
    days = (first + timedelta(days=n) for n in range((last - first).days))
    return [day.isoformat() for day in days if not calendar.is_working_day(day)]
