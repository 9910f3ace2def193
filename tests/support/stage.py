"""A world with an object of every noun, and the person to ask for each operation: what fuzz and matrix stand on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from api.db import new_id
from api.roles import STEPS_OF_ROLE
from api.services import people
from tests.support import world as worlds
from tests.support.contract import Contract, Operation
from tests.support.objects import Objects

PERSON_OF_ROLE = {
    "member": "member", "community_worker": "worker", "liaison": "liaison", "street_officer": "street_officer",
    "district_officer": "district_officer", "city_officer": "city_officer", "work_committee_officer": "committee",
    "system_admin": "admin", "auditor": "auditor", "security_admin": "guard", "department_handler": "handler",
    "organiser": "member",
}  # fmt: skip


class Stage:
    """The small world, the contract of its routes, and objects near and far by the names that paths give them."""

    relations: tuple[str, ...] = ("near", "far")

    def __init__(self, url: str, var_dir: Path, clock: Any, mark: str = "") -> None:
        self._furnish(worlds.build(url, var_dir, clock), mark)

    @classmethod
    def beside(cls, other: Stage, code: str, mark: str) -> Stage:
        """Return the same stage for another tenant of the same application; `mark` stands in all its texts."""
        made = cls.__new__(cls)
        made._furnish(worlds.another(other.world, code), mark)
        return made

    def _furnish(self, world: worlds.World, mark: str) -> None:
        self.world, self.mark = world, mark
        self.contract = Contract()
        self.operations = self.contract.operations()
        self.world.run(_two_more, self.world)
        self.objects: dict[str, dict[str, Any]] = {"absent": {}}
        self.ids: dict[str, dict[str, UUID]] = {}
        for relation in self.relations:
            world = self.world_of(relation)
            self.objects[relation], self.ids[relation] = world.run(_objects, self, world, relation)
        self.ids["absent"] = self.ids["near"]
        self.tokens: dict[str | None, str] = {name: self.world.token(name) for name in self.world.people}

    def world_of(self, _relation: str) -> worlds.World:
        """Return the world in which the objects of a relation lie: here all in one."""
        return self.world

    def path(self, operation: Operation, relation: str = "near") -> str:
        """Return the path of an operation with this relation's objects in it; new ids where there is none."""
        path = operation.path
        for name in operation.identifiers:
            path = path.replace(f"{{{name}}}", str(self.objects[relation].get(name) or new_id()))
        return path

    def body(self, operation: Operation, relation: str = "near") -> Any:
        """Return a valid body of an operation that names this relation's objects."""
        assert operation.schema is not None
        return self.contract.sample(operation.schema, self.ids[relation])

    def headers(self, principal: str | None) -> Mapping[str, str]:
        """Return the headers that a principal sends; none for nobody."""
        return {"authorization": f"Bearer {self.tokens[principal]}"} if principal else {}

    def who_may(self, operation: Operation) -> str | None:
        """Return a person to whom the door of an operation opens; None where it needs nobody."""
        if operation.step in STEPS_OF_ROLE["anyone"]:
            return None
        special = [PERSON_OF_ROLE[role] for role in sorted(operation.roles) if role not in ("member", "organiser")]
        return (special or ["member"])[0]

    def rows(self) -> dict[str, list[str]]:
        """Return everything that is stored, so that two moments can be compared."""
        return stored(self.world)

    def close(self) -> None:
        """End the application's threads and connections."""
        self.world.close()


def stored(world: worlds.World) -> dict[str, list[str]]:
    """Return every row of every table of a world, so that two moments can be compared; but for who tried how often."""
    tables = {name: table for name, table in SQLModel.metadata.tables.items() if name != "trials"}
    with world.house.engines.look() as session:
        return {name: sorted(map(repr, session.rows(sa.select(table)))) for name, table in tables.items()}


def _two_more(session: Any, actor: Any, world: worlds.World) -> None:
    for name, role in (("guard", "security_admin"), ("handler", "department_handler")):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], role, world.places["city"], since=worlds.LONG_AGO)


def _objects(
    session: Any, _actor: Any, stage: Stage, world: worlds.World, relation: str
) -> tuple[dict[str, Any], dict[str, UUID]]:
    made = Objects(session, world, relation, stage.mark)
    names = {name for operation in stage.operations for name in operation.identifiers}
    ids = {
        "communityId": made.community, "organizationId": made.community, "unitId": made.unit, "organizerId": made.unit,
        "areaId": made.community, "personId": made.person, "parentId": world.places[made.above],
        "issuerId": world.places["city"],
    }  # fmt: skip
    return {name: made.named(name) for name in sorted(names)}, ids
