"""The long work of trying a rulebook on a past period: of it nothing is kept but the job's own progress and result."""

from __future__ import annotations

from typing import Any

from api.adapters.render.bars import spread_svg
from api.calls import House
from api.domain.simulation import Tried
from api.domain.simulation_picture import drawing
from api.jobs.kinds import JobHandle, job_kind
from api.services import comparing, judging, ledger_columns, simulations, unit_trials
from api.services.subjects import Subject, Unit

AT_ONCE, UNITS_AT_ONCE = 200, 20


@job_kind("rulebook.simulate")
def simulate(_house: House, job: JobHandle) -> dict[str, Any]:
    """Judge an authority's members or units by one rule or two; return the spread of grades, and a picture of it."""
    while job.write(ledger_columns.pack):
        continue
    trial, members, units = job.read(simulations.plan, job.input)
    trial = _compared(job, trial, members)
    outcomes = _of_members(job, trial, members) if trial.subject == "member" else _of_units(job, trial, members, units)
    answer = simulations.summed(trial, outcomes)
    return {**answer, "picture": spread_svg(*drawing(answer))}


def _compared(job: JobHandle, trial: simulations.Trial, members: list[Subject]) -> simulations.Trial:
    """Return the trial with the figures of everybody's groups, after a first pass, where a rule compares members."""
    if not any(book.figures for book, _ in trial.rules_on_members):
        return trial
    everybody: list[list[comparing.Mine]] = [[] for _ in trial.rules_on_members]
    for start in range(0, len(members), AT_ONCE):
        some = job.read(simulations.brought, trial, members[start : start + AT_ONCE])
        for kept, more in zip(everybody, some, strict=True):
            kept.extend(more)
        job.progress(0, len(members))
    return simulations.compared(trial, everybody)


def _of_members(job: JobHandle, trial: simulations.Trial, members: list[Subject]) -> list[list[Tried]]:
    """Judge all at once where sums tell their outcome; the others one by one."""
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
    return outcomes


def _of_units(job: JobHandle, trial: simulations.Trial, members: list[Subject], units: list[Unit]) -> list[list[Tried]]:
    """Judge the members under each member rule, then the units by what comes of that."""
    rows: unit_trials.Rows = [{} for _ in trial.books]
    outcomes: list[list[Tried]] = [[] for _ in trial.books]
    total = len(members) + len(units)
    for start in range(0, len(members), AT_ONCE):
        some = members[start : start + AT_ONCE]
        for kept, more in zip(rows, job.read(unit_trials.member_rows, trial, some), strict=True):
            kept.update(more)
        job.progress(start + len(some), total, members=start + len(some))
    counted = judging.counted_in(members)
    for start in range(0, len(units), UNITS_AT_ONCE):
        some_units = units[start : start + UNITS_AT_ONCE]
        for kept, more in zip(outcomes, job.read(unit_trials.tried, trial, some_units, counted, rows), strict=True):
            kept.extend(more)
        job.progress(len(members) + start + len(some_units), total, units=start + len(some_units))
    return outcomes
