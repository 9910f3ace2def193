"""复算: the steps of one recomputation, each safe to repeat: begin, judge the named, judge what contains them, propose.

The subjects named are judged as of a new sealed position, and so are the units and Party branches that contain them and
the communities and streets whose record has changed with theirs. Of the other members of these units and branches the
judgements that stand are counted, as they were. Nobody else's assessment is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.appeals import NoLongerSubject
from api.domain.place_facts import STEPS
from api.domain.rulebook.evaluate import as_member
from api.domain.steps import TABLES
from api.models import Affiliation, Assessment, Cycle, Person, Recomputation
from api.services import allotting, chains, changes, cycle_books, judges, judging, recomputed, recomputing_places
from api.services.bundle_facts import exempt_accounts
from api.services.cuts import last_recorded
from api.services.judging_places import Places
from api.services.subjects import Subject, Unit
from api.visibility.judged import stands


@dataclass(frozen=True, slots=True)
class Again:
    """One recomputation: its plan, whom it names, what contains them, and what of them is kept already."""

    id: UUID
    plan: judging.Plan
    members: list[Subject]
    units: list[Unit]
    places: Places
    was_at: dict[UUID, UUID | None]  # the employer of each named member as they were judged before
    kept: set[UUID]


_WHOLE = {"unit": "in_service_members", "branch": "members"}
_ROW = sa.select(
    Recomputation.id, Recomputation.version, Recomputation.state, Recomputation.cycle_id, Recomputation.revision,
    Recomputation.kind, Recomputation.assessment_ids, Recomputation.organization_id, Cycle.revision.label("computed"),
).join(Cycle, Cycle.id == Recomputation.cycle_id)  # fmt: skip


def begin(session: Session, actor: Actor, recomputation_id: UUID) -> dict[str, Any]:
    """Settle what a recomputation is as of, noted with the job; StepNotAllowed where it was dropped meanwhile."""
    row = _row(session, actor, recomputation_id)
    TABLES["recomputation"].next(row.state, "recomputation.propose")
    of_places = cycle_books.of_cycle(session, actor, row.cycle_id).kinds & {"community", "street"}
    return {"counts": {"position": last_recorded(session, actor.tenant_id, STEPS if of_places else ())}}


def prepare(session: Session, actor: Actor, recomputation_id: UUID, position: int) -> Again:
    """Return all that the steps need to know; NoLongerSubject where the record no longer has who is named."""
    row = _row(session, actor, recomputation_id)
    plan = judging.plan(session, actor, row.cycle_id, position, row.revision)
    former = session.rows(
        sa.select(Assessment.subject_kind, Assessment.subject_id, Assessment.employer_id, Assessment.bundle).where(
            Assessment.cycle_id == row.cycle_id, Assessment.id.in_([UUID(each) for each in row.assessment_ids])
        )
    )
    everybody, every_unit, kept = judging.subjects(session, actor, plan)
    named = {each.subject_id for each in former if each.subject_kind == "member"}
    members = [each for each in everybody if each.account_id in named]
    around = {each.employer_id for each in former} | {each.employer_id for each in members}
    units = [each for each in every_unit if each.id in around]
    places = recomputing_places.around(session, actor, plan, everybody, members, former)
    there = {each.account_id for each in members} | {each.id for each in (*units, *places.branches, *places.offices)}
    gone = {each.subject_id for each in former} - there
    if gone:
        raise NoLongerSubject(count=len(gone))
    plan = replace(plan, branches={each.account_id: each.branch_id for each in everybody})
    was_at = {each.subject_id: each.employer_id for each in former if each.subject_kind == "member"}
    return Again(row.id, plan, members, units, places, was_at, kept)


def judge_groups(
    session: Session, actor: Actor, again: Again, kind: str, groups: Sequence[Unit]
) -> list[dict[str, Any]]:
    """Return the assessments of these units or branches as rows, over the members that stand and those judged again.

    Whom no recomputation names is counted where they were counted, the named where they belong now.
    """
    former = {row.subject_id: row.bundle for row in session.rows(_standing(again, kind, groups))}
    counted = {line["key"]: group for group, bundle in former.items() for line in bundle["members"]}
    named, belongs = {each.account_id for each in again.members}, _belongs(again, kind)
    exempt = exempt_accounts(session, again.plan.cut, sorted(named))
    members: dict[UUID, list[Any]] = {group.id: [] for group in groups}
    totals: dict[UUID, list[int]] = {group.id: [0, 0] for group in groups}
    for row in session.rows(_members(again, kind, groups)):
        group = belongs.get(row.subject_id) if row.subject_id in named else counted.get(row.subject_key)
        if group in members and row.subject_id not in exempt:
            reported = "yes" if row.community_id is not None else "no"
            members[group].append({**as_member(row.judgement), "reportedIn": reported})
            totals[group][0] += row.minutes or 0
            totals[group][1] += row.services or 0
    heads = {group.id: _heads(session, again, kind, group, former.get(group.id), exempt) for group in groups}
    return judging.rolled_up(session, again.plan, kind, groups, members, heads, totals)


def judge_again(
    again: Again, kind: str, session: Session, actor: Actor, plan: judging.Plan, groups: Sequence[Unit]
) -> list[dict[str, Any]]:
    """Judge groups as `judge_groups` does, by another plan."""
    return judge_groups(session, actor, replace(again, plan=plan), kind, groups)


def propose(session: Session, actor: Actor, again: Again, compared: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Show what was computed to who may adopt it, with its effects and its digest; a repeat changes nothing.

    `compared` are those whom other figures of their groups would judge otherwise (`comparing.effects`).

    StepNotAllowed where it was dropped meanwhile.
    """
    row = _row(session, actor, again.id)
    if row.state == "computing":
        named = [UUID(each) for each in row.assessment_ids]
        basis = "amendment" if row.kind == "amendment" else "appeal"
        follows = recomputed.consequences(session, actor, again.plan, named, basis)
        allotting.keep(session, actor, follows.allotted)
        values = {
            "position": again.plan.cut.position,
            "effects": {**follows.effects, "compared": list(compared)},
            "digest_before": chains.digest_of(session, row.cycle_id, row.computed),
            "digest": chains.digest_of(session, row.cycle_id, row.computed, row.revision),
        }
        seat = judges.seat(session, actor, row.cycle_id, row.organization_id)
        grant = seat.grant_for("recomputation.adopt", again.plan.path)
        told = {"revision": row.revision, "position": values["position"], "digest": values["digest"]}
        changes.take(
            session, actor, Recomputation, row, "recomputation.propose", values, at=row.organization_id, grant=grant,
            details=told,
        )  # fmt: skip
    else:
        TABLES["recomputation"].next(row.state, "recomputation.adopt")
    return {"recomputationId": str(row.id), "revision": row.revision, "position": again.plan.cut.position}


def _row(session: Session, actor: Actor, recomputation_id: UUID) -> Any:
    wanted = _ROW.where(Recomputation.tenant_id == actor.tenant_id, Recomputation.id == recomputation_id)
    return found(session.first(wanted))


def _standing(again: Again, kind: str, groups: Sequence[Unit]) -> Any:
    joined = sa.select(Assessment.subject_id, Assessment.bundle).join(Cycle, Cycle.id == Assessment.cycle_id)
    return joined.where(
        Assessment.cycle_id == again.plan.cycle_id, Assessment.subject_kind == kind,
        Assessment.subject_id.in_([group.id for group in groups]), stands(),
    )  # fmt: skip


def _members(again: Again, kind: str, groups: Sequence[Unit]) -> Any:
    """Select the members that stand as if this recomputation were adopted, without the bundles that nobody reads.

    Of a branch everybody who ever belonged to it: a judgement does not say to which they did.
    """
    at = [group.id for group in groups]
    columns = (
        Assessment.subject_id, Assessment.subject_key, Assessment.community_id, Assessment.minutes,
        Assessment.services, Assessment.judgement,
    )  # fmt: skip
    if kind == "unit":
        whose = Assessment.employer_id.in_(at)
    else:
        held = sa.select(Person.account_id).join(Affiliation, Affiliation.person_id == Person.id).where(
            Affiliation.tenant_id == again.plan.cut.tenant_id, Affiliation.kind == "party_relation",
            Affiliation.organization_id.in_(at),
        )  # fmt: skip
        whose = Assessment.subject_id.in_(held)
    joined = sa.select(*columns).join(Cycle, Cycle.id == Assessment.cycle_id)
    return joined.where(
        Assessment.cycle_id == again.plan.cycle_id, Assessment.subject_kind == "member", whose,
        stands(proposed=again.plan.revision),
    )  # fmt: skip


def _belongs(again: Again, kind: str) -> dict[UUID, UUID]:
    """Return the unit or branch in which each named member counts now."""
    if kind == "unit":
        return {each.account_id: each.employer_id for each in again.members if each.counts and each.employer_id}
    named = {each.account_id for each in again.members}
    return {account: branch for branch, mates in again.places.mates.items() for account in mates & named}


def _heads(
    session: Session, again: Again, kind: str, group: Unit, former: dict[str, Any] | None, exempt: set[UUID]
) -> dict[str, int | None]:
    """Return head-counts: of the members not named as they were counted, of the named as they are now."""
    mine = {account for account, at in _belongs(again, kind).items() if at == group.id}
    free = len(mine & exempt)
    if group.disclosure == "aggregate_only" or (former is None and kind == "unit"):
        return judging.denominators(session, again.plan.cut, group, mine, exempt)
    named = {each.key for each in again.members}
    lines = {line["key"] for line in former["members"]} if former else set()
    outside = 0
    if former is not None:
        before = replace(again.plan.cut, position=former["asOf"])
        were = mine if kind == "branch" else {account for account, at in again.was_at.items() if at == group.id}
        outside = (former["denominators"]["exempt_members"] or 0) - len(exempt_accounts(session, before, sorted(were)))
    eligible = len(lines - named) + len(mine) - free
    return {
        "eligible_members": eligible,
        "exempt_members": outside + free,
        _WHOLE[kind]: eligible + outside + free,
    }
