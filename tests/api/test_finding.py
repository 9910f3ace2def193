"""Finding needs and activities by kind, place, time and nearness: what is shown, in which order, what is refused."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from api.models import Activity, Need, Organization
from api.services import people, search
from benchmarks.fill import add_needs
from tests.support import world as worlds
from tests.support.clock import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Degrees of latitude north of the community: 0.004° are 445 m on the sphere, 0.02° are 2224 m.
NORTH = {"community": 0.0, "community2": 0.004, "far_community": 0.02}
MEANT = {"community": 0, "community2": 500, "far_community": 2500, "grid": None}
FIRST = date(2026, 3, 2)


def windows(dice):
    """Return one or two windows as they are stored, some repeated, some with an end to that."""
    found = []
    for _ in range(dice.randint(1, 2)):
        starts = datetime(2026, 3, dice.randint(1, 20), dice.randint(0, 23), 30, tzinfo=SHANGHAI)
        every = dice.choice([None, "day", "week"])
        until = (starts.date() + timedelta(days=dice.randint(1, 12))).isoformat() if dice.random() < 0.5 else None
        ends = starts + timedelta(hours=2)
        found.append({"startsAt": starts.isoformat(), "endsAt": ends.isoformat(), "every": every, "until": until})
    return found


def begins_within(window, since, until):
    """Say, day by day, whether a stored window begins in [since, until)."""
    at = datetime.fromisoformat(window["startsAt"])
    step = {None: None, "day": 1, "week": 7}[window["every"]]
    while at < until and (window["until"] is None or at.date().isoformat() < window["until"]):
        if at >= since:
            return True
        if step is None:
            return False
        at += timedelta(days=step)
    return False


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(furnish, built)
    yield built
    built.close()


def furnish(session, actor, world):
    """Give communities places and needs, of which some say when; a grid of the community says not where it is."""
    dice = random.Random(11)
    node = {"axis": "territory", "kind": "grid", "name": "第一网格"}
    world.places["grid"] = worlds.organizations.create(session, actor, node, world.places["far_community"])
    for name, north in NORTH.items():
        point = {"latitude": 36.0 + north, "longitude": 120.0, "system": "wgs84"}
        session.execute(sa.update(Organization).where(Organization.id == world.places[name]).values(point=point))
    world.needs = {}
    for name in MEANT:
        for need in add_needs(session, actor, world.places[name], 12):
            kind = dice.choice(["care", "repair", "tutoring"])
            told = windows(dice) if dice.random() < 0.7 else None
            session.execute(sa.update(Need).where(Need.id == need).values(category=kind, windows=told))
            world.needs[str(need)] = (name, kind, told)
            search.learn_times(session, actor.tenant_id, {need: told})
    people.affiliate(
        session, actor, world.people["member"], world.places["community2"], "registration", state="accepted",
        principal=True, basis="residence", since=worlds.LONG_AGO,
    )  # fmt: skip


async def found(world, name="member", of="needs", **asked):
    items, cursor, pages = [], None, 0
    async with world.client(name) as client:
        while True:
            page = await client.get(f"/api/v1/{of}", params={**asked, **({"cursor": cursor} if cursor else {})})
            assert page.status_code == 200, page.text
            items += page.json()["items"]
            cursor, pages = page.json()["nextCursor"], pages + 1
            if cursor is None:
                return items, pages


def told(items):
    return {each["id"] for each in items}


def those(world, which):
    return {need for need, (place, kind, when) in world.needs.items() if which(place, kind, when)}


async def test_several_kinds_and_everything_below_a_street_or_district(world):
    items, _ = await found(world, category="care,repair", limit=7)
    assert told(items) == those(world, lambda _, kind, __: kind in ("care", "repair"))
    below = {"street": ("community", "community2"), "far_street": ("far_community", "grid"), "district": tuple(MEANT)}
    for place, communities in below.items():
        items, _ = await found(world, communityId=world.places[place])
        assert told(items) == those(world, lambda at, _, __, communities=communities: at in communities), place
    items, _ = await found(world, communityId=world.people["member"])
    assert items == []


async def test_what_begins_in_a_stretch_of_time_repetition_included(world):
    dice, seen = random.Random(5), set()
    for _ in range(12):
        since = datetime(2026, 3, dice.randint(1, 30), dice.randint(0, 23), tzinfo=UTC)
        until = since + timedelta(hours=dice.choice([1, 3, 24, 24 * 9]))
        expected = those(world, lambda _, __, when, s=since, u=until: any(begins_within(w, s, u) for w in when or ()))
        items, _ = await found(world, since=since.isoformat(), until=until.isoformat())
        assert told(items) == expected, (since, until)
        seen |= expected
    assert seen
    open_ended, _ = await found(world, since="2027-01-01T00:00:00+08:00", limit=100)
    endless = those(world, lambda _, __, when: any(w["every"] and not w["until"] for w in when or ()))
    assert told(open_ended) == endless
    assert endless


async def test_nearest_first_in_rings_page_by_page_and_what_has_no_place_comes_last_and_says_so(world):
    whole, _ = await found(world, near=world.places["community"], limit=100)
    pages, count = await found(world, near=world.places["community"], limit=5)
    assert [each["id"] for each in whole] == [each["id"] for each in pages]
    assert count == 10
    assert [each["metres"] for each in whole] == [0] * 12 + [500] * 12 + [2500] * 12 + [None] * 12
    for metres in MEANT.values():
        ring = [each["id"] for each in whole if each["metres"] == metres]
        assert ring == sorted(ring, reverse=True)
        assert {world.needs[each][0] for each in ring} == {name for name, m in MEANT.items() if m == metres}
    near, _ = await found(world, within=2500)  # from the community where the caller reports in: 1780 m to the far one
    assert {each["metres"] for each in near} == {0, 500, 2000}
    mixed, _ = await found(world, near="mine", category="care", text="理发", limit=3)
    assert mixed == []  # nothing was learned of their words


async def test_a_place_that_says_nothing_of_itself_is_a_centre_all_the_same(world):
    items, _ = await found(world, near=world.places["grid"], limit=100)
    assert [each["metres"] for each in items] == [0] * 12 + [None] * 36
    assert {world.needs[each["id"]][0] for each in items[:12]} == {"grid"}


async def test_the_communities_of_a_unit_are_told_to_its_own_people_and_to_who_may_know(world):
    from api.db import new_id
    from api.models import OrganizationLink

    def reports_in(session, actor):
        link = {
            "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now,
            "kind": "registration", "from_id": world.places["unit"], "to_id": world.places["community2"],
            "state": "accepted", "valid_from": worlds.LONG_AGO,
        }  # fmt: skip
        session.insert(OrganizationLink, [link])

    world.run(reports_in)
    expected = those(world, lambda at, _, __: at == "community2")
    for name, wanted in (("member", expected), ("liaison", expected), ("worker2", expected), ("member3", set())):
        items, _ = await found(world, name, unitId=world.places["unit"])
        assert told(items) == wanted, name


async def test_what_cannot_be_asked_is_told_why(world):
    asked = [
        ({"near": "mine"}, "member2", 422, "no_community_to_measure_from"),
        ({"near": world.places["unit"]}, "member", 422, "wrong_organization_kind"),
        ({"near": world.people["member"]}, "member", 404, "not_found"),
        ({"within": 100}, "member", 422, "invalid"),
        ({"text": "🙂🎉"}, "member", 422, "nothing_to_find"),
        ({"text": "养" * 41}, "member", 422, "invalid"),
        ({"category": "care,,repair"}, "member", 422, "invalid"),
        ({"since": "2026-03-02T08:00:00"}, "member", 422, "invalid"),
    ]
    for params, name, status, code in asked:
        async with world.client(name) as client:
            answer = await client.get("/api/v1/needs", params=params)
        assert (answer.status_code, answer.json()["code"]) == (status, code), params
    async with world.client("member") as client:
        first = await client.get("/api/v1/needs", params={"limit": 3})
        rings = await client.get("/api/v1/needs", params={"limit": 3, "near": "mine"})
        for answer, near in ((first, {"near": "mine"}), (rings, {})):
            wrong = await client.get("/api/v1/needs", params={"cursor": answer.json()["nextCursor"], **near})
            assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_cursor")


async def test_activities_are_found_by_their_shifts_and_their_place(world):
    async with world.client("worker2") as worker:
        at = str(world.places["community2"])
        body = {"kind": "visit", "nature": "volunteer_service", "title": "走访", "communityId": at, "organizerId": at}
        made = (await worker.post("/api/v1/activities", json=body)).json()["id"]
        shift = {"startsAt": "2026-04-04T09:00:00+08:00", "endsAt": "2026-04-04T11:00:00+08:00", "capacity": 3}
        planned = await worker.post("/api/v1/shifts", json={**shift, "activityId": made})
        assert planned.status_code == 201, planned.text
        await worker.post(f"/api/v1/activities/{made}/publish")
    on = {"since": "2026-04-04T00:00:00+08:00", "until": "2026-04-05T00:00:00+08:00"}
    late = {"since": "2026-04-04T09:00:01+08:00"}
    for asked, expected in ((on, [made]), (late, []), ({"near": "mine", **on}, [made])):
        items, _ = await found(world, of="activities", **asked)
        assert [each["id"] for each in items] == expected, asked
    assert (
        world.house.read_now(world.operator, lambda session, _: session.scalar(sa.select(Activity.state)))
        == "published"
    )
