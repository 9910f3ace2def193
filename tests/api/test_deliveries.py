"""Deliveries over HTTP: the recipient acknowledges once, then adopts or disputes; the issuer sees the answer."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.models import Delivery, Event
from api.services import deliveries, people
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.papers import issued


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def delivered(world, client, **more):
    """Issue a document and return the path and body of its delivery as the client finds it."""
    document = issued(world, **more)
    items = (await client.get("/api/v1/deliveries", params={"documentId": document})).json()["items"]
    assert len(items) == 1, items
    return f"/api/v1/deliveries/{items[0]['id']}", items[0]


def events(world, delivery_id):
    statement = sa.select(Event.kind).where(Event.subject_id == UUID(delivery_id)).order_by(Event.id)
    return [kind for (kind,) in world.house.read_now(world.operator, lambda session, _: session.rows(statement))]


async def test_a_liaison_fetches_acknowledges_and_adopts(world):
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        path, delivery = await delivered(world, liaison)
        assert (delivery["state"], delivery["channel"]) == ("sent", "store")
        assert delivery["allowedActions"] == ["delivery.acknowledge"]
        early = await liaison.post(f"{path}/adopt", json={})
        assert (early.status_code, early.json()["allowedActions"]) == (409, ["delivery.acknowledge"])
        file = await liaison.get(f"/api/v1/documents/{delivery['documentId']}/file", params={"format": "json"})
        assert file.json()["number"] == delivery["number"]
        taken = (await liaison.post(f"{path}/acknowledge")).json()
        assert (taken["state"], taken["acknowledgedBy"]) == ("acknowledged", str(world.people["liaison"]))
        assert taken["allowedActions"] == ["delivery.adopt", "delivery.dispute"]
        adopted = (await liaison.post(f"{path}/adopt", json={"remark": "计入年度考核"})).json()
        assert (adopted["state"], adopted["remark"]) == ("adopted", "计入年度考核")
        assert (await liaison.post(f"{path}/dispute", json={"remark": "不同意"})).status_code == 409
        seen = (await worker.get("/api/v1/deliveries", params={"box": "issued", "state": "adopted"})).json()["items"]
    assert [(item["id"], item["remark"], item["allowedActions"]) for item in seen] == [
        (delivery["id"], "计入年度考核", [])
    ]
    assert events(world, delivery["id"]) == ["delivery.send", "delivery.acknowledge", "delivery.adopt"]


async def test_who_acknowledged_first_stands(world):
    def second(session, actor):
        person = people.add(
            session, actor, {"name": "测另一联络员"}, {"political_status": "full"}, since=worlds.LONG_AGO
        )
        people.grant(session, actor, person, "liaison", world.places["unit"], since=worlds.LONG_AGO)
        return person

    world.people["liaison_b"] = world.run(second)
    async with world.client("liaison") as liaison, world.client("liaison_b") as other:
        path, delivery = await delivered(world, liaison)
        first = (await liaison.post(f"{path}/acknowledge")).json()
        world.house.clock.forward(minutes=5)
        again = await other.post(f"{path}/acknowledge")
        assert (again.status_code, again.json()) == (200, first)
        await other.post(f"{path}/dispute", json={"remark": "积分有误"})
        later = (await liaison.post(f"{path}/acknowledge")).json()
        repeat = (await liaison.post(f"{path}/dispute", json={"remark": "改口"})).json()
    assert (later["state"], later["acknowledgedBy"]) == ("disputed", str(world.people["liaison"]))
    assert (repeat["remark"], repeat["answeredBy"]) == ("积分有误", str(world.people["liaison_b"]))
    assert events(world, delivery["id"]) == ["delivery.send", "delivery.acknowledge", "delivery.dispute"]


async def test_twenty_acknowledgements_at_once_are_one(world):
    async with world.client("liaison") as liaison:
        path, delivery = await delivered(world, liaison)
        answers = await asyncio.gather(*(liaison.post(f"{path}/acknowledge") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["version"] for answer in answers} == {2}
    assert events(world, delivery["id"]) == ["delivery.send", "delivery.acknowledge"]


async def test_only_the_recipient_answers(world):
    async with world.client("liaison") as liaison:
        path, _ = await delivered(world, liaison)
    for name, status in {
        "liaison2": 404,
        "far_worker": 403,
        "worker": 403,
        "district_officer": 403,
        "member": 403,
    }.items():
        async with world.client(name) as client:
            assert (await client.post(f"{path}/acknowledge")).status_code == status, name
    async with world.client("member") as member:
        assert (await member.get("/api/v1/deliveries")).status_code == 403


async def test_a_dispute_says_why(world):
    async with world.client("liaison") as liaison:
        path, _ = await delivered(world, liaison)
        await liaison.post(f"{path}/acknowledge")
        for body in ({}, {"remark": " "}, {"remark": None}):
            assert (await liaison.post(f"{path}/dispute", json=body)).status_code == 422
        assert (await liaison.get(path)).json()["state"] == "acknowledged"


async def test_more_recipients_read_the_document_and_answer_each_for_themselves(world):
    document = issued(world)
    recipients = [world.places["unit"], world.places["unit2"]]
    for _ in range(2):
        world.run(
            lambda session, actor: deliveries.send(
                session, actor, UUID(document), recipients, at=world.places["community"]
            )
        )
    async with world.client("liaison2") as other, world.client("worker") as worker:
        assert (await other.get(f"/api/v1/documents/{document}")).status_code == 200
        seen = (await worker.get("/api/v1/deliveries", params={"documentId": document})).json()["items"]
        mine = (await other.get("/api/v1/deliveries", params={"box": "received"})).json()["items"]
    assert sorted(item["recipientId"] for item in seen) == sorted(str(place) for place in recipients)
    assert [item["documentId"] for item in mine] == [document]


def test_another_channel_queues(world):
    document = issued(world)
    world.run(
        lambda session, actor: deliveries.send(
            session, actor, UUID(document), [world.places["unit"]], at=world.places["community"], channel="webhook"
        )
    )
    statement = sa.select(Delivery.channel, Delivery.state, Delivery.sent_at.is_(None)).where(
        Delivery.document_id == UUID(document)
    )
    found = world.house.read_now(world.operator, lambda session, _: session.rows(statement))
    assert sorted(tuple(row) for row in found) == [("store", "sent", False), ("webhook", "queued", True)]
