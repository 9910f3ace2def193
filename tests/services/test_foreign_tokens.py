"""An id_token holds or is refused: what the standard asks for, attacks by name, and mutants of a good one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization

from api.domain.ways_in import TokenRefused
from api.security import foreign
from tests.support.fakes.fake_oidc import SigningKey, b64, number, token_of

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
AT = int(NOW.timestamp())
RSA, EC = SigningKey("RS256", "rsa"), SigningKey("ES256", "ec")
OTHER = SigningKey("RS256", "other")
KEYS = [RSA.jwk(), EC.jwk()]
WANTED = foreign.Expected(("RS256", "ES256"), "https://id.test", "dualreport", "nonce")
CLAIMS = {"iss": "https://id.test", "aud": "dualreport", "sub": "u1", "nonce": "nonce", "iat": AT, "exp": AT + 300}
HEADER = {"alg": "RS256", "typ": "JWT", "kid": "rsa"}
PEM = RSA.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = RSA.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def read(token, keys=None, wanted=WANTED, now=NOW):
    return foreign.id_token(token, KEYS if keys is None else keys, wanted, now)


def signed(claims=None, header=None, key=RSA):
    header = HEADER | {"alg": key.algorithm, "kid": key.kid} | (header or {})
    members = {name: value for name, value in (CLAIMS | (claims or {})).items() if value is not ...}
    return token_of({name: value for name, value in header.items() if value is not ...}, members, key.sign)


def raw(header, claims, signature=b"\0" * 64):
    return f"{b64(header.encode())}.{b64(claims.encode())}.{b64(signature)}"


def hs256(secret, kid="rsa"):
    return token_of(
        HEADER | {"alg": "HS256", "kid": kid}, CLAIMS, lambda content: hmac.digest(secret, content, hashlib.sha256)
    )


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
def test_a_good_token_holds_and_tells_who(key):
    assert read(signed(key=key))["sub"] == "u1"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["dualreport"]}, {"aud": ["dualreport", "x"], "azp": "dualreport"}, {"azp": "dualreport"},
        {"nbf": AT}, {"exp": AT - 59}, {"iat": AT + 60, "exp": AT + 360}, {"iat": AT - 600}, {"extra": [1]},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_standard_leaves_open_holds_too(claims):
    assert read(signed(claims))["sub"] == "u1"


def test_without_a_name_of_the_key_the_only_one_that_fits_is_taken():
    assert read(signed(header={"kid": ...}))["sub"] == "u1"
    with pytest.raises(TokenRefused):
        read(signed(header={"kid": ...}), [*KEYS, OTHER.jwk()])


ATTACKS = {
    "alg none": lambda: raw('{"alg":"none","typ":"JWT","kid":"rsa"}', json.dumps(CLAIMS)),
    "alg none without signature": lambda: raw('{"alg":"none"}', json.dumps(CLAIMS), b""),
    "alg None": lambda: raw('{"alg":"None","kid":"rsa"}', json.dumps(CLAIMS)),
    "alg missing": lambda: signed(header={"alg": ...}),
    "alg null": lambda: signed(header={"alg": None}),
    "alg of another length": lambda: signed(header={"alg": "RS512"}),
    "alg PS256": lambda: signed(header={"alg": "PS256"}),
    "alg of the other key": lambda: signed(header={"alg": "ES256"}),
    "HS256 with the public key in PEM": lambda: hs256(PEM),
    "HS256 with the public key in DER": lambda: hs256(DER),
    "HS256 with the modulus": lambda: hs256(KEYS[0]["n"].encode()),
    "HS256 with the key's JSON": lambda: hs256(json.dumps(KEYS[0]).encode()),
    "HS256 with an empty key": lambda: hs256(b""),
    "HS256 of the other name": lambda: hs256(PEM, "ec"),
    "another's key": lambda: signed(key=OTHER, header={"kid": "rsa"}),
    "another's key by its name": lambda: signed(key=OTHER),
    "a key in the header": lambda: signed(key=OTHER, header={"kid": "rsa", "jwk": OTHER.jwk()}),
    "an address of keys": lambda: signed(header={"jku": "https://evil.test/jwks"}),
    "a certificate": lambda: signed(header={"x5c": ["MIIB"]}),
    "a certificate's address": lambda: signed(header={"x5u": "https://evil.test/c"}),
    "a critical member": lambda: signed(header={"crit": ["b64"], "b64": False}),
    "kid as a path": lambda: signed(header={"kid": "../../dev/null"}),
    "kid as a statement": lambda: signed(header={"kid": "' OR 1=1"}),
    "kid as a number": lambda: signed(header={"kid": 7}),
    "kid as a list": lambda: signed(header={"kid": ["rsa"]}),
    "typ of an access token": lambda: signed(header={"typ": "at+jwt"}),
    "alg twice": lambda: raw('{"alg":"none","alg":"RS256","kid":"rsa"}', json.dumps(CLAIMS)),
    "header not an object": lambda: raw("[]", json.dumps(CLAIMS)),
    "header deep": lambda: raw("[" * 900, json.dumps(CLAIMS)),
    "header no JSON": lambda: raw("{alg:RS256}", json.dumps(CLAIMS)),
    "for another audience": lambda: signed({"aud": "other"}),
    "for several without saying for whom": lambda: signed({"aud": ["dualreport", "other"]}),
    "for several, of another party": lambda: signed({"aud": ["dualreport", "other"], "azp": "other"}),
    "of another party": lambda: signed({"azp": "other"}),
    "no audience": lambda: signed({"aud": ...}),
    "no one in the audience": lambda: signed({"aud": []}),
    "audience null": lambda: signed({"aud": None}),
    "audience within a word": lambda: signed({"aud": "dualreport-evil"}),
    "audience in an object": lambda: signed({"aud": {"dualreport": 1}}),
    "from another issuer": lambda: signed({"iss": "https://evil.test"}),
    "from the issuer with a slash": lambda: signed({"iss": "https://id.test/"}),
    "no issuer": lambda: signed({"iss": ...}),
    "issuer in a list": lambda: signed({"iss": ["https://id.test"]}),
    "of another log-in": lambda: signed({"nonce": "other"}),
    "no nonce": lambda: signed({"nonce": ...}),
    "nonce null": lambda: signed({"nonce": None}),
    "nonce empty": lambda: signed({"nonce": ""}),
    "nonce in a list": lambda: signed({"nonce": ["nonce"]}),
    "ended": lambda: signed({"exp": AT - 60}),
    "no end": lambda: signed({"exp": ...}),
    "end as a text": lambda: signed({"exp": str(AT + 300)}),
    "end as a fraction": lambda: signed({"exp": AT + 300.5}),
    "end true": lambda: signed({"exp": True}),
    "end infinite": lambda: signed({"exp": float("inf")}),
    "from the future": lambda: signed({"iat": AT + 61, "exp": AT + 400}),
    "of long ago": lambda: signed({"iat": AT - 601}),
    "no beginning": lambda: signed({"iat": ...}),
    "not yet": lambda: signed({"nbf": AT + 61}),
    "nobody": lambda: signed({"sub": ...}),
    "nobody at all": lambda: signed({"sub": ""}),
    "somebody of another kind": lambda: signed({"sub": 7}),
    "somebody endless": lambda: signed({"sub": "u" * 256}),
    "claims not an object": lambda: token_of(HEADER, [], RSA.sign),  # type: ignore[arg-type]
    "no signature": lambda: signed().rsplit(".", 1)[0] + ".",
    "two parts": lambda: signed().rsplit(".", 1)[0],
    "four parts": lambda: signed() + ".x",
    "encrypted": lambda: "a" * 20 + ".." + "a" * 20 + "." + "a" * 90,
    "padding": lambda: signed() + "==",
    "a space": lambda: signed() + " ",
    "a new line": lambda: signed() + "\n",
    "empty": lambda: "",
    "endless": lambda: signed({"x": "y" * 20_000}),
    "not a text": lambda: None,
    "ES256 as DER": lambda: signed(key=EC).rsplit(".", 1)[0] + "." + b64(b"0D" + b"\x02 " + b"\1" * 68),
    "ES256 of noughts": lambda: signed(key=EC).rsplit(".", 1)[0] + "." + b64(b"\0" * 64),
    "RS256 of noughts": lambda: signed().rsplit(".", 1)[0] + "." + b64(b"\0" * 256),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_as_nothing_more_than_no(attack):
    with pytest.raises(TokenRefused):
        read(ATTACKS[attack]())


WEAK = {
    "no keys": [],
    "a symmetric key": [{"kty": "oct", "kid": "rsa", "k": b64(b"secret" * 8)}],
    "for encryption": [KEYS[0] | {"use": "enc"}],
    "of another algorithm": [KEYS[0] | {"alg": "RS512"}],
    "of 1024 bits": [KEYS[0] | {"n": number(2**1023 + 1)}],
    "endless": [KEYS[0] | {"n": number(2**20000 + 1)}],
    "exponent 1": [KEYS[0] | {"e": number(1)}],
    "of half": [{"kty": "RSA", "kid": "rsa"}],
    "not an object": ["rsa", None, 7],
    "one name twice": [KEYS[0], KEYS[0] | OTHER.jwk() | {"kid": "rsa"}],
    "numbers": [KEYS[0] | {"n": 7}],
}


@pytest.mark.parametrize("keys", WEAK)
def test_keys_that_do_not_hold_verify_nothing(keys):
    with pytest.raises(TokenRefused):
        read(signed(), WEAK[keys])


@pytest.mark.parametrize("wrong", [{"crv": "P-384"}, {"x": number(1, 32)}, {"y": ""}, {"crv": ...}], ids=str)
def test_a_point_off_the_curve_verifies_nothing(wrong):
    key = {name: value for name, value in (EC.jwk() | wrong).items() if value is not ...}
    with pytest.raises(TokenRefused):
        read(signed(key=EC), [key])


def test_an_algorithm_that_this_provider_does_not_use_is_refused():
    with pytest.raises(TokenRefused):
        read(signed(key=EC), wanted=foreign.Expected(("RS256",), "https://id.test", "dualreport", "nonce"))


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
def test_no_mutant_of_a_good_token_holds(key):
    good, chance, seed = signed(key=key), random.Random(20260302), 20260302
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    held = tried = 0
    while tried < 2_000:
        at, sign = chance.randrange(len(good)), chance.choice(signs)
        mutant = good[:at] + sign + good[at + 1 :]
        if mutant == good or _same_bytes(mutant, good):
            continue
        tried += 1
        try:
            read(mutant)
            held += 1
        except TokenRefused:
            pass
    print(f"mutants of a foreign {key.algorithm} token: {tried} tried, {held} held, seed {seed}")
    assert held == 0


def _same_bytes(one: str, other: str) -> bool:
    """Say whether two spellings stand for the same bytes: the last sign of a part has bits that nobody reads."""
    if one.count(".") != 2:
        return False
    return (
        all(
            base64.urlsafe_b64decode(a + "=" * (-len(a) % 4)) == base64.urlsafe_b64decode(b + "=" * (-len(b) % 4))
            for a, b in zip(one.split(".")[2:], other.split(".")[2:], strict=True)
        )
        and one.split(".")[:2] == other.split(".")[:2]
    )


def test_a_check_that_is_left_out_is_seen(monkeypatch):
    """Control: without the check of the claims, attacks by claims do hold."""
    monkeypatch.setattr(foreign, "_check", lambda *_: None)
    held = 0
    for attack in ATTACKS.values():
        try:
            read(attack())
            held += 1
        except TokenRefused:
            pass
    assert held >= 25
