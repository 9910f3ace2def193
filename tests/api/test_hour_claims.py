"""异议与补录 over HTTP: what an accepted claim posts, who may decide it, and that no minute counts twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from api.db import new_id
from api.jobs.sealing import do_due, seal_all
from api.models import Entry
from api.services import audit, hour_claims, ledger
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.hour_claims import answer, ask, decide

HOUR = timedelta(hours=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


@pytest.fixture
def morning(time):
    """Nine o'clock of a day of its own; the clock stands in the evening of that day."""
    day = time.forward(days=7).astimezone(SHANGHAI)
    nine = day.replace(hour=9, minute=0, second=0, microsecond=0)
    time.set(nine + 14 * HOUR)
    return nine


def hours(world, name, day):
    """Return amount and provenance of the entries of a person that stand on a day, in order."""
    account = serving.actor(world, name).account_id
    undone = sa.select(Entry.reverses_id).where(Entry.reverses_id.is_not(None))
    standing = sa.select(Entry.amount, Entry.provenance).where(
        Entry.account_id == account, Entry.served_on == day.date(), Entry.reverses_id.is_(None), Entry.id.not_in(undone)
    )
    with world.house.engines.look() as session:
        return [tuple(row) for row in session.rows(standing.order_by(Entry.started_at))]


def verified(world):
    seal_all(world.house)
    return world.house.read_now(world.operator.tenant_id, audit.verify) == []


async def test_missing_hours_are_posted_by_the_answer_that_accepts_them_once(world, morning):
    asked = await ask(world, "member", morning, morning + 2 * HOUR)
    assert asked.status_code == 201, asked.text
    case = asked.json()
    assert (case["kind"], case["state"], case["facts"]["late"]) == ("supplement", "open", False)
    assert (await ask(world, "member", morning, morning + 2 * HOUR)).json()["id"] == case["id"]
    assert hours(world, "member", morning) == []
    done = await decide(world, case, key="answer-1")
    assert (done.status_code, done.json()["state"]) == (200, "answered"), done.text
    assert hours(world, "member", morning) == [(120, "supplementary")]
    async with world.client("worker") as worker:
        path = f"/api/v1/cases/{case['id']}/answer"
        body = {"answer": "核实", "outcome": "accepted"}
        again = await worker.post(path, json=body, headers={"Idempotency-Key": "answer-1"})
        assert (again.status_code, again.headers.get("idempotent-replay")) == (200, "true")
        assert (await worker.post(path, json=body)).status_code == 409
    assert hours(world, "member", morning) == [(120, "supplementary")]
    assert verified(world)


async def test_a_claim_that_is_declined_says_why_and_posts_nothing(world, morning):
    case = (await ask(world, "member", morning, morning + HOUR)).json()
    done = await decide(world, case, "declined")
    assert (done.json()["state"], done.json()["answer"]) == ("answered", "核实")
    assert hours(world, "member", morning) == []
    async with world.client("member") as member:
        path = f"/api/v1/cases/{case['id']}"
        assert (await member.post(f"{path}/reopen", json={"reason": "有照片"})).status_code == 200
    same = await decide(world, case)
    assert (same.status_code, same.json()["code"]) == (409, "decided_before")
    second = await decide(world, case, by="street_officer")
    assert (second.status_code, second.json()["state"]) == (200, "answered")
    assert hours(world, "member", morning) == [(60, "supplementary")]


async def test_of_a_claim_a_part_is_accepted_and_never_more_than_was_asked_for(world, morning):
    case = (await ask(world, "member", morning, morning + 3 * HOUR)).json()
    more = await decide(world, case, part=(morning, morning + 4 * HOUR))
    assert (more.status_code, more.json()["code"]) == (422, "part_outside_claim")
    done = await answer(world, case, part=(morning + HOUR, morning + 2 * HOUR))
    assert (done.status_code, done.json()["state"]) == (200, "answered"), done.text
    assert done.json()["facts"]["accepted"]["endsAt"] == (morning + 2 * HOUR).isoformat()
    assert hours(world, "member", morning) == [(60, "supplementary")]
    rest = (await ask(world, "member", morning, morning + HOUR)).json()
    assert (await decide(world, rest)).status_code == 200
    assert hours(world, "member", morning) == [(60, "supplementary"), (60, "supplementary")]
    long = (await ask(world, "member", morning + 3 * HOUR, morning + 12 * HOUR)).json()
    up = (await decide(world, long, part=(morning + 3 * HOUR, morning + 10 * HOUR))).json()
    assert (up["state"], up["organizationId"]) == ("open", str(world.places["street"]))
    beyond = await decide(world, long, by="street_officer", part=(morning + 3 * HOUR, morning + 12 * HOUR))
    assert beyond.json()["code"] == "part_outside_claim"
    assert (await answer(world, long, by="street_officer")).json()["state"] == "answered"
    assert hours(world, "member", morning)[2:] == [(420, "supplementary")]
    assert verified(world)


async def test_only_the_uncovered_rest_is_credited_also_across_communities(world, morning):
    for at, start, end in (("community2", 1, 3), ("community", 0, 4)):
        case = (await ask(world, "member", morning + start * HOUR, morning + end * HOUR, at=at)).json()
        by = "worker2" if at == "community2" else "worker"
        assert (await decide(world, case, by=by)).status_code == 200
    # 10:00 to 12:00 stands in the one community; of 9:00 to 13:00 the other credits 9-10 and 12-13.
    assert hours(world, "member", morning) == [(60, "supplementary"), (120, "supplementary"), (60, "supplementary")]
    covered = (await ask(world, "member", morning + HOUR, morning + 2 * HOUR)).json()
    refused = await decide(world, covered)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_credited")
    assert verified(world)


async def test_over_eight_hours_a_day_the_parent_agrees_and_over_twelve_an_upper_one(world, morning):
    first = (await ask(world, "member", morning, morning + 8 * HOUR)).json()
    assert (await decide(world, first)).json()["state"] == "answered"
    more = (await ask(world, "member", morning + 8 * HOUR, morning + 9 * HOUR)).json()
    moved = (await decide(world, more)).json()
    assert (moved["state"], moved["organizationId"]) == ("open", str(world.places["street"]))
    assert hours(world, "member", morning) == [(480, "supplementary")]
    assert (await decide(world, more, by="street_officer")).json()["state"] == "answered"
    assert hours(world, "member", morning) == [(480, "supplementary"), (60, "supplementary")]
    long = (await ask(world, "member", morning - 4 * HOUR, morning)).json()
    up = (await decide(world, long)).json()
    assert (up["state"], up["organizationId"]) == ("open", str(world.places["district"]))
    assert (await decide(world, long, by="street_officer")).status_code in (403, 404)
    assert (await decide(world, long, by="district_officer")).json()["state"] == "answered"
    assert sum(amount for amount, _ in hours(world, "member", morning)) == 13 * 60
    assert verified(world)


async def test_the_tiers_are_noticed_where_nobody_asks_how_many_hours_the_day_has(world, morning, monkeypatch):
    monkeypatch.setattr(hour_claims.rules, "levels_above", lambda *_: 0)
    case = (await ask(world, "member2", morning, morning + 13 * HOUR)).json()
    assert (await decide(world, case)).json()["state"] == "answered"


async def test_an_objection_to_an_entry_replaces_it_and_the_recorder_does_not_decide(world, time):
    time.forward(days=7)
    shift = serving.plan(world, time() + HOUR, 3.0)
    serving.sign_up(world, "member3", shift)
    begin = time.forward(hours=1)
    serving.present(world, "member3", shift, "check_in", begin)
    serving.present(world, "member3", shift, "check_out", time.forward(hours=1))
    time.forward(hours=3)
    async with world.client("member3") as member, world.client("member2") as other:
        (entry,) = (await member.get("/api/v1/entries", params={"shiftId": str(shift)})).json()["items"]
        assert (entry["amount"], entry["provenance"]) == (60, "roll_call")
        foreign = await ask(world, "member2", begin, begin + 2 * HOUR, "objection", entryId=entry["id"])
        assert foreign.status_code == 404
        assert other is not member
    outside = await ask(world, "member3", begin, begin + 4 * HOUR, "objection", entryId=entry["id"])
    assert (outside.status_code, outside.json()["code"]) == (422, "claim_outside_shift")
    wrong = await ask(world, "member3", begin, begin + HOUR, "objection", at="community2", entryId=entry["id"])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_office")
    case = (await ask(world, "member3", begin, begin + 2 * HOUR, "objection", entryId=entry["id"])).json()
    recorder = await decide(world, case)
    assert (recorder.status_code, recorder.json()["code"]) == (409, "decided_before")
    done = await decide(world, case, by="street_officer")
    assert (done.status_code, done.json()["state"]) == (200, "answered"), done.text
    assert hours(world, "member3", begin.astimezone(SHANGHAI)) == [(120, "supplementary")]
    do_due(world.house)
    assert hours(world, "member3", begin.astimezone(SHANGHAI)) == [(120, "supplementary")]
    gone = await ask(world, "member3", begin, begin + HOUR, "objection", entryId=entry["id"])
    assert (gone.status_code, gone.json()["code"]) == (409, "already_reversed")
    assert verified(world)


async def test_nobody_decides_their_own_hours(world, morning):
    case = (await ask(world, "worker", morning, morning + HOUR)).json()
    own = await decide(world, case)
    assert (own.status_code, own.json()["code"]) == (409, "own_case")
    assert hours(world, "worker", morning) == []


async def test_a_claim_is_of_past_time_of_at_most_a_day_and_of_one_thing(world, morning, time):
    for start, end, code in (
        (time(), time() + HOUR, "claim_ahead"), (morning - 30 * HOUR, morning, "claim_too_long"),
    ):  # fmt: skip
        answer = await ask(world, "member", start, end)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    backwards = await ask(world, "member", morning + HOUR, morning)
    unnamed = await ask(world, "member", None, None)
    kind = await ask(world, "member", morning, morning + HOUR, "objection")
    unknown = await ask(world, "member", morning, morning + HOUR, fileId="0197c0c0-0000-7000-8000-000000000000")
    assert [each.status_code for each in (backwards, unnamed, kind, unknown)] == [422, 422, 422, 404]


async def test_late_hours_are_marked_by_working_days_with_make_up_days(world, time):
    # 2026: 14 February (Sat) and 28 February (Sat) are worked, 15 to 23 February are free. Ten working days after
    # Friday 6 February are 9-13 (five), 14 (six), 24-27 (ten); the eleventh is Saturday 28 February.
    served = datetime(2026, 2, 6, 9, tzinfo=SHANGHAI)
    now = time()
    time.set(datetime(2026, 2, 27, 18, tzinfo=SHANGHAI))
    in_time = (await ask(world, "member2", served, served + HOUR)).json()
    time.set(datetime(2026, 2, 28, 18, tzinfo=SHANGHAI))
    late = (await ask(world, "member2", served + HOUR, served + 2 * HOUR)).json()
    time.set(now)
    assert (in_time["facts"]["late"], late["facts"]["late"]) == (False, True)
    assert (in_time["dueOn"], late["dueOn"]) == ("2026-03-12", "2026-03-13")


async def test_the_office_reads_the_evidence_and_nobody_else(world, morning):
    async with world.client("member2") as owner, world.client("worker") as worker, world.client("member") as other:
        kept = await owner.post(
            "/api/v1/files", files={"file": ("证明.pdf", b"%PDF-1.7 of that day", "application/pdf")}
        )
        assert kept.status_code == 201, kept.text
        case = (await ask(world, "member2", morning, morning + HOUR, fileId=kept.json()["id"])).json()
        path = f"/api/v1/cases/{case['id']}/evidence"
        seen = await worker.get(path)
        assert (seen.status_code, seen.content) == (200, b"%PDF-1.7 of that day")
        assert (await owner.get(path)).content == b"%PDF-1.7 of that day"
        assert (await other.get(path)).status_code == 404
        without = (await ask(world, "member2", morning + HOUR, morning + 2 * HOUR)).json()
        assert (await worker.get(f"/api/v1/cases/{without['id']}/evidence")).status_code == 404
        assert (await worker.get(f"/api/v1/files/{kept.json()['id']}")).status_code == 404


async def test_spendable_points_and_minutes_never_become_each_other(world, morning):
    account, day = serving.actor(world, "member2").account_id, morning.date()

    def points(session, actor):
        row = {
            "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
            "grant_id": None, "request_key": None, "fingerprint": None, "account_kind": "person",
            "account_id": account, "unit": "points", "amount": 500, "kind": "reward", "nature": None,
            "served_on": day, "started_at": morning, "ended_at": morning + HOUR, "provenance": "community_recorded",
            "source_id": new_id(), "revision": 0, "reverses_id": None, "activity_id": None, "shift_id": None,
            "community_id": world.places["community"], "employer_id": None,
        }  # fmt: skip
        session.insert(Entry, [row])

    async with world.client("member2") as member:
        before = {each["unit"]: each["amount"] for each in (await member.get("/api/v1/me/record")).json()["totals"]}
        home = (await member.get("/api/v1/me/home")).json()
        world.run(points)
        case = (await ask(world, "member2", morning, morning + HOUR)).json()
        assert (await decide(world, case)).json()["state"] == "answered"
        after = {each["unit"]: each["amount"] for each in (await member.get("/api/v1/me/record")).json()["totals"]}
        again = (await member.get("/api/v1/me/home")).json()
    # Points neither cover time nor count as it: the hour under them is credited whole, and they stand as they were.
    assert after.pop("points") == 500
    assert after == before | {"volunteer_minutes": before.get("volunteer_minutes", 0) + 60}
    assert again["volunteerMinutes"] == home["volunteerMinutes"] + 60
    assert verified(world)


async def decided_at_once(world, morning):
    """Accept two claims of the same two hours in two communities at once; return the answers and the minutes."""
    cases = [(await ask(world, "member3", morning, morning + 2 * HOUR, at=at)).json() for at in PLACES]
    answers = await asyncio.gather(
        *(decide(world, case, by=PLACES[at]) for case, at in zip(cases, PLACES, strict=True))
    )
    return sorted(each.status_code for each in answers), sum(amount for amount, _ in hours(world, "member3", morning))


PLACES = {"community": "worker", "community2": "worker2"}


async def test_the_same_time_asked_of_two_communities_at_once_is_credited_once(world, morning):
    assert await decided_at_once(world, morning) == ([200, 409], 120)
    assert verified(world)


async def test_a_claim_that_does_not_look_at_what_stands_is_noticed(world, morning, monkeypatch):
    monkeypatch.setattr(hour_claims, "_standing", lambda *_: [])
    monkeypatch.setattr(ledger, "taken_by", lambda *_: {})
    assert await decided_at_once(world, morning) == ([200, 200], 240)
    assert not verified(world)
