"""The page that shows the interface comes whole with the server: networks of offices reach no content network."""

from __future__ import annotations

import re

import pytest

from tests.support.guards import ROOT

FOLDER = ROOT / "api/static/swagger-ui"
OUTSIDE = re.compile(r"(?:https?:)?//(?!\s)[\w.-]+\.[a-z]{2,}", re.IGNORECASE)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", re.IGNORECASE)


def test_the_page_loads_nothing_from_outside_and_has_no_inline_script() -> None:
    page = (FOLDER / "index.html").read_text()
    assert OUTSIDE.findall(page + (FOLDER / "start.js").read_text()) == []
    assert INLINE.findall(page) == []
    loaded = re.findall(r'(?:src|href)="/static/swagger-ui/([^"]+)"', page)
    assert "swagger-ui-bundle.js" in loaded
    assert [name for name in loaded if not (FOLDER / name).is_file()] == []


def test_the_page_asks_no_validator_outside() -> None:
    assert "validatorUrl: null" in (FOLDER / "start.js").read_text()


@pytest.mark.parametrize("page", ['<script src="https://cdn.example.com/x.js">', '<link href="//example.com/x.css">'])
def test_a_file_from_outside_is_seen(page: str) -> None:
    assert OUTSIDE.search(page)


@pytest.mark.parametrize("page", ["<script>start()</script>", '<body onload="start()">', '<p style="color:red">'])
def test_an_inline_script_is_seen(page: str) -> None:
    assert INLINE.search(page)


def test_its_licence_lies_beside_it_and_it_stays_small() -> None:
    assert "Apache License" in (FOLDER / "LICENSE").read_text()
    assert "swagger-ui" in (ROOT / "NOTICE").read_text()
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 2_000_000
