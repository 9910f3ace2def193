"""岗位, 承诺 and 结对 over HTTP on both databases: claimed, agreed to, marked, left, kept or not, visited."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.errors import Problem
from api.jobs.sealing import do_due
from api.models import AccessLog, Event, Fact, Household, Project, ProjectPerson
from api.services import duty_posts, organizations, people, project_people
from tests.support import offering
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.matching import post
from tests.support.serving import actor

PLACES, CROWD = 10, 100


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(a_branch, built)
    yield built
    built.close()


def a_branch(session, operator, world):
    """Found a branch whose secretary is a member himself."""
    node = {"axis": "party", "kind": "branch", "name": "桃园第一支部"}
    world.places["branch"] = organizations.create(session, operator, node, world.places["party"])
    world.people["secretary"] = people.add(session, operator, {"name": "测支书"}, since=worlds.LONG_AGO)
    people.grant(
        session, operator, world.people["secretary"], "work_committee_officer", world.places["branch"],
        since=worlds.LONG_AGO,
    )  # fmt: skip


def a_post(world, by="community", **more):
    return {
        "title": "楼道巡查岗", "duties": ["每周巡查两次"], "organizationId": str(world.places[by]),
        "communityId": str(world.places["community"]), "startsOn": "2026-03-02", **more,
    }  # fmt: skip


async def claimed(world, name, project, status=201):
    async with world.client(name) as client:
        return await post(client, "/project-people", {"projectId": project["id"]}, status)


async def read(world, name, path, status=200):
    async with world.client(name) as client:
        answer = await client.get(f"/api/v1{path}")
        assert answer.status_code == status, answer.text
        return answer.json()


async def test_a_post_is_published_claimed_agreed_to_marked_renewed_and_left(world):
    async with world.client("secretary") as secretary, world.client("member") as member:
        body = a_post(world, "branch", headcount=1, months=6, byOrganiser=True, endsOn="2027-01-01")
        made = await post(secretary, "/duty-posts", body, 201)
        assert (made["state"], made["taken"], made["terms"]["byOrganiser"]) == ("open", 0, True)
        assert "duty_post.close" in made["allowedActions"]
        (listed,) = (await read(world, "member3", "/projects?kind=duty_post"))["items"]
        assert listed["id"] == made["id"]
        part = await claimed(world, "member", made)
        assert (part["state"], part["endsOn"]) == ("claimed", "2026-09-02")
        assert part["allowedActions"] == ["project_person.end"]
        assert (await claimed(world, "member", made, 409))["code"] == "no_place_left"
        assert (await claimed(world, "member2", made, 409))["code"] == "no_place_left"
        own, path = f"/project-people/{part['id']}", f"/project-people?projectId={made['id']}"
        await post(member, f"{own}/accept", status=403)
        inbox = {name: (await read(world, name, "/inbox?limit=100"))["items"] for name in ("secretary", "member")}
        claims = [[each["link"][7:] for each in of if each["kind"] == "project_person"] for of in inbox.values()]
        assert claims == [[own], []]
        agreed = await post(secretary, f"{own}/accept")
        assert (agreed["state"], agreed["name"], agreed["mine"]) == ("agreed", "测member", False)
        assert (await read(world, "member3", path))["items"] == []
        await read(world, "member3", own, 404)
        marked = await post(secretary, f"{own}/mark", {"reason": "三个月无一遗漏"})
        assert (marked["markedOn"], marked["markReason"]) == ("2026-03-02", "三个月无一遗漏")
        await post(member, f"{own}/renew", status=403)  # the organiser had to agree, and has to again
        assert "project_person.renew" in (await read(world, "secretary", own))["allowedActions"]
        renewed = await post(secretary, f"{own}/renew")
        assert (renewed["endsOn"], "project_person.renew" in renewed["allowedActions"]) == ("2027-01-01", False)
        assert (await post(secretary, f"{own}/renew", status=409))["code"] == "not_renewable"
        assert [each["id"] for each in (await read(world, "member", "/projects?mine=true"))["items"]] == [made["id"]]
        assert (await post(member, f"{own}/end", {}))["state"] == "ended"
        assert (await post(member, f"{own}/end", {}, 409))["allowedActions"] == []
        shown = await read(world, "member", f"/projects/{made['id']}")
        assert (shown["taken"], shown["state"]) == (0, "open")


async def test_terms_end_by_themselves_and_closed_posts_have_nobody(world):
    async with world.client("worker") as worker:
        monthly = await post(worker, "/duty-posts", a_post(world, months=1), 201)
        short = await post(worker, "/duty-posts", a_post(world, endsOn="2026-03-04"), 201)
        closed = await post(worker, "/duty-posts", a_post(world, sort="area"), 201)
        late = await post(worker, "/duty-posts", a_post(world, endsOn="2026-03-02"), 422)
        assert late["code"] == "term_contradicts"
    parts = [await claimed(world, "member2", each) for each in (monthly, short, closed)]
    assert [each["endsOn"] for each in parts] == ["2026-04-02", "2026-03-04", None]
    soon = sa.update(ProjectPerson).where(ProjectPerson.id == UUID(parts[0]["id"])).values(ends_on=date(2026, 3, 4))
    world.run(lambda session, _: session.execute(soon))
    world.house.clock.forward(days=2)
    assert (await claimed(world, "member3", short, 409))["code"] == "not_to_be_claimed"  # though no clock has struck
    do_due(world.house)
    states = [(await read(world, "member2", f"/project-people/{each['id']}"))["state"] for each in parts]
    assert states == ["ended", "ended", "agreed"]
    stand = [await read(world, "member2", f"/projects/{each['id']}") for each in (monthly, short)]
    assert [(each["state"], each["taken"]) for each in stand] == [("open", 0), ("ended", 0)]
    async with world.client("worker") as worker:
        gone = await post(worker, f"/duty-posts/{closed['id']}/close", {"reason": "片区调整"})
        assert (gone["state"], gone["taken"]) == ("ended", 0)
    assert (await read(world, "member2", f"/project-people/{parts[2]['id']}"))["state"] == "ended"
    assert (await claimed(world, "member2", closed, 409))["code"] == "not_to_be_claimed"
    for name in ("member", "far_worker"):
        async with world.client(name) as client:
            await post(client, "/duty-posts", a_post(world, startsOn="2026-03-04"), 403)


async def test_gates_of_a_post_are_asked_of_who_claims_it(world):
    async with world.client("worker") as worker:
        gated = await post(worker, "/duty-posts", a_post(world, gates={"qualifications": ["first_aid"]}), 201)
    assert (await claimed(world, "member", gated, 409))["code"] == "qualification_missing"


async def test_a_pledge_is_before_the_branch_alone_until_it_is_shown_and_kept_by_its_word(world):
    body = {
        "words": "每月入户宣传一次", "toId": str(world.places["branch"]),
        "communityId": str(world.places["community"]), "endsOn": "2026-12-31",
    }  # fmt: skip
    async with world.client("member") as member, world.client("secretary") as secretary:
        made = await post(member, "/pledges", body, 201)
        path = f"/pledges/{made['id']}"
        assert (made["state"], made["circle"], made["title"]) == ("made", "parties", "承诺")
        for name in ("member2", "worker", "street_officer", "liaison"):
            await read(world, name, f"/projects/{made['id']}", 404)
        (part,) = (await read(world, "secretary", f"/project-people?projectId={made['id']}"))["items"]
        assert part["words"] == body["words"]
        await post(member, f"{path}/confirm", {"kept": True}, 403)
        await post(member, f"{path}/show")
        assert (await read(world, "member2", f"/projects/{made['id']}"))["result"]["kept"] is None
        (shown,) = (await read(world, "member2", f"/project-people?projectId={made['id']}"))["items"]
        assert (shown["words"], shown["allowedActions"]) == (body["words"], [])
        kept = await post(secretary, f"{path}/confirm", {"kept": True, "remark": "做到了"})
        assert (kept["state"], kept["result"]["kept"]) == ("kept", True)
        assert (await post(secretary, f"{path}/confirm", {"kept": False}, 409))["code"] == "step_not_allowed"
        await post(member, f"{path}/withdraw", status=409)
        nowhere = await post(member, "/pledges", {**body, "toId": str(world.places["unit"])}, 422)
        assert (nowhere["code"], nowhere["errors"][0]["pointer"]) == ("wrong_organization_kind", "/toId")
        other = await post(member, "/pledges", body, 201)
        assert (await post(member, f"/pledges/{other['id']}/withdraw"))["state"] == "withdrawn"
        own = await post(secretary, "/pledges", body, 201)
        assert (await post(secretary, f"/pledges/{own['id']}/confirm", {"kept": True}, 409))["code"] == "not_ones_own"
    async with world.client("liaison") as liaison, world.client("liaison2") as other_unit:
        unit = {**body, "organizationId": str(world.places["unit"])}
        theirs = await post(liaison, "/pledges", unit, 201)
        assert [side["duties"] for side in theirs["parties"]] == [[], [body["words"]]]
        await post(other_unit, "/pledges", unit, 403)
        await post(other_unit, f"/pledges/{theirs['id']}/show", status=404)
        assert (await post(liaison, f"/pledges/{theirs['id']}/show"))["circle"] == "public"


async def test_who_is_paired_is_read_by_the_paired_and_the_community_alone_and_visits_are_facts(world):
    household = {"name": "王奶奶", "address": "三号楼二单元", "situation": "独居，腿脚不便"}
    body = {
        "title": "结对独居老人", "duties": ["每两周走访一次"], "communityId": str(world.places["community"]),
        "household": household, "consent": {"givenBy": "王奶奶本人", "means": "spoken"},
    }  # fmt: skip
    on = world.house.clock().date().isoformat()
    async with world.client("worker") as worker, world.client("member") as member:
        assert (await post(worker, "/pairings", body, 422))["code"] == "household_consent_missing"
        made = await post(worker, "/pairings", {**body, "consentedOn": on}, 201)
        assert "王奶奶" not in str(made)
        path = f"/pairings/{made['id']}"
        part = await claimed(world, "member", made)
        await read(world, "member", f"{path}/household", 403)  # nobody has agreed yet
        noted = {"visitedOn": on, "words": "老人身体尚好，已联系社区医生复查血压。"}
        await post(member, f"{path}/visits", noted, 403)
        await post(worker, f"/project-people/{part['id']}/accept")
        told = await read(world, "member", f"{path}/household")
        assert (told["name"], told["means"], told["contact"]) == ("王奶奶", "spoken", None)
        assert (await read(world, "worker", f"{path}/household"))["address"] == "三号楼二单元"
        for name in ("member2", "street_officer", "liaison"):
            await read(world, name, f"{path}/household", 403)
        await post(member, f"{path}/visits", {**noted, "words": "去过了"}, 422)
        visit = await post(member, f"{path}/visits", noted, 201)
        assert (await post(member, f"{path}/visits", noted, 409))["code"] == "not_paired"
        assert [each["words"] for each in (await read(world, "worker", f"{path}/visits"))["items"]] == [noted["words"]]
        await read(world, "member2", f"{path}/visits", 403)
        with world.house.engines.look() as session:
            fact = session.first(sa.select(Fact.kind, Fact.provenance, Fact.served_on, Fact.details).where(
                Fact.id == UUID(visit["factId"])
            ))  # fmt: skip
            logged = session.rows(sa.select(AccessLog.actor_id).where(AccessLog.step == "pairing.household"))
        assert (fact.kind, fact.provenance, fact.served_on.isoformat()) == ("home_visit", "self_stated", on)
        assert fact.details == {"projectId": made["id"]}
        assert {row.actor_id for row in logged} == {world.people["member"], world.people["worker"]}
    await the_pairing_ends(world, path, part)


async def the_pairing_ends(world, path, part):
    """Let who is paired leave and the community end it: nothing is left of the household, and few read why."""
    async with world.client("worker") as worker, world.client("member") as member:
        await post(member, f"/project-people/{part['id']}/end", {})
        await read(world, "member", f"{path}/household", 403)
        over = await post(worker, f"{path}/end", {"reason": "老人住院"})
        assert (over["state"], over["reason"]) == ("ended", "老人住院")
        assert (await read(world, "member2", f"/projects/{over['id']}"))["reason"] is None
        await read(world, "worker", f"{path}/household", 404)
        with world.house.engines.look() as session:
            assert session.rows(sa.select(Household.id)) == []


@pytest.fixture(scope="module")
def crowd(world):
    return offering.crowd(world, CROWD)


def all_claim(world, crowd):
    at = world.places["community"]
    values = {
        "sort": "post", "title": "楼道巡查岗", "duties": ["每周巡查两次"], "months": None, "gates": {}, "risks": "",
        "by_organiser": False, "scheme": None, "organization_id": at, "community_id": at, "headcount": PLACES,
        "starts_on": date(2026, 3, 2), "ends_on": None,
    }  # fmt: skip
    project = world.run(duty_posts.publish, values, actor=actor(world, "worker"))

    def one(who):
        try:
            return world.house.write_now(who, project_people.claim, project)
        except Problem as why:
            return why

    with ThreadPoolExecutor(32) as pool:
        return project, list(pool.map(one, crowd))


def taking_part(world, project):
    with world.house.engines.look() as session:
        parts = sa.select(sa.func.count()).where(ProjectPerson.project_id == project, ProjectPerson.state == "agreed")
        return session.scalar(parts), session.scalar(sa.select(Project.taken).where(Project.id == project))


def test_a_hundred_claims_at_once_fill_ten_posts_and_no_more(world, crowd):
    project, outcomes = all_claim(world, crowd)
    said = Counter(each.code if isinstance(each, Problem) else "yes" for each in outcomes)
    assert said == {"yes": PLACES, "no_place_left": CROWD - PLACES}
    assert taking_part(world, project) == (PLACES, PLACES)
    with world.house.engines.look() as session:
        told = session.rows(sa.select(Event.id).where(Event.kind == "project_person.claim", Event.actor_id.in_(
            [who.person_id for who in crowd]
        )))  # fmt: skip
    assert len(told) == PLACES


def test_without_counting_places_more_claim_than_there_are(world, crowd, monkeypatch):
    """Control."""
    monkeypatch.setattr(project_people, "take_place", lambda *_: None)
    project, _ = all_claim(world, crowd[: PLACES + 5])
    assert taking_part(world, project)[0] > PLACES
