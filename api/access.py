"""All authority: who the actor is, what they may do where, and what they see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.steps import TABLES
from api.errors import Forbidden, NotFound, Unauthenticated
from api.grants import active, clients, signed_in
from api.models import NOBODY, Organization
from api.roles import CLIENT_READS, STEPS_OF_ROLE
from api.security import Claims

# What everybody may do for themselves gives nobody a say at a node, even where a grant says so.
_GIVEN = frozenset(STEPS_OF_ROLE) - {"anyone", "member"}


@dataclass(frozen=True, slots=True)
class Reach:
    """One grant in force: a role at a node, reaching every organisation whose path begins with `path`."""

    role: str
    grant_id: UUID
    organization_id: UUID
    path: str


@dataclass(slots=True)
class Actor:
    """Who acts, under which grants and which request. Roles are read from the database at each request."""

    person_id: UUID
    account_id: UUID
    tenant_id: UUID
    reaches: tuple[Reach, ...] = ()
    step: str = ""
    request_key: str | None = None
    fingerprint: str | None = None
    if_match: int | None = None
    sign_in_id: UUID | None = None
    scope: frozenset[str] | None = None  # of an API client: what it may take at most
    _spent: bool = field(default=False, repr=False)

    def take_key(self) -> dict[str, Any]:
        """Return `request_key` and `fingerprint` for the first append-only row of this request; empty after."""
        if self._spent or self.request_key is None:
            return {"request_key": None, "fingerprint": None}
        self._spent = True
        return {"request_key": self.request_key, "fingerprint": self.fingerprint}

    def reaches_for(self, step: str) -> list[Reach]:
        """Return the grants under which this actor may take a step somewhere."""
        if self.scope is not None and step not in self.scope:
            return []
        return [reach for reach in self.reaches if step in STEPS_OF_ROLE[reach.role]]

    def for_self(self, step: str) -> bool:
        """Say whether this is a step that the actor takes without a grant: a person for their own, a client to read."""
        if self.scope is not None:
            return step in self.scope and step in CLIENT_READS
        return step in STEPS_OF_ROLE["member"]

    def only(self, role: str) -> Actor:
        """Return the same actor with the grants of one role alone."""
        return replace(self, reaches=tuple(reach for reach in self.reaches if reach.role == role))

    def held_at(self, organization_id: UUID) -> Actor:
        """Return the same actor with the grants alone that are held at this very organisation, and not above it."""
        return replace(self, reaches=tuple(each for each in self.reaches if each.organization_id == organization_id))

    def aside(self) -> Actor:
        """Return the same actor for what a step brings along before it: the request's key stays with its subject."""
        return replace(self, request_key=None, fingerprint=None, if_match=None)

    def grant_for(self, step: str, path: str) -> UUID | None:
        """Return the grant under which the actor may take a step at the organisation with this path, or None."""
        return next((reach.grant_id for reach in self.reaches_for(step) if path.startswith(reach.path)), None)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request says of itself before the database is asked: token, step, idempotency."""

    step: str
    claims: Claims | None = None
    request_key: str | None = None
    fingerprint: str | None = None
    if_match: int | None = None


PUBLIC = Actor(NOBODY, NOBODY, NOBODY)


def recognise(session: Session, asks: Sequence[Ask]) -> list[Actor | Unauthenticated | Forbidden]:
    """Return the actor of each request, or why there is none: one statement for all of them.

    Nobody is recognised by a sign-in or a client's key that has ended or is another's, nor who is not active or whose
    tenant is another than the token's.
    """
    people = {ask.claims.sign_in_id for ask in asks if ask.claims and ask.claims.scope is None}
    keys = {ask.claims.sign_in_id for ask in asks if ask.claims and ask.claims.scope is not None}
    known = _known(signed_in(session, people, keys)) if people or keys else {}
    return [_actor(ask, known) for ask in asks]


_Found = tuple[UUID, UUID, UUID, tuple[Reach, ...], str | None]  # who, account, tenant, grants in force, client's scope


def _actor(ask: Ask, known: dict[UUID, _Found]) -> Actor | Unauthenticated | Forbidden:
    anyone, claims = ask.step in STEPS_OF_ROLE["anyone"], ask.claims
    if claims is None:
        return PUBLIC if anyone else Unauthenticated()
    found = known.get(claims.sign_in_id)
    if found is None or (found[0], found[2]) != (claims.person_id, claims.tenant_id):
        return Unauthenticated()
    person_id, account_id, tenant_id, reaches, scope = found
    if (scope is None) != (claims.scope is None):
        return Unauthenticated()  # a person's token for a client's key, or the other way round
    # What the token was given and what the client has kept: a scope that was taken back counts at once.
    least = None if scope is None or claims.scope is None else claims.scope & set(scope.split())
    actor = Actor(
        person_id, account_id, tenant_id, reaches, ask.step, ask.request_key, ask.fingerprint, ask.if_match,
        claims.sign_in_id, least,
    )  # fmt: skip
    return actor if anyone or takes(actor, ask.step) else Forbidden(step=ask.step)


def _known(rows: Iterable[tuple[Any, list[str]]]) -> dict[UUID, _Found]:
    known: dict[UUID, _Found] = {}
    for row, paths in rows:
        reaches = known[row.key][3] if row.key in known else ()
        if row.role in _GIVEN:
            more = (Reach(row.role, row.grant_id, row.organization_id, path) for path in paths)
            reaches += tuple(reach for reach in more if reach not in reaches)
        known[row.key] = (row.id, row.account_id, row.tenant_id, reaches, row.scope)
    return known


def may(actor: Actor, step: str, path: str) -> bool:
    """Say whether the actor may take a step at the organisation with this path, under some grant."""
    return actor.grant_for(step, path) is not None


def takes(actor: Actor, step: str) -> bool:
    """Say whether this is a step that the actor takes at all: for their own, or under a grant somewhere."""
    return actor.for_self(step) or bool(actor.reaches_for(step))


def require(actor: Actor, step: str, path: str) -> UUID:
    """Return the grant under which the actor may take a step at this path; raise Forbidden where there is none.

    Call it after the row was found through `visible`, so that who may not know of it gets NotFound first.
    """
    grant = actor.grant_for(step, path)
    if grant is None:
        raise Forbidden(step=step)
    return grant


def within(actor: Actor, step: str, column: Any) -> sa.ColumnElement[bool]:
    """Return a condition: the organisation in `column` lies where the actor may take the step.

    One range test on the path for each grant, whatever the size of the tree.
    """
    reaches = actor.reaches_for(step)
    if not reaches:
        return sa.false()
    if any(reach.path == "" for reach in reaches):
        return sa.true()
    inside = sa.or_(*(below(reach.path) for reach in reaches))
    return column.in_(sa.select(Organization.id).where(Organization.tenant_id == actor.tenant_id, inside))


def below(path: str) -> sa.ColumnElement[bool]:
    """Return the condition that an organisation has this path or is part of who has it: one range test."""
    return sa.and_(Organization.path >= path, Organization.path < path[:-1] + "0")  # "0" follows "/" bytewise


def allowed(actor: Actor, noun: str, state: str, path: str, *, own: bool = False) -> list[str]:
    """Return the steps that the actor may take now on a row of this state at this path.

    `own` adds what members do for themselves.
    """
    return [
        step
        for step in TABLES[noun].allowed(state)
        if (own and actor.for_self(step)) or actor.grant_for(step, path) is not None
    ]


def operator(tenant_id: UUID) -> Actor:
    """Return who acts when a command of the installation runs: the system's administrator, everywhere in one tenant."""
    return Actor(NOBODY, NOBODY, tenant_id, (Reach("system_admin", NOBODY, NOBODY, ""),), "tenant.operate")


def acting(session: Session, tenant_id: UUID, person_id: UUID, step: str) -> Actor:
    """Return the actor of a job: its person or client with the roles of this moment; for a command the operator."""
    if person_id == NOBODY:
        return operator(tenant_id)
    known = _known(active(session, {person_id})) or _known(clients(session, {person_id}))
    _, account_id, _, reaches, scope = known[person_id]
    least = None if scope is None else frozenset(scope.split())
    return Actor(person_id, account_id, tenant_id, reaches, step, scope=least)


def found(row: Any) -> Any:
    """Return the row, or raise NotFound where there is none or the actor may not know of it."""
    if row is None:
        raise NotFound
    return row
