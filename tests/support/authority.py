"""Who asks for what in the matrix of authority, and what the table of roles and steps says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa

from api.db import new_id
from api.models import ApiClient, ApiKey, Grant, Organization, Person
from api.roles import CLIENT_READS, STEPS_OF_ROLE, client_steps
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.asgi import Answer, send
from tests.support.contract import Operation
from tests.support.objects import PLACES
from tests.support.stage import Stage

EXPECTED = {role: frozenset(steps) for role, steps in STEPS_OF_ROLE.items()}
HEAD = 'Content-Disposition: form-data; name="%s"; filename="a.csv"\r\nContent-Type: text/csv'


@dataclass(frozen=True)
class Principal:
    """Who asks: the role that they hold at a place of the world, and for a system the scope of its client."""

    role: str | None = None
    place: str | None = None
    scope: frozenset[str] | None = None
    is_known: bool = True
    is_stranger: bool = False

    def steps(self) -> frozenset[str]:
        """Return the steps at which the door opens, wherever the object lies."""
        held = EXPECTED[self.role] if self.role else frozenset()
        if self.is_stranger:
            return frozenset().union(*EXPECTED.values())
        if self.scope is not None:
            return EXPECTED["anyone"] | (self.scope & (CLIENT_READS | held))
        return EXPECTED["anyone"] | (EXPECTED["member"] | held if self.is_known else frozenset())


# The people of the small world; everybody who signed in is a member.
PRINCIPALS: dict[str | None, Principal] = {
    None: Principal(is_known=False),
    "member": Principal(), "member2": Principal(), "member3": Principal(), "member4": Principal(),
    "member5": Principal(),
    "worker": Principal("community_worker", "community"), "worker2": Principal("community_worker", "community2"),
    "far_worker": Principal("community_worker", "far_community"),
    "liaison": Principal("liaison", "unit"), "liaison2": Principal("liaison", "unit2"),
    "street_officer": Principal("street_officer", "street"),
    "district_officer": Principal("district_officer", "district"), "city_officer": Principal("city_officer", "city"),
    "committee": Principal("work_committee_officer", "employers"), "admin": Principal("system_admin", "employers"),
    "auditor": Principal("auditor", "city"), "guard": Principal("security_admin", "city"),
    "handler": Principal("department_handler", "city"),
    "former": Principal(),  # whose grant ended
    "proposed": Principal(),  # whose grant nobody has confirmed
    "left": Principal(is_known=False),  # no longer active
    "system": Principal("liaison", "unit", client_steps("liaison")),
    "reader": Principal("community_worker", "community", frozenset({"need.read", "need.list", "registration.accept"})),
    "silent_system": Principal(is_known=False),  # whose key has ended
    "stranger": Principal(is_stranger=True),  # who holds every role at the root of another tenant
    "stranger_here": Principal(is_known=False),  # the same under a token that says ours
}  # fmt: skip
# What everybody may read of every place; the needs, resources and projects of the stage are not published.
OPEN = {"organization", "activity", "shift", "cycle", "rulebook", "emergency", "team"}
# At a shift, a need or a team of anybody's, but about oneself.
OF_ONESELF = {
    "signup.create", "signup.cancel", "presence.record", "presence.leave", "need.claim", "team.join", "team.leave",
}  # fmt: skip
# Whoever reads a thing in their reach takes these of it too, as a member takes them of their own.
READ_BY = {
    "document.export": "document.read", "document.preview": "document.read", "record.read": "entry.read",
    "signup.list": "signup.read", "organization_link.read": "registration.read",
    "resource.read": "resource.edit", "resource.calendar": "resource.edit",
    "fund.statement": "resource.edit", "need.backing": "need.read",
    "need.attachment": "need.publish", "project.account": "project.read", "project.ratings": "project.read",
}  # fmt: skip
# A place in the body narrows what one sees, or each item of it is answered for itself.
NO_PLACE = {"event.export", "access_log.export", "presence.record_list", "presence.record_offline"}
NO_OBJECT = {"code", "position", "number"}  # what stands in a path and is no row of somebody's


class Matrix(Stage):
    """The stage with objects in every relation, and with people and systems beyond those that work here."""

    relations = ("near", "same_unit", "same_community", "same_street", "far", "another_tenant")

    def __init__(self, url, var_dir, clock):
        super().__init__(url, var_dir, clock)
        self.world.run(_who_left, self.world)
        self.tokens |= {name: self.world.token(name) for name in ("former", "proposed", "left")}
        self.world.run(_leaves, self.world)
        house, ours = self.world.house, self.world.operator.tenant_id
        theirs, stranger = self.there.operator.tenant_id, self.there.run(_stranger)
        sign_in = worlds.sign_in(house, theirs, stranger)
        self.tokens["stranger"], _ = house.tokens.issue(stranger, theirs, sign_in)
        self.tokens["stranger_here"], _ = house.tokens.issue(stranger, ours, sign_in)
        for name, state in (("system", "active"), ("reader", "active"), ("silent_system", "ended")):
            who = PRINCIPALS["system" if state == "ended" else name]
            client, key = self.world.run(system, self.world, who, state)
            self.tokens[name], _ = house.tokens.issue(client, ours, key, scope=" ".join(sorted(who.scope)))
        self.objects["absent"] = {name: made for name, made in self.objects["near"].items() if name in NO_OBJECT}
        self.paths = {name: self.world.run(_path, place) for name, place in self.world.places.items()}

    def world_of(self, relation: str) -> worlds.World:
        """Return this world, or that of the other tenant, which is built when it is first asked for."""
        if "member4" not in self.world.people:
            self.there = worlds.another(self.world, "othercity")
            self.world.run(_two_neighbours, self.world)
        return self.there if relation == "another_tenant" else self.world

    def sign_in_anew(self, name: str) -> None:
        """Give somebody of this world a token of another sign-in: the one before may have ended."""
        world = self.world
        self.tokens[name] = worlds.token(world.house, world.operator.tenant_id, world.people[name])

    async def ask(self, operation: Operation, principal: str | None, relation: str) -> Answer:
        """Send a valid request; the door is the only thing that can stand in its way."""
        headers, body = dict(self.headers(principal)), b""
        if operation.schema is not None:
            headers["content-type"], body = "application/json", json.dumps(self.body(operation, relation)).encode()
        if operation.upload:
            headers["content-type"] = "multipart/form-data; boundary=b"
            body = f"--b\r\n{HEAD % operation.upload}\r\n\r\na,b\r\n--b--\r\n".encode()
        query, path = urlencode(self.query(operation, relation)), self.path(operation, relation)
        return await send(self.world.app, operation.method, path, query.encode(), headers, body)

    def query(self, operation: Operation, relation: str) -> dict[str, Any]:
        """Return the parameters that a request needs."""
        needed = [one for one in operation.query if one["required"]]
        return {one["name"]: self.contract.sample(one["schema"], self.ids[relation], one["name"]) for one in needed}

    def names_a_place(self, operation: Operation) -> bool:
        """Say whether a request names a place or person beside its path."""
        if operation.step in NO_PLACE:
            return False
        ids = {str(one) for one in self.ids["far"].values()}
        said = self.body(operation, "far") if operation.schema is not None else {}
        return any(one in json.dumps([said, self.query(operation, "far")]) for one in ids)

    def reaches(self, who: Principal, step: str, relation: str) -> bool:
        """Say whether the role holds the step at a place that is the object's or lies above it."""
        if who.role is None or relation == "another_tenant" or not {step, READ_BY.get(step)} & EXPECTED[who.role]:
            return False
        places = PLACES[relation]["territory"], PLACES[relation]["unit"]
        return any(self.paths[place].startswith(self.paths[who.place]) for place in places)

    def denial(self, operation: Operation, principal: str | None, relation: str) -> tuple[int, ...]:
        """Return the answers of which one is due where the table denies a call; none where it may go through."""
        who, step = PRINCIPALS[principal], operation.step
        if step in EXPECTED["anyone"]:
            return ()
        if not who.is_known:
            return (401,)
        if step not in who.steps():
            return (403,)
        # A body can be wrong before its object is looked for.
        wrong = () if operation.schema is None else (422,)
        is_object = bool(set(operation.identifiers) - NO_OBJECT)
        if not is_object and not self.names_a_place(operation):
            return ()
        if who.is_stranger or relation in ("another_tenant", "absent"):
            if (who.is_stranger and relation == "another_tenant") or (not is_object and relation == "absent"):
                return ()
            return (404, *wrong) if is_object else (403, 404, *wrong)
        return () if self._may(operation, principal, relation, is_object) else (403, 404, *wrong)

    def _may(self, operation: Operation, principal: str | None, relation: str, is_object: bool) -> bool:
        who, step = PRINCIPALS[principal], operation.step
        if self.reaches(who, step, relation):
            return True
        reads_what_is_open = operation.method == "GET" and step.split(".")[0] in OPEN
        if who.scope is not None:
            return step in CLIENT_READS and (reads_what_is_open or not is_object)
        if step not in EXPECTED["member"]:
            return False
        is_own = principal == PLACES[relation]["person"]
        return is_own or not is_object or reads_what_is_open or step in OF_ONESELF


def _two_neighbours(session: Any, actor: Any, world: worlds.World) -> None:
    for name in ("member4", "member5"):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.affiliate(session, actor, world.people[name], world.places["unit2"], "employment", since=worlds.LONG_AGO)


def _who_left(session: Any, actor: Any, world: worlds.World) -> None:
    for name in ("former", "proposed", "left"):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], "city_officer", world.places["city"], since=worlds.LONG_AGO)
    for name, values in (("former", {"valid_to": date(2026, 1, 1)}), ("proposed", {"state": "proposed"})):
        session.execute(sa.update(Grant).where(Grant.person_id == world.people[name]).values(**values))


def _leaves(session: Any, _actor: Any, world: worlds.World) -> None:
    session.execute(sa.update(Person).where(Person.id == world.people["left"]).values(state="erased"))


def _stranger(session: Any, there: Any) -> UUID:
    """Add somebody to the other tenant who holds every role at its root."""
    person = people.add(session, there, {"name": "外人"}, since=worlds.LONG_AGO)
    for axis in ("employer", "territory"):
        root = organizations.root_of(session, there.tenant_id, axis)
        for role in EXPECTED:
            people.grant(session, there, person, role, root, since=worlds.LONG_AGO)
    return person


def _path(session: Any, _actor: Any, place: UUID) -> str:
    return session.scalar(sa.select(Organization.path).where(Organization.id == place))


def system(session: Any, actor: Any, world: worlds.World, who: Principal, state: str) -> tuple[UUID, UUID]:
    """Register a system with one key; return the ids of both."""
    client, key, at = new_id(), new_id(), world.places[who.place]
    row = {"tenant_id": actor.tenant_id, "version": 1, "created_at": session.now}
    scope = " ".join(sorted(who.scope or ()))
    session.insert(ApiClient, [{
        "id": client, "name": "系统", "organization_id": at, "state": "active", "scope": scope, **row,
    }])  # fmt: skip
    session.insert(ApiKey, [{
        "id": key, "client_id": client, "label": "甲", "state": state, "hash": key.bytes, "valid_to": None, **row,
    }])  # fmt: skip
    session.insert(Grant, [{
        "id": new_id(), "role": who.role, "state": "active", "person_id": None, "client_id": client,
        "organization_id": at, "affiliation_id": None, "given_by": actor.person_id, "given_under": None,
        "confirmed_by": None, "confirm_until": None, "reason": None, "valid_from": worlds.LONG_AGO, "valid_to": None,
        **row,
    }])  # fmt: skip
    return client, key
