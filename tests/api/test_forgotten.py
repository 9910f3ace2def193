"""Forgotten check-outs over HTTP: presumed, asked, confirmed, final; each minute once, in whatever order all comes."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from api.jobs.sealing import do_due, seal_all
from api.models import Entry, Fact
from api.services import audit, leaving, people
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NAMES = ("member", "member2", "member3")


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _a_week_of_its_own(time):
    time.forward(days=7)


def forgot(world, time, *names, hours=3.0, by="worker", **more):
    """Let people come to a shift of three hours and forget to check out; the clock stands when check-out has ended."""
    shift = serving.plan(world, time() + HOUR, hours, **more)
    for name in names:
        serving.sign_up(world, name, shift)
    begin = time.forward(hours=1)
    for name in names:
        serving.present(world, name, shift, "check_in", begin, by=by)
    time.set(begin + hours * HOUR + 2 * HOUR)
    do_due(world.house)
    return shift, begin


def facts(world, shift, kind="check_out"):
    undone = sa.select(Fact.reverses_id).where(Fact.reverses_id.is_not(None))
    standing = sa.select(Fact.occurred_at, Fact.provenance, Fact.account_id).where(
        Fact.shift_id == shift, Fact.kind == kind, Fact.reverses_id.is_(None), Fact.id.not_in(undone)
    )
    with world.house.engines.look() as session:
        return session.rows(standing.order_by(Fact.recorded_at))


def minutes(world, shift):
    with world.house.engines.look() as session:
        return session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Entry.amount), 0)).where(Entry.shift_id == shift))


def verified(world):
    seal_all(world.house)
    return world.house.read_now(world.operator.tenant_id, audit.verify) == []


async def say(world, name, shift, at, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    async with world.client(name) as client:
        body = {"at": at.isoformat()}
        return await client.put(f"/api/v1/shifts/{shift}/presences/me/left", json=body, headers=headers)


async def confirm(world, shift, by="worker", **body):
    async with world.client(by) as client:
        return await client.post(f"/api/v1/shifts/{shift}/settle", json=body or None)


def left(world, name, at=None):
    return {"personId": str(world.people[name])} | ({"leftAt": at.isoformat()} if at else {})


async def test_it_is_closed_provisionally_and_the_person_and_the_leader_are_asked(world, time):
    shift, begin = forgot(world, time, "member")
    (out,) = facts(world, shift)
    assert (out.occurred_at, out.provenance, minutes(world, shift)) == (begin + 3 * HOUR, "watermark", 0)
    async with world.client("member") as member, world.client("worker") as worker, world.client("worker2") as other:
        mine = (await member.get("/api/v1/me/presences/open", params={"shiftId": str(shift)})).json()["items"]
        assert [(each["state"], each["name"], each["allowedActions"]) for each in mine] == [
            ("presumed", None, ["presence.leave"])
        ]
        assert mine[0]["leftAt"] == (begin + 3 * HOUR).isoformat().replace("+00:00", "Z")
        inbox = (await member.get("/api/v1/inbox")).json()["items"]
        assert (str(shift), ["presence.leave"]) in [
            (item["id"], item["allowedActions"]) for item in inbox if item["kind"] == "presence"
        ]
        daily = (await worker.get("/api/v1/presences/open", params={"shiftId": str(shift)})).json()["items"]
        assert [(each["name"], each["allowedActions"]) for each in daily] == [("测member", ["shift.settle"])]
        assert (await other.get("/api/v1/presences/open", params={"shiftId": str(shift)})).json()["items"] == []
        assert (await member.get("/api/v1/presences/open", params={"shiftId": str(shift)})).json()["items"] == []
    assert verified(world)


async def test_an_earlier_time_is_taken_and_final_after_seventy_two_hours(world, time):
    shift, begin = forgot(world, time, "member")
    answer = await say(world, "member", shift, begin + 2 * HOUR)
    assert (answer.status_code, answer.json()["state"], answer.json()["claimedAt"]) == (200, "stated", None), (
        answer.text
    )
    assert [(row.occurred_at, row.provenance) for row in facts(world, shift)] == [(begin + 2 * HOUR, "self_stated")]
    assert minutes(world, shift) == 0
    time.set(begin + 75 * HOUR)
    do_due(world.house)
    assert minutes(world, shift) == 120
    late = await say(world, "member", shift, begin + HOUR)
    assert (late.status_code, late.json()["code"]) == (409, "presence_final")
    async with world.client("member") as member:
        assert (await member.get("/api/v1/me/presences/open", params={"shiftId": str(shift)})).json()["items"] == []
    assert verified(world)


async def test_a_later_time_counts_when_the_leader_confirms_it_and_not_before(world, time):
    shift, begin = forgot(world, time, "member", hours=6.0)
    (out,) = facts(world, shift)
    assert out.occurred_at == begin + 4 * HOUR  # the cap of the platform's version 1: 240 minutes
    answer = await say(world, "member", shift, begin + 5 * HOUR)
    assert (answer.status_code, answer.json()["state"]) == (200, "claimed"), answer.text
    assert [row.provenance for row in facts(world, shift)] == ["watermark"]
    async with world.client("worker") as worker:
        (open_,) = (await worker.get("/api/v1/presences/open", params={"shiftId": str(shift)})).json()["items"]
    assert (open_["state"], open_["claimedAt"]) == ("claimed", (begin + 5 * HOUR).isoformat().replace("+00:00", "Z"))
    done = await confirm(world, shift, everybody=False, left=[left(world, "member", begin + 5 * HOUR)])
    assert (done.status_code, done.json()["shift"]["state"]) == (200, "open"), done.text
    assert (done.json()["minutes"], done.json()["waiting"]) == (300, 0)
    assert [row.provenance for row in facts(world, shift)] == ["organiser"]
    assert verified(world)


async def test_an_unconfirmed_later_time_never_counts(world, time):
    shift, begin = forgot(world, time, "member", hours=6.0)
    await say(world, "member", shift, begin + 5 * HOUR)
    time.set(begin + 80 * HOUR)
    do_due(world.house)
    assert minutes(world, shift) == 240
    assert verified(world)


async def test_the_leader_confirms_all_at_once_or_each_with_a_time(world, time):
    shift, begin = forgot(world, time, *NAMES)
    await say(world, "member2", shift, begin + 2 * HOUR)
    done = await confirm(world, shift, left=[left(world, "member", begin + HOUR)])
    assert done.status_code == 200, done.text
    answer = done.json()
    assert (answer["shift"]["state"], answer["credited"], answer["minutes"]) == ("settled", 3, 60 + 120 + 180)
    changed = await confirm(world, shift, left=[left(world, "member2", begin + HOUR)])
    assert (changed.status_code, changed.json()["code"]) == (409, "presence_final")
    final = await say(world, "member3", shift, begin + HOUR)
    assert (final.status_code, final.json()["code"]) == (409, "presence_final")
    assert verified(world)


async def test_nobody_confirms_their_own_time_and_a_second_person_can(world, time):
    second = (world.people["admin"], "community_worker", world.places["community"])
    world.run(partial(people.grant, since=worlds.LONG_AGO), *second)
    shift, begin = forgot(world, time, "worker", "member2", by="admin")
    own = await confirm(world, shift, "worker", left=[left(world, "worker", begin + HOUR)])
    assert (own.status_code, own.json()["code"]) == (403, "self_approval")
    done = await confirm(world, shift, "worker")
    assert (done.json()["credited"], done.json()["minutes"], done.json()["waiting"]) == (1, 180, 1)
    other = await confirm(world, shift, "admin")
    assert (other.json()["credited"], other.json()["minutes"], other.json()["waiting"]) == (2, 360, 0)
    assert verified(world)


async def test_what_cannot_be_is_refused(world, time):
    shift = serving.plan(world, time() + HOUR, 3.0)
    serving.sign_up(world, "member", shift)
    begin = time.forward(hours=1)
    serving.present(world, "member", shift, "check_in", begin)
    time.set(begin + 4 * HOUR)
    early = await say(world, "member", shift, begin + HOUR)
    assert (early.status_code, early.json()["code"]) == (409, "check_out_open")
    time.set(begin + 5 * HOUR)
    for at, code in (
        (time() + HOUR, "clock_ahead"), (begin - HOUR, "check_out_before_check_in"),
    ):  # fmt: skip
        answer = await say(world, "member", shift, at)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    time.forward(hours=2)
    beyond = await say(world, "member", shift, begin + 6 * HOUR)
    assert (beyond.status_code, beyond.json()["code"]) == (422, "left_after_window")
    twice = await confirm(world, shift, left=[left(world, "member"), left(world, "member")])
    assert twice.status_code == 422
    stranger = await confirm(world, shift, left=[left(world, "member2")])
    assert (stranger.status_code, stranger.json()["code"]) == (409, "not_checked_in")
    assert facts(world, shift) == []


async def test_with_version_two_nothing_is_presumed_and_a_shift_called_off_ends_then(world, time):
    strict, begin = forgot(world, time, "member", policy={"forgotten": 2})
    assert [row.occurred_at for row in facts(world, strict)] == [begin]
    answer = await say(world, "member", strict, begin + HOUR)
    assert answer.json()["state"] == "claimed"
    time.forward(days=7)
    shift = serving.plan(world, time() + HOUR, 3.0)
    serving.sign_up(world, "member2", shift)
    begin = time.forward(hours=1)
    serving.present(world, "member2", shift, "check_in", begin)
    time.forward(hours=1)
    async with world.client("worker") as worker:
        assert (await worker.post(f"/api/v1/shifts/{shift}/cancel")).status_code == 200
    time.set(begin + 5 * HOUR)
    do_due(world.house)
    assert [row.occurred_at for row in facts(world, shift)] == [begin + HOUR]
    done = await confirm(world, shift)
    assert (done.json()["shift"]["state"], done.json()["minutes"]) == ("cancelled", 60)
    assert verified(world)


async def test_late_and_doubled_messages_change_nothing(world, time):
    shift, begin = forgot(world, time, "member")
    first = await say(world, "member", shift, begin + 2 * HOUR, "left-1")
    second = await say(world, "member", shift, begin + HOUR, "left-2")
    again = await say(world, "member", shift, begin + 2 * HOUR, "left-1")
    assert (first.status_code, second.status_code, again.status_code) == (200, 200, 200)
    assert again.headers["idempotent-replay"] == "true"
    assert [row.occurred_at for row in facts(world, shift)] == [begin + HOUR]
    other = await say(world, "member", shift, begin + HOUR, "left-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def crossed(world, time, rounds):
    sound = []
    for _ in range(rounds):
        time.forward(days=7)
        shift, begin = forgot(world, time, *NAMES)
        answers = await asyncio.gather(
            *(say(world, name, shift, begin + HOUR) for name in NAMES), confirm(world, shift),
            *(say(world, name, shift, begin + HOUR / 2) for name in NAMES),
        )  # fmt: skip
        standing = facts(world, shift)
        worth = sum((row.occurred_at - begin) // timedelta(minutes=1) for row in standing)
        calm = {answer.status_code for answer in answers} <= {200, 409}
        sound.append(calm and len(standing) == len(NAMES) and worth == minutes(world, shift) and verified(world))
    return sound


async def test_answers_that_cross_the_leaders_confirmation_end_in_one_fact_and_one_credit(world, time):
    assert all(await crossed(world, time, 3))


async def test_crossing_is_noticed_where_what_was_confirmed_is_not_looked_at(world, time, monkeypatch):
    monkeypatch.setattr(leaving, "_require_open", lambda shift, pair: None)
    assert not all(await crossed(world, time, 1))


async def walked(world, time, seed):
    """Let messages come in a drawn order, some twice, until time is up; return whether the pair ended as they allow."""
    drawn = random.Random(seed)
    time.forward(days=7)
    shift, begin = forgot(world, time, "member", hours=6.0)
    allowed = 240
    for _ in range(drawn.randint(1, 6)):
        act, at = drawn.choice(("say", "say", "confirm", "time", "clock")), drawn.randrange(0, 481, 30)
        if act == "say":
            answers = [await say(world, "member", shift, begin + at * MINUTE) for _ in range(drawn.randint(1, 2))]
        elif act == "clock":
            time.forward(hours=drawn.choice((1, 30)))
            do_due(world.house)
            answers = []
        else:
            named = [left(world, "member", begin + at * MINUTE)] if act == "time" else []
            answers = [await confirm(world, shift, everybody=act == "confirm", left=named)]
            allowed = max(allowed, at) if act == "time" and answers[0].status_code == 200 else allowed
        assert {answer.status_code for answer in answers} <= {200, 409, 422}
    time.set(max(time(), begin + 80 * HOUR))
    do_due(world.house)
    (out,) = facts(world, shift)
    worth = min((out.occurred_at - begin) // MINUTE, 360)
    return worth <= allowed and minutes(world, shift) == worth and verified(world)


SEEDS = range(6)


async def test_in_whatever_order_messages_come_nobody_gains_by_their_own_word(world, time):
    assert [seed for seed in SEEDS if not await walked(world, time, seed)] == []


async def test_a_word_that_is_always_taken_is_noticed(world, time, monkeypatch):
    monkeypatch.setattr(leaving, "judge_left", lambda *_, **__: "taken")
    assert [seed for seed in SEEDS if not await walked(world, time, seed)] != []
