"""S1: every operation for every principal, near and far; expected from the one table of roles and steps."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from api.domain import steps
from api.models import Grant, Person
from api.roles import STEPS_OF_ROLE
from api.services import organizations, people, tenants
from tests.support import world as worlds
from tests.support.asgi import Answer, send
from tests.support.clock import Clock
from tests.support.contract import Operation
from tests.support.stage import Stage

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
# Whoever takes these, or of whom they are taken, is signed in no more.
ENDS_SIGN_INS = {
    "sign_in.end", "sign_in.end_all", "sign_in.log_out", "credential.reset", "credential.end", "credential.change",
    "erasure.create",
}  # fmt: skip
HEAD = 'Content-Disposition: form-data; name="%s"; filename="a.csv"\r\nContent-Type: text/csv'
RELATIONS = ("near", "far")


class Matrix(Stage):
    """The stage, with more people than work here: one whose role ended, one who left, one of another tenant."""

    def __init__(self, url, var_dir, clock):
        super().__init__(url, var_dir, clock)
        self.world.run(_who_left, self.world)
        self.tokens |= {name: self.world.token(name) for name in ("former", "left")}
        self.world.run(_leaves, self.world)
        stranger, tenant = self.world.run(_stranger)
        house, sign_in = self.world.house, worlds.sign_in(self.world.house, tenant, stranger)
        self.tokens["stranger"], _ = house.tokens.issue(stranger, tenant, sign_in)
        self.tokens["stranger_here"], _ = house.tokens.issue(stranger, self.world.operator.tenant_id, sign_in)

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
        needed = [one for one in operation.query if one["required"]]
        query = urlencode({one["name"]: self.contract.sample(one["schema"], self.ids[relation]) for one in needed})
        path = self.path(operation, relation)
        return await send(self.world.app, operation.method, path, query.encode(), headers, body)


@pytest.fixture(scope="module")
def matrix(database, tmp_path_factory):
    built = Matrix(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def _who_left(session, actor, world):
    for name in ("former", "left"):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], "city_officer", world.places["city"], since=worlds.LONG_AGO)
    session.execute(sa.update(Grant).where(Grant.person_id == world.people["former"]).values(valid_to=date(2026, 1, 1)))


def _leaves(session, _actor, world):
    session.execute(sa.update(Person).where(Person.id == world.people["left"]).values(state="erased"))


def _stranger(session, _actor):
    """Found another tenant, where somebody holds every role at its root."""
    there = tenants.found_tenant(session, "othercity", "别的市")
    person = people.add(session, there, {"name": "外人"}, since=worlds.LONG_AGO)
    root = organizations.root_of(session, there.tenant_id, "employer")
    for role in EXPECTED:
        people.grant(session, there, person, role, root, since=worlds.LONG_AGO)
    return person, there.tenant_id


def may_pass(operation: Operation, principal: str) -> bool:
    """Say whether the door opens for a person with these roles, wherever the object lies."""
    held = {"anyone", "member", *ROLES.get(principal, EXPECTED)}
    return any(operation.step in EXPECTED[role] for role in held)


def is_public(operation: Operation) -> bool:
    return operation.step in EXPECTED["anyone"]


def refusals(operation: Operation, *statuses: int) -> tuple[int, ...]:
    """Return the answers that tell nothing of an object; a body can be wrong before its object is looked for."""
    return statuses if operation.schema is None else (*statuses, 422)


def told(operation: Operation, principal: str | None, relation: str, answer: Any) -> str:
    return f"{operation} by {principal or 'nobody'}, {relation}: {answer.status} {answer.body.decode()[:300]}"


async def denied_calls(matrix: Matrix) -> list[str]:
    """Take every step that the table denies; return where the answer was another than no."""
    wrong = []
    for operation in matrix.operations:
        if is_public(operation):
            continue
        expectations = {None: 401} | dict.fromkeys(UNKNOWN, 401) | {name: 403 for name in ROLES if name}
        for principal, expected in expectations.items():
            if expected == 403 and may_pass(operation, principal):
                continue
            for relation in RELATIONS if operation.identifiers else ("near",):
                answer = await matrix.ask(operation, principal, relation)
                if answer.status != expected:
                    wrong.append(told(operation, principal, relation, answer))
    return wrong


async def test_who_lacks_the_step_is_refused_and_nothing_changes(matrix):
    before = matrix.rows()
    assert await denied_calls(matrix) == []
    assert matrix.rows() == before


async def test_every_role_of_another_tenant_finds_nothing_here(matrix):
    before, wrong = matrix.rows(), []
    for operation in matrix.operations:
        for relation in ("near", "far") if operation.identifiers and not is_public(operation) else ():
            answer = await matrix.ask(operation, "stranger", relation)
            if answer.status not in refusals(operation, 404):
                wrong.append(told(operation, "stranger", relation, answer))
    assert wrong == []
    assert matrix.rows() == before


async def test_a_role_does_not_reach_what_is_far(matrix):
    before, wrong = matrix.rows(), []
    for operation in matrix.operations:
        if not operation.identifiers or operation.method == "GET" or operation.step in EXPECTED["member"]:
            continue
        for principal in NEAR_ONLY:
            if may_pass(operation, principal):
                answer = await matrix.ask(operation, principal, "far")
                if answer.status not in refusals(operation, 403, 404):
                    wrong.append(told(operation, principal, "far", answer))
    assert wrong == []
    assert matrix.rows() == before


async def test_every_operation_lets_somebody_pass_and_none_breaks(matrix):
    """After the tests of refusal, because these calls change what they may.

    A public step may refuse what it was brought with a 401 and a code of its own, behind a door that let it pass.
    """
    broken, shut = [], []
    for operation in sorted(matrix.operations, key=lambda operation: operation.step in ENDS_SIGN_INS):
        passed = False
        for principal in ROLES:
            if principal is None and not is_public(operation):
                continue
            if principal is None or may_pass(operation, principal):
                if principal and operation.step in ENDS_SIGN_INS:
                    matrix.sign_in_anew(principal)
                answer = await matrix.ask(operation, principal, "near")
                unknown = answer.status == 401 and answer.json()["code"] == "unauthenticated"
                passed |= not unknown and answer.status != 403
                if answer.status >= 500 or unknown:
                    broken.append(told(operation, principal, "near", answer))
        if not passed:
            shut.append(str(operation))
    assert broken == []
    assert shut == []


async def test_every_identifier_stands_for_an_object(matrix):
    assert [name for name, made in matrix.objects["near"].items() if made is None] == []


async def test_a_door_left_open_is_seen(matrix, monkeypatch):
    """Control: with a door that lets every person pass, the matrix finds more than one wrong answer an operation."""
    matrix.operations = matrix.operations[::6]
    monkeypatch.setitem(STEPS_OF_ROLE, "member", frozenset(steps.ALL_STEPS) | STEPS_OF_ROLE["member"])
    assert len(await denied_calls(matrix)) > len(matrix.operations)
