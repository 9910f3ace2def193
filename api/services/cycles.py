"""考核周期: a period of assessment under an authority, computed, reviewed, published, made final and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain.cycle_calendar import require_ended
from api.domain.seal import SealBroken
from api.domain.steps import TABLES
from api.errors import Invalid
from api.models import Cycle, CycleRulebook, Organization
from api.services import (
    appeals,
    bundle_reviews,
    chains,
    changes,
    cycle_actions,
    cycle_books,
    cycle_clocks,
    days,
    jobs,
    judges,
    rulings,
    standing,
)
from api.services.places import place
from api.visibility import visible


class CycleDates(Invalid):
    """The days of a cycle contradict each other."""

    code = "cycle_dates"
    zh = "考核周期的日期有误：开始须早于结束，截止日须在周期之内或为其结束日"
    en = "The days contradict each other: a period starts before it ends, and the cut-off lies in it or is its end"


_SHOWN = sa.select(
    Cycle.id, Cycle.version, Cycle.state, Cycle.title, Cycle.organization_id, Cycle.period_start, Cycle.period_end,
    Cycle.cut_off, Cycle.member_rulebook_id, Cycle.unit_rulebook_id, Cycle.position, Cycle.revision, Cycle.digest,
    Cycle.decisions_digest, *cycle_clocks.COLUMNS,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Cycle.organization_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Open a cycle: `title`, `organization_id` of the authority, half-open period, cut-off, and its rulebooks.

    Its two defaults may be left out where `rulebooks` names others for the kinds and classes that it judges.
    `calendar` may say the last day of each phase. Raises CycleDates, CalendarDates and what `cycle_books.allow` does.
    """
    at = place(session, actor, values["organization_id"], axis="territory", pointer="/organizationId")
    communities = any(each.subject == "community" for each in values.get("rulebooks") or ())
    grant = judges.require_seat(actor, "cycle.create", at.id, at.path, communities=communities)
    start, end, cut_off = values["period_start"], values["period_end"], values["cut_off"]
    if not start < end:
        raise CycleDates(pointer="/periodEnd")
    if not start <= cut_off <= end:
        raise CycleDates(pointer="/cutOff")
    named = cycle_books.allow(session, actor, at, start, values)
    told = {name: value for name, value in values.items() if name not in ("calendar", "rulebooks")}
    fresh = {"position": None, "revision": 0, "digest": None, "decisions_digest": None}
    fresh |= cycle_clocks.first(values.get("calendar"), cut_off)
    books = [{name: value for name, value in row.items() if name not in ("id", "tenant_id")} for row in named]
    cycle_id = changes.create(
        session, actor, Cycle, "cycle.create", {**told, **fresh}, at=at.id, grant=grant,
        details={"rulebooks": changes.hash_of(books)} if books else None,
    )  # fmt: skip
    session.insert(CycleRulebook, [{**row, "cycle_id": cycle_id} for row in named])
    return cycle_id


def compute(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Queue the computation of a cycle that is open or computed; return the job's id."""
    cycle, grant = _governed(session, actor, cycle_id, "cycle.compute")
    content = {"cycleId": str(cycle_id)}
    return jobs.enqueue(session, actor, "cycle.compute", content, at=cycle.organization_id, grant=grant)


def tally(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Queue the computation that weighs what has been said of the subjects so far; return the job's id."""
    cycle, grant = _governed(session, actor, cycle_id, "cycle.tally")
    content = {"cycleId": str(cycle_id)}
    return jobs.enqueue(session, actor, "cycle.tally", content, at=cycle.organization_id, grant=grant)


def deliver(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Queue the feedback statements of all units of a final cycle; return the job's id."""
    cycle, grant = _governed(session, actor, cycle_id, "cycle.deliver")
    content = {"cycleId": str(cycle_id)}
    return jobs.enqueue(session, actor, "cycle.deliver", content, at=cycle.organization_id, grant=grant)


def delivered(session: Session, actor: Actor, cycle_id: UUID) -> None:
    """Note that every unit has its statement; a repeat changes nothing."""
    cycle = _found(session, actor, cycle_id)
    if cycle.state != "delivered":
        grant = judges.require_judge(session, actor, "cycle.deliver", cycle_id, cycle)
        changes.take(session, actor, Cycle, cycle, "cycle.deliver", at=cycle.organization_id, grant=grant)


def open_self_review(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Let the subjects say something of themselves."""
    return _step(session, actor, cycle_id, "cycle.open_self_review")


def open_public_review(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Let communities and residents say something of the subjects."""
    return _step(session, actor, cycle_id, "cycle.open_public_review")


def publish(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Tell each subject the own result; PeriodStillRuns, DecisionsOpen while people have yet to decide a grade.

    VoicesNotWeighed where something was said that the last computation did not look at.
    """
    _hold(session, actor, cycle_id)
    cycle, _ = _governed(session, actor, cycle_id, "cycle.publish")
    require_ended(cycle.period_end, days.today(session, actor.tenant_id))
    rulings.require_decided(session, cycle_id)
    bundle_reviews.require_weighed(session, cycle_id)
    return _step(session, actor, cycle_id, "cycle.publish")


def open_appeals(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Take objections, for as many working days as the cycle's calendar says."""
    cycle = _found(session, actor, cycle_id)
    return _step(session, actor, cycle_id, "cycle.open_appeals", cycle_clocks.opens(session, actor, cycle))


def finalize(session: Session, actor: Actor, cycle_id: UUID) -> UUID:
    """Make a cycle final; SealBroken where its assessments are not those of which the digest was taken.

    AppealsUndecided while an appeal is open, or what was upheld is not computed again and adopted.
    """
    _hold(session, actor, cycle_id)  # an appeal or a recomputation that comes at the same time is seen, or too late
    cycle = _found(session, actor, cycle_id)
    judges.require_judge(session, actor, "cycle.finalize", cycle_id, cycle)
    TABLES["cycle"].next(cycle.state, "cycle.finalize")
    if chains.digest_of(session, cycle_id, cycle.revision) != cycle.digest:
        raise SealBroken(parts=["digest"])
    cycle_clocks.require_over(session, actor, cycle)
    appeals.require_decided(session, actor, cycle_id)
    sealed = {"decisions_digest": standing.decisions_digest(session, cycle_id, cycle.revision)}
    return _step(session, actor, cycle_id, "cycle.finalize", sealed)


def one(session: Session, actor: Actor, cycle_id: UUID) -> dict[str, Any]:
    """Return one cycle as it stands."""
    cycle = _found(session, actor, cycle_id)._asdict()
    return _views(session, actor, [cycle])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of cycles, newest first."""
    statement = _SHOWN.where(visible(actor, Cycle))
    for column, wanted in ((Cycle.state, query.state), (Cycle.organization_id, query.organization_id)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, Cycle.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def _hold(session: Session, actor: Actor, cycle_id: UUID) -> None:
    """Lock a cycle until the commit; a statement of its own, so that what is read next is what others committed."""
    session.first(sa.select(Cycle.id).where(visible(actor, Cycle), Cycle.id == cycle_id).with_for_update())


def _governed(session: Session, actor: Actor, cycle_id: UUID, step: str) -> tuple[Any, UUID]:
    cycle = _found(session, actor, cycle_id)
    grant = judges.require_judge(session, actor, step, cycle_id, cycle)
    TABLES["cycle"].next(cycle.state, step)
    return cycle, grant


def _step(session: Session, actor: Actor, cycle_id: UUID, step: str, values: dict[str, Any] | None = None) -> UUID:
    cycle = _found(session, actor, cycle_id)
    grant = judges.require_judge(session, actor, step, cycle_id, cycle)
    changes.take(session, actor, Cycle, cycle, step, values, at=cycle.organization_id, grant=grant)
    return cycle_id


def _found(session: Session, actor: Actor, cycle_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Cycle), Cycle.id == cycle_id)))


def _views(session: Session, actor: Actor, cycles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    day, books = days.today(session, actor.tenant_id), cycle_books.shown(session, [cycle["id"] for cycle in cycles])
    steps = cycle_actions.actions(session, actor, cycles, day)
    return [
        {
            **cycle,
            **cycle_clocks.shown(cycle, day),
            "rulebooks": books[cycle["id"]],
            "allowed_actions": own,
        }
        for cycle, own in zip(cycles, steps, strict=True)
    ]
