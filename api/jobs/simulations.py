"""The long work of trying a rulebook on a past period: of it nothing is kept but the job's own progress and result."""

from __future__ import annotations

from typing import Any

from api.adapters.render.bars import spread_svg
from api.calls import House
from api.jobs.kinds import JobHandle, job_kind
from api.services import ledger_columns, simulations

AT_ONCE = 200


@job_kind("rulebook.simulate")
def simulate(_house: House, job: JobHandle) -> dict[str, Any]:
    """Judge an authority's members by one rule or two; return how grades are spread, as figures and a picture.

    All are judged at once where sums tell their outcome; the others one by one.
    """
    while job.write(ledger_columns.pack):
        continue
    trial, members = job.read(simulations.plan, job.input)
    outcomes = job.read(simulations.at_once, trial, members)
    left = [n for n in range(len(members)) if any(found[n] is None for found in outcomes)]
    done = len(members) - len(left)
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        for found, more in zip(outcomes, job.read(simulations.tried, trial, [members[n] for n in some]), strict=True):
            for n, each in zip(some, more, strict=True):
                found[n] = each
        done += len(some)
        job.progress(done, len(members), members=done)
    answer = simulations.summed(trial, outcomes)
    groups = [
        (
            f"{rule['labels']['zh']}（{rule['version']}）",
            [((row["labels"] or {}).get("zh") or row["outcome"], row["members"]) for row in rule["spread"]],
        )
        for rule in answer["rules"]
    ]
    return {**answer, "picture": spread_svg(groups)}
