"""The long work after an appeal or an amendment: judging some subjects of a cycle again, as a proposal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from api.access import Actor
from api.calls import House
from api.db import Session
from api.jobs.kinds import JobHandle, job_kind
from api.services import comparing, judging, judging_places, recomputing, sealer

AT_ONCE = 100


@job_kind("cycle.recompute")
def recompute(house: House, job: JobHandle) -> dict[str, Any]:
    """Judge the named, then what contains them, as of one new sealed position; begun again it goes on where it was."""
    recomputation_id = UUID(job.input["recomputationId"])
    if "position" not in job.counts:
        while job.write(_seal):
            continue
        job.write(recomputing.begin, recomputation_id)
    again = job.read(recomputing.prepare, recomputation_id, job.counts["position"])
    groups = [("unit", each) for each in again.units] + [("branch", each) for each in again.places.branches]
    total = len(again.members) + len(groups) + len(again.places.offices)
    again = _compared(job, again, ("member",), judging.judge_members, again.members)
    members = [each for each in again.members if each.account_id not in again.kept]
    for start in range(0, len(members), AT_ONCE):
        rows = job.read(judging.judge_members, again.plan, members[start : start + AT_ONCE])
        job.write(judging.keep, rows, done=start + len(rows), total=total, counts={"members": start + len(rows)})
    for kind, some in (("unit", again.units), ("branch", again.places.branches)):
        again = _compared(job, again, (kind,), partial(recomputing.judge_again, again, kind), some)
    for done, (kind, group) in enumerate(groups, start=len(again.members) + 1):
        rows = [] if group.id in again.kept else job.read(recomputing.judge_groups, again, kind, [group])
        job.write(judging.keep, rows, done=done, total=total, counts={"groups": done - len(again.members)})
    again = _compared(job, again, ("community", "street"), judging_places.judge_offices, again.places.offices)
    offices = [each for each in again.places.offices if each.id not in again.kept]
    rows = job.read(judging_places.judge_offices, again.plan, offices) if offices else []
    job.write(judging.keep, rows, done=total, total=total)
    proposed = job.write(recomputing.propose, again, job.read(comparing.effects, again.plan))
    counts = {"members": len(again.members), "units": len(again.units), "branches": len(again.places.branches)}
    return {**proposed, **counts, "places": len(again.places.offices)}


def _compared(
    job: JobHandle, again: recomputing.Again, kinds: Sequence[str], judge: Callable[..., Any], named: Sequence[Any]
) -> recomputing.Again:
    """Return the recomputation with the figures of the groups of the named, beside all others as they stand."""
    plan = again.plan
    if not named or not comparing.asked(plan.books.all(), kinds):
        return again
    mine = job.read(comparing.brought, plan, judge, named)
    told = [job.read(comparing.figures_again, plan, kind, mine) for kind in kinds]
    return replace(
        again, plan=replace(plan, figures={**plan.figures, **{k: v for each in told for k, v in each.items()}})
    )


def _seal(session: Session, actor: Actor) -> int:
    return sealer.seal(session, actor.tenant_id, everything=True)
