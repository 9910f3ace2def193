"""Matching whole cities: the optimum beside an independent solver, its cost beside the bare flow, and what a list does.

Each city is matched in a process of its own, so that its memory can be read. SIZE=full adds 100 000 volunteers, and
asks the independent solver, which takes minutes, about 10 000 too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from api.domain.matching.candidates import candidates
from api.domain.matching.columns import Columns, columns
from api.domain.matching.feasibility import violations
from api.domain.matching.flow import network, solve
from api.domain.matching.inputs import Limits, Weights
from api.domain.matching.propose import Proposals, propose
from api.domain.matching.scores import Pairs, scores
from benchmarks.choosing import by_browsing, by_list, outcome
from benchmarks.cities import City, city
from benchmarks.harness import Row
from benchmarks.memory import peak

ROOT = Path(__file__).resolve().parents[1]
COMMAND = "python -m benchmarks matching"
SEEDS = (1, 2, 3)
COVERED = 2000  # volunteers of the cities in which cover-first is held against a list


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure 1 000 and 10 000 volunteers, with `full` 100 000 too; then cover-first on fixed seeds."""
    sizes = (1_000, 10_000, 100_000) if size == "full" else (1_000, 10_000)
    measured = {volunteers: _in_a_process("benchmarks.matching", volunteers, size) for volunteers in sizes}
    table = [row for volunteers, found in measured.items() for row in _city_rows(volunteers, found)]
    for small, large in pairwise(sizes):
        times = measured[large]["cpu"] / measured[small]["cpu"]
        control = f"{measured[small]['cpu']:.2f} s, then {measured[large]['cpu']:.2f} s"
        table.append(_row(f"{small} → {large} volunteers", times, "≤ 25", "×", times <= 25, control))
    return table + _service_rows() + [row for seed in SEEDS for row in _cover_rows(seed)]


def _service_rows() -> list[Row]:
    """Return what the product itself takes, from the rows of a city to its proposals, for 1 000 and 10 000."""
    small, large = (_in_a_process("benchmarks.matched_cities", volunteers) for volunteers in (1_000, 10_000))
    times, growth = large["cpu"] / large["bare"], large["cpu"] / small["cpu"]
    said = f"bare {large['bare']:.2f} s of {large['cpu']:.2f}; {large['proposals']} proposals written and shown"
    control = f"{small['cpu']:.2f} s, then {large['cpu']:.2f} s"
    return [
        _row("10000 volunteers in the product: CPU against the bare flow", times, "≤ 2.5", "×", times <= 2.5, said),
        _row("10000 volunteers in the product: memory", large["memory"], "≤ 700", "MB", large["memory"] <= 700,
             "peak of the process, the filling included"),
        _row("1000 → 10000 volunteers in the product", growth, "≤ 25", "×", growth <= 25, control),
    ]  # fmt: skip


def _row(name: str, figure: float | str, goal: str, unit: str, ok: bool, control: str) -> Row:
    return Row(f"matching, {name}", figure, goal, unit, ok, control, COMMAND)


def _city_rows(volunteers: int, found: dict[str, Any]) -> list[Row]:
    name, ratio = f"{volunteers} volunteers", found["cpu"] / found["bare"]
    parts = ", ".join(f"{stage} {cost:.2f}" for stage, cost in found["stages"].items())
    said = f"bare {found['bare']:.2f} s of {found['cpu']:.2f}: {parts}; {found['pairs'] / volunteers:.0f} pairs each"
    table = [
        _row(f"{name}: limits broken", found["broken"], "0", "proposals", found["broken"] == 0,
             f"of {found['proposals']}; one twice is seen as {found['control']}"),
        _row(f"{name}: memory", found["memory"], "≤ 700", "MB", found["memory"] <= 700, "peak of the matching process"),
    ]  # fmt: skip
    if volunteers >= 10_000:  # in a small city both are a few hundredths of a second
        table.append(_row(f"{name}: CPU against the bare flow", ratio, "≤ 2.5", "×", ratio <= 2.5, said))
    if "all_pairs" in found:
        lost = 100 * found["objective"] / found["all_pairs"]
        said = (
            f"{found['all_pairs_count'] / volunteers:.0f} pairs each; {found['few_count'] / volunteers:.0f} pairs each"
        )
        control = f"{said} reach {found['few']:.2f} %, the preview {found['preview']:.1f} %"
        table.append(_row(f"{name}: of the optimum of all pairs", f"{lost:.3f}", "≥ 99.9", "%", lost >= 99.9, control))
    if "optimum" in found:
        apart = found["objective"] - found["optimum"]
        control = f"HiGHS finds {found['optimum']} on the same pairs"
        table.append(_row(f"{name}: points beside HiGHS", apart, "0", "points", apart == 0, control))
    return table


def _cover_rows(seed: int) -> list[Row]:
    town, limits = city(COVERED, seed), Limits()
    listed, browsed = (outcome(town.asks, way(town, limits)) for way in (by_list, by_browsing))
    matched, preview = (propose(town.asks, town.offers, method=way).figures for way in ("flow", "greedy"))
    gain = 100 * (matched.newly_served / listed.newly_served - 1)
    said = ", ".join(
        f"{name} {found.newly_served} of {matched.needs} with {found.filled} places"
        for name, found in (("matched", matched), ("list", listed), ("browsing", browsed), ("preview", preview))
    )
    ok = gain >= 8 and matched.filled >= listed.filled
    return [_row(f"seed {seed}: more needs served than by a list", gain, "≥ 8, no fewer places", "%", ok, said)]


def _in_a_process(module: str, *arguments: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=1800)
    return json.loads(done.stdout.splitlines()[-1])


def _measured(volunteers: int, size: str) -> dict[str, Any]:
    """Match one city: first the whole run, whose peak of memory is read at once, then what it is held against."""
    propose(*city(300)[:2], limits=Limits(edges=1))  # libraries are loaded once a process, not once a run
    town, stages = city(volunteers), {}
    found, cost = _run(town, stages)
    result: dict[str, Any] = {
        "memory": round(peak()), "cpu": cost, "stages": stages,
        "proposals": len(found), "objective": found.objective, "pairs": found.candidate_count,
    }  # fmt: skip
    chosen = list(found)
    result["broken"] = len(violations(town.asks, town.offers, Limits(), chosen))
    result["control"] = len(violations(town.asks, town.offers, Limits(), [*chosen, chosen[0]]))
    del found, chosen
    run = columns(town.asks, town.offers, Weights(), Limits())
    pairs = candidates(run)
    result["bare"] = _bare(run, pairs)
    for _ in range(2 if volunteers <= 10_000 else 0):  # in turns, since the machine is not alone
        again, cost = _run(town, stages := {})
        if cost < result["cpu"]:
            result |= {"cpu": cost, "stages": stages}
        result["bare"] = min(result["bare"], _bare(run, pairs))
        del again
    if volunteers <= 10_000:
        result |= _beside_all_pairs(town)
    if volunteers <= (10_000 if size == "full" else 1000):
        from tests.support.optimum import optimum  # its solver is large, and the memory of the run is read

        result["optimum"] = optimum(town.asks, town.offers, Weights(), Limits(), _triples(run, pairs), "highs-ipm")
    return result


def _run(town: City, stages: dict[str, float]) -> tuple[Proposals, float]:
    """Match and write every proposal with its reasons; return what was found, and the CPU seconds."""
    begun = last = time.process_time()
    before = "inputs"

    def stage(name: str) -> None:
        nonlocal last, before
        stages[before] = time.process_time() - last
        last, before = time.process_time(), name

    found = propose(town.asks, town.offers, on_stage=stage)
    stage("writing")
    _write(found)
    stage("")
    return found, time.process_time() - begun


def _write(found: Proposals) -> None:
    with TemporaryFile("w", encoding="utf-8") as file:
        for each in found:
            named = {"ask": each.ask_id, "offer": each.offer_id, "slot": each.slot, "points": each.points}
            file.write(json.dumps(named | {"reasons": each.reasons()}) + "\n")
        for missed in found.unserved:
            file.write(json.dumps(missed._asdict()) + "\n")


def _bare(run: Columns, pairs: Pairs) -> float:
    """Return the CPU seconds that the solver alone takes for the graph of the run."""
    built = network(run, pairs, scores(run, pairs))
    begun = time.process_time()
    solve(built, len(pairs.ask))
    return time.process_time() - begun


def _beside_all_pairs(town: City) -> dict[str, Any]:
    """Return what the best of all pairs earns, and what of it the preview and a few pairs each reach, in per cent."""
    every = propose(town.asks, town.offers, all_pairs=True)
    preview = propose(town.asks, town.offers, method="greedy")
    few = propose(town.asks, town.offers, limits=Limits(edges=6))
    return {
        "all_pairs": every.objective, "all_pairs_count": every.candidate_count, "few_count": few.candidate_count,
        "few": 100 * few.objective / every.objective, "preview": 100 * preview.objective / every.objective,
    }  # fmt: skip


def _triples(run: Columns, pairs: Pairs) -> list[tuple[str, str, int | None]]:
    names = {number: slot for slot, number in run.slots.items()}
    return [
        (run.offers[offer].id, run.asks[ask].id, names.get(slot))
        for offer, ask, slot in zip(*(column.tolist() for column in pairs), strict=True)
    ]


if __name__ == "__main__":
    print(json.dumps(_measured(int(sys.argv[1]), sys.argv[2])))
