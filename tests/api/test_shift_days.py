"""A shift a day, breaks, windows, pairs and midnight, from plan to credited minutes over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from api.models import Shift
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import HOUR, planned, present, signed_up


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 90)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _in_the_morning(time):
    time.set(time.instant.replace(hour=1, minute=0, second=0) + timedelta(days=7))


async def an_activity(world, **policy):
    body = {
        "title": "文明劝导", "communityId": str(world.places["community"]), "policy": policy,
        "organizerId": str(world.places["community"]),
    }  # fmt: skip
    async with world.client("worker") as worker:
        made = (await worker.post("/api/v1/activities", json=body)).json()["id"]
        assert (await worker.post(f"/api/v1/activities/{made}/publish")).status_code == 200
    return made


async def a_series(world, activity, days, starts="22:00", ends="06:00", key=None, **more):
    body = {"days": days, "startsAt": starts, "endsAt": ends, "capacity": 5, **more}
    headers = {"Idempotency-Key": key} if key else {}
    async with world.client("worker") as worker:
        return await worker.post(f"/api/v1/activities/{activity}/shifts/series", json=body, headers=headers)


async def minutes_of(world, name, shift):
    async with world.client(name) as client:
        entries = (await client.get("/api/v1/entries", params={"shiftId": shift})).json()["items"]
    return [(entry["amount"], entry["servedOn"]) for entry in entries]


async def test_a_series_makes_a_shift_a_day_once(world):
    activity = await an_activity(world)
    days = ["2026-04-30", "2026-05-01", "2026-05-02", "2026-05-01"]
    made = await a_series(world, activity, days, key="series-1", breaks=[{"startsAt": "01:00", "endsAt": "01:30"}])
    assert made.status_code == 201, made.text
    shifts = made.json()["items"]
    assert [(shift["startsAt"], shift["endsAt"]) for shift in shifts] == [
        ("2026-04-30T14:00:00Z", "2026-04-30T22:00:00Z"),
        ("2026-05-01T14:00:00Z", "2026-05-01T22:00:00Z"),
        ("2026-05-02T14:00:00Z", "2026-05-02T22:00:00Z"),
    ]
    assert shifts[0]["breaks"] == [{"startsAt": "2026-04-30T17:00:00Z", "endsAt": "2026-04-30T17:30:00Z"}]
    assert len({shift["shortCode"] for shift in shifts}) == 3
    again = await a_series(world, activity, days, key="series-1", breaks=[{"startsAt": "01:00", "endsAt": "01:30"}])
    assert (again.json(), again.headers["idempotent-replay"]) == (made.json(), "true")
    longer = await a_series(world, activity, ["2026-05-02", "2026-05-03"])
    assert longer.json()["items"][0]["id"] == shifts[2]["id"]
    async with world.client("member") as member:
        assert len((await member.get("/api/v1/shifts", params={"activityId": activity})).json()["items"]) == 4
    other = await a_series(world, activity, days, key="series-1")
    assert other.status_code == 422


async def test_a_series_is_refused_to_strangers_and_where_its_hours_make_no_shift(world):
    activity = await an_activity(world)
    bad = await a_series(world, activity, ["2026-05-01"], breaks=[{"startsAt": "07:00", "endsAt": "08:00"}])
    assert (bad.status_code, bad.json()["code"]) == (422, "breaks_unfit")
    for body in ({"starts": "24:00"}, {"ends": "6:00"}, {"days": []}, {"days": ["2026-02-30"]}):
        assert (await a_series(world, activity, **{"days": ["2026-05-01"], **body})).status_code == 422
    async with world.client("worker2") as stranger:
        body = {"days": ["2026-05-01"], "startsAt": "08:00", "endsAt": "09:00", "capacity": 1}
        refused = await stranger.post(f"/api/v1/activities/{activity}/shifts/series", json=body)
        assert refused.status_code == 403
        assert (await stranger.get("/api/v1/shifts", params={"activityId": activity})).json()["items"] == []


async def test_a_night_over_midnight_is_one_entry_of_its_first_day(world, time):
    activity = await an_activity(world)
    (shift,) = (await a_series(world, activity, [f"{time():%Y-%m-%d}"])).json()["items"]
    await signed_up(world, "member", shift["id"])
    begins = datetime.fromisoformat(shift["startsAt"])
    time.set(begins)
    assert (await present(world, "member", shift["id"], "check_in")).status_code == 200
    time.set(begins + 8 * HOUR)
    left = await present(world, "member", shift["id"], "check_out")
    assert (left.json()["minutes"], left.json()["servedOn"]) == (480, f"{begins:%Y-%m-%d}")  # 22:00 to 06:00 there
    assert await minutes_of(world, "member", shift["id"]) == [(480, f"{begins:%Y-%m-%d}")]


@pytest.mark.parametrize(("counts", "minutes"), [(False, 150), (True, 210)])
async def test_a_break_credits_nothing_unless_the_policy_says_so(world, time, counts, minutes):
    activity = await an_activity(world, breaksCount=counts)
    begins = time() + HOUR
    body = {
        "activityId": activity, "capacity": 3,
        "startsAt": begins.isoformat(), "endsAt": (begins + 4 * HOUR).isoformat(),
        "breaks": [{"startsAt": (begins + HOUR).isoformat(), "endsAt": (begins + 2 * HOUR).isoformat()}],
    }  # fmt: skip
    async with world.client("worker") as worker:
        shift = (await worker.post("/api/v1/shifts", json=body)).json()["id"]
    await signed_up(world, "member", shift)
    time.set(begins + HOUR / 2)
    await present(world, "member", shift, "check_in")
    time.set(begins + 4 * HOUR)
    assert (await present(world, "member", shift, "check_out")).json()["minutes"] == minutes
    async with world.client("worker") as worker:
        moved = await worker.put(
            f"/api/v1/shifts/{shift}",
            json={name: value for name, value in body.items() if name[-2:] != "Id"} | {"breaks": []},
        )
    assert (moved.status_code, moved.json()["code"]) == (409, "presences_stand")


async def test_check_in_opens_early_and_closes_late_as_the_policy_says(world, time):
    shift = await planned(world, time, starts=2.0, policy={"earlyMinutes": 10, "lateMinutes": 20, "checkOutMinutes": 5})
    for name in ("member", "member2"):
        await signed_up(world, name, shift)
    begins = time() + 2 * HOUR
    seen = []
    for minutes, name in ((-11, "member"), (-10, "member"), (20, "member2"), (19, "member2")):
        time.set(begins + timedelta(minutes=minutes) if minutes != 19 else begins + timedelta(minutes=19, seconds=59))
        answer = await present(world, name, shift, "check_in")
        seen.append(answer.json().get("code", "came"))
    assert seen == ["check_in_closed", "came", "check_in_closed", "came"]


async def test_three_pairs_of_a_day_add_up_and_leaving_early_costs_nothing(world, time):
    shift = await planned(world, time, hours=6.0)
    await signed_up(world, "member", shift)
    begins = time() + HOUR
    minutes = []
    for pair, (came, left) in enumerate([(0, 50), (80, 200), (201, 260)], 1):
        for moment, direction in ((came, "check_in"), (left, "check_out")):
            time.set(begins + timedelta(minutes=moment))
            answer = await present(world, "member", shift, direction, pair=pair)
            assert answer.status_code == 200, answer.text
        minutes.append(answer.json()["minutes"])
    assert minutes == [50, 120, 59]
    time.forward(minutes=10)
    fourth = await present(world, "member", shift, "check_in", pair=4)
    assert fourth.status_code == 422
    assert sum(amount for amount, _ in await minutes_of(world, "member", shift)) == 229


async def test_a_further_pair_waits_for_the_one_before(world, time):
    shift = await planned(world, time)
    await signed_up(world, "member", shift)
    time.forward(hours=1)
    early = await present(world, "member", shift, "check_in", pair=2)
    assert (early.status_code, early.json()["code"]) == (409, "previous_pair_open")


async def test_history_has_neither_code_nor_sheet_and_says_so(world, time):
    shift = await planned(world, time)

    def forget(session, _actor):
        session.execute(sa.update(Shift).where(Shift.id == worlds.UUID(shift)).values(secret=None, imported=True))

    world.run(forget)
    async with world.client("worker") as worker:
        for path in ("code", "sheet"):
            answer = await worker.get(f"/api/v1/shifts/{shift}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (409, "no_code"), path
        offered = (await worker.get(f"/api/v1/shifts/{shift}")).json()["allowedActions"]
    assert not {"shift.show_code", "shift.print_sheet"} & set(offered)
