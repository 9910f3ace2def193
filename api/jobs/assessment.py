"""The long work of assessment: computing a cycle, and issuing its feedback statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from api.access import acting, operator
from api.calls import House
from api.errors import Problem
from api.jobs.kinds import JobHandle, job_kind
from api.jobs.loop import run_to_end
from api.models import NOBODY
from api.problems import as_row
from api.services import (
    allotting,
    comparing,
    cycles,
    jobs,
    judging,
    judging_places,
    part_periods,
    schedules,
    sealer,
    statements,
)

MEMBERS_AT_ONCE = 200
UNITS_AT_ONCE = 20

_COUNTED = {"member": "members", "unit": "units", "branch": "branches", "community": "places"}

Item = TypeVar("Item")
Watch = Callable[[int, dict[str, Any]], None]


@job_kind("cycle.compute")
def compute(house: House, job: JobHandle) -> dict[str, Any]:
    """Judge every member and unit of a cycle as of one sealed position; begun again it goes on where it was."""
    return _computed(job)


@job_kind("cycle.tally")
def tally(house: House, job: JobHandle) -> dict[str, Any]:
    """Judge them all again with what was said of them; the cycle stays in its public review."""
    return _computed(job)


def _computed(job: JobHandle) -> dict[str, Any]:
    cycle_id = UUID(job.input["cycleId"])
    if "revision" not in job.counts:
        while job.write(_seal):
            continue
        job.write(judging.begin, cycle_id, job.kind)
    plan = job.read(judging.plan, cycle_id, *(job.counts[name] for name in ("position", "revision", "reviews")))
    members, units, kept = job.read(judging.subjects, plan)
    others = job.read(judging_places.places, plan, members)
    plan = replace(plan, branches={member.account_id: member.branch_id for member in members})
    total, done = len(members) + len(units) + len(others.branches) + len(others.offices), 0
    for kinds, judge, items, size, more in (
        (("member",), judging.judge_members, members, MEMBERS_AT_ONCE, ()),
        (("unit",), judging.judge_units, units, UNITS_AT_ONCE, (judging.counted_in(members),)),
        (("branch",), judging_places.judge_branches, others.branches, UNITS_AT_ONCE, (others.mates,)),
        (("community", "street"), judging_places.judge_offices, others.offices, UNITS_AT_ONCE, ()),
    ):
        plan = _compared(job, plan, kinds, partial(_batches, items, size), judge, more)
        before = done
        for some in _batches(items, size):
            todo = [each for each in some if judging.subject_id(each) not in kept]
            rows = job.read(judge, plan, todo, *more) if todo else []
            done += len(some)
            job.write(judging.keep, rows, done=done, total=total, counts={_COUNTED[kinds[0]]: done - before})
    job.write(allotting.keep, job.read(allotting.allotted, cycle_id, plan.revision, plan.cut))
    finished = job.write(judging.finish, plan, job.kind)
    counts = {"members": len(members), "units": len(units), "branches": len(others.branches)}
    return {"cycleId": str(cycle_id), **finished, **counts, "places": len(others.offices)}


def _compared(
    job: JobHandle, plan: judging.Plan, kinds: Sequence[str], batches: Callable[[], Iterator[Sequence[Any]]],
    judge: Callable[..., Any], more: Sequence[Any],
) -> judging.Plan:  # fmt: skip
    """Return the plan with the figures of groups of these subjects, after a first pass, where a rule compares them."""
    if not comparing.asked(plan.books.all(), kinds):
        return plan
    everybody: list[comparing.Mine] = []
    for some in batches():
        everybody += job.read(comparing.brought, plan, judge, some, more)
        job.progress(0, 1)
    return replace(plan, figures={**plan.figures, **comparing.figures(plan, everybody)})


@job_kind("cycle.deliver")
def deliver(house: House, job: JobHandle) -> dict[str, Any]:
    """Issue a statement for each unit of a final cycle that has none; the cycle is delivered when every unit has one.

    What a unit's statement is refused for stands in the result under `refused`; the others are issued.
    """
    cycle_id = UUID(job.input["cycleId"])
    wanting, total = job.read(statements.missing, cycle_id)
    refused: list[dict[str, Any]] = []
    issued = 0
    for done, unit_id in enumerate(wanting, start=total - len(wanting) + 1):
        try:
            job.write(statements.issue_for, cycle_id, unit_id, done=done, total=total, counts={"issued": issued + 1})
            issued += 1
        except (jobs.Cancelled, jobs.LeaseLost):
            raise
        except Problem as why:
            refused.append({"unitId": str(unit_id), **as_row(why)})
    former = job.read(part_periods.missing, cycle_id)
    for unit_id in former:
        job.write(part_periods.issue_for, cycle_id, unit_id)
    if not refused:
        job.write(cycles.delivered, cycle_id)
    standing = total - len(wanting)
    return {
        "cycleId": str(cycle_id),
        "units": total,
        "issued": issued,
        "standing": standing,
        "refused": refused,
        "partPeriods": len(former),
    }


def assess(house: House, tenant_id: UUID, cycle_id: UUID, watch: Watch | None = None) -> dict[str, Any]:
    """Compute a cycle at once, for a command, in the name of who opened it; return the job as it ended."""
    with house.engines.look(tenant_id) as session:
        person_id = schedules.took(session, tenant_id, cycle_id, "cycle.create")
    return _at_once(house, tenant_id, person_id, cycles.compute, cycle_id, watch)


def report_due(house: House, watch: Watch | None = None) -> dict[str, Any]:
    """Issue what is due in all tenants; return counts and the cycles that could not be delivered, with reasons.

    It acts for who made each cycle final, with the roles of today. A repeat finds nothing due.
    """
    found: dict[str, Any] = {"cycles": 0, "issued": 0, "standing": 0, "refused": []}
    for each in house.read_now(operator(NOBODY), schedules.due):
        found["cycles"] += 1
        try:
            job = _at_once(house, each.tenant_id, each.person_id, cycles.deliver, each.cycle_id, watch)
        except Problem as why:
            found["refused"].append({"cycleId": str(each.cycle_id), **as_row(why)})
            continue
        result = job["result"]
        found["issued"] += result.get("issued", 0)
        found["standing"] += result.get("standing", 0)
        found["refused"] += result.get("refused", [])
        if "problem" in result:
            found["refused"].append({"cycleId": str(each.cycle_id), **result["problem"]})
    return found


def _at_once(
    house: House, tenant_id: UUID, person_id: UUID, queue: Callable[..., UUID], cycle_id: UUID, watch: Watch | None
) -> dict[str, Any]:
    with house.engines.look(tenant_id) as session:
        actor = acting(session, tenant_id, person_id, "job.create")
    job_id = house.write_now(actor, queue, cycle_id)
    return run_to_end(house, actor, job_id, watch)


def _seal(session: Any, actor: Any) -> int:
    return sealer.seal(session, actor.tenant_id, everything=True)


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
