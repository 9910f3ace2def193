"""S1: every operation for every principal, near, far and absent; expected from the one table of roles and steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from api import access
from api.access import STEPS_OF_ROLE
from api.db import new_id
from api.models import Grant, Person
from api.services import people, tenants
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.contract import Contract, Operation
from tests.support.objects import Objects

EXPECTED = {role: frozenset(steps) for role, steps in STEPS_OF_ROLE.items()}
# Every person of the small world by the roles that they hold; everybody who signed in is a member.
ROLES: dict[str | None, set[str]] = {
    None: set(), "member": set(), "member2": set(), "member3": set(), "worker": {"community_worker"},
    "worker2": {"community_worker"}, "far_worker": {"community_worker"}, "liaison": {"liaison"},
    "liaison2": {"liaison"}, "street_officer": {"street_officer"}, "district_officer": {"district_officer"},
    "city_officer": {"city_officer"}, "committee": {"work_committee_officer"}, "admin": {"system_admin"},
    "auditor": {"auditor"}, "guard": {"security_admin"}, "handler": {"department_handler"}, "former": set(),
}  # fmt: skip
UNKNOWN = ("left", "stranger_here")  # no longer active; a person of another tenant under a token that says ours
NEAR_ONLY = ("worker", "worker2", "liaison", "street_officer")  # whose authority does not reach what is far
RELATIONS = ("near", "far", "absent")


@dataclass
class Matrix:
    """The world, objects by relation, and what the server answered."""

    world: worlds.World
    contract: Contract
    objects: dict[str, dict[str, Any]]
    ids: dict[str, dict[str, UUID]]
    tokens: dict[str, str]
    operations: list[Operation] = field(default_factory=list)

    def path(self, operation: Operation, relation: str) -> str:
        path = operation.path
        for name in operation.identifiers:
            path = path.replace(f"{{{name}}}", str(self.objects[relation].get(name) or new_id()))
        return path

    async def ask(self, client: Any, operation: Operation, principal: str | None, relation: str) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[principal]}"} if principal else {}
        more: dict[str, Any] = {}
        ids = self.ids["near" if relation == "absent" else relation]
        if operation.schema is not None:
            more["json"] = self.contract.sample(operation.schema, ids)
        if operation.upload:
            more["files"] = {operation.upload: ("a.csv", b"a,b\n1,2\n", "text/csv")}
        needed = [one for one in operation.query if one["required"]]
        more["params"] = {one["name"]: self.contract.sample(one["schema"], ids, one["name"]) for one in needed}
        return await client.request(operation.method, self.path(operation, relation), headers=headers, **more)

    def rows(self) -> dict[str, list[Any]]:
        """Everything that is stored, so that two moments can be compared."""
        tables = SQLModel.metadata.tables
        with self.world.house.engines.look() as session:
            return {name: sorted(map(repr, session.rows(sa.select(table)))) for name, table in tables.items()}


@pytest.fixture(scope="module")
def matrix(database, tmp_path_factory):
    world = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    world.run(_more_people, world)
    contract = Contract()
    objects = {relation: world.run(_objects, world, contract, relation) for relation in ("near", "far")}
    ids = {relation: world.run(_ids, world, relation) for relation in ("near", "far")}
    tokens = {name: world.token(name) for name in world.people}
    stranger, tenant = world.run(_stranger)
    tokens["stranger"] = world.house.tokens.issue(stranger, tenant)
    tokens["stranger_here"] = world.house.tokens.issue(stranger, world.operator.tenant_id)
    yield Matrix(world, contract, {**objects, "absent": {}}, ids, tokens, contract.operations())
    world.close()


def _more_people(session, actor, world):
    more = {
        "guard": "security_admin",
        "handler": "department_handler",
        "former": "city_officer",
        "left": "city_officer",
    }
    for name, role in more.items():
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], role, world.places["city"], since=worlds.LONG_AGO)
    session.execute(sa.update(Grant).where(Grant.person_id == world.people["former"]).values(valid_to=date(2026, 1, 1)))
    session.execute(sa.update(Person).where(Person.id == world.people["left"]).values(state="erased"))


def _stranger(session, _actor):
    """Found another tenant, where somebody holds every role at its root."""
    there = tenants.found_tenant(session, "othercity", "别的市")
    person = people.add(session, there, {"name": "外人"}, since=worlds.LONG_AGO)
    root = worlds.organizations.root_of(session, there.tenant_id, "employer")
    for role in EXPECTED:
        people.grant(session, there, person, role, root, since=worlds.LONG_AGO)
    return person, there.tenant_id


def _objects(session, _actor, world, contract, relation):
    made = Objects(session, world, relation)
    names = {name for operation in contract.operations() for name in operation.identifiers}
    return {name: made.named(name) for name in sorted(names)}


def _ids(session, _actor, world, relation):
    made = Objects(session, world, relation)
    return {
        "communityId": made.community, "organizationId": made.community, "unitId": made.unit, "organizerId": made.unit,
        "personId": made.person, "parentId": world.places["street"], "issuerId": world.places["city"],
    }  # fmt: skip


def may_pass(operation: Operation, principal: str) -> bool:
    """Say whether the door opens for a person with these roles, wherever the object lies."""
    held = {"anyone", "member", *ROLES.get(principal, EXPECTED)}
    return any(operation.step in EXPECTED[role] for role in held)


def is_public(operation: Operation) -> bool:
    return operation.step in EXPECTED["anyone"]


def told(operation: Operation, principal: str | None, relation: str, answer: Any) -> str:
    return f"{operation} by {principal or 'nobody'}, {relation}: {answer.status_code} {answer.text[:300]}"


async def denied_calls(matrix: Matrix) -> list[str]:
    """Take every step that the table denies; return where the answer was another than no."""
    wrong = []
    async with matrix.world.client() as client:
        for operation in matrix.operations:
            if is_public(operation):
                continue
            expectations = {None: 401} | dict.fromkeys(UNKNOWN, 401) | {name: 403 for name in ROLES if name}
            for principal, expected in expectations.items():
                if expected == 403 and may_pass(operation, principal):
                    continue
                for relation in RELATIONS[:2] if operation.identifiers else ("near",):
                    answer = await matrix.ask(client, operation, principal, relation)
                    if answer.status_code != expected:
                        wrong.append(told(operation, principal, relation, answer))
    return wrong


async def test_who_lacks_the_step_is_refused_and_nothing_changes(matrix):
    before = matrix.rows()
    assert await denied_calls(matrix) == []
    assert matrix.rows() == before


async def test_every_role_of_another_tenant_finds_nothing_here(matrix):
    before, wrong = matrix.rows(), []
    async with matrix.world.client() as client:
        for operation in matrix.operations:
            for relation in ("near", "far") if operation.identifiers and not is_public(operation) else ():
                answer = await matrix.ask(client, operation, "stranger", relation)
                if answer.status_code != 404:
                    wrong.append(told(operation, "stranger", relation, answer))
    assert wrong == []
    assert matrix.rows() == before


async def test_a_role_does_not_reach_what_is_far(matrix):
    before, wrong = matrix.rows(), []
    async with matrix.world.client() as client:
        for operation in matrix.operations:
            if not operation.identifiers or operation.method == "GET" or operation.step in EXPECTED["member"]:
                continue
            for principal in NEAR_ONLY:
                if may_pass(operation, principal):
                    answer = await matrix.ask(client, operation, principal, "far")
                    if answer.status_code not in (403, 404):
                        wrong.append(told(operation, principal, "far", answer))
    assert wrong == []
    assert matrix.rows() == before


async def test_every_operation_lets_somebody_pass_and_none_breaks(matrix):
    """After the tests of refusal, because these calls change what they may."""
    broken, shut = [], []
    async with matrix.world.client() as client:
        for operation in matrix.operations:
            passed = False
            for principal in ROLES:
                if principal is None and not is_public(operation):
                    continue
                if principal is None or may_pass(operation, principal):
                    for relation in RELATIONS if operation.identifiers else ("near",):
                        answer = await matrix.ask(client, operation, principal, relation)
                        passed |= answer.status_code not in (401, 403)
                        if answer.status_code >= 500 or answer.status_code == 401:
                            broken.append(told(operation, principal, relation, answer))
            if not passed:
                shut.append(str(operation))
    assert broken == []
    assert shut == []


async def test_every_identifier_stands_for_an_object(matrix):
    assert [name for name, made in matrix.objects["near"].items() if made is None] == []


async def test_a_door_left_open_is_seen(matrix, monkeypatch):
    """Control: with a door that lets every person pass, the matrix finds more than one wrong answer an operation."""
    monkeypatch.setitem(STEPS_OF_ROLE, "member", frozenset(access.ALL_STEPS) | STEPS_OF_ROLE["member"])
    assert len(await denied_calls(matrix)) > len(matrix.operations)
