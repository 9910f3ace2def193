"""A5: a unit is computed, published, appealed against, decided, recomputed, sealed and delivered in one journey.

Over HTTP throughout. What stands in the end is held against grades worked out by other code, and everybody who did not
appeal successfully against the very bytes that stood before.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from api.services import audit_judged, recomputations
from benchmarks.fill import KINDS, empty
from benchmarks.harness import Row
from tests.support import appealing, assessed
from tests.support.world import World

SIZES = {"small": (60, 3), "normal": (600, 12), "full": (5000, 50)}  # members, appeals
MISSED = 240  # minutes of the service that nobody recorded
DISMISSED, PARTLY = 10, 7  # every tenth appeal is dismissed, every seventh partly upheld
KEPT = ("id", "bundleHash", "judgementHash", "points", "grade")


class Journey:
    """One unit's cycle from its computation to its statement, with the seconds that each part took."""

    def __init__(self, world: World, appeals: int, seed: int):
        self.world, self.year = world, world.year  # type: ignore[attr-defined]
        members = Random(seed).sample(range(len(self.year.accounts)), appeals + 5)
        self.appellants, self.bystanders = members[:appeals], members[appeals:]
        self.seconds: dict[str, float] = {}
        self.before: dict[str, Any] = {}
        self.after: dict[str, Any] = {}
        self.cycle: dict[str, Any] = {}

    async def run(self) -> None:
        """Walk it; each part is asked for and waited for as an office would."""
        cycle = await self._timed("computed and published", appealing.opened(self.world))
        self.before = await self._timed("read", appealing.all_of(self.world, cycle))
        cases = await self._timed("appealed", self._appeal(cycle))
        await self._timed("decided", self._decide(cases))
        for n in self.bystanders:  # their record is put right as well, and they did not appeal
            appealing.missed(self.world, n)
        appealing.over(self.world)
        await self._timed("recomputed", self._recompute(cycle))
        await self._timed("sealed", appealing.posted(self.world, "district_officer", f"/cycles/{cycle}/finalize"))
        await self._timed("delivered", appealing.worked(self.world, "district_officer", f"/cycles/{cycle}/deliver"))
        self.after = await appealing.all_of(self.world, cycle)
        self.cycle = await appealing.got(self.world, "district_officer", f"/cycles/{cycle}")

    def faults(self) -> list[str]:
        """Return what is not as other code works it out, or not as it was for who did not appeal with success."""
        upheld = {self._key(n): n for place, n in enumerate(self.appellants) if _outcome(place) != "dismissed"}
        found = []
        if self.cycle["state"] != "delivered":
            found.append(f"the cycle is {self.cycle['state']}")
        for key, was in self.before.items():
            now, n = self.after[key], upheld.get(key)
            if n is not None:
                right = assessed.grade_of([*self.year.minutes[n], MISSED], registered=True)
                found += [] if (now["points"], now["grade"]) == right else [f"{key}: {now['points']}, not {right[0]}"]
            elif was["subjectKind"] == "member" and any(now[name] != was[name] for name in KEPT):
                found.append(f"{key} changed without an appeal")
        return found + self._of_the_unit(upheld) + self._of_the_audit()

    def _of_the_unit(self, upheld: dict[str, int]) -> list[str]:
        mine = [str(unit) for unit in self.year.units]
        (unit,) = (row for row in self.after.values() if row["subjectKind"] == "unit" and row["employerId"] in mine)
        served = sum(sum(minutes) for minutes in self.year.minutes) + MISSED * len(upheld)
        return [] if unit["minutes"] == served else [f"the unit has {unit['minutes']} minutes, not {served}"]

    def _of_the_audit(self) -> list[str]:
        checks = (
            audit_judged.assessments_reproduce, audit_judged.assessed_minutes_are_folds,
            audit_judged.sealed_periods_stand,
        )  # fmt: skip
        begun = time.monotonic()
        with self.world.house.engines.look() as session:
            found = [f"{check.__name__}: {each}" for check in checks for each in check(session, self._tenant)]
        self.seconds["judged again from its rows"] = time.monotonic() - begun
        return found

    async def _appeal(self, cycle: str) -> list[str]:
        return [(await appealing.appealed(self.world, cycle, f"m{n:03d}"))["id"] for n in self.appellants]

    async def _decide(self, cases: list[str]) -> None:
        """Decide each appeal; of those upheld the record is put right by a claim that the community accepts."""
        for place, (n, case) in enumerate(zip(self.appellants, cases, strict=True)):
            await appealing.decided(self.world, case, _outcome(place))
            if _outcome(place) != "dismissed":
                await appealing.claimed(self.world, n, MISSED)

    async def _recompute(self, cycle: str) -> None:
        result = await appealing.worked(
            self.world, "district_officer", f"/cycles/{cycle}/recomputations", {"reason": "申诉成立，已补录"}
        )
        await appealing.posted(self.world, "city_officer", f"/recomputations/{result['recomputationId']}/adopt")

    async def _timed(self, name: str, doing: Any) -> Any:
        begun = time.monotonic()
        answer = await doing
        self.seconds[name] = time.monotonic() - begun
        return answer

    def _key(self, n: int) -> str:
        return f"考核单位{n % len(self.year.units)}:R{n:03d}"

    @property
    def _tenant(self) -> Any:
        return self.world.operator.tenant_id


def everybody() -> Any:
    """Return the control: a recomputation that judges all subjects again, whoever appealed."""

    def all_of_them(session: Any, cycle_id: Any, _named: Any) -> list[Any]:
        return sorted(row.id for row in session.rows(recomputations.standing_of(cycle_id)))

    return mock.patch.object(recomputations, "_current", all_of_them)


def rows(size: str, seed: int) -> list[Row]:
    """Walk the journey on each database and count what is wrong; the control judges everybody again."""
    with everybody():
        caught = len(walked("sqlite", SIZES["small"], seed)[1])
    found = []
    for kind in KINDS:
        journey, wrong = walked(kind, SIZES[size], seed)
        members, appeals = SIZES[size]
        told = f"{members} members, {appeals} appeals, seed {seed}; control: {caught} faults; {wrong[:2] or ''}"
        found.append(Row(f"A5, {kind}", len(wrong), "0", "faults", not wrong and caught > 0, told, ""))
        found += [Row(f"A5 {name}, {kind}", took, "–", "s", True, "", "") for name, took in journey.seconds.items()]
    return found


def walked(kind: str, size: tuple[int, int], seed: int) -> tuple[Journey, list[str]]:
    """Return a journey that was walked on an empty database of a kind, and its faults."""
    members, appeals = size
    with ExitStack() as stack:
        url, folder, _ = stack.enter_context(empty(kind))
        world = appealing.build(url, Path(folder), members, 1)
        stack.callback(world.close)
        journey = Journey(world, appeals, seed)
        asyncio.run(journey.run())
        return journey, journey.faults()


def _outcome(place: int) -> str:
    if place % DISMISSED == 2:
        return "dismissed"
    return "partly" if place % PARTLY == 1 else "upheld"
