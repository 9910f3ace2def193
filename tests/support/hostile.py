"""What nobody sends by mistake: more than 400 forms of a body, of queries and paths, and what no answer may show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.asgi import Answer

CANARY = "h0stile"
LEAK = re.compile(
    r'Traceback|File "|line \d+, in |sqlalchemy|psycopg|sqlite3|pydantic|starlette'
    r"|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\s|\[SQL|/site-packages/|errors\.pydantic"
)

# JSON texts of values; most are valid JSON that no member takes.
VALUES: tuple[str, ...] = (
    "null", "true", "false", "0", "-0", "-1", "1", "1.0", "1.5", "-1.5", "1e2", "1e999", "-1e999", "1e-999", "NaN",
    "Infinity", "-Infinity", "9007199254740993", "2147483648", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "36893488147419103232", "1" + "0" * 400, "0." + "1" * 400,
    "0x10", "01", "+1", "1_000", "--1", ".5", "5.",
    '""', '" "', '"\\t"', '"\\n"', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"',
    '"\\uFEFF"', '"\\u202Etxt"', '"\\u200B"', '"\\u007f"', '"\\u001b[31m"', '"\\u2028"', '"\\uffff"', '"\x01"', '"\n"',
    '"' + "a" * 201 + '"', '"' + "字" * 4001 + '"', '"' + "z" * 20_000 + '"',
    '"true"', '"null"', '"NaN"', '"0"', '"1e999"', '"2026-02-30"', '"2026-13-01"', '"0000-00-00"', '"9999-12-31"',
    '"-0001-01-01"', '"2026-03-02"', '"2026-03-02T25:00:00Z"', '"2026-03-02T09:00:00"', '"2026-03-02T09:00:00+99:99"',
    '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"99999999999999999999"', '"2026-W10-1"',
    '"00000000-0000-0000-0000-000000000000"', '"ffffffff-ffff-ffff-ffff-ffffffffffff"', '"{00000000}"',
    '"urn:uuid:00000000-0000-0000-0000-000000000000"', '"not-a-uuid"',
    f'"{CANARY}\' OR 1=1 --"', f'"{CANARY}\\"; DROP TABLE people; --"', '"%s %d {0} {x} %(x)s"', '"${jndi:ldap://x}"',
    f'"<script>{CANARY}</script>"', '"=cmd|\' /C calc\'!A0"', '"../../etc/passwd"', '"\\\\\\\\host\\\\share"',
    "[]", "{}", "[[]]", "[null]", "[{}]", '{"":""}', '{"a":{"a":{"a":1}}}', '{"$ref":"#"}', '{"__proto__":{"x":1}}',
    '{"__class__":"x"}', "[1,2,3]", '["a","b"]', "[" * 100 + "]" * 100, "[" * 5000 + "]" * 5000,
    '{"a":' * 300 + "1" + "}" * 300, "[" + ",".join("1" * 3000) + "]",
)  # fmt: skip

# Whole bodies that are no JSON at all, or only nearly.
BODIES: tuple[bytes, ...] = (
    b"", b" ", b"\n", b"\x00", b"\xff", b"\xff\xfe", b"\xfe\xff\x00{", b"\xef\xbb\xbf{}", b"\xc0\x80", b"\xed\xa0\x80",
    b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xed\xa0\x80"}', b'{"\xff":1}', "{}".encode("utf-16"),
    "{}".encode("utf-32"), "{\"a\":\"\xe9\"}".encode("latin-1"), "{}".encode("utf-7"), b"{", b"}", b"[", b"]", b"{]",
    b"[}", b"{}{}", b"{} {}", b"{}x", b"{},", b"{,}", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b"{'a':1}",
    b'{"a":1 "b":2}', b'{"a":1}//', b'/*x*/{}', b"#{}", b"undefined", b"None", b"True", b"nan", b"inf", b"-",
    b'"', b'"a', b'"\\', b'"\\x41"', b'"\\u12"', b'"\\u{1f600}"', b"tru", b"nul", b"fals", b"1.", b"1e", b"1e+",
    b"<xml/>",
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', b"a=1&b=2", b"--x\r\n\r\n--x--",
    b"\x1f\x8b\x08\x00",
    b"PK\x03\x04", b"%PDF-1.7", b"!!python/object:x", b"- a\n- b", b"[" * 30_000, b"{\"a\":" * 9_000,
    b"[" * 30_000 + b"]" * 30_000, b'"' + b"\\u0000" * 9_000 + b'"', b"1" * 60_000, b"-" * 60_000, b" " * 60_000 + b"{",
    b'{"' + b"k" * 50_000 + b'":1}', b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}",
    b"x" * 65_537, b'{"a":"' + b"x" * 70_000 + b'"}', b'{"a":1e' + b"9" * 5_000 + b"}",
)  # fmt: skip

PARTS: tuple[str, ...] = (
    "", "%00", "%20", "+", "%", "%2", "%zz", "%ff", "%C0%80", "%ED%A0%80", "%E4%B8%AD%E6%96%87", "%F0%9F%98%80",
    "%u0041",
    "0", "-1", "1.5", "1e999", "NaN", "Infinity", "-Infinity", "true", "null", "None", "9223372036854775808",
    "36893488147419103232", "1" * 5000, "a" * 5000, "%0d%0aSet-Cookie:%20x=1", "%0a", "%1b[31m", "'", '"',
    "%27%20OR%201=1--",
    "%3Cscript%3E", "..%2f..%2fetc%2fpasswd", "..;", "%2e%2e", "{}", "[]", "%5B%5D", "%7B%22a%22:1%7D", "2026-02-30",
    "2026-03-02", "0000-00-00", "99999-01-01", "2026-03-02T09:00:00", "2026-03-02T09:00:00%2B99:99",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00%2B23:59", "00000000-0000-0000-0000-000000000000", "not-a-uuid",
    "%7B00000000-0000-0000-0000-000000000000%7D", "W10", "W10=", "WyJhIl0", "AAAA", "_-_-", "%E2%80%AE", "%EF%BB%BF",
    "$where", "%25s", "${x}", "*", "%5C", "|id", ";ls", "`id`",
)  # fmt: skip


def bodies(valid: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every form: each member of the valid body replaced, members added, and whole bodies."""
    for number, body in enumerate(BODIES):
        yield f"body {number}", body
    members = {json.dumps(name): json.dumps(value) for name, value in valid.items()}
    for number, value in enumerate(VALUES):
        yield f"value {number} alone", _bytes(value)
        yield f"value {number} in a list", _bytes(f"[{value}]")
        yield f"value {number} added", _joined({**members, f'"x{number}"': value})
        for name in members:
            yield f"value {number} as {name}", _joined({**members, name: value})
            if number < 4:
                yield f"{name} twice, then value {number}", _joined(members)[:-1] + _bytes(f", {name}: {value}}}")
    for name in members:
        yield f"without {name}", _joined({key: value for key, value in members.items() if key != name})


def queries(names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of hostile query strings around the parameters of a route."""
    for number, part in enumerate(PARTS):
        for name in [*names, "unknown"]:
            yield f"?{name}, part {number}", f"{name}={part}".encode()
        yield f"part {number} as a name", f"{part}=1".encode()
    for name in [*names, "unknown"]:
        yield f"?{name} twice", f"{name}=1&{name}=1".encode()
    for raw in (
        b"\xff=1",
        b"\xe4\xb8\xad=1",
        b"a=\x00",
        b"&" * 2000,
        b"a&" * 2000,
        b"=" * 100,
        b"?" * 100,
        b"&=&=",
        b"limit",
    ):
        yield f"raw {raw[:8]!r}", raw


def _joined(members: Mapping[str, str]) -> bytes:
    return _bytes("{" + ", ".join(f"{name}: {value}" for name, value in members.items()) + "}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def wrong(answer: Answer, *, page: bool = False) -> str | None:
    """Say what is wrong with an answer to a hostile request; None where nothing is. A `page` is shown by a browser."""
    text = answer.body.decode("utf-8", "replace")
    if answer.status >= 500:
        return f"status {answer.status}"
    kind = answer.headers.get("content-type", "")
    if answer.status >= 400 and not page and not kind.startswith("application/problem+json"):
        return "an error that is no problem document"
    leak = LEAK.search(text)
    if leak:
        return f"shows {leak[0]!r}"
    # A place may bear the name that an earlier request gave it, and be named as ended by it.
    if answer.status >= 400 and CANARY in text and '"code": "organization_not_in_service"' not in text:
        return "echoes what was sent"
    return None
