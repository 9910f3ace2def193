"""Lanes: threads with a connection of their own in which calls become transactions; a crowd's calls share one.

No timer decides what shares a transaction: a batch is what gathered while the lane was busy. An answer leaves only
after the commit, so nothing acknowledged is ever lost.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from api.db import Engines, Session, came_between, problem_of
from api.errors import Busy
from api.wall import HOUSE

BATCH = 256
# A runner does the work of several calls in one transaction: a list in, for each its answer or its exception out.
Runner = Callable[[Session, list[Any]], list[Any]]


class _Away(Busy):
    """The database could not be reached, or went away twice; for all of a batch alike."""


class Waiting:
    """One call that waits for a lane; calls of a tenant with the same `group` may share a transaction."""

    __slots__ = ("future", "group", "item", "loop", "runner", "tenant")

    def __init__(self, runner: Runner, item: Any, group: Any, loop: asyncio.AbstractEventLoop | None, tenant: UUID):
        self.runner, self.item, self.group, self.loop, self.tenant = runner, item, group, loop, tenant
        self.future: Any = loop.create_future() if loop else Future()


class Lane(threading.Thread):
    """One thread that runs what waits for it, in order of coming, one transaction after the other."""

    def __init__(self, engines: Engines, limit: int, name: str):
        super().__init__(name=name, daemon=True)
        self._engines, self._limit = engines, limit
        self._waiting: deque[Waiting] = deque()
        self._ready = threading.Condition()
        self._stopping = False
        self._working = 0

    def __len__(self) -> int:
        """Return how many calls wait or are in work: a lane is idle only where it is nought."""
        return len(self._waiting) + self._working

    def submit(self, call: Waiting) -> None:
        """Queue a call; Busy where the queue is full, so that callers hear it at once."""
        with self._ready:
            if len(self._waiting) >= self._limit or self._stopping:
                raise Busy
            self._waiting.append(call)
            self._ready.notify()

    def stop(self) -> None:
        """Finish what waits, then end."""
        with self._ready:
            self._stopping = True
            self._ready.notify()

    def run(self) -> None:
        """Take what waits, batch by batch, until stopped and empty."""
        while batch := self._next():
            calls = [call for call in batch if not call.future.cancelled()]
            if calls:
                _deliver(calls, self._answers(calls))

    def _next(self) -> list[Waiting]:
        with self._ready:
            self._working = 0
            while not self._waiting:
                if self._stopping:
                    return []
                self._ready.wait()
            batch = [self._waiting.popleft()]
            group = batch[0].group
            if group is not None:
                others: deque[Waiting] = deque()
                for call in self._waiting:
                    shares = call.group == group and call.tenant == batch[0].tenant and len(batch) < BATCH
                    (batch if shares else others).append(call)
                self._waiting = others
            self._working = len(batch)
            return batch

    def _answers(self, calls: Sequence[Waiting]) -> list[Any]:
        try:
            return self._transaction(calls)
        except _Away as why:
            return [_caused(_Away(), why.__cause__) for _ in calls]
        except BaseException as why:  # whatever it is, the callers hear of it and the lane lives on
            if len(calls) == 1:
                return [_to_tell(why)]
        return [answer for call in calls for answer in self._answers([call])]  # the batch failed as a whole: each alone

    def _transaction(self, calls: Sequence[Waiting], *, again: bool = True) -> list[Any]:
        session: Session | None = None
        try:
            with self._engines.begin(calls[0].tenant) as session:
                answers = calls[0].runner(session, [call.item for call in calls])
                if len(answers) != len(calls):
                    raise RuntimeError(f"{len(answers)} answers to {len(calls)} calls")
                if calls[0].group is None and isinstance(answers[0], Exception):
                    raise answers[0]
                return answers
        except DBAPIError as why:
            cut = why.connection_invalidated and (session is None or not session.committing)
            if again and (came_between(why) or cut):
                return self._transaction(calls, again=False)
            if session is None or cut:
                problem_of(why)  # logs it
                raise _Away from why
            raise


def _to_tell(why: BaseException) -> Exception:
    """Return what a future can carry: a problem where the database failed, else the exception or what wraps it."""
    if isinstance(why, Exception) and not isinstance(why, StopIteration):
        return problem_of(why)
    return _caused(RuntimeError("a call ended without an answer"), why)


def _caused(problem: Exception, why: BaseException | None) -> Exception:
    problem.__cause__ = why
    return problem


def _deliver(calls: Sequence[Waiting], answers: Sequence[Any]) -> None:
    by_loop: dict[Any, list[tuple[Any, Any]]] = {}
    for call, answer in zip(calls, answers, strict=True):
        by_loop.setdefault(call.loop, []).append((call.future, answer))
    for loop, pairs in by_loop.items():
        if loop is None:
            _settle(pairs)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[Any, Any]]) -> None:
    for future, answer in pairs:
        if future.cancelled():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


class Lanes:
    """All writing lanes of a process: one on SQLite, which has one writer, a few on PostgreSQL."""

    def __init__(self, engines: Engines, count: int, limit: int):
        count = 1 if engines.dialect == "sqlite" else count
        self._lanes = [Lane(engines, limit, f"lane-{number}") for number in range(count)]
        for lane in self._lanes:
            lane.start()

    def submit(
        self,
        runner: Runner,
        item: Any,
        group: Any = None,
        loop: asyncio.AbstractEventLoop | None = None,
        tenant: UUID = HOUSE,
    ) -> Any:
        """Queue a call and return its future; calls of one group meet in one lane, where they share a transaction.

        The transaction sees the rows of `tenant` alone; as the house it sees all.
        """
        call = Waiting(runner, item, group, loop, tenant)
        lane = min(self._lanes, key=len) if group is None else self._lanes[hash(group) % len(self._lanes)]
        lane.submit(call)
        return call.future

    def close(self) -> None:
        """Finish what waits and end the threads."""
        for lane in self._lanes:
            lane.stop()
        for lane in self._lanes:
            lane.join(timeout=30)
