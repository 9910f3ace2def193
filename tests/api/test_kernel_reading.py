"""Reading requests: bodies that do not come, uploads of all forms, addresses and methods that are not ours."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time

import pytest

from api.errors import Malformed, TooLarge, TooSlow
from api.reading import parse_json, read_body
from api.schemas.needs import NewNeed
from tests.support import world as worlds
from tests.support.clock import Clock

FILES = "/api/v1/files"
BOUNDARY = "b0undary"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    var = tmp_path_factory.mktemp("var")
    built = worlds.build(database, var, Clock(), upload_limit=3_000_000, body_seconds=0.3, upload_seconds=0.3)
    yield built
    built.close()


def part(content=b"x", name="file", filename='; filename="a.csv"', more=""):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n{more}\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def sending(*messages, stays=True):
    """Return what a server hands in: these messages, then nothing for ever, or the client's leaving."""
    left = list(messages)

    async def receive():
        if left:
            return left.pop(0)
        if stays:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return receive


def piece(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("messages", [(), (piece(b"half"),), (piece(b""), piece(b""))])
async def test_a_body_that_does_not_come_is_not_waited_for(messages):
    begun = time.monotonic()
    with pytest.raises(TooSlow):
        await asyncio.wait_for(read_body(sending(*messages), "50", 100, 0.1), 3)
    assert time.monotonic() - begun < 2


async def test_a_client_that_left_has_sent_no_request():
    for messages in ((), (piece(b"half"),)):
        with pytest.raises(Malformed):
            await read_body(sending(*messages, stays=False), "50", 100, 1)


@pytest.mark.parametrize("declared", [None, "3", "101", "-1", "1e9", "", "9" * 30])
async def test_no_body_is_over_the_limit_whatever_it_declares(declared):
    with pytest.raises(TooLarge):
        await read_body(sending(piece(b"x" * 60), piece(b"x" * 60, more=False)), declared, 100, 1)


async def test_a_body_in_pieces_is_one_body():
    assert await read_body(sending(piece(b"a"), piece(b""), piece(b"b", more=False)), None, 2, 1) == b"ab"


async def pieces(content, size=1000, pause=0.0):
    for start in range(0, len(content), size):
        yield content[start : start + size]
        await asyncio.sleep(pause)


async def test_an_upload_needs_no_declared_length(world):
    content = part(b"y" * 10_000)
    async with world.client("liaison") as own:
        assert (await own.post(FILES, content=pieces(content), headers=MULTIPART)).json()["size"] == 10_000
        large = await own.post(FILES, content=pieces(part(b"y" * 3_000_001), 100_000), headers=MULTIPART)
        assert (large.status_code, large.json()["code"]) == (413, "too_large")


async def test_an_upload_that_does_not_come_is_not_waited_for(world):
    async with world.client("liaison") as own:
        slow = await own.post(FILES, content=pieces(part(b"y" * 10_000), pause=0.1), headers=MULTIPART)
        assert (slow.status_code, slow.json()["code"]) == (400, "too_slow")


async def test_an_upload_lies_on_no_disk_in_plain_text(world, monkeypatch):
    rolled = []
    original = tempfile.SpooledTemporaryFile.rollover
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda file: rolled.append(1) or original(file))
    async with world.client("liaison") as own:
        assert (await own.post(FILES, files={"file": ("a.csv", b"y" * 2_000_000)})).status_code == 201
    assert rolled == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
async def test_an_upload_is_multipart(world, kind):
    async with world.client("liaison") as own:
        headers = {"Content-Type": kind} if kind else {}
        refused = await own.post(FILES, content=b"file=1", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")


async def test_garbage_in_an_upload_is_a_clear_no(world):
    dice, good = random.Random(2026), part(b"hello", more="Content-Type: text/csv\r\n")
    kinds = [MULTIPART["Content-Type"]]
    kinds += [f"{kinds[0]}; charset={charset}" for charset in ("undefined", "hex", "idna", "punycode", "utf-7", "x")]
    kinds += ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 500]
    async with world.client("liaison") as own:
        for kind in kinds:
            for _ in range(20):
                cut = bytearray(good)
                for _ in range(dice.randrange(4)):
                    cut[dice.randrange(len(cut))] = dice.randrange(256)
                body = bytes(cut[: dice.randrange(len(cut))]) if dice.random() < 0.3 else bytes(cut)
                answer = await own.post(FILES, content=body, headers={"Content-Type": kind})
                assert answer.status_code in (201, 400, 422), (kind, body, answer.text)


async def test_a_part_that_is_no_file_or_has_another_name_is_refused(world):
    async with world.client("liaison") as own:
        for content in (part(filename=""), part(name="other"), b"", part()[:-6] + b"\r\n" + part()):
            answer = await own.post(FILES, content=content, headers=MULTIPART)
            assert answer.status_code in (400, 422), content


@pytest.mark.parametrize(
    "more", ["Content-Type: text/csv\x00\r\n", "Content-Type: té xt\r\n", "Content-Type: a/b;\tc\r\n"]
)
async def test_an_odd_type_or_name_of_a_file_does_no_harm(world, more):
    async with world.client("liaison") as own:
        kept = await own.post(FILES, content=part(filename='; filename="a\x00\x7f.csv"', more=more), headers=MULTIPART)
        assert kept.status_code in (201, 400, 422), kept.text
        if kept.status_code == 201:
            assert (await own.get(f"{FILES}/{kept.json()['id']}")).content == b"x"


async def test_another_method_hears_which_there_are(world):
    async with world.client("liaison") as own:
        for method, path, allowed in (
            ("DELETE", "/api/v1/needs", "GET, POST"), ("OPTIONS", "/api/v1/needs", "GET, POST"),
            ("HEAD", "/api/v1/me", "GET"), ("POST", "/openapi.json", "GET, HEAD"),
        ):  # fmt: skip
            answer = await own.request(method, path)
            assert answer.status_code == 405
            assert sorted(answer.headers["allow"].split(", ")) == allowed.split(", ")


async def test_an_address_with_a_slash_too_many_is_not_ours(world):
    async with world.client("liaison") as own:
        for path in ("/api/v1/needs/", "/api/v1//needs", "/healthz/"):
            answer = await own.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "query",
    [
        "limit=5&limit=5",
        "limit=%00",
        "limit=0",
        "limit=1e1",
        "unknown=1",
        "cursor=%ff",
        "state=%0a",
        "&".join(["a=1"] * 60),
    ],
)
async def test_a_query_that_is_not_ours_is_refused(world, query):
    async with world.client("member") as own:
        assert (await own.get(f"/api/v1/needs?{query}")).status_code in (400, 422)


async def test_no_text_with_nul_reaches_the_database(world):
    async with world.client("member") as own:
        for query in ("name=a%00b", "namePrefix=%00", "code=%00", "kind=%00"):
            assert (await own.get(f"/api/v1/organizations?{query}")).status_code == 422


def test_a_pointer_is_a_json_pointer():
    from pydantic import TypeAdapter

    from api.errors import Invalid

    with pytest.raises(Invalid) as caught:
        parse_json(TypeAdapter(NewNeed), b'{"a/b~c": 1}', "application/json")
    assert "/a~1b~0c" in [place["pointer"] for place in caught.value.errors]
