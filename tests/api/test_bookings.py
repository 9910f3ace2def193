"""预约 over HTTP, on both databases: hours of a resource, its calendar, and a hundred who want it at once."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.domain.bookings import ResourceTaken
from api.models import Booking, Project, ProjectParty
from api.services import agreements, bookings
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import agreed, post, proposal, proposed, published_resource, rows_of, state_of
from tests.support.serving import actor

TUESDAYS = {
    "startsAt": "2026-03-10T14:00:00+08:00", "endsAt": "2026-03-10T16:00:00+08:00", "every": "week",
    "until": "2026-04-01",
}  # fmt: skip
OPEN = {"startsAt": "2026-01-01T09:00:00+08:00", "endsAt": "2026-01-01T18:00:00+08:00", "every": "day"}


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def test_a_hall_is_booked_by_the_hour_shown_moved_and_freed(world):
    hall = await published_resource(world, kind="venue", quantity=1, windows=[OPEN])
    first = await agreed(world, resourceId=hall["id"], bookings=[TUESDAYS])
    clash = {**TUESDAYS, "startsAt": "2026-03-17T15:00:00+08:00", "endsAt": "2026-03-17T17:00:00+08:00", "every": None}
    second = await proposed(world, resourceId=hall["id"], bookings=[{**clash, "until": None}])
    free = {"startsAt": "2026-03-17T16:00:00+08:00", "endsAt": "2026-03-17T18:00:00+08:00"}
    path = f"/projects/{first['id']}"
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        await post(liaison, f"/projects/{second['id']}/accept")
        refused = await worker.post(f"/api/v1/projects/{second['id']}/accept")
        assert (refused.status_code, refused.json()["code"]) == (409, "resource_taken")
        assert refused.json()["startsAt"] == "2026-03-17T15:00:00+08:00"
        listed = (await worker.get(f"/api/v1{path}/bookings")).json()["items"]
        assert [each["startsAt"][:10] for each in listed] == ["2026-03-10", "2026-03-17", "2026-03-24", "2026-03-31"]
        seen = {"from": "2026-03-17T00:00:00+08:00", "to": "2026-03-18T00:00:00+08:00"}

        async def calendar():
            answer = await worker.get(f"/api/v1/resources/{hall['id']}/calendar", params=seen)
            assert answer.status_code == 200, answer.text
            return [(each["startsAt"][11:16], each["endsAt"][11:16], each["free"]) for each in answer.json()["items"]]

        assert await calendar() == [("09:00", "14:00", 1), ("14:00", "16:00", 0), ("16:00", "18:00", 1)]
        inside = f"{path}/bookings/{listed[1]['id']}"
        for day, code in (("2026-03-17", "resource_closed"), ("2026-02-17", "booking_past")):
            times = {"startsAt": f"{day}T19:00:00+08:00", "endsAt": f"{day}T20:00:00+08:00"}
            refused = await liaison.post(f"/api/v1{inside}/move", json=times)
            assert (refused.status_code, refused.json()["code"]) == (422, code)
        await post(liaison, f"{inside}/move", free)
        assert await calendar() == [("09:00", "16:00", 1), ("16:00", "18:00", 0)]
        told = (await worker.get(f"/api/v1{path}/messages", params={"kind": "moved"})).json()["items"]
        assert told[0]["terms"]["to"] == free
        waits = (await worker.get("/api/v1/inbox", params={"limit": 100})).json()["items"]
        assert [each["id"] for each in waits if each["kind"] == "project_message"] == [first["id"]]
        await post(worker, f"{inside}/cancel", {"reason": "清明调休"})
        assert await calendar() == [("09:00", "18:00", 1)]
        again = await worker.post(f"/api/v1{inside}/cancel", json={"reason": "清明调休"})
        assert (again.status_code, again.json()["code"]) == (409, "booking_over")
        assert (await post(worker, f"/projects/{second['id']}/accept"))["state"] == "agreed"
        too_long = {"from": "2026-03-17T00:00:00+08:00", "to": "2026-08-18T00:00:00+08:00"}
        answer = await worker.get(f"/api/v1/resources/{hall['id']}/calendar", params=too_long)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_such_stretch")


async def test_bookings_that_cannot_be_are_refused_and_leave_nothing(world):
    hall = await published_resource(world, kind="venue", quantity=1, windows=[OPEN])
    night = {"startsAt": "2026-03-10T20:00:00+08:00", "endsAt": "2026-03-10T22:00:00+08:00"}
    before = {"startsAt": "2026-03-09T10:00:00+08:00", "endsAt": "2026-03-09T12:00:00+08:00"}
    backwards = {"startsAt": "2026-03-10T12:00:00+08:00", "endsAt": "2026-03-10T10:00:00+08:00"}
    wrong = [
        ([night], "resource_closed"), ([before], "booking_outside"), ([TUESDAYS, TUESDAYS], "bookings_unfit"),
        ([backwards], "window_contradicts"),
    ]  # fmt: skip
    async with world.client("liaison") as liaison:
        for asked, code in wrong:
            body = proposal(world, resourceId=hall["id"], bookings=asked)
            answer = await liaison.post("/api/v1/projects", json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        answer = await liaison.post("/api/v1/projects", json=proposal(world, bookings=[TUESDAYS]))
        assert (answer.status_code, answer.json()["code"]) == (422, "bookings_unfit")
    assert rows_of(world, Booking, Booking.id, resource_id=UUID(hall["id"])) == []


async def test_what_is_lent_comes_back_and_what_is_given_does_not(world):
    barbers = await published_resource(world, kind="skill", quantity=2)
    rice = await published_resource(world, kind="goods", quantity=2)
    for resource in (barbers, rice):
        project = await agreed(world, resourceId=resource["id"], quantity=2)
        async with world.client("liaison") as liaison:
            await post(liaison, f"/projects/{project['id']}/start")
            await post(liaison, f"/projects/{project['id']}/deliver", {"summary": "完成"})
        held = {state for (state,) in rows_of(world, Booking, Booking.state, project_id=UUID(project["id"]))}
        stands = await state_of(world, f"/resources/{resource['id']}")
        lent = resource is barbers
        assert held == ({"freed"} if lent else {"held"})
        assert (stands["state"], stands["promised"]) == (("published", 0) if lent else ("exhausted", 2))


def waiting(world, resource, many):
    """Write so many proposals for the same hours, each confirmed by the unit already; return their ids."""

    def write(session, operator):
        (of,) = session.rows(sa.select(Project.id).where(Project.id == UUID(resource["made"])))
        columns = [column for column in Project.__table__.columns if column.name not in ("reason", "result")]
        row = session.first(sa.select(*columns).where(Project.id == of.id))._asdict()
        sides = [each._asdict() for each in session.rows(sa.select(ProjectParty.__table__).where(
            ProjectParty.project_id == of.id))]  # fmt: skip
        held = session.first(sa.select(Booking.__table__).where(Booking.project_id == of.id))._asdict()
        for side in sides:
            if side["organization_id"] == world.places["unit"]:
                side |= {"confirmed_at": session.now, "confirmed_by": operator.person_id}
        ids = [new_id() for _ in range(many)]
        session.insert(Project, [{**row, "reason": None, "result": {}, "id": each} for each in ids])
        session.insert(ProjectParty, [
            {**side, "id": new_id(), "project_id": each} for each in ids for side in sides
        ])  # fmt: skip
        session.insert(Booking, [{**held, "id": new_id(), "project_id": each} for each in ids])
        return ids

    return world.run(write)


async def hours_of(world, quantity):
    resource = await published_resource(world, kind="venue", quantity=quantity)
    once = {name: TUESDAYS[name] for name in ("startsAt", "endsAt")}
    made = await proposed(world, resourceId=resource["id"], bookings=[once])
    return {**resource, "made": made["id"]}


async def test_of_a_hundred_acceptances_at_once_no_more_stand_than_there_are_places(world):
    hall = await hours_of(world, 3)
    ids = waiting(world, hall, 100)
    async with world.client("worker") as worker:
        answers = await asyncio.gather(*(worker.post(f"/api/v1/projects/{each}/accept") for each in ids))
    codes = [answer.json().get("code") or answer.json()["state"] for answer in answers]
    assert sorted(codes) == ["agreed"] * 3 + ["resource_taken"] * 97
    held = rows_of(world, Booking, Booking.id, resource_id=UUID(hall["id"]), state="held")
    assert (len(held), (await state_of(world, f"/resources/{hall['id']}"))["promised"]) == (3, 3)


@pytest.mark.parametrize("locked", [True, False])
async def test_without_the_lock_two_at_once_would_be_promised_the_last_place(world, database, monkeypatch, locked):
    """The control takes the lock away: then both stand, where the database itself does not put writers in a row."""
    if not locked:
        if database.startswith("sqlite"):
            pytest.skip("SQLite has one writer at a time, with or without the lock")
        monkeypatch.setattr(bookings, "_LOCKED", bookings._HELD)
    hall = await hours_of(world, 1)
    ids, worker, ready = waiting(world, hall, 2), actor(world, "worker"), threading.Barrier(2)
    required = bookings._require_left

    def together(*arguments, **more):
        required(*arguments, **more)
        with suppress(threading.BrokenBarrierError):  # behind the lock the second comes only after the first has gone
            ready.wait(timeout=0.5)

    def accept(project_id):
        try:
            with world.house.engines.begin(worker.tenant_id) as session:
                agreements.accept(session, replace(worker, step="project.accept"), project_id)
        except ResourceTaken as why:
            return why.code
        return "agreed"

    monkeypatch.setattr(bookings, "_require_left", together)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(accept, ids))
    assert sorted(outcomes) == (["agreed", "resource_taken"] if locked else ["agreed", "agreed"])
