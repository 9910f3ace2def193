"""A process that runs one job and says so after each step, for tests that kill it: url, var folder, job, time."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

from api.calls import House
from api.jobs import assessment, recomputing
from api.jobs.loop import run_due
from api.settings import Settings
from tests.support.clock import Clock


def main(url: str, var_dir: str, job_id: str, now: str) -> None:
    """Run the job in small steps, with a pause after each."""
    assessment.MEMBERS_AT_ONCE = recomputing.AT_ONCE = 4
    house = House(Settings(database_url=url, var_dir=Path(var_dir), jobs=False), Clock(datetime.fromisoformat(now)))

    def watch(per_cent: int, counts: dict[str, object]) -> None:
        print(per_cent, counts, flush=True)
        time.sleep(0.2)

    run_due(house, only=UUID(job_id), watch=watch)
