"""The needs list over HTTP, on both databases."""

import asyncio

import pytest

from tests.support import world as worlds


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    from tests.support.clock import Clock

    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def asked(world, title="独居老人需要理发", **more):
    return {"title": title, "category": "care", "communityId": str(world.places["community"]), **more}


async def test_a_need_goes_from_draft_to_the_public_list(world):
    async with world.client("member") as member, world.client("worker") as worker, world.client("member2") as other:
        created = await member.post("/api/v1/needs", json=asked(world))
        assert created.status_code == 201, created.text
        need = created.json()
        assert need["state"] == "draft"
        assert need["allowedActions"] == ["need.edit", "need.submit"]
        path = f"/api/v1/needs/{need['id']}"
        assert (await other.get(path)).status_code == 404
        assert (await worker.post(f"{path}/publish")).status_code == 409
        assert (await member.post(f"{path}/submit")).json()["state"] == "submitted"
        assert (await member.post(f"{path}/publish")).status_code == 403
        published = (await worker.post(f"{path}/publish")).json()
        assert published["state"] == "published"
        seen = (await other.get("/api/v1/needs", params={"state": "published"})).json()
        assert need["id"] in [item["id"] for item in seen["items"]]


async def test_a_worker_of_another_community_cannot_publish(world):
    async with world.client("member") as member, world.client("far_worker") as stranger:
        path = "/api/v1/needs/" + (await member.post("/api/v1/needs", json=asked(world))).json()["id"]
        await member.post(f"{path}/submit")
        assert (await stranger.post(f"{path}/publish")).status_code == 404


async def test_a_repeat_with_the_same_key_changes_nothing_and_another_body_is_refused(world):
    async with world.client("member") as member:
        headers = {"Idempotency-Key": "k-1"}
        first = await member.post("/api/v1/needs", json=asked(world), headers=headers)
        again = await member.post("/api/v1/needs", json=asked(world), headers=headers)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert again.headers["idempotent-replay"] == "true"
        assert "idempotent-replay" not in first.headers
        other = await member.post("/api/v1/needs", json=asked(world, title="别的"), headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_fifty_doubles_at_once_leave_one_need(world):
    async with world.client("member2") as member:
        answers = await asyncio.gather(
            *(member.post("/api/v1/needs", json=asked(world), headers={"Idempotency-Key": "k-50"}) for _ in range(50))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_the_list_pages_through_everything_once(world):
    async with world.client("member3") as member:
        made = [(await member.post("/api/v1/needs", json=asked(world, title=f"事{n}"))).json()["id"] for n in range(7)]
        seen, cursor = [], None
        while True:
            params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = (await member.get("/api/v1/needs", params=params)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
    assert [need for need in seen if need in made] == made[::-1]
    assert len(seen) == len(set(seen))


async def test_a_stale_version_is_refused(world):
    async with world.client("member") as member:
        need = (await member.post("/api/v1/needs", json=asked(world))).json()
        path = f"/api/v1/needs/{need['id']}"
        edited = await member.put(path, json=asked(world, title="改"), headers={"If-Match": '"v1"'})
        assert (edited.status_code, edited.headers["etag"]) == (200, '"v2"')
        assert (await member.put(path, json=asked(world), headers={"If-Match": '"v1"'})).status_code == 412


async def test_a_step_that_is_not_possible_is_refused_in_words_with_what_the_caller_may_do(world):
    async with world.client("member") as member, world.client("worker") as worker:
        path = "/api/v1/needs/" + (await member.post("/api/v1/needs", json=asked(world))).json()["id"]
        await member.post(f"{path}/submit")
        refused = await member.put(path, json=asked(world))
        assert (refused.status_code, refused.json()["allowedActions"]) == (409, [])
        assert refused.json()["detail"] == "当前状态（已提交）不能进行“修改”，可以进行：无"
        refused = await worker.put(path, json=asked(world))
        assert refused.json()["allowedActions"] == ["need.publish", "need.decline"]
        english = await worker.put(path, json=asked(world), headers={"Accept-Language": "en"})
        assert "[" not in english.json()["detail"], english.json()["detail"]
        assert "submitted" in english.json()["detail"]
        forbidden = (await member.post(f"{path}/publish")).json()
        assert (forbidden["step"], "need.publish" in forbidden["detail"]) == ("need.publish", False)
