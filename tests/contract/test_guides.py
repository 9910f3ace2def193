"""The guides name only what there is: each path with its method is in the contract, each file they link is there."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.guards import ROOT

GUIDES = sorted((ROOT / "docs").glob("*.md"))
NAMED = re.compile(r"(GET|POST|PUT|DELETE) (/[^\s`?]*)")
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)\)")
PATHS = json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))["paths"]


def unknown(text: str) -> list[str]:
    """Return each path with its method that a guide names and the contract lacks; ids go by any name."""
    there = {(method.upper(), re.sub(r"{\w+}", "{}", path)) for path, methods in PATHS.items() for method in methods}
    return [
        f"{method} {path}"
        for method, path in NAMED.findall(text)
        if not {(method, re.sub(r"{\w+}", "{}", full)) for full in (path, f"/api/v1{path}")} & there
    ]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_a_guide_names_only_what_there_is(guide):
    text = guide.read_text(encoding="utf-8")
    assert unknown(text) == []
    assert [link for link in LINKED.findall(text) if not (guide.parent / link).exists()] == []


def test_a_path_that_is_not_there_is_seen():
    assert unknown("`GET /assessments/mine` and `POST /facts` and `PUT /facts`") == [
        "GET /assessments/mine",
        "PUT /facts",
    ]


def test_the_page_of_the_law_is_written_from_its_tests():
    from tests.support import law

    assert (ROOT / "docs/law.md").read_text(encoding="utf-8") == law.page()
    assert {one.law for one, _, _ in law.suite()} == set(law.LAWS)
