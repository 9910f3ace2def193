"""One person's explanation over HTTP, opened down to its entries, against a bare hello."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from api.access import acting
from api.models import Assessment
from benchmarks.fill import KINDS, empty, now
from benchmarks.harness import Row, drive, interleaved, request, serving
from tests.support import assessed
from tests.support import world as worlds

SERVICES = 11  # of the member who is explained
GOAL = 20
COMMAND = "python -m benchmarks explaining"


def rows(size: str = "normal", _data: Path | None = None) -> list[Row]:
    """Measure both databases; the ways take turns, and each keeps its smallest CPU a request."""
    return [_measured(kind, 400 if size == "full" else 150) for kind in KINDS]


def _measured(kind: str, count: int) -> Row:
    with empty(kind) as (url, var_dir, _server):
        asked = _request(url, var_dir)
        environment = {
            "DUALREPORT_DATABASE_URL": url, "DUALREPORT_VAR_DIR": str(var_dir), "DUALREPORT_JOBS": "false",
            "DUALREPORT_TOKEN_MINUTES": "600",
        }  # fmt: skip
        with (
            serving("benchmarks.hello:create") as bare,
            serving("api.main:create_app", environment) as product,
        ):
            statuses = drive(product, [asked] * 30, 4).statuses
            hello = [request("GET", "/hello")] * 1000
            costs = interleaved({
                "hello": lambda: drive(bare, hello, 8).cpu,
                "explanation": lambda: drive(product, [asked] * count, 4).cpu,
            })  # fmt: skip
    ratio = costs["explanation"] / costs["hello"]
    beside = f"{costs['explanation']:.0f} µs, hello {costs['hello']:.0f} µs; {SERVICES} services; statuses {statuses}"
    ok = ratio <= GOAL and set(statuses) == {200}
    return Row(f"explanation of one person, {kind}", ratio, f"≤ {GOAL} × hello", "×", ok, beside, COMMAND)


def _request(url: str, var_dir: Path) -> bytes:
    """Compute a small cycle; return the request for the explanation of one of its members, by an officer."""
    world = worlds.build(url, var_dir, now, token_minutes=600)
    try:
        year = world.run(assessed.build_year, world)
        with world.house.engines.look() as session:
            officer = acting(session, world.operator.tenant_id, world.people["district_officer"], "cycle.create")
        cycle_id = world.run(assessed.open_cycle, world, actor=officer)
        assessed.computed(world, officer, cycle_id)
        who = next(
            account for account, served in zip(year.accounts, year.minutes, strict=True) if len(served) == SERVICES
        )
        with world.house.engines.look() as session:
            judged = sa.select(Assessment.id).where(Assessment.cycle_id == cycle_id, Assessment.subject_id == who)
            found = session.scalar(judged)
        headers = {"Authorization": f"Bearer {world.token('district_officer')}"}
        return request("GET", f"/api/v1/assessments/{found}/explanation", headers)
    finally:
        world.close()
