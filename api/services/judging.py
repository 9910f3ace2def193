"""评价: the steps of one computation of a cycle, each safe to repeat: begin, judge members, judge units, finish.

A computation has a revision of its own. Its rows stand only when it has come to its end, so that one that was killed
goes on where it was, and one that was cancelled leaves nothing that anybody sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain.bundle_rows import served
from api.domain.place_facts import STEPS
from api.domain.rulebook.evaluate import as_member, evaluate
from api.domain.rulebook.measure import DenominatorMeasure
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.seal import ordered, seal
from api.domain.steps import TABLES
from api.models import Assessment, Cycle, Organization, OrganizationCount
from api.services import bundles, chains, changes, comparing, cycle_books, days, judges
from api.services.bundle_facts import exempt_accounts
from api.services.bundle_reviews import last_sealed, with_reviews
from api.services.cuts import Cut, last_recorded
from api.services.cycle_books import Books, Ruled
from api.services.subjects import Subject, Unit, batched, of_cycle

Item = TypeVar("Item")
_COMPUTED_BY = ("cycle.compute", "cycle.tally")


@dataclass(frozen=True, slots=True)
class Plan:
    """One computation: of which cycle, as of what, by which rules; `reviews` is the position up to which voices count.

    Without it nobody was asked yet. `figures` are what is told each subject of its groups, known after a first pass,
    `branches` the Party branch of each member.
    """

    cycle_id: UUID
    path: str
    revision: int
    cut: Cut
    books: Books
    reviews: int | None = None
    figures: comparing.Told = field(default_factory=dict)
    branches: Mapping[UUID, UUID | None] = field(default_factory=dict)


_CYCLE = sa.select(
    Cycle.id, Cycle.version, Cycle.state, Cycle.revision, Cycle.digest, Cycle.organization_id, Cycle.period_start,
    Cycle.period_end, Cycle.cut_off, Cycle.tenant_id,
    Cycle.reviews_position, Organization.path,
).join(Organization, Organization.id == Cycle.organization_id)  # fmt: skip


def begin(session: Session, actor: Actor, cycle_id: UUID, step: str) -> dict[str, Any]:
    """Settle what this computation is as of and its revision, noted with the job; StepNotAllowed once it is too late.

    The position is the last sealed one that holds a fact or an entry, or a step of a place where places are judged.
    `step` is cycle.compute, which asks nobody, or
    cycle.tally, which weighs every voice that is sealed by now. SwitchedOff where a rule compares subjects and the
    district no longer has ranking on.
    """
    cycle = _cycle(session, actor, cycle_id)
    TABLES["cycle"].next(cycle.state, step)
    latest = sa.select(sa.func.max(Assessment.revision)).where(Assessment.cycle_id == cycle_id)
    books = cycle_books.of_cycle(session, actor, cycle_id)
    told = [book.document() for book in books.all()]
    comparing.require_allowed(session, actor.tenant_id, cycle.organization_id, told)
    of_places = books.kinds & {"community", "street"}
    position = last_recorded(session, actor.tenant_id, STEPS if of_places else ())
    reviews = last_sealed(session, actor.tenant_id) if step == "cycle.tally" else None
    return {"counts": {"position": position, "revision": (session.scalar(latest) or 0) + 1, "reviews": reviews}}


def plan(
    session: Session, actor: Actor, cycle_id: UUID, position: int, revision: int, reviews: int | None = None
) -> Plan:
    """Return all that the steps of a computation need to know; without `reviews` the voices weighed last count."""
    cycle = _cycle(session, actor, cycle_id)
    zone = days.zone_of(session, actor.tenant_id)
    cut = Cut(actor.tenant_id, zone, cycle.period_start, cycle.period_end, cycle.cut_off, position)
    books = cycle_books.of_cycle(session, actor, cycle_id, cut)
    return Plan(cycle_id, cycle.path, revision, cut, books, reviews or cycle.reviews_position)


def subjects(session: Session, actor: Actor, plan: Plan) -> tuple[list[Subject], list[Unit], set[UUID]]:
    """Return the members and units that the cycle judges, and whoever's assessment of this revision is kept already."""
    kinds = plan.books.kinds
    members, units = of_cycle(session, actor.tenant_id, plan.path, plan.cut.cut_off, branches="branch" in kinds)
    if plan.books.by_size:
        plan.books.sizes.update(sizes(session, plan.cut, units, counted_in(members)))
    kept = sa.select(Assessment.subject_id).where(
        Assessment.cycle_id == plan.cycle_id, Assessment.revision == plan.revision
    )
    already = {row.subject_id for row in session.rows(kept)}
    return members if "member" in kinds else [], units if "unit" in kinds else [], already


def counted_in(members: Iterable[Subject]) -> dict[UUID, set[UUID]]:
    """Return the in-service members of each employer by account."""
    counted: dict[UUID, set[UUID]] = {}
    for member in members:
        if member.counts and member.employer_id is not None:
            counted.setdefault(member.employer_id, set()).add(member.account_id)
    return counted


def judge_members(session: Session, _actor: Actor, plan: Plan, members: Sequence[Subject]) -> list[dict[str, Any]]:
    """Return the assessments of these members as rows; whom no rulebook of the cycle judges is left out."""
    places = [(member.employer_id, member.community_id) for member in members]
    rows = []
    for ruled, some in _by_rule(plan.books.of(session, "member", places), members):
        given = bundles.member_bundles(session, plan.cut, ruled.book, some, ruled.gaps)
        accounts = [member.account_id for member in some]
        given = with_reviews(session, plan.cycle_id, plan.reviews, ruled.book, accounts, given)
        for member, bundle in zip(some, given, strict=True):
            minutes, services = served(bundle.get("entries", ()), plan.cut.start.isoformat(), plan.cut.end.isoformat())
            where = {"subject_id": member.account_id, "subject_key": member.key, "employer_id": member.employer_id}
            where |= {"community_id": member.community_id, "minutes": minutes, "services": services}
            rows.append({**where, **judged(session, plan, ruled.book, bundle, where["subject_id"])})
    return rows


def judge_units(
    session: Session, _actor: Actor, plan: Plan, units: Sequence[Unit], counted: dict[UUID, set[UUID]]
) -> list[dict[str, Any]]:
    """Return the assessments of these units as rows: roll-ups of the kept judgements of their eligible members.

    `counted` names the in-service members of each unit by account; those exempt at the cut-off are not eligible.
    """
    accounts = {account for unit in units for account in counted.get(unit.id, ())}
    exempt = {each for some in batched(accounts) for each in exempt_accounts(session, plan.cut, some)}
    members: dict[UUID, list[Any]] = {unit.id: [] for unit in units}
    totals: dict[UUID, list[int]] = {unit.id: [0, 0] for unit in units}
    for row in session.rows(_kept_members(plan, list(members))):
        if row.subject_id in counted.get(row.employer_id, ()) and row.subject_id not in exempt:
            reported = "yes" if row.community_id is not None else "no"
            members[row.employer_id].append({**as_member(row.judgement), "reportedIn": reported})
            totals[row.employer_id][0] += row.minutes or 0
            totals[row.employer_id][1] += row.services or 0
    heads = {unit.id: denominators(session, plan.cut, unit, counted.get(unit.id, set()), exempt) for unit in units}
    return rolled_up(session, plan, "unit", units, members, heads, totals)


def rolled_up(
    session: Session,
    plan: Plan,
    kind: str,
    groups: Sequence[Unit],
    members: dict[UUID, list[Any]],
    heads: dict[UUID, dict[str, int | None]],
    totals: dict[UUID, list[int]],
) -> list[dict[str, Any]]:
    """Return the assessments of units or branches as rows, from the judgements, head-counts, minutes and services."""
    rows = []
    chosen = plan.books.of(session, kind, [(group.id, None) for group in groups])
    for ruled, some in _by_rule(chosen, groups):
        heads = heads | _declared(session, plan.cut, ruled.book, [group.id for group in some], heads)
        given = bundles.unit_bundles(session, plan.cut, ruled.book, some, members, heads, ruled.gaps)
        ids = [group.id for group in some]
        given = with_reviews(session, plan.cycle_id, plan.reviews, ruled.book, ids, given)
        for group, bundle in zip(some, given, strict=True):
            minutes, services = totals[group.id]
            employer = group.id if kind == "unit" else None
            where = {"subject_id": group.id, "subject_key": group.key, "employer_id": employer, "community_id": None}
            where |= {"minutes": minutes, "services": services}
            rows.append({**where, **judged(session, plan, ruled.book, bundle, where["subject_id"])})
    return rows


def _by_rule(chosen: Sequence[Ruled | None], items: Sequence[Item]) -> list[tuple[Ruled, list[Item]]]:
    """Return the items under the rule that judges them, in their order; without those that none does."""
    found: dict[UUID, tuple[Ruled, list[Item]]] = {}
    for ruled, item in zip(chosen, items, strict=True):
        if ruled is not None:
            found.setdefault(ruled.id, (ruled, []))[1].append(item)
    return list(found.values())


def keep(session: Session, actor: Actor, rows: Sequence[dict[str, Any]]) -> None:
    """Keep assessments; of those that are kept already nothing changes.

    A computation keeps nothing more once the cycle has gone on (StepNotAllowed): the next one may have its revision,
    and would take what it finds for its own.
    """
    if rows and actor.step in _COMPUTED_BY:
        held = sa.select(Cycle.state).where(Cycle.id == rows[0]["cycle_id"]).with_for_update(read=True)
        TABLES["cycle"].next(session.scalar(held), actor.step)
    session.insert_new(Assessment, rows)


def finish(session: Session, actor: Actor, plan: Plan, step: str) -> dict[str, Any]:
    """Let a computation's rows stand, with the digest of them all; a repeat changes nothing.

    StepNotAllowed where the cycle went on meanwhile: then the computation before it stands.
    """
    cycle = _cycle(session, actor, plan.cycle_id)
    digest = chains.digest_of(session, plan.cycle_id, plan.revision)
    if cycle.revision != plan.revision:
        values = {"position": plan.cut.position, "revision": plan.revision, "digest": digest}
        values["reviews_position"] = plan.reviews
        grant = judges.seat(session, actor, cycle.id, cycle.organization_id).grant_for(step, cycle.path)
        changes.take(session, actor, Cycle, cycle, step, values, at=cycle.organization_id, grant=grant)
    return {"digest": digest, "position": plan.cut.position, "revision": plan.revision}


def _cycle(session: Session, actor: Actor, cycle_id: UUID) -> Any:
    return found(session.first(_CYCLE.where(Cycle.tenant_id == actor.tenant_id, Cycle.id == cycle_id)))


def subject_id(subject: Any) -> UUID:
    """Return the id under which a member, unit, branch or place is judged."""
    return subject.account_id if isinstance(subject, Subject) else subject.id


def judged(session: Session, plan: Plan, book: Book, bundle: Any, whose: UUID) -> dict[str, Any]:
    """Return what is kept of a judgement, beside whose it is and where they belong."""
    bundle = comparing.with_figures(book, bundle, whose, plan.figures)
    judgement = evaluate(book, bundle)
    sealed = seal(book, bundle, judgement)
    return {
        "id": new_id(), "tenant_id": plan.cut.tenant_id, "cycle_id": plan.cycle_id, "revision": plan.revision,
        "subject_kind": judgement["subjectKind"], "outcome": judgement["outcome"], "grade": judgement["grade"],
        "points": judgement["score"], "bundle": ordered(bundle), "bundle_hash": sealed["bundle"],
        "judgement": judgement, "judgement_hash": sealed["judgement"], "created_at": session.now,
    }  # fmt: skip


def _kept_members(plan: Plan, units: Sequence[UUID]) -> Any:
    return sa.select(
        Assessment.subject_id, Assessment.employer_id, Assessment.community_id, Assessment.judgement,
        Assessment.minutes, Assessment.services,
    ).where(
        Assessment.cycle_id == plan.cycle_id,
        Assessment.employer_id.in_(units),
        Assessment.revision == plan.revision,
        Assessment.subject_kind == "member",
    )  # fmt: skip


def sizes(session: Session, cut: Cut, units: Iterable[Unit], counted: dict[UUID, set[UUID]]) -> dict[UUID, int]:
    """Return how many in-service members each unit has, or has declared; without those of which that is unknown."""
    told = {
        unit.id: denominators(session, cut, unit, counted.get(unit.id, set()), set())["in_service_members"]
        for unit in units
    }
    return {unit: size for unit, size in told.items() if size is not None}


def _declared(
    session: Session, cut: Cut, book: Book, ids: Sequence[UUID], heads: dict[UUID, dict[str, int | None]]
) -> dict[UUID, dict[str, int | None]]:
    """Return the head-counts with those that a rulebook asks for and the platform does not count: as declared last."""
    asked = {measure.name for measure in book.measures if isinstance(measure, DenominatorMeasure)}
    wanted = sorted(asked - {name for group in ids for name in heads[group]})
    if not wanted:
        return {}
    declared = sa.select(OrganizationCount.organization_id, OrganizationCount.kind, OrganizationCount.value).where(
        OrganizationCount.tenant_id == cut.tenant_id, OrganizationCount.organization_id.in_(ids),
        OrganizationCount.kind.in_(wanted), OrganizationCount.as_of <= cut.cut_off,
    )  # fmt: skip
    last = {(at, kind): value for at, kind, value in session.rows(declared.order_by(OrganizationCount.as_of))}
    return {each: {**heads[each], **{name: last.get((each, name)) for name in wanted}} for each in ids}


def denominators(
    session: Session, cut: Cut, unit: Unit, counted: set[UUID], exempt: set[UUID]
) -> dict[str, int | None]:
    """Return the unit's head-counts; one that uploads no roster has only what it declared, unknown if it did not."""
    free = len(counted & exempt)
    if unit.disclosure != "aggregate_only":
        return {"eligible_members": len(counted) - free, "exempt_members": free, "in_service_members": len(counted)}
    declared = sa.select(OrganizationCount.value).where(
        OrganizationCount.organization_id == unit.id,
        OrganizationCount.kind == "in_service_members",
        OrganizationCount.as_of <= cut.cut_off,
    )
    value = session.scalar(declared.order_by(OrganizationCount.as_of.desc()).limit(1))
    return {"eligible_members": value, "exempt_members": None, "in_service_members": value}
