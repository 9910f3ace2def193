"""Runs the imports that are due in a process of its own, which kills itself on the way; for tests of resuming.

`processes.run("tests.support.dying_roster:main", ADDRESS, FOLDER, SECONDS, STATEMENT[, "blind"])`: the clock stands
SECONDS after its start, the process is killed before its STATEMENT-th statement (0: never). `blind` seeds a mistake: an
import that neither notes how far it is nor looks at what stands.
"""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api.calls import House
from api.jobs import imports as job
from api.jobs.kinds import JobHandle
from api.jobs.loop import run_due
from api.services.imports import people
from api.services.imports.standing_people import Lookup
from api.settings import Settings
from tests.support.clock import Clock

PART = 20  # people a transaction, so that a small roster has many


def main(address: str, folder: str, seconds: str, statement: str, blind: str = "") -> None:
    clock = Clock()
    clock.forward(seconds=float(seconds))
    job.SLICE = PART
    if blind:
        people.standing_people = lambda session, actor, _rows: Lookup(session, actor.tenant_id)
        JobHandle.counts = property(lambda _self: {}, lambda _self, _counts: None)
    house = House(Settings(database_url=address, var_dir=Path(folder), jobs=False), clock)
    if int(statement):
        numbers = itertools.count(1)

        @sa.event.listens_for(sa.Engine, "before_cursor_execute")
        def count(*_what: Any) -> None:
            if next(numbers) >= int(statement):
                os.kill(os.getpid(), signal.SIGKILL)

    run_due(house)
    house.close()
