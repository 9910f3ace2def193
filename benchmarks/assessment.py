"""Assessment of everybody: the product from entries and from months, beside numpy in memory and a loop of ORM objects.

R-19 (at most 120 minutes an occasion) needs the entries; R-01 (minutes of a year) and R-07 (something every month) are
answered by sums of months. What numpy has in memory already, the product reads from the database; both know whom they
judge. What a rule costs from months and from entries is compared where the members' numbers are known, which a trial
finds once for all its rules; what that takes stands beside it. The figures are CPU seconds, PostgreSQL's processes
counted, the smallest of several turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlmodel import Field as Column
from sqlmodel import Session as OrmSession
from sqlmodel import SQLModel, create_engine, select

from api.domain.rulebook.compiled import Source, compiled
from api.domain.rulebook.sets import summed
from api.domain.rulebook.shipped import shipped
from api.models import Entry
from api.services import ledger_sets, outcomes
from api.services.ledger_sets import Numbering
from benchmarks.fill import KINDS
from benchmarks.harness import Row
from benchmarks.ledgers import END, SHIFTS, START, Ledger, ledger

TURNS = 4
LOOPED = 200  # members that the ORM loop works on; the rest is the same work
ALONE = 100  # members judged one by one, each from a bundle of its own
LIMITS = {"sqlite": 4, "postgresql": 7}
COMMAND = "python -m benchmarks assessment"


def rows(size: str, data: Path | None = None) -> list[Row]:
    """Measure at a hundred thousand and a million entries, with `full` at ten million; return the table's rows."""
    found: list[Row] = []
    for kind in KINDS:
        costs = {}
        for entries in (100_000, 1_000_000, *((10_000_000,) if size == "full" else ())):
            with ledger(kind, entries) as filled:
                costs[entries] = _measured(filled, entries, found)
        for less, more in zip(list(costs), list(costs)[1:], strict=False):
            times = costs[more] / costs[less]
            name = f"assessment, {kind}: growth from {less:.0e} to {more:.0e} entries"
            found.append(Row(name, times, "≤ 12 ×", "×", times <= 12, f"{costs[more]:.2f} s", COMMAND))
    return found


def _measured(filled: Ledger, entries: int, found: list[Row]) -> float:
    """Add the rows of one ledger (of the small one, which is for growth alone, none); return what R-19 took."""
    turns: dict[str, Callable[[], Any]] = {
        "numpy": lambda: in_memory(filled),
        "R-19": lambda: judged(filled, "r19-hailin"),
    }
    costs, results = _timed(filled, turns)
    if entries < 1_000_000:
        return costs["R-19"]
    limit, name = LIMITS[filled.kind], f"assessment, {filled.kind}, {entries:.0e} entries"
    points = [None if each is None or each.score is None else each.score * 60 for each in results["R-19"]]
    same = points == results["numpy"]
    ratio = costs["R-19"] / costs["numpy"]
    beside = f"{len(filled.members)} members judged by R-19 in {costs['R-19']:.2f} s, numpy {costs['numpy']:.3f} s"
    memory = alone_in_memory(filled)
    found += [
        Row(f"{name}: equal", "yes" if same else "no", "to the minute", "", same, "numpy", COMMAND),
        Row(f"{name}: from entries", ratio, f"≤ {limit} × numpy", "×", ratio <= limit, beside, COMMAND),
        Row(f"{name}: memory", memory, "≤ 700", "MB", memory <= 700, "the whole process of such a run", COMMAND),
        *(_from_months(filled, name, code) for code in ("r01-qiaoxi-member", "r07-chengxi")),
        *(_one_by_one(filled, name, costs["R-19"]) if filled.kind == "sqlite" else ()),
    ]
    return costs["R-19"]


def _timed(filled: Ledger, turns: dict[str, Callable[[], Any]]) -> tuple[dict[str, float], dict[str, Any]]:
    """Run the jobs in turn; return each one's smallest CPU seconds and its last result."""
    clock, results = filled.cpu(), {}
    costs: dict[str, list[float]] = defaultdict(list)
    for _ in range(TURNS):
        for name, job in turns.items():
            begun = clock()
            results[name] = job()
            costs[name].append(clock() - begun)
    return {name: min(some) for name, some in costs.items()}, results


def in_memory(filled: Ledger) -> list[int]:
    """Return each member's minutes under R-19 from arrays: the limit."""
    pair = filled.who.astype(np.int64) * SHIFTS + filled.shift
    sums = np.bincount(pair, weights=filled.minutes, minlength=len(filled.members) * SHIFTS)
    return np.minimum(sums, 120).reshape(-1, SHIFTS).sum(axis=1).astype(np.int64).tolist()


def judged(filled: Ledger, code: str) -> list[Any]:
    """Judge every member as a trial of the rule does."""
    with filled.house.engines.look(filled.actor.tenant_id) as session:
        return outcomes.in_sets(session, filled.cut, shipped(code), filled.members, [])


def numbered(filled: Ledger) -> Numbering:
    """Find who of the packed ledger's accounts the members are, as a trial does once for all its rules."""
    with filled.house.engines.look(filled.actor.tenant_id) as session:
        return outcomes.numbered(session, filled.cut, filled.members)


def _sums(filled: Ledger, known: Numbering, code: str, source: Source) -> tuple[list[Any], int]:
    """Read and sum up what a rulebook asks for from one source; return the sums and how many rows they are of."""
    ready = compiled(shipped(code))
    assert ready is not None
    ready, days = replace(ready, source=source), (START.toordinal(), END.toordinal())
    with filled.house.engines.look(filled.actor.tenant_id) as session:
        read = ledger_sets.postings(session, known, ready, days)
    totals = [summed(each, read, (START.isoformat(), END.isoformat())) for each in ready.sums]
    return [total.value for total in totals], len(read.amount)


def _from_months(filled: Ledger, name: str, code: str) -> Row:
    known = numbered(filled)
    sources: tuple[Source, Source] = ("entries", "months")
    turns = {source: partial(_sums, filled, known, code, source) for source in sources}
    costs, results = _timed(filled, {**turns, "numbered": lambda: numbered(filled)})
    (single, whole), (monthly, fewer) = results["entries"], results["months"]
    same = all((one == other).all() for one, other in zip(single, monthly, strict=True))
    ratio, limit, members = costs["months"] / costs["entries"], 1.5 * fewer / whole, costs["numbered"]
    beside = (
        f"{fewer} sums of {whole} entries; {costs['months']:.3f} and {costs['entries']:.3f} s; equal: {same};"
        f" {(costs['months'] + members) / (costs['entries'] + members):.2f} with {members:.3f} s to number the members"
    )
    return Row(
        f"{name}: {code} from months", ratio, f"≤ {limit:.2f} of from entries", "×", same and ratio <= limit, beside,
        COMMAND,
    )  # fmt: skip


def _one_by_one(filled: Ledger, name: str, in_sets: float) -> list[Row]:
    """Hold the sets against the loop of the tutorial, and against the same engine on a bundle for each member."""
    book, people = shipped("r19-hailin"), len(filled.members)

    def engine() -> list[Any]:
        with filled.house.engines.look(filled.actor.tenant_id) as session:
            return outcomes.one_by_one(session, filled.cut, book, filled.members[:ALONE], [])

    accounts = [member.account_id for member in filled.members[:LOOPED]]
    costs, results = _timed(filled, {"loop": lambda: tutorial(filled, accounts), "engine": engine})
    loop, engine_cost = costs["loop"] / LOOPED * people, costs["engine"] / ALONE * people
    same = [each.score for each in results["engine"]] == [
        each.score for each in judged(filled, "r19-hailin")[:ALONE] if each is not None
    ]
    share = in_sets / loop
    beside = f"loop {loop:.0f} s, one by one with explanation {engine_cost:.0f} s; equal: {same}"
    return [Row(f"{name}: against the ORM loop", share, "≤ 1/10", "×", same and share <= 0.1, beside, COMMAND)]


def alone_in_memory(filled: Ledger) -> float:
    """Return the megabytes at most of a process that does nothing but one such run."""
    asked = {
        "url": filled.url, "var": str(filled.var_dir), "tenant": str(filled.actor.tenant_id),
        "position": len(filled.who),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.assessment_alone", json.dumps(asked)], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return float(done.stdout.split()[-1])


class Score(SQLModel, table=True):
    """Where the loop of the tutorial keeps its results."""

    __tablename__ = "benchmark_scores"
    account_id: UUID = Column(primary_key=True)
    minutes: int


def tutorial(filled: Ledger, accounts: list[UUID]) -> dict[UUID, int]:
    """Return minutes the way of the SQLModel tutorial: objects, one query a member, one commit a member."""
    engine = create_engine(filled.url)
    SQLModel.metadata.create_all(engine, tables=[Score.__table__])
    found: dict[UUID, int] = {}
    with OrmSession(engine) as session:
        for account in accounts:
            statement = select(Entry).where(
                Entry.account_id == account, Entry.served_on >= START, Entry.served_on < END
            )
            occasions: defaultdict[Any, int] = defaultdict(int)
            for entry in session.exec(statement).all():
                occasions[entry.shift_id] += entry.amount
            found[account] = sum(min(120, each) for each in occasions.values())
            session.merge(Score(account_id=account, minutes=found[account]))
            session.commit()
            session.expunge_all()
    engine.dispose()
    return found
