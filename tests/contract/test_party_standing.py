"""Party standing, by a value and a branch of its own: nobody reads it but who keeps it, on any route."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from api.jobs.sealing import seal_all
from api.models import Affiliation, Event, PersonStatus, Position
from api.roles import client_steps
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.asgi import send
from tests.support.authority import Principal, system
from tests.support.clock import Clock
from tests.support.objects import PLACES
from tests.support.stage import Stage

STANDING, BRANCH = "鸾𠮷党QW3", "鸾𠮷支部QW4"
# Who works with the member otherwise: they help in the one community, and are a contact of the other employer.
BESIDE = ("liaison2", "worker2", "system", "host_system")
STRANGERS = (None, "resident", "member3", "liaison2", "worker2", "system")
# The register of organisations says to everybody that a branch is there, and of nobody that they belong to it; who asks
# for figures of a place, and names a branch, is told its name.
REGISTER = {"organization.list", "organization.read", "fund.figures"}


class Standing(Stage):
    """The stage with a member of whom everything lies where they only help, and who has a standing like no other."""

    relations = ("near", "served")

    def __init__(self, url, var_dir, clock):
        super().__init__(url, var_dir, clock)
        world, tenant = self.world, self.world.operator.tenant_id
        self.member, self.branch, self.told = world.run(_stands, world)
        self.account = world.run(lambda session, _: people.account_of(session, self.member))
        world.run(_helps, self.objects["served"]["registration_id"])
        seal_all(world.house)
        at = sa.select(Position.position).where(Position.row_id == self.told)
        self.objects["served"]["position"] = world.run(lambda session, _: session.scalar(at))
        for name, place, role in (("system", "unit2", "liaison"), ("host_system", "community2", "community_worker")):
            who = Principal(role, place, client_steps(role))
            client, key = world.run(system, world, who, "active")
            self.tokens[name], _ = world.house.tokens.issue(client, tenant, key, scope=" ".join(sorted(who.scope)))
        self.tokens["resident"] = world.token("resident")

    def requests(self, noun=""):
        """Yield (operation, path, query) of everything that can be read of the member, by each way of asking."""
        for operation in self.operations:
            if operation.method != "GET" or not operation.step.startswith(noun):
                continue
            ids = self.ids["served"]
            needed = {
                one["name"]: self.contract.sample(one["schema"], ids, one["name"])
                for one in operation.query
                if one["required"]
            }
            path, optional = self.path(operation, "served"), {one["name"]: one for one in operation.query}
            yield operation, path, needed
            for name, value in (("organizationId", self.branch), ("personId", self.member), ("subjectId", self.member)):
                if name in optional:
                    yield operation, path, {**needed, name: str(value)}
            for value in optional.get("format", {}).get("schema", {}).get("enum", ()):
                yield operation, path, {**needed, "format": value}

    async def found(self, principals, noun=""):
        """Return how many answers were read, and each that tells of the member's standing."""
        count, told = 0, []
        for operation, path, query in self.requests(noun):
            for principal in principals:
                sent = urlencode(query).encode()
                answer = await send(self.world.app, "GET", path, sent, dict(self.headers(principal)), b"")
                count += 1
                if self.tells(operation, query, readable(answer.body)):
                    told.append(f"{operation} {query} by {principal}")
        return count, told

    def tells(self, operation, query, text):
        """Say whether an answer holds the standing, or brings the member and the branch together."""
        names_branch = any(one in text for one in (BRANCH, str(self.branch)))
        names_member = any(str(one) in text for one in (self.member, self.account))
        if operation.step in REGISTER:
            return STANDING in text or (names_branch and names_member)
        asked_of_branch = str(self.branch) in query.values()
        return STANDING in text or BRANCH in text or (asked_of_branch and names_member)


def _stands(session, actor, world):
    """Give the member a standing, a branch, a community and an office; return also the event of the branch."""
    member = world.people["member2"]
    branch = {"axis": "party", "kind": "branch", "name": BRANCH}
    branch_id = organizations.create(session, actor, branch, world.places["party"])
    since = date(2026, 1, 1)
    of = sa.and_(PersonStatus.person_id == member, PersonStatus.kind == "political_status")
    session.execute(sa.update(PersonStatus).where(of).values(value=STANDING))
    party = people.affiliate(session, actor, member, branch_id, "party_relation", since=since)
    home = {"since": since, "state": "accepted", "basis": "residence", "principal": True}
    people.affiliate(session, actor, member, world.places["community"], "registration", **home)
    people.affiliate(session, actor, member, world.places["unit2"], "contact", since=since)
    world.people["resident"] = people.add(session, actor, {"name": "测居民"}, since=worlds.LONG_AGO)
    return member, branch_id, session.scalar(sa.select(Event.id).where(Event.subject_id == party))


def _helps(session, _actor, affiliation_id):
    values = {"kind": "secondary_home", "state": "active", "basis": None}
    session.execute(sa.update(Affiliation).where(Affiliation.id == affiliation_id).values(**values))


def readable(content):
    """Return what a body says, escapes and packed files opened."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    text = content.decode("utf-8", "replace")
    return text + json.dumps(json.loads(text), ensure_ascii=False) if text[:1] in ("{", "[") else text


@pytest.fixture(scope="module")
def stage(database, tmp_path_factory):
    PLACES["served"] = {"territory": "community2", "unit": "unit", "person": "member2"}
    built = Standing(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()
    del PLACES["served"]


async def test_nobody_who_does_not_keep_it_reads_a_members_party_standing(stage):
    count, told = await stage.found(STRANGERS)
    print(f"party standing: {count} answers to {len(STRANGERS)} strangers, {len(told)} tell of it")
    assert told == []
    assert count > 500


async def test_who_keeps_it_reads_it(stage):
    """Control: the employer and the community of registration do; who works with the person sees them without it."""
    _, told = await stage.found(("liaison", "worker"), "person.")
    assert {one.rsplit(" by ", 1)[1] for one in told} == {"liaison", "worker"}
    for name, place in (("liaison", "unit"), ("liaison2", "unit2"), ("worker2", "community2"), ("system", "unit2")):
        asked = f"organizationId={stage.world.places[place]}&limit=100".encode()
        answer = await send(stage.world.app, "GET", "/api/v1/people", asked, dict(stage.headers(name)), b"")
        assert str(stage.member) in {one["id"] for one in answer.json()["items"]}, name


async def test_a_view_that_leaves_nothing_out_is_seen(stage, monkeypatch):
    """Control: with every status told to who sees the person, the sweep finds each of those who see them."""
    monkeypatch.setattr(people, "_told", lambda statuses, *_: statuses)
    _, told = await stage.found(BESIDE, "person.")
    assert {one.rsplit(" by ", 1)[1] for one in told} == set(BESIDE)
