"""What the record tells of a community or street as facts of a bundle: what it was asked, and how soon it answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from api.domain.workdays import WorkCalendar, add_workdays

WITHIN = (1, 3, 5, 10, 15, 30)
"""Working days by which answers are told apart: a rulebook names those that are soon enough for it."""

REGISTRATION, NEED = "registration_asked", "need_asked"
PUBLISHED, ISSUED = "needs_list_published", "document_issued"
DERIVED = frozenset({REGISTRATION, NEED, PUBLISHED, ISSUED})
"""Kinds of facts that follow from steps taken: of a place where nothing was asked there are none, and that is known."""

ASKS = {"registration.submit": REGISTRATION, "need.submit": NEED}
"""Steps by which a place is asked: → the kind of the fact."""

ANSWERS = {
    "registration.accept": "accepted", "registration.return": "returned", "registration.redirect": "redirected",
    "registration.withdraw": "withdrawn", "need.publish": "published", "need.decline": "declined",
}  # fmt: skip
"""Steps that answer, or leave nothing to answer: → the value of the fact."""

STEPS = (*ASKS, *ANSWERS, "document.issue")
"""Steps whose events a bundle of a place is made from."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that a place was asked on a day, and the step that answered it, on which day; None while it waits."""

    kind: str
    asked_on: date
    step: str | None = None
    answered_on: date | None = None


def day_rows(kind: str, days: Iterable[tuple[date, str]]) -> list[dict[str, str]]:
    """Return what a place did on days, each with its value, as facts of a bundle; once a day and value."""
    return [
        {"key": f"{kind}/{day}/{value}", "kind": kind, "occurredOn": day, "value": value}
        for day, value in sorted({(day.isoformat(), value) for day, value in days})
    ]


def request_rows(requests: Iterable[Request]) -> list[dict[str, str]]:
    """Return requests as facts of a bundle, those that read alike numbered.

    A fact is dated on the day of the request, so that what is left unanswered counts against who left it. `value` is
    the answer or `waiting`, `answeredWithin` the fewest of WITHIN in working days, else `later`, or `waiting`.
    """
    written = sorted(
        (each.asked_on.isoformat(), each.kind, ANSWERS.get(each.step or "", "waiting"), _within(each))
        for each in requests
    )
    rows, seen = [], dict[str, int]()
    for day, kind, value, within in written:
        key = f"{kind}/{day}/{value}/{within}"
        seen[key] = seen.get(key, 0) + 1
        numbered = key if seen[key] == 1 else f"{key}#{seen[key]}"
        rows.append({"key": numbered, "kind": kind, "occurredOn": day, "value": value, "answeredWithin": within})
    return rows


def _within(request: Request) -> str:
    if request.answered_on is None:
        return "waiting"
    soon = (days for days in WITHIN if request.answered_on <= _due(request.asked_on, days))
    return next((str(days) for days in soon), "later")


@cache
def _due(day: date, days: int) -> date:
    return add_workdays(day, days, WorkCalendar())
