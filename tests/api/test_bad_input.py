"""Bad input: a clear problem in Chinese and English, nothing stored, never a 500."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.domain.rulebook.shipped import shipped_text
from api.models import Organization
from tests.support import world as worlds
from tests.support.asgi import Answer, send
from tests.support.clock import Clock
from tests.support.registering import accepted, newcomer
from tests.support.serving import HOUR, plan, present, sign_up
from tests.support.stage import stored

NEEDS = "/api/v1/needs"


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, clock):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    yield built
    built.close()


async def ask(
    world: worlds.World, who: str, method: str, path: str, body: Any = b"", language: str = "zh-CN"
) -> Answer:
    """Send a request as a person of the world; what is no bytes goes as JSON."""
    path, _, query = path.partition("?")
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "authorization": f"Bearer {world.token(who)}",
        "accept-language": language,
        "content-type": "application/json",
    }
    return await send(world.app, method, path, query.encode(), headers, content)


async def made(world: worlds.World, who: str, path: str, body: Any, method: str = "POST") -> Any:
    answer = await ask(world, who, method, path, body)
    assert answer.status < 300, answer.body
    return answer.json()


async def refused(world, who, method, path, body, *, status, code, zh, en, pointer=None):
    """Send a request in both languages; hold both answers against what is expected, and the tables against before.

    With a pointer the sentences are those of the place that is to blame, without one those of the problem itself.
    """
    world.token(who)  # signs in, where nobody has yet
    before = stored(world)
    for language, sentence in (("zh-CN", zh), ("en", en)):
        answer = await ask(world, who, method, path, body, language)
        found = answer.json()
        assert (answer.status, found["code"]) == (status, code), found
        assert answer.headers["content-type"] == "application/problem+json"
        said = [(place["pointer"], place["detail"]) for place in found["errors"]]
        if pointer is None:
            assert found["detail"] == sentence
        else:
            assert (pointer, sentence) in said
    assert stored(world) == before


def need(world, **more):
    return {"title": "独居老人需要理发", "category": "care", "communityId": str(world.places["community"]), **more}


async def test_an_unknown_parameter(world):
    expected = {"status": 422, "code": "invalid", "zh": "没有此项参数", "en": "is not known here"}
    await refused(world, "member", "GET", f"{NEEDS}?colour=red", b"", pointer="?colour", **expected)
    await refused(world, "member", "POST", NEEDS, need(world, colour="red"), pointer="/colour", **expected)


@pytest.mark.parametrize(
    ("member", "value", "zh", "en"),
    [
        ("headcount", "two", "应为整数", "must be a whole number"),
        ("headcount", True, "应为整数", "must be a whole number"),
        ("headcount", 1.5, "应为整数", "must be a whole number"),
        ("headcount", 0, "数值过小", "is too small"),
        ("budgetFen", 2**64, "数值过大", "is too large"),
        ("title", 7, "应为文字", "must be text"),
        ("title", "a\x00b", "内容不合规定", "is not allowed"),
        ("communityId", "here", "编号格式不正确", "is not an id"),
        ("expiresOn", "2026-02-30", "应为日期（年-月-日）", "must be a date (yyyy-mm-dd)"),
        ("kind", "wish", "不在可选范围内", "is not one of the choices"),
    ],
)
async def test_a_wrong_type_or_value(world, member, value, zh, en):
    body = need(world, **{member: value})
    await refused(world, "member", "POST", NEEDS, body, status=422, code="invalid", pointer=f"/{member}", zh=zh, en=en)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_a_number_that_is_none(world, number):
    body = json.dumps(need(world)).encode()[:-1] + f', "headcount": {number}}}'.encode()
    await refused(
        world, "member", "POST", NEEDS, body, status=422, code="invalid", pointer="/headcount",
        zh="应为整数", en="must be a whole number",
    )  # fmt: skip


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800"])
async def test_broken_utf8(world, text):
    body = json.dumps(need(world)).encode()[:-1] + b', "description": "' + text + b'"}'
    await refused(
        world, "member", "POST", NEEDS, body, status=400, code="malformed",
        zh="请求内容无法解析", en="The request cannot be parsed",
    )  # fmt: skip


async def test_ten_megabytes(world):
    body = b'{"title": "' + b"a" * 10_000_000 + b'"}'
    await refused(
        world, "member", "POST", NEEDS, body, status=413, code="too_large",
        zh="请求内容超过上限（65536 字节）", en="The body is over the limit of 65536 bytes",
    )  # fmt: skip


async def test_a_retired_community(world):
    node = {"axis": "territory", "kind": "community", "name": "已撤社区", "parentId": str(world.places["street"])}
    community = (await made(world, "district_officer", "/api/v1/organizations", node))["id"]
    await made(world, "district_officer", f"/api/v1/organizations/{community}/end", {"reason": "撤并"})
    expected = {
        "status": 422, "code": "organization_not_in_service", "pointer": "/communityId",
        "zh": "“已撤社区”已停用，不能再使用", "en": "“已撤社区” has ended and takes nothing new",
    }  # fmt: skip
    await refused(world, "member", "POST", NEEDS, need(world, communityId=community), **expected)
    await refused(world, newcomer(world), "POST", "/api/v1/registrations", {"communityId": community}, **expected)


async def test_a_place_that_is_not_there_waits_for_review_or_is_none(world):
    unknown = need(world, communityId="01900000-0000-7000-8000-000000000000")
    await refused(
        world, "member", "POST", NEEDS, unknown, status=404, code="not_found", pointer="/communityId",
        zh="没有找到该内容", en="There is no such thing",
    )  # fmt: skip
    await refused(
        world, "member", "POST", NEEDS, need(world, communityId=str(world.places["unit"])), status=422,
        code="wrong_organization_kind", pointer="/communityId", zh="“测试市第一中学”不是行政区域或社区",
        en="“测试市第一中学” is no territory",
    )  # fmt: skip
    flagged = sa.update(Organization).where(Organization.id == world.places["far_community"])
    world.run(lambda session, _actor: session.execute(flagged.values(state="in_review")))
    await refused(
        world, "member", "POST", NEEDS, need(world, communityId=str(world.places["far_community"])), status=422,
        code="organization_in_review", pointer="/communityId", zh="“远山社区”待核实，暂不能使用",
        en="“远山社区” waits for review; use it after that",
    )  # fmt: skip
    world.run(lambda session, _actor: session.execute(flagged.values(state="active")))


async def test_a_person_in_two_homes(world):
    name = newcomer(world)
    await accepted(world, name)
    await refused(
        world, name, "POST", "/api/v1/registrations", {"communityId": str(world.places["community2"])},
        status=409, code="already_registered",
        zh="该人员已有主报到，请申请转移", en="There is a principal registration already; ask for a transfer",
    )  # fmt: skip


@pytest.mark.parametrize("end", ["2026-03-05T09:00:00+08:00", "2026-03-05T08:59:59+08:00", "2026-03-04T09:00:00+08:00"])
async def test_a_shift_that_ends_before_it_starts(world, end):
    community = str(world.places["community"])
    activity = {"title": "巡河", "communityId": community, "organizerId": community}
    planned = (await made(world, "worker", "/api/v1/activities", activity))["id"]
    body = {"activityId": planned, "startsAt": "2026-03-05T09:00:00+08:00", "endsAt": end, "capacity": 5}
    await refused(
        world, "worker", "POST", "/api/v1/shifts", body, status=422, code="shift_ends_before_start",
        zh="班次结束时间必须晚于开始时间", en="A shift must end after it starts",
    )  # fmt: skip


async def test_a_check_out_before_its_check_in(world, clock):
    shift = plan(world, clock() + HOUR)
    sign_up(world, "member", shift)
    arrived = clock.forward(hours=1)
    present(world, "member", shift, "check_in", arrived)
    clock.forward(minutes=30)
    line = {
        "shiftId": str(shift), "personId": str(world.people["member"]), "direction": "check_out",
        "at": (arrived - timedelta(minutes=1)).isoformat(),
    }  # fmt: skip
    before = stored(world)
    (outcome,) = (await made(world, "worker", "/api/v1/presences", {"presences": [line]}))["outcomes"]
    assert outcome["presence"] is None
    assert outcome["problem"]["code"] == "check_out_before_check_in"
    sentences = {"zh": "签退时间早于签到时间", "en": "The check-out is timed before its check-in"}
    assert outcome["problem"]["detail"] == sentences
    assert stored(world) == before


async def test_a_rulebook_with_a_gap(world):
    """Between 69 and 70 points no grade stands; a draft may say so, but it does not come into force."""
    whole = shipped_text("r15-city-organs")
    text = whole.replace("band: {lessThan: 70}", "band: {lessThan: 69}")
    assert text != whole
    body = {"text": text, "organizationId": str(world.places["city"])}
    draft = await made(world, "city_officer", "/api/v1/rulebooks", body)
    assert [found["code"] for found in draft["findings"] if found["severity"] == "error"] == ["gap"]
    before = stored(world)
    for language, begins in (
        ("zh-CN", "规则有 1 处错误，不能启用："),
        ("en", "The rulebook has 1 errors and cannot be activated: "),
    ):
        answer = await ask(
            world, "city_officer", "POST", f"/api/v1/rulebooks/{draft['id']}/activate", language=language
        )
        assert (answer.status, answer.json()["code"]) == (409, "rulebook_has_errors")
        assert answer.json()["detail"].startswith(begins)
        assert "69" in answer.json()["detail"]
    assert stored(world) == before


async def test_something_stored_is_seen(world):
    """Control: a request that does store something turns the comparison red."""
    before = stored(world)
    await made(world, "member", NEEDS, need(world))
    assert stored(world) != before
