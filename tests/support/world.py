"""A small world to test in: one tenant, a street with two communities, two units, and somebody in every role."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from api.access import Actor, operator
from api.calls import House
from api.db import Session
from api.main import create_app
from api.services import organizations, people, sign_ins, tenants
from api.settings import Settings
from api.wall import HOUSE

LONG_AGO = date(2020, 1, 1)


@dataclass
class World:
    """Ids by name, and ways to act: `world.call("liaison", "POST", "/api/v1/…")` or `world.run(service, …)`."""

    app: Any
    house: House
    operator: Actor
    places: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    sign_ins: dict[UUID, UUID] = field(default_factory=dict)

    def token(self, name: str) -> str:
        """Return an access token of a person of this world, of the one sign-in that they have here."""
        person, tenant = self.people[name], self.operator.tenant_id
        return self.house.tokens.issue(person, tenant, self.sign_in(person))[0]

    def sign_in(self, person_id: UUID) -> UUID:
        """Return the sign-in of a person, begun at the first call."""
        if person_id not in self.sign_ins:
            self.sign_ins[person_id] = sign_in(self.house, self.operator.tenant_id, person_id)
        return self.sign_ins[person_id]

    def run(self, service: Any, *arguments: Any, actor: Actor | None = None) -> Any:
        """Run a service as the operator, in a transaction; what a test prepares may cross tenants."""
        across = HOUSE if actor is None else None
        return self.house.write_now(actor or self.operator, service, *arguments, tenant=across)

    @asynccontextmanager
    async def client(self, name: str | None = None):
        """Give an HTTP client of the application, signed in as a person of this world."""
        headers = {"Authorization": f"Bearer {self.token(name)}"} if name else {}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            yield client

    def close(self) -> None:
        """End the application's threads and connections."""
        self.house.close()


def sign_in(house: House, tenant_id: UUID, person_id: UUID) -> UUID:
    """Sign a person of any tenant in, as a provider that vouches for them would; return the sign-in."""
    begin = partial(sign_ins.begin, tenant_id=tenant_id, person_id=person_id, provider="demo", device=None)
    return house.write_now(operator(tenant_id), begin)["sign_in_id"]


def token(house: House, tenant_id: UUID, person_id: UUID) -> str:
    """Return an access token of a new sign-in of a person of any tenant."""
    return house.tokens.issue(person_id, tenant_id, sign_in(house, tenant_id, person_id))[0]


def build(url: str, var_dir: Path, clock: Any, transports: Any = None, **settings: Any) -> World:
    """Build the small world on a migrated, empty database; `transports` lead to the identity providers."""
    app = create_app(Settings(database_url=url, var_dir=var_dir, jobs=False, **settings), clock, transports)
    house: House = app.state.house

    def found(session: Session, _actor: Any) -> Actor:
        return tenants.found_tenant(session, "testcity", "测试市")

    world = World(app, house, house.write_now(None, found))  # type: ignore[arg-type]
    world.run(_populate, world)
    return world


def another(world: World, code: str) -> World:
    """Build the same small world for another tenant of the same application: a clean start without its costs."""

    def found(session: Session, _actor: Any) -> Actor:
        return tenants.found_tenant(session, code, "测试市")

    fresh = World(world.app, world.house, world.house.write_now(None, found))  # type: ignore[arg-type]
    fresh.run(_populate, fresh)
    return fresh


def _populate(session: Session, actor: Actor, world: World) -> None:
    places = world.places
    for name, kind, label, above in (
        ("city", "city", "测试市", None),
        ("district", "district", "东区", "city"),
        ("street", "street", "桃园街道", "district"),
        ("community", "community", "桃园社区", "street"),
        ("community2", "community", "柳林社区", "street"),
        ("far_street", "street", "远山街道", "district"),
        ("far_community", "community", "远山社区", "far_street"),
    ):
        node = {"axis": "territory", "kind": kind, "name": label}
        places[name] = organizations.create(session, actor, node, places[above] if above else None)
    places["employers"] = organizations.root_of(session, actor.tenant_id, "employer")
    places["party"] = organizations.root_of(session, actor.tenant_id, "party")
    for name, label in (("unit", "测试市第一中学"), ("unit2", "测试市供水公司")):
        node = {"axis": "employer", "kind": "public_institution", "name": label}
        places[name] = organizations.create(session, actor, node, places["employers"])
    for name, role, at in (
        ("worker", "community_worker", "community"), ("worker2", "community_worker", "community2"),
        ("far_worker", "community_worker", "far_community"),
        ("liaison", "liaison", "unit"), ("liaison2", "liaison", "unit2"),
        ("street_officer", "street_officer", "street"),
        ("district_officer", "district_officer", "district"), ("city_officer", "city_officer", "city"),
        ("committee", "work_committee_officer", "employers"), ("admin", "system_admin", "employers"),
        ("auditor", "auditor", "city"), ("member", None, None), ("member2", None, None), ("member3", None, None),
    ):  # fmt: skip
        world.people[name] = people.add(
            session, actor, {"name": f"测{name}"}, {"political_status": "full"}, since=LONG_AGO
        )
        if role:
            people.grant(session, actor, world.people[name], role, places[at], since=LONG_AGO)
    for name, unit, number in (("member", "unit", "A001"), ("member2", "unit", "A002"), ("member3", "unit2", "B001")):
        people.affiliate(
            session, actor, world.people[name], places[unit], "employment", roster_number=number, since=LONG_AGO
        )
