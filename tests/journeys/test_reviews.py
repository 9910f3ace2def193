"""Four parties and a residents' panel rate a unit over HTTP, on both databases; the grade is worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from api.jobs.sealing import do_due
from tests.support import reviewing
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.reviewing import PANEL, call, done, judged, opened, refused, step, voice, worked

_URGED = ("panel_vote", "panel_short")


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(reviewing.furnish, built)
    yield built
    built.close()


async def offers(world, path, expected):
    """To speak is offered to who is asked and has not spoken yet, and to nobody else."""
    for name, asked in expected.items():
        shown = await done(world, name, "GET", path, status=200)
        assert ("cycle.review" in shown["allowedActions"]) is asked, name


async def test_four_parties_and_a_panel_make_the_year_end_half_of_a_units_grade(world):
    path, cycle_id = await opened(world)
    unit, members = world.places["judged"], world.year.accounts
    assert (await judged(world, cycle_id, unit))["points"] is None  # nobody was asked yet: unknown, not nought
    panel = await _seated(world, cycle_id)

    await _self_reviewed(world, path, unit)
    rating, said = await _heard(world, path, unit, members)
    for name, level in zip(PANEL[:2], ("excellent", "good"), strict=True):
        await done(world, name, "POST", f"{path}/reviews", voice(unit, "panel", year_end=level))
    assert (await refused(world, "district_officer", f"{path}/publish", {}))[1] == "voices_not_weighed"
    await worked(world, path, "tally")
    await _reminded(world, path, panel)
    below = await judged(world, cycle_id, unit)
    assert (below["points"], below["grade"]) == (None, None)  # two of five: the panel is unknown, and all that reads it
    await done(world, PANEL[2], "POST", f"{path}/reviews", voice(unit, "panel", year_end="good"))
    await offers(world, path, {PANEL[2]: False, PANEL[3]: True})
    turnout = await done(world, "district_officer", "GET", f"{path}/turnout", status=200)
    assert [(item["party"], item["voices"], item["recusals"]) for item in turnout["items"]] == [
        ("self", 1, 0), ("community", 2, 1), ("street", 1, 0), ("resident", 2, 0), ("panel", 3, 0)
    ]  # fmt: skip
    assert [(item["id"], item["roster"], item["voted"], item["quorum"]) for item in turnout["panels"]] == [
        (panel, 5, 3, 3)
    ]
    assert [(item["subjects"], item["short"]) for item in turnout["panels"]] == [(1, 0)]
    assert await _urged(world, path, panel) == []

    await _answered(world, path, rating["id"], said)
    assert (await refused(world, "district_officer", f"{path}/publish", {}))[1] == "voices_not_weighed"
    await worked(world, path, "tally")
    # R-03 by hand. Running: 40 − 2 absences × 5, 40 − 1 quarter × 5, 8 and 10 by the community.
    running = Fraction(40 - 10 + 40 - 5 + 8 + 10)
    panels, recipients = Fraction(100 + 80 + 80, 3), Fraction(80 + 100, 2)
    parts = [(10, 100), (30, 80), (30, 60), (20, panels), (10, recipients)]
    year_end = sum(Fraction(weight, 100) * points for weight, points in parts)
    final = running / 2 + year_end / 2 + 2  # one suggestion was adopted; two absences, so no bonus for attendance
    assert final == Fraction(248, 3)
    stands = await judged(world, cycle_id, unit)
    assert (stands["points"], stands["grade"]) == ("248/3", "good")
    await step(world, path, "publish")
    await _told(world, path, rating["id"], said)


async def _self_reviewed(world, path, unit):
    """Let the unit speak of itself: once, and nobody else for it."""
    await step(world, path, "open-self-review")
    await offers(world, path, {"spokesman": True, "recipient": False})
    own = voice(unit, "self", year_end="excellent")
    due = (await done(world, "spokesman", "GET", "/me/reviews-to-give", status=200))["items"]
    assert [(item["subjectId"], item["parties"], item["name"]) for item in due] == [(str(unit), ["self"], "考核单位0")]
    assert (await done(world, "spokesman", "GET", "/inbox/counts", status=200))["items"][0]["kind"] == "review"
    asked_early = voice(unit, "community", study="good", volunteering="excellent", year_end="good")
    assert await refused(world, "worker", f"{path}/reviews", asked_early) == (409, "review_not_now")
    first = await done(world, "spokesman", "POST", f"{path}/reviews", own)
    assert (first["amount"], first["party"], first["mine"]) == ("100", "self", True)
    assert await refused(world, "spokesman", f"{path}/reviews", own) == (409, "reviewed_already")
    assert await refused(world, "liaison", f"{path}/reviews", own) == (404, "not_found")


async def _heard(world, path, unit, members):
    """Let community, street and recipients speak; return the community's voice and what it said."""
    await step(world, path, "open-public-review")
    await offers(world, path, {"spokesman": False, "recipient": True, PANEL[2]: True})
    await _who_may_not(world, path, unit, members)
    said = "走访少，材料齐"
    heard = voice(unit, "community", said, study="good", volunteering="excellent", year_end="good")
    wrong = {**heard, "marks": {**heard["marks"], "study": "superb"}}
    assert await refused(world, "worker", f"{path}/reviews", wrong) == (422, "rubric_not_filled")
    rating = await done(world, "worker", "POST", f"{path}/reviews", heard)
    assert (rating["amount"], rating["organizationName"]) == ("98", "桃园社区")
    assert await refused(world, "second", f"{path}/reviews", heard) == (
        409,
        "reviewed_already",
    )  # one community, one voice
    await done(world, "party", "POST", f"{path}/reviews", voice(unit, "street", year_end="fair"))
    for name, level in (("recipient", "good"), ("recipient2", "excellent")):
        await done(world, name, "POST", f"{path}/reviews", voice(unit, "resident", year_end=level))
    assert (await refused(world, "panel0", f"{path}/reviews", voice(unit, "resident", year_end="good")))[1] == (
        "presence_not_verified"
    )
    return rating, said


async def _seated(world, cycle_id):
    """Set a panel up: five residents, three of whom make a quorum."""
    body = {"organizationId": str(world.places["community"]), "cycleId": cycle_id, "quorum": 2}
    panel = await done(world, "worker", "POST", "/panels", body)
    assert (await refused(world, "worker", "/panels", body))[1] == "panel_stands"
    path = f"/panels/{panel['id']}"
    assert [await _to_fix(world, name) for name in ("worker", "far_worker", PANEL[0])] == [[panel["id"]], [], []]
    roster = {"people": [str(world.people[name]) for name in PANEL], "quorum": 2}
    odd = {**roster, "people": [*roster["people"], str(world.people["second"])]}
    answer = await call(world, "worker", "PUT", f"{path}/roster", odd)
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["pointer"]) == (
        422, "not_a_resident", "/people/5"
    )  # fmt: skip
    await done(world, "worker", "PUT", f"{path}/roster", roster, status=200)
    assert (await refused(world, "worker", f"{path}/fix", None))[1] == "quorum_does_not_fit"  # two of five are no half
    await done(world, "worker", "PUT", f"{path}/roster", {**roster, "quorum": 3}, status=200)
    assert (await call(world, "far_worker", "GET", path)).status_code == 404
    fixed = await done(world, "worker", "POST", f"{path}/fix", status=200)
    assert (fixed["state"], fixed["roster"], fixed["quorum"]) == ("fixed", 5, 3)
    assert await _to_fix(world, "worker") == []
    assert (await call(world, "worker", "PUT", f"{path}/roster", roster)).status_code == 409
    return panel["id"]


async def _reminded(world, path, panel):
    """Three working days before the end whoever has not spoken is reminded, and who convened them; noted once."""
    assert await _urged(world, path, panel) == []
    last = {"publicReviewUntil": f"{world.house.clock().date() + timedelta(days=2)}"}
    await done(world, "district_officer", "PUT", f"{path}/calendar", last, status=200)
    late = [(name, "panel_vote", last["publicReviewUntil"]) for name in PANEL[2:4]]
    assert await _urged(world, path, panel) == [*late, ("worker", "panel_short", last["publicReviewUntil"])]
    for _ in range(2):
        do_due(world.house)
    noted = (await done(world, "district_officer", "GET", "/events?step=panel.remind", status=200))["items"]
    assert [(each["subjectId"], each["details"]["short"]) for each in noted] == [(panel, 1)]


async def _urged(world, path, panel):
    """Return who finds the panel among what waits, as what and until when."""
    found = []
    for name in (*PANEL[1:4], "worker", "far_worker"):
        items = (await done(world, name, "GET", "/inbox?limit=100", status=200))["items"]
        ids = {panel, path.rpartition("/")[2]}
        found += [(name, item["kind"], item["dueOn"]) for item in items if item["id"] in ids and item["kind"] in _URGED]
    return found


async def _to_fix(world, name):
    """Return the panels whose roster waits for somebody."""
    items = (await done(world, name, "GET", "/inbox?limit=100", status=200))["items"]
    return [item["id"] for item in items if item["kind"] == "panel"]


async def _who_may_not(world, path, unit, members):
    """Try those who would judge themselves, their own, strangers, and what nobody asks of them."""
    full = {"study": "good", "volunteering": "good", "year_end": "good"}
    reviews = f"{path}/reviews"
    assert await refused(world, "kin", reviews, voice(unit, "community", **full)) == (403, "review_of_own_unit")
    own = voice(members[0], "resident", service="excellent")
    assert await refused(world, "judged0", reviews, own) == (403, "review_of_oneself")
    fellow = voice(members[1], "resident", service="excellent")
    assert await refused(world, "judged0", reviews, fellow) == (403, "review_of_a_colleague")
    assert await refused(world, "kin", reviews, voice(members[1], "community", conduct="good")) == (
        403, "review_of_a_colleague",
    )  # fmt: skip
    assert await refused(world, "far_worker", reviews, voice(unit, "community", **full)) == (404, "not_found")
    assert await refused(world, "far_party", reviews, voice(unit, "street", year_end="good")) == (404, "not_found")
    assert await refused(world, "party", reviews, voice(members[1], "street", conduct="good")) == (
        409, "party_not_asked",
    )  # fmt: skip
    assert await refused(world, "district_officer", reviews, voice(unit, "street", year_end="good")) == (
        404, "not_found",
    )  # fmt: skip
    related = {"subjectId": str(members[1]), "party": "community", "reason": "与本人系夫妻"}
    declared = await done(world, "worker", "POST", f"{path}/recusals", related)
    assert declared["kind"] == "recusal"
    assert await refused(world, "worker", reviews, voice(members[1], "community", conduct="good")) == (403, "recused")
    assert await refused(world, "worker", f"{path}/recusals", related) == (409, "reviewed_already")
    await done(world, "second", "POST", reviews, voice(members[1], "community", conduct="good"))


async def _answered(world, path, review_id, said):
    """Let the unit read what was said of it and answer it once, while nobody else knows of either."""
    seen = (await done(world, "spokesman", "GET", f"{path}/reviews", status=200))["items"]
    assert {(item["party"], item["comment"]) for item in seen if item["comment"]} == {("community", said)}
    assert {item["organizationName"] for item in seen if item["party"] == "resident"} == {None}
    reply = {"text": "走访记录已补报社区"}
    for stranger, code in (("recipient", 404), ("liaison", 404), ("district_officer", 404)):
        assert (await call(world, stranger, "POST", f"/reviews/{review_id}/reply", reply)).status_code == code
        assert (await call(world, stranger, "GET", f"/reviews/{review_id}")).status_code == 404
    answered = await done(world, "spokesman", "POST", f"/reviews/{review_id}/reply", reply)
    assert (answered["kind"], answered["answersId"], answered["comment"]) == ("reply", review_id, reply["text"])
    assert await refused(world, "spokesman", f"/reviews/{review_id}/reply", reply) == (409, "replied_already")


async def _told(world, path, review_id, said):
    """Read voice and answer together once they are published; nobody speaks any more."""
    shown = (await done(world, "district_officer", "GET", f"{path}/reviews", status=200))["items"]
    assert {(item["kind"], item["comment"]) for item in shown if item["comment"]} == {
        ("rating", said), ("reply", "走访记录已补报社区")
    }  # fmt: skip
    assert not any("reviewer" in key.lower() or "person" in key.lower() for item in shown for key in item)
    assert (await call(world, "recipient2", "GET", f"/reviews/{review_id}")).status_code == 404
    late = voice(world.places["judged"], "panel", year_end="fair")
    assert await refused(world, PANEL[3], f"{path}/reviews", late) == (409, "review_not_now")
    assert await refused(world, "spokesman", f"/reviews/{review_id}/reply", {"text": "再说一句"}) == (
        409, "review_not_now",
    )  # fmt: skip
