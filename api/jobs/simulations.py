"""The long work of trying a rulebook on a past period; nothing is written but the job's own progress and result."""

from __future__ import annotations

from typing import Any

from api.adapters.render.bars import spread_svg
from api.calls import House
from api.domain.simulation import Tried
from api.jobs.kinds import JobHandle, job_kind
from api.services import simulations

AT_ONCE = 200


@job_kind("rulebook.simulate")
def simulate(_house: House, job: JobHandle) -> dict[str, Any]:
    """Judge an authority's members by one rule or two; return how grades are spread, as figures and a picture."""
    trial, members = job.read(simulations.plan, job.input)
    outcomes: list[list[Tried]] = [[] for _ in trial.books]
    for start in range(0, len(members), AT_ONCE):
        some = members[start : start + AT_ONCE]
        for kept, more in zip(outcomes, job.read(simulations.tried, trial, some), strict=True):
            kept.extend(more)
        job.progress(start + len(some), len(members), members=start + len(some))
    answer = simulations.summed(trial, outcomes)
    groups = [
        (
            f"{rule['labels']['zh']}（{rule['version']}）",
            [((row["labels"] or {}).get("zh") or row["outcome"], row["members"]) for row in rule["spread"]],
        )
        for rule in answer["rules"]
    ]
    return {**answer, "picture": spread_svg(groups)}
