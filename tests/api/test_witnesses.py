"""Witnesses outside fetch checkpoints without an account, sign what they saw, and what differs is told."""

from __future__ import annotations

import pytest

from api.jobs.sealing import checkpoint_all, seal_all
from api.services import audit, changes
from tests.support import accounts
from tests.support.clock import Clock
from tests.support.verifier import VERIFIER
from tests.support.witnessing import Outsider


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    with accounts.guarded(database, tmp_path_factory.mktemp("var"), Clock()) as built:
        grown(built)
        yield built


def grown(world):
    """Let the sealed order grow and a checkpoint follow."""
    tell = {"step": "organization.edit", "subject_kind": "organization", "subject_id": world.places["unit"]}
    world.run(lambda session, actor: changes.record(session, actor, *tell.values(), at=None))
    seal_all(world.house)
    checkpoint_all(world.house)


async def registered(world, outsider, name="测试市图书馆", by="guard"):
    body = {"name": name, "organizationId": str(world.places["street"]), "key": outsider.key()}
    async with world.client(by) as client:
        return await client.post("/api/v1/witnesses", json=body)


async def newest(world, **query):
    async with world.client() as anybody:
        answer = await anybody.get("/api/v1/checkpoints", params={"tenant": "testcity", **query})
    return answer.json()["items"]


async def signed(world, witness, outsider, said, **header):
    body = {"signed": outsider.sign(said, witness["jwk"]["kid"], **header)}
    async with world.client() as anybody:
        return await anybody.post(f"/api/v1/witnesses/{witness['id']}/signatures", json=body)


def said_of(world, checkpoint, **other):
    tenant = str(world.operator.tenant_id)
    return {"tenant": tenant, "size": checkpoint["size"], "root": checkpoint["root"], **other}


def findings(world):
    found = world.house.read_now(world.operator.tenant_id, audit.verify)
    return [one for one in found if one["check"] == "witnesses_agree"]


async def test_a_witness_follows_the_order_and_signs_what_it_saw(world):
    outsider = Outsider()
    witness = (await registered(world, outsider)).json()
    assert witness["allowedActions"] == ["witness.end"]
    grown(world)
    kept = (await newest(world))[0]
    grown(world)
    fresh = (await newest(world, since=kept["size"]))[0]
    assert fresh["size"] > kept["size"]
    async with world.client() as anybody:
        sizes = {"tenant": "testcity", "first": kept["size"], "second": fresh["size"]}
        link = (await anybody.get("/api/v1/checkpoints/consistency", params=sizes)).json()
    assert VERIFIER.faults_of(fresh)[0] == []
    assert VERIFIER.faults_among(fresh, [kept, link]) == []
    assert VERIFIER.faults_among({**fresh, "root": "0" * 64}, [kept, link])
    first = await signed(world, witness, outsider, said_of(world, fresh))
    again = await signed(world, witness, outsider, said_of(world, fresh))
    assert (first.status_code, first.json()) == (201, again.json())
    async with world.client() as anybody:
        shown = (await anybody.get("/api/v1/checkpoints/witnessed", params={"tenant": "testcity"})).json()["items"]
    assert [(one["witness"], one["size"], one["root"]) for one in shown] == [
        ("测试市图书馆", fresh["size"], fresh["root"])
    ]
    assert findings(world) == []


async def test_a_root_that_differs_is_kept_and_told(world):
    outsider = Outsider()
    witness = (await registered(world, outsider, "晚报社")).json()
    kept = (await newest(world))[0]
    assert (await signed(world, witness, outsider, said_of(world, kept))).status_code == 201
    assert findings(world) == []
    other = await signed(world, witness, outsider, said_of(world, kept, root="ab" * 32))
    longer = await signed(world, witness, outsider, said_of(world, kept, size=kept["size"] + 10_000))
    assert (other.status_code, longer.status_code) == (201, 201)
    found = {one["detail"]["size"]: one["detail"] for one in findings(world)}
    assert set(found) == {kept["size"], kept["size"] + 10_000}
    assert found[kept["size"]]["found"] == kept["root"]
    assert found[kept["size"] + 10_000]["found"] is None


@pytest.mark.parametrize(
    ("said", "header"),
    [
        ({"tenant": "00000000-0000-0000-0000-000000000001"}, {}),
        ({"size": 0}, {}),
        ({"size": True}, {}),
        ({"size": 2**53}, {}),
        ({"root": "AB" * 32}, {}),
        ({"root": None}, {}),
        ({"more": 1}, {}),
        ({}, {"typ": "checkpoint+jws"}),
        ({}, {"kid": "0123456789abcdef"}),
        ({}, {"alg": "HS256"}),
        ({}, {"jwk": {"kty": "EC"}}),
    ],
)
async def test_what_says_anything_else_or_is_signed_otherwise_is_refused(world, said, header):
    outsider = Outsider()
    witness = (await registered(world, outsider)).json()
    kept = (await newest(world))[0]
    refused = await signed(world, witness, outsider, said_of(world, kept, **said), **header)
    assert (refused.status_code, refused.json()["code"]) == (422, "signature_refused")


async def test_another_key_an_ended_witness_and_no_point_of_the_curve_are_refused(world):
    outsider = Outsider()
    witness = (await registered(world, outsider)).json()
    kept = (await newest(world))[0]
    assert (await signed(world, witness, Outsider(), said_of(world, kept))).status_code == 422
    async with world.client("guard") as guard:
        ended = await guard.post(f"/api/v1/witnesses/{witness['id']}/end")
    assert (ended.json()["state"], ended.json()["allowedActions"]) == ("ended", [])
    assert (await signed(world, witness, outsider, said_of(world, kept))).status_code == 404
    beside = {**outsider.key(), "y": outsider.key()["x"]}
    outsider.key = lambda: beside
    assert (await registered(world, outsider)).status_code == 422


async def test_only_who_guards_the_house_registers_witnesses(world):
    assert (await registered(world, Outsider(), by="worker")).status_code == 403
    assert (await registered(world, Outsider(), by="far_guard")).status_code in (403, 404)
    async with world.client("auditor") as auditor:
        assert (await auditor.get("/api/v1/witnesses")).json()["items"]
