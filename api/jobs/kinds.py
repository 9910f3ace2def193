"""Kinds of durable work: a function for each, and the handle through which it takes its steps.

A kind stands in a module of this package: `@job_kind("noun.step") def run(house, job) -> dict | None`. The function may
be begun again at any time after its process died: each of its steps is one transaction and safe to repeat.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from api import jobs as package
from api.access import Actor, acting
from api.calls import House
from api.db import Session
from api.errors import Forbidden
from api.services import jobs

Kind = Callable[[House, "JobHandle"], dict[str, Any] | None]
KINDS: dict[str, Kind] = {}


def job_kind(name: str) -> Callable[[Kind], Kind]:
    """Register a function as the work of a kind: it returns the job's result, a `Problem` it raises is its failure."""

    def register(function: Kind) -> Kind:
        if KINDS.setdefault(name, function) is not function:
            raise LookupError(f"two functions for the job kind {name}")
        return function

    return register


def discover() -> dict[str, Kind]:
    """Import every module of this package and return the kinds that they register."""
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"api.jobs.{module.name}")
    return KINDS


class JobHandle:
    """One attempt at a job: `input` and `counts` as they stood when it began; `actor` is who asked, with today's roles.

    What is put into `result` stands in the job's result also where the job fails.
    """

    def __init__(self, house: House, row: Any, watch: Callable[[int, dict[str, Any]], None] | None = None):
        self.house, self.id, self.kind, self.tenant_id = house, row.id, row.kind, row.tenant_id
        self.organization_id: UUID | None = row.organization_id
        self.input: dict[str, Any] = row.input
        self.counts: dict[str, Any] = dict(row.counts)
        self.result: dict[str, Any] = {}
        self.per_cent: int = row.progress
        self.attempt: int = row.attempt
        self._person_id, self._watch, self._actor = row.actor_id, watch, None

    @property
    def actor(self) -> Actor:
        """Return who asked for this job; Forbidden where they are no longer here."""
        if self._actor is None:
            try:
                with self.house.engines.look(self.tenant_id) as session:
                    self._actor = acting(session, self.tenant_id, self._person_id, self.kind)
            except KeyError as why:
                raise Forbidden(step=self.kind) from why
        return self._actor

    def read(self, service: Callable[..., Any], *arguments: Any) -> Any:
        """Run `service(session, actor, *arguments)` without the right to write."""
        return self.house.read_now(self.actor, service, *arguments)

    def write(
        self,
        service: Callable[..., Any],
        *arguments: Any,
        done: int | None = None,
        total: int | None = None,
        counts: dict[str, Any] | None = None,
        stoppable: bool = True,
    ) -> Any:
        """Take one step: run `service(session, actor, *arguments)` in one transaction behind the fence.

        Progress (`done` of `total`) and `counts`, which replace those of the same name, commit with it, so that a job
        that is begun again can go on from `handle.counts`. Returns the service's answer; where that is a dictionary
        with a member `counts`, those are noted as well. Raises Cancelled, with nothing written, where somebody asked
        to stop and the step is stoppable; LeaseLost where another worker has the job.
        """
        per_cent = _per_cent(done, total, self.per_cent)
        noted = {**self.counts, **(counts or {})}

        def step(session: Session, actor: Actor) -> Any:
            if jobs.renew(session, actor, self.id, self.attempt) and stoppable:
                raise jobs.Cancelled
            answer = service(session, actor, *arguments)
            if isinstance(answer, dict) and isinstance(answer.get("counts"), dict):
                noted.update(answer["counts"])
            jobs.renew(session, actor, self.id, self.attempt, per_cent, noted)
            return answer

        answer = self.house.write_now(self.actor, step)
        self.per_cent, self.counts = per_cent, noted
        if self._watch is not None:
            self._watch(per_cent, noted)
        return answer

    def progress(self, done: int, total: int, **counts: Any) -> None:
        """Note how far the job is, in a transaction of its own; raises Cancelled and LeaseLost as `write` does."""
        self.write(_nothing, done=done, total=total, counts=counts)


def _nothing(_session: Session, _actor: Actor) -> None:
    return None


def _per_cent(done: int | None, total: int | None, before: int) -> int:
    if done is None or not total:
        return before
    return max(before, min(99, done * 100 // total))


class Heartbeat(threading.Thread):
    """Renews the lease while a long step computes; it ends with the attempt, or when the lease is another's."""

    def __init__(self, house: House, handle: JobHandle):
        super().__init__(name=f"heartbeat-{handle.id}", daemon=True)
        self._house, self._handle, self._over = house, handle, threading.Event()

    def run(self) -> None:
        """Renew three times in each lease."""
        while not self._over.wait(jobs.LEASE.total_seconds() / 3):
            try:
                self._house.write_now(self._handle.actor, jobs.renew, self._handle.id, self._handle.attempt)
            except Exception:
                if self._over.is_set():
                    return
                # A busy lane is no reason to stop; a lost lease is met by the next step's fence.
                continue

    def stop(self) -> None:
        """End, and wait until no renewal is under way."""
        self._over.set()
        self.join(timeout=10)
