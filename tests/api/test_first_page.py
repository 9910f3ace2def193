"""The first page: small, whole, and a way to verify a document from its number."""

from __future__ import annotations

import re

import pytest

from api.jobs.sealing import checkpoint_all, seal_all
from tests.support import papers
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.guards import ROOT

PAGE = (ROOT / "api/static/index.html").read_text()
OUTSIDE = re.compile(r"(?:https?:)?//(?!\s)[\w.-]+\.[a-z]{2,}|url\(", re.IGNORECASE)


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


async def test_the_first_page_is_for_anybody_and_every_link_of_it_answers(world):
    async with world.client() as anybody:
        page = await anybody.get("/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "form-action 'self'" in page.headers["content-security-policy"]
        links = re.findall(r'href="([^"]+)"', page.text)
        assert {"/docs", "/openapi.json", "/healthz"} <= set(links)
        assert [link for link in links if (await anybody.get(link)).status_code != 200] == []


async def test_the_newest_checkpoint_stands_on_the_first_page(world):
    async with world.client() as anybody:
        before = (await anybody.get("/")).text
        seal_all(world.house)
        checkpoint_all(world.house)
        newest = (await anybody.get("/api/v1/checkpoints", params={"tenant": "testcity"})).json()["items"][0]
        shown = (await anybody.get("/")).text
    assert "检查点" not in before
    assert f"{newest['size']}\n{newest['root'][:32]}\n{newest['root'][32:]}" in shown
    assert re.findall(r"<script|<style|\son\w+=|\sstyle=", shown) == []


async def test_a_number_that_is_typed_leads_to_its_page(world):
    number_of = papers.issued(world)
    async with world.client("liaison") as liaison:
        number = (await liaison.get(f"/api/v1/documents/{number_of}")).json()["number"]
    async with world.client() as anybody:
        asked = await anybody.get("/verify", params={"number": f" {number.lower()} "})
        assert asked.status_code == 303
        shown = await anybody.get(asked.headers["location"], headers={"Accept": "text/html"})
        assert (shown.status_code, number in shown.text) == (200, True)
        assert (await anybody.get("/verify")).headers["location"] == "/"
        hostile = await anybody.get("/verify", params={"number": "//example.com/x"})
        assert hostile.headers["location"] == "/verify/%2F%2Fexample.com%2Fx"


def test_the_page_loads_nothing_from_outside_and_runs_nothing():
    style = (ROOT / "api/static/home.css").read_text()
    assert OUTSIDE.findall(PAGE + style) == []
    assert re.findall(r"<script|<style|\son\w+=|\sstyle=", PAGE) == []
    assert len(PAGE.encode()) + len(style.encode()) < 10_000


@pytest.mark.parametrize("text", ['<img src="https://cdn.example.com/x.png">', "a { background: url(x.png); }"])
def test_something_from_outside_would_be_seen(text):
    assert OUTSIDE.search(text)
