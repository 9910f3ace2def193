"""The long work after an appeal or an amendment: judging some subjects of a cycle again, as a proposal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.access import Actor
from api.calls import House
from api.db import Session
from api.jobs.kinds import JobHandle, job_kind
from api.services import judging, recomputing, sealer

AT_ONCE = 100


@job_kind("cycle.recompute")
def recompute(house: House, job: JobHandle) -> dict[str, Any]:
    """Judge the named and then their units as of one new sealed position; begun again it goes on where it was."""
    recomputation_id = UUID(job.input["recomputationId"])
    if "position" not in job.counts:
        while job.write(_seal):
            continue
        job.write(recomputing.begin, recomputation_id)
    again = job.read(recomputing.prepare, recomputation_id, job.counts["position"])
    total = len(again.members) + len(again.units)
    members = [each for each in again.members if each.account_id not in again.kept]
    for start in range(0, len(members), AT_ONCE):
        rows = job.read(judging.judge_members, again.plan, members[start : start + AT_ONCE])
        job.write(judging.keep, rows, done=start + len(rows), total=total, counts={"members": start + len(rows)})
    units = [each for each in again.units if each.id not in again.kept]
    for done, unit in enumerate(units, start=1):
        rows = job.read(recomputing.judge_units, again, [unit])
        job.write(judging.keep, rows, done=len(again.members) + done, total=total, counts={"units": done})
    proposed = job.write(recomputing.propose, again)
    return {**proposed, "members": len(again.members), "units": len(again.units)}


def _seal(session: Session, actor: Actor) -> int:
    return sealer.seal(session, actor.tenant_id, everything=True)
