"""The leased loop that runs durable work: in a thread of the server, or at once for a command or test."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from api.access import NOBODY, Actor, operator
from api.calls import House
from api.errors import Busy, Problem
from api.jobs.kinds import Heartbeat, JobHandle, discover
from api.problems import Fault, as_row
from api.services import jobs

log = logging.getLogger("api.jobs")
Watch = Callable[[int, dict[str, Any]], None]
_USUALLY = gc.get_threshold()
_SELDOM = (100_000, 20, 100)  # more new objects before the collector looks for circles among them


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


def run_to_end(house: House, actor: Actor, job_id: UUID, watch: Watch | None = None) -> dict[str, Any]:
    """Run one job for a command and return it as it ended, whoever ended it.

    A server beside the command may be faster; then the command waits for it, so that its exit code tells what became
    of the job.
    """
    while True:
        run_due(house, only=job_id, watch=watch)
        job = house.read_now(actor, jobs.one, job_id)
        if job["state"] not in ("queued", "running"):
            return job
        if watch is not None:
            watch(job["progress"], job["counts"])
        time.sleep(0.2)


def _attempt(house: House, handle: JobHandle) -> None:
    heartbeat = Heartbeat(house, handle)
    step = "job.fail"
    try:
        if handle.attempt > jobs.ATTEMPTS:
            raise jobs.GaveUp(attempts=handle.attempt - 1)
        heartbeat.start()
        with _seldom_collected():
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
        handle.result["problem"] = as_row(why)
    except Exception:
        log.exception("fault in a job", extra={"job": str(handle.id), "kind": handle.kind})
        handle.result["problem"] = as_row(Fault())
    finally:
        if heartbeat.is_alive():
            heartbeat.stop()
    end = (handle.id, handle.attempt, step, handle.result, handle.counts)
    try:
        house.write_now(operator(handle.tenant_id), jobs.conclude, *end)
    except jobs.LeaseLost:
        log.warning("lease lost at the end", extra={"job": str(handle.id)})


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let the collector look seldom: long work makes very many objects that stay, in hardly any circle.

    A tenth of the time of a match went into looking through them. Two at a time in a process end it with the first.
    """
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*_USUALLY)


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
