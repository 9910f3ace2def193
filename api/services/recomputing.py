"""复算: the steps of one recomputation, each safe to repeat: begin, judge the named, judge their units, propose.

The subjects named are judged as of a new sealed position, and the units that contain them; of the other members of
these units the judgements that stand are counted, as they were. Nobody else's assessment is touched.
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
from api.domain.rulebook.evaluate import as_member
from api.domain.steps import TABLES
from api.models import Assessment, Cycle, Recomputation
from api.services import allotting, chains, changes, judging, recomputed
from api.services.bundle_facts import exempt_accounts
from api.services.cuts import last_recorded
from api.services.subjects import Subject, Unit
from api.visibility.judged import stands


@dataclass(frozen=True, slots=True)
class Again:
    """One recomputation: its plan, whom it names, and what of them is kept already."""

    id: UUID
    plan: judging.Plan
    members: list[Subject]
    units: list[Unit]
    was_at: dict[UUID, UUID | None]  # the employer of each named member as they were judged before
    kept: set[UUID]


_ROW = sa.select(
    Recomputation.id, Recomputation.version, Recomputation.state, Recomputation.cycle_id, Recomputation.revision,
    Recomputation.kind, Recomputation.assessment_ids, Recomputation.organization_id, Cycle.revision.label("computed"),
).join(Cycle, Cycle.id == Recomputation.cycle_id)  # fmt: skip


def begin(session: Session, actor: Actor, recomputation_id: UUID) -> dict[str, Any]:
    """Settle what a recomputation is as of, noted with the job; StepNotAllowed where it was dropped meanwhile."""
    TABLES["recomputation"].next(_row(session, actor, recomputation_id).state, "recomputation.propose")
    return {"counts": {"position": last_recorded(session, actor.tenant_id)}}


def prepare(session: Session, actor: Actor, recomputation_id: UUID, position: int) -> Again:
    """Return all that the steps need to know; NoLongerSubject where the record no longer has who is named."""
    row = _row(session, actor, recomputation_id)
    plan = judging.plan(session, actor, row.cycle_id, position, row.revision)
    former = session.rows(
        sa.select(Assessment.subject_kind, Assessment.subject_id, Assessment.employer_id).where(
            Assessment.cycle_id == row.cycle_id, Assessment.id.in_([UUID(each) for each in row.assessment_ids])
        )
    )
    everybody, every_unit, kept = judging.subjects(session, actor, plan)
    named = {each.subject_id for each in former if each.subject_kind == "member"}
    members = [each for each in everybody if each.account_id in named]
    around = {each.employer_id for each in former} | {each.employer_id for each in members}
    units = [each for each in every_unit if each.id in around]
    gone = {each.subject_id for each in former} - {each.account_id for each in members} - {each.id for each in units}
    if gone:
        raise NoLongerSubject(count=len(gone))
    was_at = {each.subject_id: each.employer_id for each in former if each.subject_kind == "member"}
    return Again(row.id, plan, members, units, was_at, kept)


def judge_units(session: Session, actor: Actor, again: Again, units: Sequence[Unit]) -> list[dict[str, Any]]:
    """Return the assessments of these units as rows, over the members that stand and those that were judged again."""
    former = {row.subject_id: row.bundle for row in session.rows(_standing(again, units, "unit"))}
    mine = {member.account_id: member for member in again.members}
    exempt = exempt_accounts(session, again.plan.cut, list(mine))
    members: dict[UUID, list[Any]] = {unit.id: [] for unit in units}
    totals: dict[UUID, list[int]] = {unit.id: [0, 0] for unit in units}
    keys = {unit: {line["key"] for line in bundle["members"]} for unit, bundle in former.items()}
    for row in session.rows(_members(again, units)):
        member = mine.get(row.subject_id)
        counts = member.counts and row.subject_id not in exempt if member else row.subject_key in keys[row.employer_id]
        if counts:
            reported = "yes" if row.community_id is not None else "no"
            members[row.employer_id].append({**as_member(row.judgement), "reportedIn": reported})
            totals[row.employer_id][0] += row.minutes or 0
            totals[row.employer_id][1] += row.services or 0
    heads = {unit.id: _heads(session, again, unit, former.get(unit.id), exempt) for unit in units}
    return judging.rolled_up(session, again.plan, "unit", units, members, heads, totals)


def propose(session: Session, actor: Actor, again: Again) -> dict[str, Any]:
    """Show what was computed to who may adopt it, with its effects and its digest; a repeat changes nothing.

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
            "effects": follows.effects,
            "digest_before": chains.digest_of(session, row.cycle_id, row.computed),
            "digest": chains.digest_of(session, row.cycle_id, row.computed, row.revision),
        }
        grant = actor.grant_for("recomputation.adopt", again.plan.path)
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


def _standing(again: Again, units: Sequence[Unit], kind: str, proposed: int | None = None) -> Any:
    columns = (
        Assessment.subject_id, Assessment.subject_key, Assessment.employer_id, Assessment.community_id,
        Assessment.minutes, Assessment.services, Assessment.bundle, Assessment.judgement,
    )  # fmt: skip
    joined = sa.select(*columns).join(Cycle, Cycle.id == Assessment.cycle_id)
    return joined.where(
        Assessment.cycle_id == again.plan.cycle_id, Assessment.subject_kind == kind,
        Assessment.employer_id.in_([unit.id for unit in units]), stands(proposed=proposed),
    )  # fmt: skip


def _members(again: Again, units: Sequence[Unit]) -> Any:
    """Select the members that stand as if this recomputation were adopted, without the bundles that nobody reads."""
    rows = _standing(again, units, "member", again.plan.revision)
    return rows.with_only_columns(*(column for column in rows.selected_columns if column.name != "bundle"))


def _heads(
    session: Session, again: Again, unit: Unit, former: dict[str, Any] | None, exempt: set[UUID]
) -> dict[str, int | None]:
    """Return a unit's head-counts: of the members not named as they were counted, of the named as they are now."""
    mine = {each.account_id: each for each in again.members if each.employer_id == unit.id and each.counts}
    free = len(mine.keys() & exempt)
    if unit.disclosure == "aggregate_only" or former is None:
        return judging.denominators(session, again.plan.cut, unit, set(mine), exempt)
    named = {each.key for each in again.members}
    others = {line["key"] for line in former["members"]} - named
    eligible = len(others) + len(mine) - free
    before = replace(again.plan.cut, position=former["asOf"])
    freed = exempt_accounts(session, before, [account for account, at in again.was_at.items() if at == unit.id])
    outside = (former["denominators"]["exempt_members"] or 0) - len(freed)
    return {
        "eligible_members": eligible,
        "exempt_members": outside + free,
        "in_service_members": eligible + outside + free,
    }
