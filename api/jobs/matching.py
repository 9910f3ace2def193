"""The long work of a match: from stored inputs to proposals that appear all at once, or not at all."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from api.calls import House
from api.domain.matching.outcome import result_hash, summary
from api.domain.matching.propose import STAGES, propose
from api.jobs.kinds import JobHandle, job_kind
from api.services import match_results, match_runs

AT_ONCE = 2000
_COMPUTED = 60  # per cent of the work that is done when the proposals are known


@job_kind("match.run")
def run(_house: House, job: JobHandle) -> dict[str, Any]:
    """Store the inputs, find the best proposals, write them unseen, show them; begun again it ends the same."""
    run_id = UUID(job.input["runId"])
    inputs = job.write(match_runs.prepare, run_id)
    row = job.read(match_runs.stored, run_id)
    asks, offers, weights, limits = inputs or match_runs.restored_inputs(row)
    job.progress(2, 100, needs=len(asks), helpers=len(offers))
    at = {stage: number * _COMPUTED // len(STAGES) for number, stage in enumerate(STAGES, start=1)}
    found = propose(asks, offers, weights, limits, on_stage=lambda stage: job.progress(at[stage], 100))
    writing = job.read(match_results.begun, row, asks)
    rows = enumerate(found, start=1)
    done, total = 0, max(len(found), 1)
    while some := list(islice(rows, AT_ONCE)):
        done += len(some)
        share = _COMPUTED + (99 - _COMPUTED) * done // total
        job.write(match_results.keep, writing, some, done=share, total=100, counts={"proposals": done})
    gaps = [{**each._asdict(), "flags": list(each.flags)} for each in found.unserved] + row.figures.get("passed", [])
    for start in range(0, len(gaps), AT_ONCE):
        job.write(match_results.keep_gaps, run_id, gaps[start : start + AT_ONCE])
    figures = {**summary(found), "unserved": len(gaps)}
    return job.write(match_results.finish, run_id, len(found), result_hash(found), figures)
