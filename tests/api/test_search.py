"""Finding published needs and resources by their words, over HTTP on both databases."""

import random
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.models import Need, SearchTerm
from api.services import search
from benchmarks.fill import add_needs
from tests.support import world as worlds

WORDS = ("养老", "理发", "维修", "修鞋", "陪诊", "老年食堂", "家教", "修养身心", "AED 培训")


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    from tests.support.clock import Clock

    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


@pytest.fixture(scope="module")
def titles(world):
    return world.run(write, world)


def write(session, actor, world):
    """Publish needs that hold two of the words each; return need → title."""
    dice = random.Random(7)
    ids = add_needs(session, actor, world.places["community"], 60)
    found = {need: "、".join(dice.sample(WORDS, 2)) for need in ids}
    for need, title in found.items():
        told = session.sealed(Need, {"title": title, "description": ""}, need, actor.tenant_id)
        session.execute(sa.update(Need).where(Need.id == need).values(**told))
    search.learn(session, actor.tenant_id, "need", {need: [title] for need, title in found.items()})
    return found


async def listed(world, name, **params):
    items, cursor = [], None
    async with world.client(name) as client:
        while True:
            page = await client.get("/api/v1/needs", params={**params, **({"cursor": cursor} if cursor else {})})
            assert page.status_code == 200, page.text
            items += page.json()["items"]
            cursor = page.json()["nextCursor"]
            if cursor is None:
                return items


@pytest.mark.parametrize("word", ["养老", "理发", "修", "老", "老年食堂", "aed", "修 理发"])
async def test_a_list_shows_what_holds_the_words_and_nothing_else(world, titles, word):
    expected = {str(need) for need, title in titles.items() if all(part in title.lower() for part in word.split())}
    shown = await listed(world, "member", text=word, limit=7)
    assert [each["id"] for each in shown] == sorted(expected, reverse=True)
    assert expected


async def test_another_tenants_titles_are_never_found(world, titles):
    """The same words stand in both tenants' needs; each finds its own and no other's."""
    elsewhere = worlds.another(world, "othercity")
    found = elsewhere.run(write, elsewhere)
    for there, own in ((world, titles), (elsewhere, found)):
        for word in ("养老", "修"):
            one, wide = (str(there.places[name]) for name in ("community", "district"))
            for asked in ({}, {"near": one}, {"communityId": one}, {"communityId": wide}):
                shown = {each["id"] for each in await listed(there, "member", text=word, **asked)}
                assert shown == {str(need) for need, title in own.items() if word in title}, (word, asked)


async def test_a_page_begins_with_the_words_list_on_sqlite(world, titles, database):
    seen = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "search_terms" in statement:
            seen.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        await listed(world, "member", text="修 理发", state="published")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    ((statement, parameters),) = seen
    if database.startswith("sqlite"):
        assert plan(world, statement, parameters)[0].startswith("SEARCH lead USING COVERING INDEX")
        # The control: without the order SQLite begins with all that is published.
        assert plan(world, statement.replace("CROSS JOIN", "JOIN"), parameters)[0].startswith("SEARCH needs")


def plan(world, statement, parameters):
    explained = "EXPLAIN QUERY PLAN " + statement
    return world.run(lambda session, _: [row[-1] for row in session.connection.exec_driver_sql(explained, parameters)])


async def test_what_is_not_published_is_not_found(world):
    async with world.client("member") as member, world.client("worker") as worker:
        body = {"title": "量血压上门", "category": "care", "communityId": str(world.places["community"])}
        path = "/api/v1/needs/" + (await member.post("/api/v1/needs", json=body)).json()["id"]
        assert await listed(world, "member", text="血压") == []
        await member.post(f"{path}/submit")
        assert await listed(world, "worker", text="血压") == []
        await worker.post(f"{path}/publish")
        assert [each["title"] for each in await listed(world, "member2", text="血压")] == ["量血压上门"]
        await worker.post(f"{path}/withdraw", json={"reason": "已解决"})
        assert await listed(world, "member2", text="血压", state="published") == []


async def test_resources_are_found_too(world):
    async with world.client("liaison") as liaison, world.client("worker") as worker:
        unit = str(world.places["unit"])
        body = {"kind": "venue", "title": "多功能会议室", "category": "venue", "organizationId": unit}
        made = await liaison.post("/api/v1/resources", json=body)
        assert made.status_code == 201, made.text
        await liaison.post(f"/api/v1/resources/{made.json()['id']}/publish")
        found = (await worker.get("/api/v1/resources", params={"text": "会议"})).json()["items"]
        assert [each["id"] for each in found] == [made.json()["id"]]


async def test_activities_are_found_when_they_are_published(world):
    async with world.client("worker") as worker, world.client("member") as member:
        host = str(world.places["community"])
        body = {"kind": "service", "nature": "volunteer_service", "title": "夜间巡逻", "communityId": host}
        made = await worker.post("/api/v1/activities", json={**body, "organizerId": host, "place": "东门岗亭"})
        assert made.status_code == 201, made.text
        for state, found in (("draft", 0), ("published", 1)):
            if state == "published":
                await worker.post(f"/api/v1/activities/{made.json()['id']}/publish")
            seen = (await member.get("/api/v1/activities", params={"text": "岗亭"})).json()["items"]
            assert len(seen) == found


async def test_words_without_a_letter_are_told(world):
    async with world.client("member") as member:
        refused = await member.get("/api/v1/needs", params={"text": "，。"})
        assert (refused.status_code, refused.json()["code"]) == (422, "nothing_to_find")


def test_learning_anew_gives_the_same_terms_and_no_table_shows_a_word(world, titles):
    own = SearchTerm.tenant_id == world.operator.tenant_id
    rows = sa.select(SearchTerm.noun, SearchTerm.term, SearchTerm.subject_id).where(own)

    def learned(session, actor):
        before = {tuple(row) for row in session.rows(rows)}
        search.forget(session, actor.tenant_id)
        assert session.rows(rows) == []
        for noun in search.NOUNS:
            after = UUID(int=0)
            while ids := search.learn_page(session, actor.tenant_id, noun, after):
                after = ids[-1]
        return before, {tuple(row) for row in session.rows(rows)}

    before, after = world.run(learned)
    assert before == after
    assert {row[2] for row in after} >= set(titles)
