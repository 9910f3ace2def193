"""Providers over the wire, without a database: each error of theirs, each mood, tokens that end, and the deadline."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from api.adapters.identity import outside as wire
from api.adapters.identity import providers_of, tencent
from api.domain.ways_in import CodeRefused, ProviderDown, SignInRefused
from api.settings import Settings
from tests.support import outside
from tests.support.clock import Clock
from tests.support.fakes.odd import ODD

OPENID = "oLie00000000000000000000001"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fakes(clock):
    return outside.fakes(clock)


@pytest.fixture
def providers(fakes, clock, monkeypatch):
    monkeypatch.setattr(wire, "PAUSE", 0.001)
    return providers_of(Settings(providers=fakes.settings()), clock, fakes.transports)


@pytest.fixture
def wechat(providers):
    return providers["wx"]


async def came(wechat, fakes, number="13800000001"):
    codes = fakes.wechat.login(OPENID), fakes.wechat.phone_button(number)
    return await wechat.identify(codes[0], phone_code=codes[1])


async def test_wechat_tells_openid_and_phone_and_neither_stands_in_what_is_printed(wechat, fakes):
    claimed = await came(wechat, fakes)
    assert (claimed.provider, claimed.tenant, claimed.subject) == ("wx", "testcity", OPENID)
    assert claimed.phone == "+8613800000001"
    assert OPENID not in repr(claimed)
    assert "13800000001" not in repr(claimed)


@pytest.mark.parametrize("country", ["86", 86])
async def test_the_countrys_code_is_a_text_or_a_number(wechat, fakes, country):
    fakes.wechat.country = country
    assert (await came(wechat, fakes)).phone == "+8613800000001"


@pytest.mark.parametrize("country", [None, True, 86.0, "", "+86", "八六", "86" * 9, [], "1e1"])
async def test_any_other_country_is_no_phone(wechat, fakes, country):
    fakes.wechat.country = country
    with pytest.raises(ProviderDown):
        await came(wechat, fakes)


async def test_a_phone_from_abroad_keeps_its_country(wechat, fakes):
    fakes.wechat.country = "852"
    assert (await came(wechat, fakes, "51234567")).phone == "+85251234567"


@pytest.mark.parametrize(
    "more",
    [
        {"watermark": {"appid": "wx-of-another", "timestamp": 1}}, {"watermark": None}, {"watermark": []},
        {"purePhoneNumber": 13800000001}, {"purePhoneNumber": ""}, {"purePhoneNumber": "12"}, {"countryCode": None},
    ],
    ids=str,
)  # fmt: skip
async def test_a_phone_that_is_for_others_or_makes_no_sense_is_none(wechat, fakes, more):
    fakes.wechat.more = more
    with pytest.raises(ProviderDown):
        await came(wechat, fakes)


@pytest.mark.parametrize("openid", [None, "", 7, True, [], {}, "o" * 200, "o o", "o\n", "奥"])
async def test_an_answer_without_a_usable_openid_is_nobodys(wechat, fakes, openid):
    fakes.wechat.more = {"openid": openid}
    with pytest.raises(ProviderDown):
        await wechat.identify(fakes.wechat.login(OPENID))


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (40029, CodeRefused), (40163, CodeRefused), (40226, SignInRefused), (40013, ProviderDown),
        (40125, ProviderDown), (40001, ProviderDown), (42001, ProviderDown), (-41000, ProviderDown),
    ],
)  # fmt: skip
async def test_each_error_has_its_meaning_and_is_asked_once(wechat, fakes, error, problem):
    fakes.wechat.errors = [error]
    with pytest.raises(problem):
        await wechat.identify(fakes.wechat.login(OPENID))
    assert fakes.wechat.calls == ["/sns/jscode2session"]


@pytest.mark.parametrize("error", [-1, 45009, 45011])
async def test_who_asks_to_come_again_is_asked_twice_more_and_no_oftener(wechat, fakes, error):
    fakes.wechat.errors = [error, error]
    assert (await wechat.identify(fakes.wechat.login(OPENID))).subject == OPENID
    assert len(fakes.wechat.calls) == 3
    fakes.wechat.errors = [error] * 5
    with pytest.raises(ProviderDown):
        await wechat.identify(fakes.wechat.login(OPENID))
    assert (len(fakes.wechat.calls), len(fakes.wechat.errors)) == (6, 2)


async def test_the_pauses_grow_and_are_not_alike(wechat, fakes, monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(wire.asyncio, "sleep", sleep)
    monkeypatch.setattr(wire, "PAUSE", 0.1)
    for _ in range(5):
        fakes.wechat.errors = [-1, -1]
        await wechat.identify(fakes.wechat.login(OPENID))
    assert all(0.1 <= pause <= 0.15 for pause in slept[::2])
    assert all(0.2 <= pause <= 0.3 for pause in slept[1::2])
    assert len(set(slept)) > 5


@pytest.mark.parametrize("mood", ODD)
@pytest.mark.parametrize("code", ["wx", "gov", "sso"])
async def test_no_mood_of_a_provider_is_more_than_unavailable(providers, fakes, code, mood):
    fake = {"wx": fakes.wechat, "gov": fakes.wecom, "sso": fakes.oidc}[code]
    fake.mood = mood
    with pytest.raises(ProviderDown) as raised:
        await providers[code].identify("any", verifier="v", nonce="n")
    assert raised.value.facts == {"provider": code, "retry_after": 5}


@pytest.mark.parametrize("mood", ODD)
async def test_no_mood_in_the_middle_is_more_either(wechat, fakes, mood, monkeypatch):
    """The openid is known by then; without the phone that was asked for nobody comes in half."""
    codes = fakes.wechat.login(OPENID), fakes.wechat.phone_button("13800000001")
    session = wechat._session

    async def then_moody(code):
        answer = await session(code)
        fakes.wechat.mood = mood
        return answer

    monkeypatch.setattr(wechat, "_session", then_moody)
    with pytest.raises(ProviderDown):
        await wechat.identify(codes[0], phone_code=codes[1])


async def test_a_provider_that_is_down_is_unavailable_and_comes_back(wechat, fakes):
    fakes.transports["wx"].down = True
    with pytest.raises(ProviderDown):
        await wechat.identify(fakes.wechat.login(OPENID))
    fakes.transports["wx"].down = False
    assert (await wechat.identify(fakes.wechat.login(OPENID))).subject == OPENID


@pytest.mark.parametrize("code", ["wx", "gov", "sso"])
async def test_a_slow_provider_ends_within_the_deadline(fakes, clock, code):
    slow = tuple(one.model_copy(update={"seconds": 0.2}) for one in fakes.settings())
    provider = providers_of(Settings(providers=slow), clock, fakes.transports)[code]
    {"wx": fakes.wechat, "gov": fakes.wecom, "sso": fakes.oidc}[code].delay = 30
    begun = time.monotonic()
    with pytest.raises(ProviderDown):
        await provider.identify("any", verifier="v", nonce="n")
    assert time.monotonic() - begun < 10


async def test_the_deadline_is_for_all_requests_together(fakes, clock):
    slow = tuple(one.model_copy(update={"seconds": 0.5}) for one in fakes.settings())
    provider = providers_of(Settings(providers=slow), clock, fakes.transports)["wx"]
    fakes.wechat.delay = 0.3  # each is quick enough alone
    codes = fakes.wechat.login(OPENID), fakes.wechat.phone_button("13800000001")
    with pytest.raises(ProviderDown):
        await provider.identify(codes[0], phone_code=codes[1])


async def test_the_token_is_kept_and_fetched_once_for_all_who_wait(wechat, fakes, clock):
    await asyncio.gather(*(came(wechat, fakes) for _ in range(10)))
    assert fakes.wechat.calls.count("/cgi-bin/stable_token") == 1
    clock.forward(hours=1, minutes=50)
    await came(wechat, fakes)
    assert fakes.wechat.calls.count("/cgi-bin/stable_token") == 1
    clock.forward(minutes=6)  # less than five minutes of its two hours are left
    await came(wechat, fakes)
    assert fakes.wechat.calls.count("/cgi-bin/stable_token") == 2


async def test_a_token_that_another_system_replaced_is_fetched_once_more(wechat, fakes):
    await came(wechat, fakes)
    fakes.wechat.token = "of-another-system"  # 40001 for ours from now on
    await came(wechat, fakes)
    assert fakes.wechat.calls.count("/cgi-bin/stable_token") == 2
    fakes.wechat.rotate()  # 42001, and WeChat still gives the same until it is forced
    await asyncio.gather(*(came(wechat, fakes) for _ in range(5)))
    assert fakes.wechat.calls.count("/cgi-bin/stable_token") == 4


async def test_a_provider_that_refuses_each_of_its_tokens_is_not_asked_without_end(wechat, fakes):
    fakes.wechat.errors = [42001] * 9
    codes = fakes.wechat.login(OPENID), fakes.wechat.phone_button("13800000001")
    fakes.wechat.errors = []
    session = await wechat._session(codes[0])
    assert session["openid"] == OPENID
    fakes.wechat.errors = [42001] * 9
    with pytest.raises(ProviderDown):
        await wechat._outside.within_time(lambda: wechat._phone(codes[1]))
    assert fakes.wechat.calls.count("/wxa/business/getuserphonenumber") == 2


async def test_wecom_tells_members_by_userid_whatever_its_case(providers, fakes):
    fakes.wecom.phones["ZhangSan"] = "13800000002"
    claimed = await providers["gov"].identify(fakes.wecom.login("ZhangSan"))
    assert (claimed.subject, claimed.phone) == ("zhangsan", "+8613800000002")
    claimed = await providers["gov"].identify(fakes.wecom.login("lisi"))
    assert (claimed.subject, claimed.phone) == ("lisi", None)


async def test_wecom_asks_at_its_own_address_and_again_when_the_token_has_ended(providers, fakes):
    await providers["gov"].identify(fakes.wecom.login("lisi"))
    assert all(path.startswith("/wx/cgi-bin/") for path in fakes.wecom.calls)
    fakes.wecom.rotate()
    await providers["gov"].identify(fakes.wecom.login("lisi"))
    assert fakes.wecom.calls.count("/wx/cgi-bin/gettoken") == 2


@pytest.mark.parametrize("phone", ["", "abc", "110", "1380000000"])
async def test_what_the_directory_holds_for_a_phone_may_be_none(providers, fakes, phone):
    fakes.wecom.phones["lisi"] = phone
    assert (await providers["gov"].identify(fakes.wecom.login("lisi"))).phone is None


@pytest.mark.parametrize("error", [60020, 50001, 40013, -1])
async def test_an_error_of_wecom_that_is_not_the_users_is_unavailable(providers, fakes, error):
    fakes.wecom.errors = [error] * 3
    with pytest.raises(ProviderDown):
        await providers["gov"].identify(fakes.wecom.login("lisi"))


async def test_a_wrong_secret_is_for_the_operator_to_read_in_the_log(clock, fakes, caplog):
    wrong = tuple(one.model_copy(update={"client_id": "wx-wrong"}) for one in fakes.settings())
    provider = providers_of(Settings(providers=wrong), clock, fakes.transports)["wx"]
    with pytest.raises(ProviderDown):
        await provider.identify(fakes.wechat.login(OPENID))
    assert [record.getMessage() for record in caplog.records] == ["provider wx answered oddly: errcode 40013"]


async def test_a_client_that_logs_addresses_would_be_seen(wechat, fakes, caplog):
    """Control: with httpx's own log on, the code stands in it."""
    httpx_log = logging.getLogger("httpx")
    code = fakes.wechat.login(OPENID)
    caplog.set_level(logging.INFO)
    await wechat.identify(code)
    assert code not in caplog.text
    level = httpx_log.level
    httpx_log.setLevel(logging.INFO)
    code = fakes.wechat.login(OPENID)
    await wechat.identify(code)
    httpx_log.setLevel(level)
    assert code in caplog.text


async def test_the_token_of_the_app_is_never_the_users_fault(wechat, fakes, monkeypatch):
    """A refused code in the answer to a request that holds none says nothing about who signs in."""

    async def lying(**_more):
        return {"errcode": 40029}

    monkeypatch.setattr(wechat._token, "fetch", lying)
    with pytest.raises(ProviderDown):
        await came(wechat, fakes)
    assert 40029 in tencent.CODE_REFUSED
