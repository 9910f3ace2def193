"""`read` and `write`: how an endpoint reaches a use case; the call is the transaction.

A service is a function `(session, actor, *arguments)`. A plural one takes `(session, [(actor, item), …])` and returns
for each item what stands or a `Problem`. A write that changes something returns the id of its subject; `present` shows
it, to the first caller and to every repeat alike.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, Ask, recognise
from api.db import Clock, Engines, Session, problem_of
from api.domain.ways_in import IdentityProvider
from api.errors import Busy, KeyReused, Problem, Unauthenticated
from api.lanes import Lanes
from api.looks import LogUnwritable, Noted, keep, noted
from api.models import Entry, Event, Fact
from api.security import Notary, Tokens, Vault
from api.settings import Settings
from api.wall import HOUSE


class House:
    """What lives as long as the process: settings, clock, engines, lanes, tokens, vault, providers."""

    def __init__(self, settings: Settings, clock: Clock, providers: Mapping[str, IdentityProvider] | None = None):
        self.settings, self.clock, self.providers = settings, clock, providers or {}
        self.tokens, self.vault = Tokens(settings, clock), Vault(settings)
        self.notary = Notary(settings)
        self.engines = Engines(settings, clock, self.vault)
        self.lanes = Lanes(self.engines, settings.writer_lanes, settings.waiting_limit)
        self.readers = ThreadPoolExecutor(settings.readers, thread_name_prefix="reader")

    def close(self) -> None:
        """Finish what waits and let everything go."""
        self.lanes.close()
        self.readers.shutdown(wait=True)
        self.engines.close()

    def write_now(self, actor: Actor, service: Callable[..., Any], *arguments: Any, tenant: UUID | None = None) -> Any:
        """Run a service for a job or command in a lane and wait for its commit. No door: who calls this is trusted.

        It runs behind the wall of the actor's tenant, or of the one named.
        """

        def run(session: Session, items: list[Any]) -> list[Any]:
            answers = [service(session, actor, *arguments) for _ in items]
            _keep_now(session, actor, getattr(actor, "step", ""), None)
            return answers

        return self.lanes.submit(run, None, tenant=_tenant_of(actor) if tenant is None else tenant).result()

    def read_now(self, actor: Actor, service: Callable[..., Any], *arguments: Any) -> Any:
        """Run a reading service for a job or command in this thread."""
        with self.engines.look(_tenant_of(actor)) as session:
            answer = service(session, actor, *arguments)
            opened = noted(session, actor, getattr(actor, "step", ""), None)
        if opened is not None:
            self.lanes.submit(keep, opened, _log_of(opened), tenant=opened.actor.tenant_id).result()
        return answer


def _tenant_of(actor: Any) -> UUID:
    """Return the tenant of who acts, or the tenant itself; the house where there is none."""
    return actor if isinstance(actor, UUID) else getattr(actor, "tenant_id", HOUSE)


@dataclass(slots=True)
class Answer:
    """What `write` returns where a repeat was recognised."""

    content: Any
    replayed: bool


def shown_once(presented: Any, **secret: str) -> Any:
    """Return what `write` presented together with what only the first answer shows; a repeat shows it not again."""
    return presented if isinstance(presented, Answer) else {**presented, **secret}


@dataclass(frozen=True, slots=True)
class _Single:
    ask: Ask
    service: Callable[..., Any]
    arguments: tuple[Any, ...]
    present: Callable[..., Any] | None
    request_id: str


@dataclass(slots=True)
class Caller:
    """One request's way to the use cases: `await who.read(…)`, `await who.write(…)`, `await who.write_each(…)`."""

    house: House
    ask: Ask
    language: str
    request_id: str
    accept: str | None = None
    authorization: str | None = None
    address: str = ""

    @property
    def tenant(self) -> UUID:
        """The tenant behind whose wall this request runs; the house's for the few steps that need no token."""
        return self.ask.claims.tenant_id if self.ask.claims else HOUSE

    async def read(self, service: Callable[..., Any], *arguments: Any) -> Any:
        """Run `service(session, actor, *arguments)` without the right to write.

        Where it opened personal data of others, the answer waits until the log says so; LogUnwritable where it cannot.
        """
        loop = asyncio.get_running_loop()
        answer, opened = await loop.run_in_executor(self.house.readers, self._look, service, arguments)
        if opened is not None:
            try:
                await self.house.lanes.submit(keep, opened, _log_of(opened), loop, opened.actor.tenant_id)
            except (Busy, sa.exc.SQLAlchemyError) as why:
                raise LogUnwritable from why
        return answer

    async def write(
        self, service: Callable[..., Any], *arguments: Any, present: Callable[..., Any] | None = None
    ) -> Any:
        """Run `service(session, actor, *arguments)` in one transaction and return after its commit.

        With `present`, the service returns the id of its subject and the answer is `present(session, actor, id)`. A
        repeat with the same Idempotency-Key and request changes nothing and presents the subject as it stands; the
        same key with another request raises KeyReused. Without it a repeat is done anew, whatever its key.
        """
        single = _Single(self.ask, service, arguments, present, self.request_id)
        return await self.house.lanes.submit(_run_single, single, None, asyncio.get_running_loop(), self.tenant)

    async def write_each(self, service: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        """Run a plural service on these items, together with all that waits for it; return an outcome for each item."""
        if self.ask.claims is None:
            raise Unauthenticated  # a plural service needs somebody who acts

        def run(session: Session, calls: list[Any]) -> list[Any]:
            return _run_plural(session, service, calls)

        group = (service.__module__, service.__qualname__, self.ask.claims.tenant_id)
        return await self.house.lanes.submit(run, (self.ask, items), group, asyncio.get_running_loop(), self.tenant)

    async def write_one(self, service: Callable[..., Any], item: Any) -> Any:
        """Run a plural service for one item; return what stands or raise its problem."""
        outcome = (await self.write_each(service, [item]))[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _look(
        self, service: Callable[..., Any], arguments: tuple[Any, ...], *, again: bool = True
    ) -> tuple[Any, Noted | None]:
        try:
            with self.house.engines.look(self.tenant) as session:
                actor = _admitted(session, self.ask)
                answer = service(session, actor, *arguments)
                return answer, noted(session, actor, self.ask.step, self.request_id)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as why:
            if again and isinstance(why, sa.exc.DBAPIError) and why.connection_invalidated:
                return self._look(service, arguments, again=False)  # the server was restarted since the last request
            problem = problem_of(why)
            if problem is why:
                raise
            raise problem from why


def _admitted(session: Session, ask: Ask) -> Actor:
    actor = recognise(session, [ask])[0]
    if isinstance(actor, Exception):
        raise actor
    return actor


def _run_single(session: Session, calls: list[_Single]) -> list[Any]:
    call = calls[0]
    actor = _admitted(session, call.ask)
    if call.present is None:
        # Nothing could be shown again, so a repeat is done anew; it must not meet its own key.
        actor = replace(actor, request_key=None, fingerprint=None)
    elif actor.request_key is not None:
        _wait_for_double(session, actor)
        subject = _left_by(session, actor)
        if subject is not None:
            shown = call.present(session, actor, subject)
            _keep_now(session, actor, call.ask.step, call.request_id)
            return [Answer(shown, replayed=True)]
    result = call.service(session, actor, *call.arguments)
    shown = result if call.present is None else call.present(session, actor, result)
    _keep_now(session, actor, call.ask.step, call.request_id)
    return [shown]


def _keep_now(session: Session, actor: Actor | None, step: str, request_id: str | None) -> None:
    """Log what a writing call opened in its own transaction."""
    opened = noted(session, actor, step, request_id)
    if opened is not None:
        keep(session, [opened])


def _log_of(opened: Noted) -> tuple[Any, ...]:
    return keep.__module__, keep.__qualname__, opened.actor.tenant_id


def _run_plural(session: Session, service: Callable[..., Any], calls: list[tuple[Ask, Sequence[Any]]]) -> list[Any]:
    actors = recognise(session, [ask for ask, _ in calls])
    pairs = [
        (actor, item)
        for actor, (_, items) in zip(actors, calls, strict=True)
        if not isinstance(actor, Problem)
        for item in items
    ]
    outcomes = iter(service(session, pairs) if pairs else ())
    if session.looks:  # of several actors nobody could say who looked
        raise RuntimeError("a plural service opens nobody's personal data")
    return [
        actor if isinstance(actor, Problem) else [next(outcomes) for _ in items]
        for actor, (_, items) in zip(actors, calls, strict=True)
    ]


def _wait_for_double(session: Session, actor: Actor) -> None:
    """Let a request with the same key that came at the same time end first; SQLite's one writer does so by itself.

    Without it the later of two doubles of a step would read the row as it was and hear that it is stale.
    """
    if session.dialect == "postgresql":
        double = hashlib.sha256(f"{actor.tenant_id}{actor.person_id}{actor.request_key}".encode()).digest()
        session.execute(_ONE_AT_A_TIME, {"double": int.from_bytes(double[:8], signed=True)})


_ONE_AT_A_TIME = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("double", type_=sa.BigInteger)))


def _left_by(session: Session, actor: Actor) -> UUID | None:
    """Return the subject of the first row that an earlier request with this key left; one statement for all tables."""
    looks = [
        sa.select(subject, table.fingerprint).where(
            table.tenant_id == actor.tenant_id,
            table.actor_id == actor.person_id,
            table.request_key == actor.request_key,
        )
        for table, subject in ((Event, Event.subject_id), (Fact, Fact.id), (Entry, Entry.id))
    ]
    left = session.first(sa.union_all(*looks))
    if left is None:
        return None
    if left.fingerprint != actor.fingerprint:
        raise KeyReused
    return left[0]
