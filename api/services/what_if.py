"""再参加几次会怎样: how somebody stands in a cycle by what is sealed, and would with more; nothing is kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.bundle_rows import NONE, day_columns
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.explain import explain
from api.domain.simulation import figures_unknown
from api.errors import NotFound
from api.models import Cycle, Organization
from api.services import assessments, bundles, cycle_books, days, judging
from api.services.bundle_facts import unrecorded
from api.services.cuts import Cut, last_recorded
from api.services.subjects import of_cycle
from api.visibility import visible

_CYCLE = sa.select(Cycle.id, Cycle.period_start, Cycle.period_end, Cycle.cut_off, Organization.path).join(
    Organization, Organization.id == Cycle.organization_id
)


class NotASubject(NotFound):
    """The cycle does not judge this person."""

    code, zh, en = "not_a_subject", "您不是本考核周期的对象", "This cycle does not judge you"


class Planned(Protocol):
    """A service that has not taken place: its day, its minutes and whether it is volunteer service."""

    served_on: date
    minutes: int
    volunteer: bool


def what_if(session: Session, actor: Actor, cycle_id: UUID, services: Sequence[Planned]) -> dict[str, Any]:
    """Return how the actor stands in a cycle by what is recorded now, and how with these further services.

    Writes nothing, and looks at sealed rows alone. NotASubject for whom the cycle does not judge.
    """
    cycle = found(session.first(_CYCLE.where(visible(actor, Cycle), Cycle.id == cycle_id)))
    zone = days.zone_of(session, actor.tenant_id)
    as_of = min(days.today(session, actor.tenant_id), cycle.cut_off)
    position = last_recorded(session, actor.tenant_id)
    cut = Cut(actor.tenant_id, zone, cycle.period_start, cycle.period_end, as_of, position)
    members, units = of_cycle(session, actor.tenant_id, cycle.path, as_of)
    me = next((member for member in members if member.account_id == actor.account_id), None)
    books = cycle_books.of_cycle(session, actor, cycle_id)
    if books.by_size:
        books.sizes.update(judging.sizes(session, cut, units, judging.counted_in(members)))
    ruled = books.of(session, "member", [(me.employer_id, me.community_id)])[0] if me is not None else None
    if me is None or ruled is None:
        raise NotASubject
    book = ruled.book
    (bundle,) = bundles.member_bundles(session, cut, book, [me], unrecorded(session, cut, book))
    columns, asked = bundles.entry_columns(book), bundles.asked_columns(book)
    planned = [_planned(number, each, columns, asked) for number, each in enumerate(services, start=1)]
    wished: Any = {**bundle, "entries": [*bundle.get("entries", ()), *planned]}
    notes = [figures_unknown([each.labels.both() for each in book.figures])] if book.figures else []
    now, then = (_told(evaluate(book, each), notes) for each in (bundle, wished))
    told = {"as_of": position, "now": now, "then": then, "notes": notes}
    return {**told, "standing": assessments.own_standing(session, actor, cycle_id)}


def _planned(number: int, service: Planned, columns: Collection[str], asked: Collection[str]) -> dict[str, Any]:
    """Return a service that did not take place as a row of a bundle, an occasion of its own at no known time of day."""
    whole = {
        "activity": f"what-if {number}", "community": NONE, "employer": NONE, "kind": "earned", "provenance": "code",
        "nature": "volunteer_service" if service.volunteer else "party_duty",
        "servedOn": service.served_on.isoformat(),
        "unit": "volunteer_minutes" if service.volunteer else "participation",
    }  # fmt: skip
    shown = {name: value for name, value in whole.items() if name in columns}
    shown |= day_columns({}, whole["servedOn"], {*asked} - {"timeOfDay"})
    return {"key": f"what-if/{number}", "amount": service.minutes, "count": 1, **shown}


def _told(judgement: Any, notes: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return a judgement in words; what nobody knows yet stands right below how it ends."""
    named = {name: judgement[name] for name in ("outcome", "grade", "possible", "score")}
    lines: dict[str, list[str]] = {}
    for language in ("zh", "en"):
        ends, *rest = explain(judgement, language)
        lines[language] = [ends, *(note[language] for note in notes), *rest]
    return {**named, "grade_labels": judgement["gradeLabels"], "lines": lines}
