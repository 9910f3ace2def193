"""Files: brought one a request, kept encrypted, read back by their owner alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.models import File
from api.services import files
from api.services.files import plain_name
from tests.support import world as worlds
from tests.support.clock import Clock

BASE = "/api/v1/files"
CONTENT = "姓名,电话\n某某,000\n".encode()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), upload_limit=100_000)
    yield built
    built.close()


def sent(content=CONTENT, name="名册.csv", kind="text/csv"):
    return {"file": (name, content, kind)}


async def test_a_file_comes_back_to_its_owner_and_to_nobody_else(world):
    async with world.client("liaison") as own, world.client("liaison2") as other, world.client("member") as member:
        brought = await own.post(BASE, files=sent())
        assert brought.status_code == 201, brought.text
        assert (brought.json()["name"], brought.json()["size"]) == ("名册.csv", len(CONTENT))
        fetched = await own.get(f"{BASE}/{brought.json()['id']}")
        assert (fetched.status_code, fetched.content) == (200, CONTENT)
        assert fetched.headers["content-disposition"].startswith("attachment")
        assert fetched.headers["x-content-type-options"] == "nosniff"
        assert (await other.get(f"{BASE}/{brought.json()['id']}")).status_code == 404
        assert (await member.get(f"{BASE}/{brought.json()['id']}")).status_code == 404


async def test_a_member_brings_evidence_but_no_store_of_files(world, monkeypatch):
    monkeypatch.setattr(files, "OF_A_MEMBER", 2)
    async with world.client("member") as member, world.client("liaison") as liaison:
        statuses = [(await member.post(BASE, files=sent())).status_code for _ in range(2)]
        refused = await member.post(BASE, files=sent())
        assert (statuses, refused.status_code, refused.json()["code"]) == ([201, 201], 429, "too_many_files")
        assert [(await liaison.post(BASE, files=sent())).status_code for _ in range(3)] == [201, 201, 201]


async def test_what_is_stored_is_not_what_was_brought(world):
    async with world.client("liaison") as own:
        await own.post(BASE, files=sent())
    stored = world.run(lambda session, _actor: session.rows(sa.select(sa.type_coerce(File.content, sa.LargeBinary))))
    assert stored
    assert not any("某某".encode() in content for (content,) in stored)


async def test_the_same_key_with_another_file_is_refused(world):
    async with world.client("liaison") as own:
        headers = {"Idempotency-Key": "file-1"}
        first, again = [await own.post(BASE, files=sent(), headers=headers) for _ in range(2)]
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        other = await own.post(BASE, files=sent(b"other"), headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_bad_uploads_are_clear_problems(world):
    async with world.client("liaison") as own:
        assert (await own.post(BASE, files=sent(b"x" * 100_001))).status_code == 413
        assert (await own.post(BASE, files=sent(b""))).json()["code"] == "empty_file"
        assert (await own.post(BASE, files={"other": ("a", b"b")})).status_code == 422
        assert (await own.post(BASE, json={})).status_code in (400, 415, 422)
        two = [("file", ("a", b"a")), ("file", ("b", b"b"))]
        assert (await own.post(BASE, files=two)).status_code in (400, 422)
        odd = await own.post(BASE, files=sent(kind="text/html; x=\u00e9"))
        assert odd.status_code == 201
        assert odd.json()["mediaType"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\dir\\名册.xlsx", "名册.xlsx"), ("a\u202ecsv.exe", "acsv.exe"),
        ("...", "file"), ("", "file"), ("a" * 300, "a" * 120), ('x"y\r\n.csv', "xy.csv"),
    ],
)  # fmt: skip
def test_a_name_holds_nothing_that_trips(name, plain):
    assert plain_name(name) == plain
