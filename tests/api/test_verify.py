"""The page of verification over HTTP: for anybody, in two languages and two forms, without a person's data."""

from datetime import date
from uuid import UUID

import pytest

from api.adapters.render import VERIFY_CSP
from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.papers import a_statement, issued

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def number_of(world, document):
    async with world.client("liaison") as liaison:
        return (await liaison.get(f"/api/v1/documents/{document}")).json()["number"]


async def test_anybody_verifies_a_document_and_sees_nobodys_data(world):
    document = issued(world, a_statement())
    number = await number_of(world, document)
    async with world.client() as public:
        page = await public.get(f"/verify/{number}", headers={"Accept": "text/html,application/json;q=0.9"})
        plain = await public.get(f"/verify/{number}", headers=JSON)
        english = await public.get(f"/verify/{number}", headers={"Accept-Language": "en"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"] == VERIFY_CSP
    assert (page.headers["cache-control"], page.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert 'lang="zh-CN"' in page.text
    assert "有效" in page.text
    assert 'lang="en"' in english.text
    assert set(plain.json()) == {
        "number", "kind", "issuer", "issuedOn", "state", "sha256", "changedOn", "supersededBy"
    }  # fmt: skip
    assert (plain.json()["state"], plain.json()["issuedOn"], plain.json()["issuer"]) == (
        "issued", "2026-03-02", "桃园社区",
    )  # fmt: skip
    for text in (page.text, plain.text, english.text):
        assert not [word for word in ("测1", "A001", "𠮷", "测试市第一中学", document) if word in text]


async def test_a_number_is_verified_as_people_type_it(world):
    number = await number_of(world, issued(world))
    async with world.client() as public:
        for typed in (number.lower(), number.replace("-", ""), number.replace("-", "－")):
            assert (await public.get(f"/verify/{typed}", headers=JSON)).json()["number"] == number


async def test_a_number_that_is_not_there_is_a_page_of_its_own(world):
    number = await number_of(world, issued(world))
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    never = [wrong, "x", "%00", "%ff", "%3Cscript%3E", "FK-2026-320500-000123", "x" * 3000]
    async with world.client() as public:
        for asked in never:
            page = await public.get(f"/verify/{asked}")
            assert (page.status_code, "未找到该文书" in page.text) == (404, True), asked
            assert page.headers["content-security-policy"] == VERIFY_CSP
            assert page.headers["content-type"].startswith("text/html")
            assert "<script" not in page.text
        problem = await public.get(f"/verify/{wrong}", headers=JSON)
    assert (problem.status_code, problem.json()["code"]) == (404, "not_found")


async def test_what_no_longer_stands_says_so(world):
    revoked, old = issued(world), issued(world)
    number = await number_of(world, revoked)
    world.house.engines.clock.forward(days=1)
    async with world.client("district_officer") as officer, world.client() as public:
        await officer.post(f"/api/v1/documents/{revoked}/revoke", json={"reason": "误发给张三"})
        page = await public.get(f"/verify/{number}")
        assert "已撤销" in page.text
        assert "自 2026-03-03 起" in page.text
        assert "误发" not in page.text
        newer = issued(world, supersedes_id=UUID(old))
        newest = issued(world, supersedes_id=UUID(newer))
        shown = (await public.get(f"/verify/{await number_of(world, old)}", headers=JSON)).json()
        assert (shown["state"], shown["supersededBy"]) == ("superseded", await number_of(world, newest))
        await officer.post(f"/api/v1/documents/{newest}/revoke", json={"reason": "误发"})
        shown = (await public.get(f"/verify/{await number_of(world, old)}", headers=JSON)).json()
        assert (shown["state"], shown["supersededBy"]) == ("superseded", None)
    world.house.engines.clock.set(START)


async def test_a_document_that_ran_out_has_expired_from_that_day(world):
    number = await number_of(world, issued(world, valid_to=date(2026, 3, 2)))
    async with world.client() as public:
        shown = (await public.get(f"/verify/{number}", headers=JSON)).json()
    assert (shown["state"], shown["changedOn"]) == ("expired", "2026-03-02")
