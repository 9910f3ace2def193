"""The loop over HTTP, 报到 to 反馈, on both databases: the same journey gives the same hash of all assessments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import openpyxl

from api.domain.canonical import digest
from api.jobs.loop import run_due
from api.services import organizations, people
from tests.support import world as worlds
from tests.support.assessed import grade_of
from tests.support.clock import Clock
from tests.support.databases import KINDS
from tests.support.world import LONG_AGO

MEMBERS, UNITS, SHIFTS = 30, 3, 4
NEVER_REPORTED_IN = (27, 28)
REVERSED = (9, 0)  # member 9's entry of the first shift


def build(url, var_dir):
    world = worlds.build(url, var_dir, Clock(), token_minutes=3 * 365 * 24 * 60)
    world.run(_roster, world)
    return world


def _roster(session, actor, world):
    for letter in range(UNITS):
        node = {"axis": "employer", "kind": "public_institution", "name": f"考核单位{letter}"}
        unit = world.places[f"unit-{letter}"] = organizations.create(session, actor, node, world.places["employers"])
        name = f"liaison-{letter}"
        world.people[name] = people.add(session, actor, {"name": name}, since=LONG_AGO)
        people.grant(session, actor, world.people[name], "liaison", unit, since=LONG_AGO)
    for n in range(MEMBERS):
        name = f"m{n:02d}"
        person = people.add(session, actor, {"name": f"考{n}"}, {"political_status": "full"}, since=LONG_AGO)
        unit = world.places[f"unit-{n % UNITS}"]
        people.affiliate(session, actor, person, unit, "employment", roster_number=f"R{n:03d}", since=LONG_AGO)
        world.people[name] = person


def minutes_of(n):
    """Return what member n is credited in each shift: 60 + 15 × n minutes, in the first n % 5 shifts."""
    served = [60 + 15 * n for shift in range(SHIFTS) if n % 5 > shift]
    if n == REVERSED[0]:
        served.pop(REVERSED[1])
    return served


async def posted(world, name, path, body=None, status=200):
    async with world.client(name) as client:
        answer = await client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, (path, answer.text)
    return answer.json()


async def got(world, name, path, **params):
    async with world.client(name) as client:
        answer = await client.get(f"/api/v1{path}", params=params)
    assert answer.status_code == 200, (path, answer.text)
    return answer


async def report_in(world):
    for n in range(MEMBERS):
        if n in NEVER_REPORTED_IN:
            continue
        place, worker = (("community", "worker"), ("community2", "worker2"))[n % 2]
        body = {"communityId": str(world.places[place]), "basis": "residence"}
        asked = await posted(world, f"m{n:02d}", "/registrations", body, 201)
        await posted(world, worker, f"/registrations/{asked['id']}/accept", {})


async def serve(world, clock):
    community = str(world.places["community"])
    activity = await posted(
        world, "worker", "/activities", {"title": "社区巡逻", "communityId": community, "organizerId": community}, 201
    )
    await posted(world, "worker", f"/activities/{activity['id']}/publish")
    for number in range(SHIFTS):
        starts = datetime(2026, 4 + number, 6, 1, 0, tzinfo=UTC)
        window = {"startsAt": starts.isoformat(), "endsAt": (starts + timedelta(hours=9)).isoformat(), "capacity": 50}
        clock.set(starts - timedelta(days=1))
        shift = (await posted(world, "worker", "/shifts", {"activityId": activity["id"], **window}, 201))["id"]
        present = [n for n in range(MEMBERS) if n % 5 > number]
        for n in present:
            await posted(world, f"m{n:02d}", f"/shifts/{shift}/signups", status=201)
        await come(world, clock, shift, starts, present)


async def come(world, clock, shift, starts, present):
    """Let the first member check in and out with the code, and call the roll of the others."""
    own, others = present[0], present[1:]
    for direction, at in (("check_in", starts), ("check_out", starts + timedelta(minutes=60 + 15 * own))):
        clock.set(at)
        code = (await got(world, "worker", f"/shifts/{shift}/code")).json()["code"]
        async with world.client(f"m{own:02d}") as member:
            body = {"direction": direction, "code": code}
            answer = await member.put(f"/api/v1/shifts/{shift}/presences/me", json=body)
        assert answer.status_code == 200, answer.text
    clock.set(starts + timedelta(hours=9))
    lines = [
        {
            "shiftId": shift, "personId": str(world.people[f"m{n:02d}"]), "direction": direction,
            "at": (starts + timedelta(minutes=late * (60 + 15 * n))).isoformat(),
        }
        for n in others
        for late, direction in enumerate(("check_in", "check_out"))
    ]  # fmt: skip
    for start in range(0, len(lines), 50):
        answer = await posted(world, "worker", "/presences", {"presences": lines[start : start + 50]})
        assert [outcome["problem"] for outcome in answer["outcomes"] if outcome["problem"]] == []


async def assess(world):
    """Open, compute and close a cycle; return it as it is delivered."""
    at, ids = str(world.places["district"]), {}
    for subject in ("member", "unit"):
        body = {"shipped": f"basic-{subject}", "organizationId": at}
        ids[subject] = (await posted(world, "district_officer", "/rulebooks", body, 201))["id"]
        await posted(world, "district_officer", f"/rulebooks/{ids[subject]}/activate")
    body = {
        "title": "2026年度双报到评价", "organizationId": at, "periodStart": "2026-01-01", "periodEnd": "2027-01-01",
        "cutOff": "2026-12-31", "memberRulebookId": ids["member"], "unitRulebookId": ids["unit"],
    }  # fmt: skip
    cycle = (await posted(world, "district_officer", "/cycles", body, 201))["id"]
    for step, status in (
        ("compute", 202), ("open-self-review", 200), ("open-public-review", 200), ("publish", 200),
        ("open-appeals", 200), ("finalize", 200), ("deliver", 202),
    ):  # fmt: skip
        answer = await posted(world, "district_officer", f"/cycles/{cycle}/{step}", status=status)
        if status == 202:
            run_due(world.house)
            job = (await got(world, "district_officer", f"/jobs/{answer['id']}")).json()
            assert (job["state"], job["progress"]) == ("done", 100), job
    return (await got(world, "district_officer", f"/cycles/{cycle}")).json()


async def check_grades(world, cycle):
    answer = await got(world, "district_officer", "/assessments", cycleId=cycle["id"], subjectKind="member", limit=100)
    found = {item["subjectKey"]: item for item in answer.json()["items"]}
    assert len(found) == MEMBERS
    for n in range(MEMBERS):
        item = found[f"考核单位{n % UNITS}:R{n:03d}"]
        expected = grade_of(minutes_of(n), n not in NEVER_REPORTED_IN)
        assert (item["points"], item["grade"], item["minutes"]) == (*expected, sum(minutes_of(n))), n


async def check_own_copy(world):
    """The person's own explanation opens down to the own entries; a colleague may not read it."""
    n, name = 9, "m09"
    (mine,) = (await got(world, name, "/me/assessments")).json()["items"]
    told = (await got(world, name, f"/assessments/{mine['id']}/explanation")).json()
    entries = (await got(world, name, "/entries")).json()["items"]
    opened = {each for row in told["opened"] for each in row["entryIds"]}
    assert opened == {entry["id"] for entry in entries}  # the reversed one and its reversal net to nothing, and stand
    assert len(entries) == len(minutes_of(n)) + 2
    page = await got(world, name, f"/me/assessments/{mine['id']}/page")
    assert page.content.startswith(b"%PDF")
    assert told["judgementHash"].startswith(page.headers["content-disposition"].split('"')[1].removesuffix(".pdf"))
    for other in ("m06", "liaison-0", "worker"):
        async with world.client(other) as client:
            assert (await client.get(f"/api/v1/assessments/{mine['id']}/explanation")).status_code == 404
            assert (await client.get(f"/api/v1/me/assessments/{mine['id']}/page")).status_code == 404


async def fetch_statement(world):
    """The liaison fetches the statement in three forms and acknowledges it; another unit's liaison sees nothing."""
    params = {"kind": "feedback_statement", "box": "received"}
    (document,) = (await got(world, "liaison-0", "/documents", **params)).json()["items"]
    path = f"/documents/{document['id']}"
    content = (await got(world, "liaison-0", path)).json()["content"]
    assert (content["denominator"], content["reportingInRate"]) == (10, "9/10")
    assert "社区巡逻" not in str(content)
    book = openpyxl.load_workbook(BytesIO((await got(world, "liaison-0", f"{path}/file", format="xlsx")).content))
    assert any("R000" in str(row) for sheet in book for row in sheet.iter_rows(values_only=True))
    assert (await got(world, "liaison-0", f"{path}/file", format="pdf")).content.startswith(b"%PDF")
    async with world.client("liaison-1") as stranger:
        assert (await stranger.get(f"/api/v1{path}")).status_code == 404
    listed = (await got(world, "liaison-0", "/deliveries", limit=100)).json()["items"]
    (delivery,) = (item for item in listed if item["documentId"] == document["id"])
    assert (await posted(world, "liaison-0", f"/deliveries/{delivery['id']}/acknowledge"))["state"] == "acknowledged"
    assert len(content["asOf"].pop("checkpoint")) == 64
    return digest(content)  # but for the root of the tree, over rows whose ids are this database's own


async def journey(world):
    """Walk the whole loop; return the digest of the cycle's assessments and the hash of one unit's statement."""
    clock = world.house.clock
    await report_in(world)
    await serve(world, clock)
    n, which = REVERSED
    entries = (await got(world, f"m{n:02d}", "/entries")).json()["items"]
    wrong = sorted(entries, key=lambda entry: entry["servedOn"])[which]
    await posted(world, "street_officer", f"/entries/{wrong['id']}/reverse", {"reason": "recorded_by_mistake"})
    clock.set(datetime(2027, 1, 4, 1, 0, tzinfo=UTC))
    cycle = await assess(world)
    assert cycle["state"] == "delivered"
    await check_grades(world, cycle)
    await check_own_copy(world)
    return cycle["digest"], cycle["position"], await fetch_statement(world)


async def test_the_same_journey_gives_the_same_hash_on_both_databases(databases, tmp_path):
    found = {}
    for kind in KINDS:
        with databases.migrated(kind) as url:
            (tmp_path / kind).mkdir()
            world = build(url, tmp_path / kind)
            try:
                found[kind] = await journey(world)
            finally:
                world.close()
    assert len(found["sqlite"][0]) == 64
    assert found["sqlite"] == found["postgresql"]
