"""S7: more than a hundred named attacks on tokens and thousands of mutants: none is accepted, and each is a 401."""

from __future__ import annotations

import json
import random
import time
from uuid import UUID

import pytest
from jose import jws

from api.errors import Unauthenticated
from api.security import Claims, Tokens, new_signing_key
from tests.support import world as worlds
from tests.support.asgi import send
from tests.support.clock import Clock
from tests.support.token_attacks import Forge, mutants, named

MUTANTS, SEED = 20_000, 7
PEM = new_signing_key()[0]


@pytest.fixture(scope="module")
def world(databases, tmp_path_factory):
    with databases.migrated("sqlite") as url:  # a token is refused before any database is asked
        built = worlds.build(url, tmp_path_factory.mktemp("var"), Clock(), signing_key=PEM)
        yield built
        built.close()


@pytest.fixture(scope="module")
def good(world):
    return [world.token(name) for name in ("member", "worker", "liaison", "admin")]


def forge_of(world, token):
    claims = json.loads(jws.get_unverified_claims(token))
    return Forge(PEM, world.house.tokens.kid, claims)


async def asked(world, token, scheme="Bearer "):
    headers = {"authorization": f"{scheme}{token}"}
    return (await send(world.app, "GET", "/api/v1/me", b"", headers, b"")).status


def accepts(tokens, token):
    """Say whether a token is taken; anything but Unauthenticated is a fault of ours and fails the test."""
    try:
        tokens.read(token)
    except Unauthenticated:
        return False
    return True


async def test_no_named_attack_opens_anything(world, good):
    attacks = named(forge_of(world, good[1]))
    statuses = {name: await asked(world, token) for name, token in attacks.items() if token.isascii()}
    assert {name: status for name, status in statuses.items() if status != 401} == {}
    assert len(statuses) >= 60
    print(f"S7: {len(statuses)} named attacks, 0 accepted, only 401")


@pytest.mark.parametrize("scheme", ["Basic ", "Token ", "Bearer", "Bearer  ", "", "bearer:", "Bearer Bearer "])
async def test_a_good_token_under_another_scheme_opens_nothing(world, good, scheme):
    assert await asked(world, good[0], scheme) == 401


async def test_the_good_tokens_are_good(world, good):
    """Control: what the attacks begin with opens the door, also when the forge makes it with our key."""
    for token in good:
        assert await asked(world, token) == 200
    assert await asked(world, forge_of(world, good[1]).made()) == 200


def test_no_mutant_is_accepted(world, good):
    begun = time.monotonic()
    accepted = [text for text in mutants(good, MUTANTS, random.Random(SEED)) if accepts(world.house.tokens, text)]
    assert accepted == []
    print(f"S7: {MUTANTS} mutants, seed {SEED}, 0 accepted, {time.monotonic() - begun:.1f} s")


def test_a_reader_that_trusts_the_library_accepts_some(world, good, monkeypatch):
    """Control: without the strict shape both the named attacks and the mutants get through."""

    def lax(self, token):
        kid = jws.get_unverified_header(token).get("kid")
        claims = json.loads(jws.verify(token, self._keys.get(kid, self._private.public_key()), ["ES256"]))
        ids = [UUID(claims.get(name) or str(UUID(int=0))) for name in ("sub", "tid", "jti", "sid")]
        return Claims(ids[0], ids[1], str(ids[2]), int(claims["exp"]), ids[3])

    monkeypatch.setattr(Tokens, "_verified", lax)
    tokens = Tokens(world.house.settings, world.house.clock)
    through = [name for name, token in named(forge_of(world, good[1])).items() if accepts(tokens, token)]
    slipped = sum(accepts(tokens, text) for text in mutants(good, 2_000, random.Random(SEED)))
    assert len(through) >= 10
    assert slipped >= 1
    print(f"S7 control: a lax reader takes {len(through)} named attacks and {slipped} of 2000 mutants")
