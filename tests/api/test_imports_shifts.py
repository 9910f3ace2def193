"""Past shifts with the people who attended: each share is worked out by hand, whole minutes over all rows together."""

import hashlib
from datetime import date
from fractions import Fraction
from functools import partial

import pytest
import sqlalchemy as sa

from api.domain.past_shifts import whole_minutes
from api.models import Activity, Entry, Fact, Shift
from api.services import audit, people, sealer
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.importing import count, imported, rows

HEADER = "date,shift_id,postcode,volunteer_hours,attended,demand,event_id,event_name,people"
SHIFTS = f"""{HEADER}
2025-10-11,41725,桃园社区,2.0,3,3,8385,迎新会,A001;A002;B001
2025-10-12,41731,桃园社区,0.667,1,3,8385,迎新会,A001
2025-10-13,41740,桃园社区,0.667,1,3,8385,迎新会,A002
2025-10-14,41741,桃园社区,0.675,1,3,8385,迎新会,B001
2025-10-15,61371,桃园社区,5.009,2,1,9000,开幕夜,A001、A002
2025-10-16,61372,桃园社区,9,1,1,9000,开幕夜,B001
2025-10-17,70001,桃园社区,3,2,2,9001,只列一人,A001
2025-10-17,70002,桃园社区,3,1,2,9001,无此人,Z999
2025-10-17,70003,无此社区,3,1,2,9001,无此社区,A001
2025-10-17,70004,桃园社区,NaN,1,2,9001,不是数,A001
2099-10-17,70005,桃园社区,3,1,2,9001,还没到,A001
"""


@pytest.fixture(scope="module")
def built(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture
def world(built, request):
    fresh = worlds.another(built, hashlib.sha256(request.node.name.encode()).hexdigest()[:12])
    for name in ("member", "member2", "member3"):
        fresh.run(partial(affiliate, fresh.people[name], fresh.places["community"], "contact"))
    return fresh


def affiliate(person, organization, kind, session, actor, **more):
    people.affiliate(session, actor, person, organization, kind, since=worlds.LONG_AGO, **more)


def standing(world):
    posted = sa.select(Entry.served_on, Entry.amount, Entry.unit, Entry.kind, Entry.provenance)
    return rows(world, posted.where(Entry.tenant_id == world.operator.tenant_id))


async def test_each_person_gets_their_share_and_all_minutes_are_there(world):
    """Readable are 120 + 40.02 + 40.02 + 40.5 + 300.54 + 540 + 180 + 180 = 1441.08 minutes, whole 1441.

    The floors make 1440, and the largest remainder is that of 300.54. The two of 180 minutes are refused.
    """
    job = await imported(world, "worker", "past_shifts", SHIFTS)
    totals = job["result"]["totals"]
    assert (totals["acceptedRecords"], totals["refusedRecords"], totals["overCapacity"], totals["people"]) == (
        6,
        2,
        1,
        9,
    )
    assert (totals["statedMinutes"], totals["acceptedMinutes"], totals["refusedMinutes"]) == ("36027/25", 1081, 360)
    refused = [(error["row"], error["code"]) for error in job["result"]["refused"]]
    assert refused == [
        (8, "attendees_differ"), (9, "attendee_unknown"), (10, "place_unknown"), (11, "not_hours"),
        (12, "date_in_future"),
    ]  # fmt: skip
    assert sorted((day, minutes) for day, minutes, *_ in standing(world)) == sorted([
        *[(date(2025, 10, 11), 40)] * 3, (date(2025, 10, 12), 40), (date(2025, 10, 13), 40), (date(2025, 10, 14), 40),
        (date(2025, 10, 15), 151), (date(2025, 10, 15), 150), (date(2025, 10, 16), 540),
    ])  # fmt: skip
    assert {tuple(row[2:]) for row in standing(world)} == {("volunteer_minutes", "supplementary", "imported")}
    assert count(world, Fact, Fact.kind == "past_service", Fact.tenant_id == world.operator.tenant_id) == 9


async def test_more_people_than_places_are_history_and_flagged(world):
    job = await imported(world, "worker", "past_shifts", SHIFTS)
    flags = {(flag["row"], flag["code"]) for flag in job["result"]["flagged"]}
    assert flags == {(6, "over_capacity"), (7, "over_daily_tier")}
    tenant = world.operator.tenant_id
    full = sa.select(Shift.capacity, Shift.confirmed, Shift.imported).where(Shift.confirmed > Shift.capacity)
    assert rows(world, full.where(Shift.tenant_id == tenant)) == [(1, 2, True)]
    flagged = rows(world, sa.select(Activity.flags).where(Activity.title == "开幕夜", Activity.tenant_id == tenant))
    assert sorted(flagged) == [(["imported", "over_capacity"],), (["imported", "over_daily_tier"],)]
    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))
    assert world.run(lambda session, actor: audit.verify(session, actor.tenant_id)) == []


async def test_past_shifts_twice_post_once_and_a_later_file_adds_its_rows(world):
    await imported(world, "worker", "past_shifts", SHIFTS)
    before = sorted(map(repr, standing(world)))
    again = await imported(world, "worker", "past_shifts", SHIFTS)
    assert again["result"]["counts"]["unchanged"] == 6
    assert sorted(map(repr, standing(world))) == before
    later = f"{HEADER}\n2025-11-01,80000,桃园社区,1.5,1,,,新的,A001\n"
    assert (await imported(world, "worker", "past_shifts", later))["result"]["counts"]["accepted"] == 1
    assert len(standing(world)) == len(before) + 1


async def test_nobody_brings_in_hours_of_their_own(world):
    worker = world.people["worker"]
    world.run(partial(affiliate, worker, world.places["unit"], "employment", roster_number="W1"))
    world.run(partial(affiliate, worker, world.places["community"], "contact"))
    own = f"{HEADER}\n2025-11-01,80000,桃园社区,1.5,1,,,自己的,W1\n"
    job = await imported(world, "worker", "past_shifts", own)
    assert [error["code"] for error in job["result"]["refused"]] == ["own_hours"]
    assert standing(world) == []


def test_whole_minutes_of_a_year_add_up_to_the_rounded_sum():
    exact = [Fraction(number, 1000) * 60 for number in (667, 667, 667, 2000, 153529)]
    assert sum(exact) == Fraction("9451.8")
    # Floors 40, 40, 40, 120, 9211 make 9451; the one that is missing goes to 9211.74, the largest remainder.
    assert whole_minutes(exact) == [40, 40, 40, 120, 9212]
    assert whole_minutes([]) == []
