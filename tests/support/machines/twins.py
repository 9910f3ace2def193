"""The same small world on several databases: each step runs on all of them, and they must answer alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any
from uuid import UUID

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from api.access import Actor
from api.db import Session
from api.errors import Problem
from tests.support.serving import actor
from tests.support.world import World


class Undo(Exception):
    """Ends a life without keeping anything of it."""


class Twin:
    """One database inside the transaction of a life; a step that meets a problem is taken back to its beginning."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actors: dict[str, Actor] = {}
        self.ids: dict[str, UUID] = {}  # what tests call by name, as this database calls it
        self._life: Any = None
        self.session: Session

    def begin(self, now: datetime) -> None:
        """Open a transaction that `end` takes back."""
        self._life = self.world.house.engines.begin(self.world.operator.tenant_id)
        self.session = self._life.__enter__()
        self.session.now = now

    def end(self) -> None:
        """Forget everything since `begin`."""
        life, self._life = self._life, None
        if life is not None:
            try:
                life.__exit__(Undo, Undo(), None)
            except Undo:
                pass

    def who(self, name: str) -> Actor:
        """Return a person of this world as who acts."""
        if name not in self.actors:
            self.actors[name] = actor(self.world, name)
        return self.actors[name].aside()

    def take(self, step: Callable[[Twin], Any]) -> Any:
        """Take a step; return its answer, or the code of the problem after undoing what it wrote."""
        connection = self.session.connection
        connection.exec_driver_sql("SAVEPOINT step")
        try:
            answer = step(self)
        except Problem as why:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT step")
            answer = why.code
        connection.exec_driver_sql("RELEASE SAVEPOINT step")
        self.session.looks.clear()
        return answer


class Twins:
    """All databases of a run, and how many steps were taken, by their names."""

    def __init__(self, worlds: Sequence[World]) -> None:
        self.all = [Twin(world) for world in worlds]
        self.steps: Counter[str] = Counter()

    def take(self, step: Callable[[Twin], Any]) -> Any:
        """Take a step everywhere; return the answer that all gave."""
        answers = [twin.take(step) for twin in self.all]
        assert all(answer == answers[0] for answer in answers), f"the databases differ: {answers}"
        return answers[0]

    def forward(self, now: datetime) -> None:
        """Let all stand at an instant."""
        for twin in self.all:
            twin.session.now = now


def drive(machine: Callable[[Twins], Any], twins: Twins, steps: int, seed: int, *, shrink: bool = True) -> Counter[str]:
    """Run lives of a machine until so many steps were taken; return how many of each. What differs is raised."""
    twins.steps.clear()
    phases = [hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if shrink else [])]
    settings = hypothesis.settings(
        max_examples=4, stateful_step_count=30, deadline=None, database=None, phases=phases, print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    rounds = 0
    with ExitStack() as stack:
        for twin in twins.all:
            stack.callback(twin.end)
        while sum(twins.steps.values()) < steps:
            life = hypothesis.seed(seed * 1000 + rounds)(lambda: machine(twins))
            run_state_machine_as_test(life, settings=settings)
            rounds += 1
    return Counter(twins.steps)
