"""The leased loop that runs durable work: in a thread of the server, or at once for a command or test."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.access import NOBODY, operator
from api.calls import House
from api.errors import Busy, Problem
from api.jobs.kinds import Heartbeat, JobHandle, discover
from api.problems import Fault
from api.services import jobs

log = logging.getLogger("api.jobs")
Watch = Callable[[int, dict[str, Any]], None]


def run_due(house: House, *, only: UUID | None = None, watch: Watch | None = None) -> int:
    """Run what is due until nothing is, in this thread; return how many attempts were made.

    `only` names the one job to run; `watch(per_cent, counts)` is called after each of its steps. A job whose worker
    died is due when its lease has run out.
    """
    nobody, kinds, ran = operator(NOBODY), sorted(discover()), 0
    while house.read_now(nobody, jobs.waiting, kinds, only):
        row = house.write_now(nobody, jobs.claim, kinds, only)
        if row is None:
            break  # another process was faster
        _attempt(house, JobHandle(house, row, watch))
        ran += 1
    return ran


def _attempt(house: House, handle: JobHandle) -> None:
    heartbeat = Heartbeat(house, handle)
    step = "job.fail"
    try:
        if handle.attempt > jobs.ATTEMPTS:
            raise jobs.GaveUp(attempts=handle.attempt - 1)
        heartbeat.start()
        handle.result |= discover()[handle.kind](house, handle) or {}
        step = "job.finish"
    except jobs.LeaseLost:
        log.warning("lease lost", extra={"job": str(handle.id)})
        return
    except jobs.Cancelled:
        step = "job.cancel"
    except Busy:
        return  # the lease runs out and the job is tried again
    except Problem as why:
        handle.result["problem"] = why.as_row()
    except Exception:
        log.exception("fault in a job", extra={"job": str(handle.id), "kind": handle.kind})
        handle.result["problem"] = Fault().as_row()
    finally:
        if heartbeat.is_alive():
            heartbeat.stop()
    end = (handle.id, handle.attempt, step, handle.result, handle.counts)
    try:
        house.write_now(operator(handle.tenant_id), jobs.conclude, *end)
    except jobs.LeaseLost:
        log.warning("lease lost at the end", extra={"job": str(handle.id)})


class JobLoop(threading.Thread):
    """The server's thread for durable work: looks twice a second, and ends after the step under way."""

    def __init__(self, house: House, pause: float = 0.5):
        super().__init__(name="jobs", daemon=True)
        self._house, self._pause, self._stopping = house, pause, threading.Event()

    def run(self) -> None:
        """Run what is due, again and again, until stopped; a database that is away for a while only delays it."""
        while not self._stopping.wait(self._pause):
            try:
                run_due(self._house)
            except Exception:
                log.exception("the job loop could not look for work")

    def stop(self) -> None:
        """End; a job under way goes on when its lease has run out, here or in another process."""
        self._stopping.set()
        self.join(timeout=5)
