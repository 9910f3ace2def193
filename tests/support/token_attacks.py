"""Tokens that must open nothing: named attacks, made without the product's own code, and random mutants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def pack(content: Any) -> str:
    """Return base64url without padding of bytes, text or JSON."""
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


class Forge:
    """Makes tokens for one person with our own key, where that is the attack, or with keys of others."""

    def __init__(self, pem: str, kid: str, claims: dict[str, Any]) -> None:
        key = serialization.load_pem_private_key(pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key, self.claims = key, claims
        self.header = {"alg": "ES256", "typ": "JWT", "kid": kid}
        self.public = key.public_key()
        self.pem = self.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def pair(self, text: str, key: Any = None, digest: Any = None) -> tuple[int, int]:
        """Return r and the lower s of a signature."""
        der = (key or self.key).sign(text.encode(), ec.ECDSA(digest or hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return r, min(s, ORDER - s) if key is None else s

    def raw(self, head: str, body: str, key: Any = None, digest: Any = None, size: int = 32) -> str:
        """Return a token of two parts that are packed already."""
        r, s = self.pair(f"{head}.{body}", key, digest)
        return f"{head}.{body}.{pack(r.to_bytes(size) + s.to_bytes(size))}"

    def made(self, header: Any = None, claims: Any = None, **how: Any) -> str:
        """Return a token with this header and these claims, by default the good ones."""
        return self.raw(pack(self.header if header is None else header), pack(claims or self.claims), **how)

    def mac(self, secret: bytes, alg: str = "HS256", digest: str = "sha256", **more: Any) -> str:
        """Return a token with a MAC in place of a signature."""
        text = f"{pack({**self.header, 'alg': alg, **more})}.{pack(self.claims)}"
        return f"{text}.{pack(hmac.new(secret, text.encode(), getattr(hashlib, digest)).digest())}"

    def signed(self, signature: bytes | str) -> str:
        """Return the good content with another signature."""
        packed = signature if isinstance(signature, str) else pack(signature)
        return f"{pack(self.header)}.{pack(self.claims)}.{packed}"


def named(forge: Forge) -> dict[str, str]:
    """Return the attacks by their names."""
    return {**_algorithms(forge), **_headers(forge), **_claims(forge), **_signatures(forge), **_shapes(forge)}


def _algorithms(forge: Forge) -> dict[str, str]:
    text = f"{pack(forge.header)}.{pack(forge.claims)}"
    point = forge.public.public_numbers()
    stranger, koblitz = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256K1())
    modulus, edwards = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
    found = {
        f"alg {alg!r}": f"{pack({**forge.header, 'alg': alg})}.{pack(forge.claims)}."
        for alg in ("none", "None", "NONE", "nOnE", "", None, 0, ["none"])
    }
    found |= {
        "alg none with a signature": forge.made({**forge.header, "alg": "none"}),
        "HS256 by the public key": forge.mac(forge.pem),
        "HS256 by the public key without its last line": forge.mac(forge.pem.strip()),
        "HS256 by the key's x": forge.mac(point.x.to_bytes(32)),
        "HS256 by nothing": forge.mac(b""),
        "HS256 by the kid": forge.mac(forge.header["kid"].encode()),
        "HS384 by the public key": forge.mac(forge.pem, "HS384", "sha384"),
        "HS512 by the public key": forge.mac(forge.pem, "HS512", "sha512"),
        "HS256 that says ES256": forge.mac(forge.pem, "ES256"),
        "our key, said to be ES384": forge.made({**forge.header, "alg": "ES384"}),
        "our key by SHA-384": forge.made(digest=hashes.SHA384()),
        "our key, said to be es256": forge.made({**forge.header, "alg": "es256"}),
        "a stranger's key under our kid": forge.made(key=stranger),
        "a key on another curve": forge.made({**forge.header, "alg": "ES256K"}, key=koblitz),
        "a key on another curve that says ES256": forge.made(key=koblitz),
        "ES512": forge.made({**forge.header, "alg": "ES512"}, key=ec.generate_private_key(ec.SECP521R1()), size=66),
        "EdDSA": forge.signed(edwards.sign(text.encode())),
        "RS256": f"{text}.{pack(modulus.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}",
    }
    return found


def _headers(forge: Forge) -> dict[str, str]:
    stranger = ec.generate_private_key(ec.SECP256R1())
    numbers = stranger.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": pack(numbers.x.to_bytes(32)), "y": pack(numbers.y.to_bytes(32))}
    more: dict[str, dict[str, Any]] = {
        "jwk": {"jwk": jwk}, "jku": {"jku": "https://example.org/keys"}, "x5u": {"x5u": "https://example.org/c"},
        "x5c": {"x5c": ["MIIB"]}, "crit": {"crit": ["exp"]}, "zip": {"zip": "DEF"}, "cty": {"cty": "JWT"},
        "b64": {"b64": False, "crit": ["b64"]},
    }  # fmt: skip
    found = {f"header with {name}": forge.made({**forge.header, **add}) for name, add in more.items()}
    found["a stranger's key in jwk"] = forge.made({**forge.header, "jwk": jwk}, key=stranger)
    for kid in ("other", "", None, 7, [forge.header["kid"]], {"a": 1}, "../../dev/null", "' OR 1=1 --", "x" * 300):
        found[f"kid {str(kid)[:20]!r}"] = forge.made({**forge.header, "kid": kid})
    found |= {f"header without {name}": forge.made(_without(forge.header, name)) for name in forge.header}
    for typ in ("jwt", "at+jwt", None, ["JWT"]):
        found[f"typ {typ!r}"] = forge.made({**forge.header, "typ": typ})
    good = json.dumps(forge.header)
    texts = {
        "array": "[]", "number": "123456789012", "no JSON": "{'alg': 'ES256'}", "deep": "[" * 300 + "]" * 300,
        "doubled alg": good[:-1] + ', "alg": "ES256"}', "BOM": "\ufeff" + good, "trailing": good + " {}",
        "NaN": good[:-1] + ', "x": NaN}', "a comment": good + "//",
    }  # fmt: skip
    body = pack(forge.claims)
    found |= {f"header is {name}": forge.raw(pack(text.encode()), body) for name, text in texts.items()}
    found["header in UTF-16"] = forge.raw(pack(good.encode("utf-16")), body)
    found["header of wrong UTF-8"] = forge.raw(pack(b"\xff" + good.encode()), body)
    return found


def _claims(forge: Forge) -> dict[str, str]:
    now = forge.claims["iat"]
    wrong: list[tuple[str, Any]] = [
        ("exp", now - 1), ("exp", str(now + 60)), ("exp", True), ("exp", now + 0.5), ("exp", None), ("exp", -1),
        ("exp", [now + 60]), ("iat", now + 3600), ("iat", "now"), ("iat", None), ("iat", False), ("aud", "other"),
        ("aud", [forge.claims["aud"]]), ("aud", ""), ("aud", None), ("iss", "other"), ("iss", None), ("sub", "admin"),
        ("sub", str(uuid4())), ("sub", None), ("sub", 1), ("tid", str(uuid4())), ("tid", ""), ("sid", str(uuid4())),
        ("sid", None), ("sid", "' OR 1=1 --"), ("jti", "x"), ("jti", None), ("nbf", now), ("role", "city_officer"),
        ("scope", "need.read"), ("scope", ["need.read"]), ("scope", ""), ("permissions", ["*"]),
    ]  # fmt: skip
    found = {f"{name} is {value!r}"[:60]: forge.made(claims={**forge.claims, name: value}) for name, value in wrong}
    found |= {f"claims without {name}": forge.made(claims=_without(forge.claims, name)) for name in forge.claims}
    good, head = json.dumps(forge.claims), pack(forge.header)
    exp = str(forge.claims["exp"])
    texts = {
        "array": json.dumps([forge.claims]), "text": json.dumps(good), "Infinity": good.replace(exp, "Infinity"),
        "doubled exp": good[:-1] + f', "exp": {now + 99}}}', "1e400": good.replace(exp, "1e400"),
        "deep": '{"a":' * 200 + "1" + "}" * 200, "nothing": " " * 12,
    }  # fmt: skip
    return found | {f"claims are {name}": forge.raw(head, pack(text.encode())) for name, text in texts.items()}


def _signatures(forge: Forge) -> dict[str, str]:
    text = f"{pack(forge.header)}.{pack(forge.claims)}"
    r, s = forge.pair(text)
    good = pack(r.to_bytes(32) + s.to_bytes(32))
    numbers = {
        "zeros": (0, 0), "r nought": (0, s), "s nought": (r, 0), "ones": (1, 1), "the order": (ORDER, ORDER),
        "r of the order": (ORDER, s), "turned round": (s, r), "the higher s": (r, ORDER - s),
        "all bits": (2**256 - 1, 2**256 - 1), "one more": (r, s + 1),
    }  # fmt: skip
    found = {f"signature {name}": forge.signed(a.to_bytes(32) + b.to_bytes(32)) for name, (a, b) in numbers.items()}
    last = SIGNS[(SIGNS.index(good[-1]) & 0b110000) | ((SIGNS.index(good[-1]) + 1) & 0b001111)]
    return found | {
        "signature as DER": forge.signed(utils.encode_dss_signature(r, s)),
        "signature with spare bits": forge.signed(good[:-1] + last),
        "signature padded": forge.signed(good + "=="),
        "signature cut": forge.signed(good[:-1]),
        "signature longer": forge.signed(good + "A"),
        "signature in plain base64": forge.signed(good[:-2] + "+/"),
        "signature of another token": forge.signed(forge.made(claims={**forge.claims, "jti": str(uuid4())})[-86:]),
        "no signature": f"{text}.",
        "signature with a line": forge.signed(good[:40] + "\n" + good[40:]),
    }


def _shapes(forge: Forge) -> dict[str, str]:
    good = forge.made()
    head, body, signature = good.split(".")
    return {
        "nothing": "", "a word": "token", "dots": "..", "null": "null", "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}", "five parts of JWE": f"{good}.{signature}.{signature}",
        "twice": good + good, "twice with a comma": f"{good},{good}", "twice with a space": f"{good} {good}",
        "a space before": f" {good}", "a space after": f"{good} ", "upper case": good.upper(), "turned": good[::-1],
        "body first": f"{body}.{head}.{signature}", "very long": f"{head}.{pack(b' ' * 9000)}.{signature}",
        "in quotes": f'"{good}"', "a tab": f"{head}\t.{body}.{signature}", "percent": good.replace(".", "%2E"),
        "as JSON": json.dumps({"protected": head, "payload": body, "signature": signature}),
        "not ASCII": good[:-1] + "Ａ", "a line after": good + "\n",
    }  # fmt: skip


def mutants(good: list[str], count: int, dice: random.Random) -> Iterator[str]:
    """Yield tokens that differ from a good one by one to three random edits."""
    made = 0
    while made < count:
        token = text = dice.choice(good)
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            text = _edited(text, good, dice)
        if text not in good and text != token:
            made += 1
            yield text


def _edited(text: str, good: list[str], dice: random.Random) -> str:
    at, act = dice.randrange(len(text)), dice.randrange(9)
    if act == 0:
        return text[:at] + dice.choice(SIGNS) + text[at + 1 :]
    if act == 1:
        return text[:at] + text[at + 1 :] or "x"
    if act == 2:
        return text[:at] + dice.choice(SIGNS + ".=+/ ") + text[at:]
    if act == 3:
        return text[:at] + text[at].swapcase() + text[at + 1 :]
    if act == 4:
        other = dice.choice(good)
        return text[:at] + other[at:]
    if act == 5:
        return text[:at] + chr(ord(text[at]) ^ (1 << dice.randrange(7))) + text[at + 1 :]
    if act == 6:
        end = min(len(text), at + dice.randrange(1, 20))
        return text[:at] + text[at:end][::-1] + text[end:]
    if act == 7:  # four bits of a signature's last sign are left over: sixteen texts say the same bytes
        return text[:-1] + dice.choice(SIGNS)
    parts = text.split(".")
    dice.shuffle(parts)
    return ".".join(parts)


def _without(content: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}
