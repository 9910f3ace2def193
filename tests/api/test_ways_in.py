"""Ways in over HTTP: a member by WeChat, staff by 政务微信, and what nobody gets in by."""

from __future__ import annotations

import asyncio
import json
import logging
from itertools import count
from uuid import uuid4

import pytest

from api.db import migrate
from tests.support import outside
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.stage import stored

WECHAT, WECOM = "/api/v1/auth/wechat", "/api/v1/auth/wecom"
_numbers = count(13800010000)


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def built(database, tmp_path_factory, clock):
    world, fakes = outside.build(database, tmp_path_factory.mktemp("var"), clock)
    yield world, fakes
    world.close()


@pytest.fixture
def world(built):
    return built[0]


@pytest.fixture
def fakes(built):
    return built[1]


@pytest.fixture
def number():
    return str(next(_numbers))


@pytest.fixture
def openid():
    return f"oL{uuid4().hex[:26]}"


async def asked(world, path, body):
    async with world.client() as client:
        return await client.post(path, json=body)


async def who(world, answer):
    assert answer.status_code == 200, answer.text
    async with world.client() as client:
        headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
        return (await client.get("/api/v1/me", headers=headers)).json()["personId"]


async def test_a_member_comes_in_by_wechat_with_the_phone_of_the_roster_and_later_without(world, fakes, number, openid):
    person = outside.rostered(world, "测会员", f"+86{number}")
    codes = {"code": fakes.wechat.login(openid), "phoneCode": fakes.wechat.phone_button(number)}
    body = {"provider": "wx", **codes, "device": "手机"}
    assert await who(world, await asked(world, WECHAT, body)) == str(person)
    assert await who(world, await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})) == str(
        person
    )
    assert not [key for key in fakes.wechat.session_keys if key in json.dumps(stored(world))]
    in_the_database = "SELECT subject, subject_index, provider FROM identities"
    rows = world.run(lambda session, _actor: repr(session.rows(worlds.people.sa.text(in_the_database))))
    assert "wx" in rows
    assert openid not in rows


async def test_who_comes_many_times_at_once_is_one_person_with_one_identity(world, fakes, number, openid):
    person = outside.rostered(world, "测会员", f"+86{number}")

    def codes():
        return {"code": fakes.wechat.login(openid), "phoneCode": fakes.wechat.phone_button(number)}

    came = await asyncio.gather(*(asked(world, WECHAT, {"provider": "wx", **codes()}) for _ in range(8)))
    assert {await who(world, answer) for answer in came} == {str(person)}
    assert sum(str(person) in row for row in stored(world)["identities"]) == 1


async def test_the_countrys_code_may_be_a_number(world, fakes, number, openid, monkeypatch):
    person = outside.rostered(world, "测会员", f"+86{number}")
    monkeypatch.setattr(fakes.wechat, "country", 86)
    codes = {"code": fakes.wechat.login(openid), "phoneCode": fakes.wechat.phone_button(number)}
    assert await who(world, await asked(world, WECHAT, {"provider": "wx", **codes})) == str(person)


async def test_without_a_phone_that_proves_somebody_a_ticket_is_all_there_is(world, fakes, number, openid):
    before = stored(world)
    first = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    codes = {"code": fakes.wechat.login(openid), "phoneCode": fakes.wechat.phone_button(number)}
    second = await asked(world, WECHAT, {"provider": "wx", **codes})
    assert [(answer.status_code, answer.json()["phoneVouched"]) for answer in (first, second)] == [
        (200, False), (200, True),
    ]  # fmt: skip
    assert "accessToken" not in first.json() | second.json()
    assert openid not in first.text
    assert stored(world) == before


async def test_with_the_ticket_and_a_code_of_the_liaison_the_record_is_claimed_once(world, fakes, number, openid):
    person = outside.rostered(world, "测会员", f"+86{number}")
    async with world.client("liaison") as liaison:
        code = (await liaison.post(f"/api/v1/people/{person}/claim-codes")).json()["code"]
    came = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    claim = {"ticket": came.json()["claimTicket"], "code": code}
    assert await who(world, await asked(world, "/api/v1/auth/claim", claim)) == str(person)
    assert (await asked(world, "/api/v1/auth/claim", claim)).status_code == 401
    assert await who(world, await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})) == str(
        person
    )


@pytest.mark.parametrize("member", ["openid", "phone", "unionid", "sessionKey", "tenantId", "personId"])
async def test_nothing_about_oneself_is_taken_from_the_client(world, fakes, openid, member):
    body = {"provider": "wx", "code": fakes.wechat.login(openid), member: openid}
    answer = await asked(world, WECHAT, body)
    assert (answer.status_code, openid in answer.text) == (422, False)


async def test_codes_that_were_used_or_made_up_or_have_expired_are_refused(world, fakes, clock, openid):
    used = fakes.wechat.login(openid)
    await asked(world, WECHAT, {"provider": "wx", "code": used})
    late = fakes.wechat.login(openid)
    clock.forward(minutes=6)
    before = stored(world)
    for code in (used, late, "made-up", fakes.wechat.phone_button("13800000000"), fakes.other.login(openid)):
        answer = await asked(world, WECHAT, {"provider": "wx", "code": code})
        assert (answer.status_code, answer.json()["code"]) == (401, "code_refused")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid), "phoneCode": "made-up"})
    assert [place["pointer"] for place in answer.json()["errors"]] == ["/phoneCode"]
    for code in ("", " ", "x" * 3000, "两", "a b", "a\u0000b", 7, None, True, ["x"]):
        assert (await asked(world, WECHAT, {"provider": "wx", "code": code})).status_code == 422
    assert stored(world) == before


async def test_which_of_several_has_to_be_said_and_has_to_be_of_its_kind(world, fakes, openid):
    for provider in (None, "wx-none", "gov", "sso"):
        body = {"provider": provider, "code": fakes.wechat.login(openid)}
        answer = await asked(world, WECHAT, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "provider_unknown")
    assert (await asked(world, WECOM, {"code": "x"})).json()["code"] == "code_refused"  # the only one of its kind


async def test_an_identity_of_another_tenants_app_is_nobody_here(world, fakes, number, openid):
    elsewhere = worlds.another(world, "elsewhere")
    person = outside.rostered(elsewhere, "测别市", f"+86{number}")
    here = outside.rostered(world, "测会员", f"+86{number}")
    for provider, fake, expected in (("wx-other", fakes.other, person), ("wx", fakes.wechat, here)):
        codes = {"code": fake.login(openid), "phoneCode": fake.phone_button(number)}
        assert await who(world, await asked(world, WECHAT, {"provider": provider, **codes})) == str(expected)
    # A ticket of one tenant opens no record of the other.
    someone = outside.rostered(elsewhere, "测别市", "+8613800019999")
    async with elsewhere.client("liaison") as liaison:
        code = (await liaison.post(f"/api/v1/people/{someone}/claim-codes")).json()["code"]
    came = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(f"oX{openid}")})
    claim = {"ticket": came.json()["claimTicket"], "code": code}
    assert (await asked(world, "/api/v1/auth/claim", claim)).status_code == 401


async def test_who_is_blocked_as_a_risk_is_refused_and_told_so(world, fakes, openid):
    fakes.wechat.errors = [40226]
    answer = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_refused")


async def test_while_wechat_is_down_the_answer_says_so_in_chinese_and_when_to_come_again(world, fakes, openid):
    fakes.transports["wx"].down = True
    answer = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    fakes.transports["wx"].down = False
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert "身份服务" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["content-language"] == "zh-CN"
    back = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    assert back.status_code == 200


async def test_a_member_of_the_directory_comes_in_by_the_phone_it_vouches_for(world, fakes, number):
    person = outside.rostered(world, "测职工", f"+86{number}")
    name = f"Zhang{number}"
    fakes.wecom.phones[name] = number
    assert await who(world, await asked(world, WECOM, {"code": fakes.wecom.login(name)})) == str(person)
    # A userid's case does not count, and once linked the phone is needed no more.
    fakes.wecom.phones.clear()
    assert await who(world, await asked(world, WECOM, {"code": fakes.wecom.login(name.upper())})) == str(person)


async def test_a_visitor_of_the_directory_is_refused_and_a_code_serves_once(world, fakes):
    answer = await asked(world, WECOM, {"code": fakes.wecom.login(None)})
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_refused")
    code = fakes.wecom.login("li")
    assert (await asked(world, WECOM, {"code": code})).json()["phoneVouched"] is False
    assert (await asked(world, WECOM, {"code": code})).status_code == 401


async def test_who_is_not_active_any_more_does_not_come_in_by_an_old_identity(world, fakes, number, openid):
    person = outside.rostered(world, "测会员", f"+86{number}")
    codes = {"code": fakes.wechat.login(openid), "phoneCode": fakes.wechat.phone_button(number)}
    await asked(world, WECHAT, {"provider": "wx", **codes})
    table = worlds.people.Person
    gone = worlds.people.sa.update(table).where(table.id == person).values(state="erased")
    world.run(lambda session, _actor: session.execute(gone))
    answer = await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    assert answer.status_code == 401


async def test_no_log_line_holds_code_openid_phone_key_or_secret(world, fakes, number, openid, caplog):
    caplog.set_level(logging.DEBUG)
    outside.rostered(world, "测会员", f"+86{number}")
    secret = {number, openid, fakes.wechat.secret, fakes.wechat.token}
    for mood in (None, "html", "unknown_error", "server_error"):
        fakes.wechat.mood = mood
        codes = {"code": fakes.wechat.login(openid), "phoneCode": fakes.wechat.phone_button(number)}
        secret |= set(codes.values())
        await asked(world, WECHAT, {"provider": "wx", **codes})
    fakes.wechat.mood = None
    fakes.transports["wx"].down = True
    await asked(world, WECHAT, {"provider": "wx", "code": fakes.wechat.login(openid)})
    fakes.transports["wx"].down = False
    await asked(world, WECHAT, {"provider": "wx", "code": "made-up-code"})
    lines = [record.getMessage() + (record.exc_text or "") for record in caplog.records]
    secret |= {"made-up-code", *fakes.wechat.session_keys}
    assert [line for line in lines if any(word and word in line for word in secret)] == []
    assert any("provider wx" in line for line in lines), "the operator hears of what is wrong"
    assert "wx" in "".join(lines)


async def test_who_comes_too_often_from_one_address_waits_and_the_provider_is_not_asked(tmp_path):
    clock = Clock()
    made = outside.fakes(clock)
    url = f"sqlite:///{tmp_path / 'few.db'}"
    migrate(url)
    world = worlds.build(url, tmp_path, clock, made.transports, providers=made.settings(), trials_per_address=3)
    body = {"provider": "wx", "code": "made-up"}
    answers = [await asked(world, WECHAT, body) for _ in range(5)]
    world.close()
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert len(made.wechat.calls) == 3
