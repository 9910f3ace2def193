"""A liaison by OIDC over HTTP: the way there and back, and each way to come back with what is not one's own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import outside
from tests.support.clock import Clock
from tests.support.fakes.fake_oidc import SigningKey, token_of
from tests.support.stage import stored

START, BACK = "/api/v1/auth/oidc/start", "/api/v1/auth/oidc"
_numbers = count(13900010000)


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
    made = built[1]
    for one in (made.oidc, made.oidc2):
        one.altered, one.header, one.make, one.mood = {}, {}, None, None
    return made


@pytest.fixture
def number():
    return str(next(_numbers))


async def post(world, path, body):
    async with world.client() as client:
        return await client.post(path, json=body)


async def begun(world, provider="sso"):
    answer = await post(world, START, {"provider": provider})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def back(world, start, returned, **more):
    body = {"state": start["state"], "code": returned["code"], "iss": returned["iss"], **more}
    return await post(world, BACK, body)


async def signed_in(world, fake, provider, subject, **claims):
    start = await begun(world, provider)
    return await back(world, start, fake.authorise(start["authorizationUrl"], subject, **claims))


async def whose(world, answer):
    assert answer.status_code == 200, answer.text
    async with world.client() as client:
        headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
        return (await client.get("/api/v1/me", headers=headers)).json()["personId"]


@pytest.mark.parametrize("provider", ["sso", "sso-two"])
async def test_a_liaison_comes_in_by_the_phone_that_the_provider_verified_and_later_without(
    world, fakes, number, provider
):
    person = outside.rostered(world, "测联络", f"+86{number}")
    fake = {"sso": fakes.oidc, "sso-two": fakes.oidc2}[provider]
    claims = {"phone_number": f"+86 {number}", "phone_number_verified": True}
    assert await whose(world, await signed_in(world, fake, provider, f"u{number}", **claims)) == str(person)
    assert await whose(world, await signed_in(world, fake, provider, f"u{number}")) == str(person)


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_a_phone_that_nobody_verified_says_nothing(world, fakes, number, verified):
    outside.rostered(world, "测联络", f"+86{number}")
    claims = {"phone_number": f"+86{number}", "phone_number_verified": verified}
    answer = await signed_in(world, fakes.oidc, "sso", f"u{number}", **claims)
    assert (answer.status_code, answer.json()["phoneVouched"]) == (200, False)


async def test_the_address_carries_a_fingerprint_a_nonce_and_a_challenge_and_no_secret(world, fakes):
    start, other = await begun(world), await begun(world)
    address = urlsplit(start["authorizationUrl"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://id.test/authorize"
    digest = hashlib.sha256(start["state"].encode()).digest()
    assert asked["state"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == fakes.oidc.redirect
    assert fakes.oidc.secret not in start["authorizationUrl"]
    again = {name: values[0] for name, values in parse_qs(urlsplit(other["authorizationUrl"]).query).items()}
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


async def test_a_state_serves_once_and_only_with_the_code_that_it_began(world, fakes):
    start = await begun(world)
    returned = fakes.oidc.authorise(start["authorizationUrl"], "u-once")
    assert (await back(world, start, returned)).status_code == 200
    answer = await back(world, start, fakes.oidc.authorise(start["authorizationUrl"], "u-once"))
    assert (answer.status_code, answer.json()["code"]) == (401, "ticket_refused")
    # A code of a log-in that somebody else began: PKCE binds it to the other's verifier.
    mine, theirs = await begun(world), await begun(world)
    answer = await back(world, mine, fakes.oidc.authorise(theirs["authorizationUrl"], "u-thief"))
    assert (answer.status_code, answer.json()["code"]) == (401, "code_refused")


async def test_of_many_who_come_back_with_one_state_at_the_same_time_one_comes_in(world, fakes):
    start = await begun(world)
    returned = fakes.oidc.authorise(start["authorizationUrl"], "u-race")
    answers = await asyncio.gather(*(back(world, start, returned) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


async def test_what_travels_through_the_provider_is_not_enough_to_come_back(world, fakes):
    start = await begun(world)
    returned = fakes.oidc.authorise(start["authorizationUrl"], "u-victim")
    answer = await post(world, BACK, {"state": returned["state"], "code": returned["code"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "ticket_refused")


async def test_a_state_of_another_kind_altered_or_late_is_refused(world, fakes, clock):
    start = await begun(world)
    returned = fakes.oidc.authorise(start["authorizationUrl"], "u-late")
    claim = (await signed_in(world, fakes.oidc, "sso", "u-nobody")).json()["claimTicket"]
    middle = len(start["state"]) // 2
    swapped = "A" if start["state"][middle] != "A" else "B"
    before = stored(world)
    for state in (claim, start["state"][:middle] + swapped + start["state"][middle + 1 :], "x" * 40, "a"):
        answer = await post(world, BACK, {"state": state, "code": returned["code"]})
        assert (answer.status_code, answer.json()["code"]) == (401, "ticket_refused")
    clock.forward(minutes=11)
    answer = await back(world, start, returned)
    assert (answer.status_code, answer.json()["code"]) == (401, "ticket_refused")
    assert stored(world) == before


async def test_the_answer_of_one_provider_is_never_shown_to_another(world, fakes):
    start = await begun(world, "sso")
    returned = fakes.oidc2.authorise((await begun(world, "sso-two"))["authorizationUrl"], "u-mixed")
    calls = len(fakes.oidc.calls)
    answer = await back(world, start, returned)  # its `iss` says where it came from
    assert (answer.status_code, answer.json()["code"]) == (401, "identity_refused")
    assert "/token" not in fakes.oidc.calls[calls:]
    start = await begun(world, "sso")
    answer = await back(world, start, returned, iss=None)
    assert (answer.status_code, answer.json()["code"]) == (401, "code_refused")


async def test_a_provider_that_promises_to_say_who_it_is_has_to(world, fakes, clock):
    fakes.oidc.metadata = {"authorization_response_iss_parameter_supported": True}
    clock.forward(hours=2)  # what it says of itself is read again
    try:
        start = await begun(world)
        answer = await back(world, start, fakes.oidc.authorise(start["authorizationUrl"], "u"), iss=None)
        assert (answer.status_code, answer.json()["code"]) == (401, "identity_refused")
        assert (await signed_in(world, fakes.oidc, "sso", "u-says")).status_code == 200
    finally:
        fakes.oidc.metadata = {}
        clock.forward(hours=2)


FORGED = {
    "nonce of another log-in": {"altered": {"nonce": "other"}},
    "no nonce": {"altered": {"nonce": None}},
    "for another client": {"altered": {"aud": "other"}},
    "from another issuer": {"altered": {"iss": "https://id2.test"}},
    "ended": {"altered": {"exp": 1}},
    "alg none": {"make": lambda header, claims: token_of(header | {"alg": "none"}, claims, lambda _: b"\0" * 64)},
    "HS256 with the client's secret": {
        "make": lambda header, claims: token_of(
            header | {"alg": "HS256"}, claims, lambda content: hmac.digest(b"c" * 32, content, "sha512")
        )
    },
    "a key of its own": {"make": lambda header, claims: token_of(header, claims, SigningKey("RS256", "forged").sign)},
    "a name that nobody knows": {"header": {"kid": "unknown"}},
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_a_forged_token_lets_nobody_in(world, fakes, forgery, number):
    outside.rostered(world, "测联络", f"+86{number}")
    for name, value in FORGED[forgery].items():
        setattr(fakes.oidc, name, value)
    claims = {"phone_number": f"+86{number}", "phone_number_verified": True}
    answer = await signed_in(world, fakes.oidc, "sso", f"forged-{forgery}", **claims)
    assert (answer.status_code, answer.json()["code"]) == (401, "identity_refused")
    assert number not in json.dumps(answer.json())


async def test_after_a_rotation_the_new_keys_are_fetched_and_the_old_ones_hold_no_more(world, fakes, clock):
    assert (await signed_in(world, fakes.oidc, "sso", "u-rotated")).status_code == 200
    old = fakes.oidc.key()
    fakes.oidc.rotate()
    clock.forward(minutes=1)
    assert (await signed_in(world, fakes.oidc, "sso", "u-rotated")).status_code == 200
    fakes.oidc.make = lambda header, claims: token_of(header | {"kid": old.kid}, claims, old.sign)
    assert (await signed_in(world, fakes.oidc, "sso", "u-rotated")).status_code == 401
    asked = fakes.oidc.calls.count("/jwks")
    for _ in range(5):
        await signed_in(world, fakes.oidc, "sso", "u-rotated")
    assert fakes.oidc.calls.count("/jwks") == asked, "an unknown key makes us ask once, not each time"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.test"}, {"token_endpoint": "http://id.test/token"}, {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"}, {"token_endpoint": None},
    ],
    ids=str,
)  # fmt: skip
async def test_discovery_that_leads_elsewhere_is_not_followed(world, fakes, clock, metadata):
    fakes.oidc.metadata = metadata
    clock.forward(hours=2)
    answer = await post(world, START, {"provider": "sso"})
    fakes.oidc.metadata = {}
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")


async def test_a_wrong_secret_of_ours_is_not_the_users_fault(world, fakes, monkeypatch):
    start = await begun(world)
    returned = fakes.oidc.authorise(start["authorizationUrl"], "u")
    monkeypatch.setattr(fakes.oidc, "secret", "another secret of the client")
    assert (await back(world, start, returned)).status_code == 503


@pytest.mark.parametrize(
    "body",
    [
        {}, {"state": "x"}, {"state": "x", "code": ""}, {"state": "x y", "code": "c"},
        {"state": "x" * 5000, "code": "c"},
        {"state": "x", "code": "c", "nonce": "n"}, {"state": "x", "code": "c", "redirectUri": "https://evil.test"},
    ],
    ids=lambda body: ",".join(body) or "empty",
)  # fmt: skip
async def test_a_body_that_is_none_is_refused(world, body):
    assert (await post(world, BACK, body)).status_code == 422


async def test_where_to_come_back_to_is_not_the_clients_to_say(world):
    answer = await post(world, START, {"provider": "sso", "redirectUri": "https://evil.test"})
    assert answer.status_code == 422
