"""Who speaks of a community or a Party branch over HTTP, on both databases: itself and its own street, nobody else."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from api.jobs.loop import run_due
from api.services import organizations, people
from tests.support import reviewing
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.reviewing import done, refused, step, voice, worked
from tests.support.world import LONG_AGO


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(reviewing.furnish, built)
    yield built
    built.close()


def _book(name, subject, party):
    """A rulebook that asks the street, and the subject itself, for one mark."""
    item = {"labels": {"zh": "项目", "en": "Item"}}
    levels = [{"id": level, **item, "points": points} for level, points in (("good", "80"), ("fair", "60"))]
    rubric = {**item, "criteria": [{"id": "year_end", **item, "levels": levels}]}
    text = {
        "format": 1, "id": name, "version": "1", **item, "source": "仿照 R-03", "subject": subject,
        "effective": {"since": "2020-01-01"},
        "measures": [{"id": "by_street", **item, "source": "reviews", "result": "average",
                      "where": {"kind": ["year_end"], "party": [party]}}],
        "totals": [{"id": "total", **item, "op": "sum", "of": ["by_street"]}], "final": "total",
        "grades": [{"id": "good", **item, "band": {"atLeast": 80}}, {"id": "fair", **item, "band": {"lessThan": 80}}],
        "rubrics": [{"party": each, **rubric} for each in ("self", party)],
    }  # fmt: skip
    return json.dumps(text)


def _party_node(session, actor, world):
    """A branch under the Party committee that covers the street, and who speaks for it, or belongs to both."""
    committee = organizations.create(
        session, actor, {"axis": "party", "kind": "committee", "name": "桃园街道党委"}, world.places["party"]
    )
    organizations.link(session, actor, "covers", committee, world.places["street"], since=LONG_AGO)
    branch = {"axis": "party", "kind": "branch", "name": "第一党支部"}
    world.places["branch"] = organizations.create(session, actor, branch, committee)
    for person in world.year.people:
        people.affiliate(session, actor, person, world.places["branch"], "party_relation", since=LONG_AGO)
    for name, role, at in (
        ("secretary", "work_committee_officer", "branch"), ("both", "work_committee_officer", "street"),
    ):  # fmt: skip
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=LONG_AGO)
        people.grant(session, actor, world.people[name], role, world.places[at], since=LONG_AGO)
    people.grant(session, actor, world.people["both"], "community_worker", world.places["community2"], since=LONG_AGO)
    people.affiliate(session, actor, world.people["both"], world.places["branch"], "party_relation", since=LONG_AGO)


async def _opened(world, at, by, **books):
    """Open and compute a cycle of an authority with rulebooks by subject, up to its self-review; return its path."""
    named = {}
    for subject, text in books.items():
        body = {"text": text, "organizationId": str(world.places["district"])}
        book = await done(world, "district_officer", "POST", "/rulebooks", body)
        if book["state"] == "draft":
            await done(world, "district_officer", "POST", f"/rulebooks/{book['id']}/activate", status=200)
        named[subject] = book["id"]
    body = {
        "title": "年度", "organizationId": str(world.places[at]), "periodStart": "2025-01-01",
        "periodEnd": "2026-01-01", "cutOff": "2025-12-31",
        "memberRulebookId": named.pop("member", None),
        "rulebooks": [{"subject": subject, "rulebookId": book} for subject, book in named.items()],
    }  # fmt: skip
    path = f"/cycles/{(await done(world, by, 'POST', '/cycles', body))['id']}"
    job = await done(world, by, "POST", f"{path}/compute", status=202)
    run_due(world.house, only=UUID(job["id"]))
    await done(world, by, "POST", f"{path}/open-self-review", status=200)
    return path


async def _due(world, name, path):
    cycle = path.rpartition("/")[2]
    items = (await done(world, name, "GET", f"/me/reviews-to-give?cycleId={cycle}", status=200))["items"]
    return sorted((item["name"], *item["parties"]) for item in items)


async def _answered(world, reviews, by, not_by):
    """Who speaks for a subject reads what the street said of it and answers; nobody else does."""
    (said,) = (await done(world, by, "GET", f"{reviews}?kind=rating", status=200))["items"][:1]
    assert said["party"] == "street"
    for name in not_by:
        assert await refused(world, name, f"/reviews/{said['id']}/reply", {"text": "说明"}) == (404, "not_found")
    await done(world, by, "POST", f"/reviews/{said['id']}/reply", {"text": "四季度活动另有安排"})


async def test_a_community_is_rated_by_itself_and_its_own_street_and_by_no_other(world):
    world.run(_party_node, world)
    path = await _opened(world, "street", "street_officer", community=_book("rated-community", "community", "street"))
    community, reviews = world.places["community"], f"{path}/reviews"
    own = voice(community, "self", year_end="good")
    assert await _due(world, "worker", path) == [("桃园社区", "self")]
    for name in ("worker2", "street_officer", "party", "liaison"):
        assert await refused(world, name, reviews, own) == (404, "not_found")
    await done(world, "worker", "POST", reviews, own)
    await done(world, "street_officer", "POST", f"{path}/open-public-review", status=200)
    rating = voice(community, "street", year_end="fair")
    for name in ("far_party", "worker", "worker2", "district_officer", "recipient"):
        assert await refused(world, name, reviews, rating) == (404, "not_found")
    other = voice(world.places["community2"], "street", year_end="good")
    assert await refused(world, "both", reviews, other) == (403, "review_of_own_unit")  # sits in what would be judged
    assert await _due(world, "party", path) == [("柳林社区", "street"), ("桃园社区", "street")]
    assert await _due(world, "both", path) == [("桃园社区", "street")]
    await done(world, "party", "POST", reviews, rating)
    assert await refused(world, "both", reviews, rating) == (409, "reviewed_already")  # one committee, one voice
    job = await done(world, "street_officer", "POST", f"{path}/tally", status=202)
    run_due(world.house, only=UUID(job["id"]))
    listed = f"/assessments?cycleId={path.rpartition('/')[2]}&subjectKind=community"
    rows = (await done(world, "street_officer", "GET", listed, status=200))["items"]
    assert {row["subjectKey"]: (row["points"], row["grade"]) for row in rows} == {
        "桃园社区": ("60", "fair"), "柳林社区": (None, None),
    }  # fmt: skip


async def test_a_branch_speaks_of_itself_and_is_rated_by_the_street_that_its_committee_covers(world):
    books = {"member": reviewing.member_book(), "branch": _book("rated-branch", "branch", "street")}
    path = await _opened(world, "district", "district_officer", **books)
    branch, reviews = world.places["branch"], f"{path}/reviews"
    own = voice(branch, "self", year_end="good")
    assert await _due(world, "secretary", path) == [("第一党支部", "self")]
    for name in ("party", "worker", "spokesman"):
        assert await refused(world, name, reviews, own) == (404, "not_found")
    await done(world, "secretary", "POST", reviews, own)
    await step(world, path, "open-public-review")
    rating = voice(branch, "street", year_end="good")
    assert await refused(world, "far_party", reviews, rating) == (404, "not_found")
    assert await refused(world, "secretary", reviews, rating) == (404, "not_found")
    assert await refused(world, "both", reviews, rating) == (403, "review_of_own_unit")
    await done(world, "party", "POST", reviews, rating)
    await _answered(world, reviews, by="secretary", not_by=("both", "far_party", "spokesman"))
    await worked(world, path, "tally")
    listed = f"/assessments?cycleId={path.rpartition('/')[2]}&subjectKind=branch"
    (row,) = (await done(world, "district_officer", "GET", listed, status=200))["items"]
    assert (row["subjectKey"], row["points"], row["grade"]) == ("第一党支部", "80", "good")
