"""The verify page tells the public whether a document stands, and nothing about anybody."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from api.adapters.render import VERIFY_CSP, DocumentView, not_found_page, verify_page

VIEW = DocumentView(
    "FK-2026-320500-000123-8", "feedback_statement", "虎丘街道党工委", date(2027, 1, 8), "issued", "ab" * 32
)


def test_the_verify_page_says_whether_a_document_stands():
    for state, zh, en in (
        ("issued", "有效", "Valid"),
        ("superseded", "已被取代", "Superseded"),
        ("revoked", "已撤销", "Revoked"),
        ("expired", "已过期", "Expired"),
    ):
        assert f"<span>{zh}</span>" in verify_page(replace(VIEW, state=state), "zh")
        assert f"<span>{en}</span>" in verify_page(replace(VIEW, state=state), "en")
    page = verify_page(VIEW, "zh")
    for words in (VIEW.number, "反馈单", VIEW.issuer, "2027-01-08", "abababab abababab"):
        assert words in page


def test_the_verify_page_runs_and_loads_nothing():
    page = verify_page(replace(VIEW, issuer='<img src=x onerror="alert(1)">'), "zh")
    assert "<img" not in page
    assert not re.search(r"<script|<link|url\(|@import|src=x onerror=\"|style=", page)
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)[1]
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in VERIFY_CSP
    assert "default-src 'none'" in VERIFY_CSP
    assert "unsafe" not in VERIFY_CSP


@pytest.mark.parametrize("asked", ["<script>alert(1)</script>", "x" * 10_000, "\ud800", '"><b>'])
def test_what_is_not_found_is_shown_escaped_and_cut(asked):
    page = not_found_page(asked, "zh")
    assert "未找到该文书" in page
    assert "<script" not in page
    assert "<b>" not in page
    assert len(page.encode()) < 5_000


def test_a_document_that_was_replaced_names_its_successor():
    page = verify_page(replace(VIEW, state="superseded", superseded_by="FK-2027-320500-000001-5"), "zh")
    assert "FK-2027-320500-000001-5" in page
    assert "现行文书编号" not in verify_page(VIEW, "zh")
