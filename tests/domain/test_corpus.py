"""Sealed results of every shipped rulebook, replayed: newer code gives the same bytes and the same hashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.domain.rulebook import grading, shipped
from api.domain.rulebook.load import read
from tools import corpus

FOLDER = Path(__file__).parents[1] / "corpus"
SEALED = {
    "2026-11-bodies.jsonl.gz": "a4d07cc060959eeba84e115ddcca8a74b2dfee73813e88baa9b28b20c8b4032d",
    "2026-11-months.jsonl.gz": "f2a48afce4307e0d3e9ff38309650f66b5d9e3b5cf09653ae0651d83f5f0bc98",
    "2026-11-more.jsonl.gz": "f79b0cf989341f53cd5d406dcc6c0889174ef2e695b15d790f87d740aee08c0d",
    "2026-11-services.jsonl.gz": "7f47ddcda38f16f7a92d0dca15d080128b8102a88907765350b20e7e20573e3d",
    "2026-11-sessions.jsonl.gz": "9992f7eed6aa1554d226b95a389fda4b1870ff222e64b34e65807f62524c9679",
    "2026-11-voices.jsonl.gz": "9ed5dd492766565096f445404d439384dbd10145b2f4168b70891b500a6ad637",
    "2026-11.jsonl.gz": "1ad8dc8e06e959f60f0dfaf7e73eb1099495358e8a3f8faa54c76bb582ac3d1c",
}
"""What each file said when it was made. A file may be added with its digest; a digest here never changes."""


def test_no_file_was_changed_or_left_out_and_all_are_small():
    files = sorted(FOLDER.glob("*.gz"))
    assert {path.name: corpus.digest(path) for path in files} == SEALED
    assert sum(path.stat().st_size for path in files) < 400_000


def test_every_shipped_rulebook_is_sealed_with_every_odd_case():
    lines = [line for path in FOLDER.glob("*.gz") for line in corpus.kept(path)]
    books = {(book.id, book.version) for book in map(shipped.shipped, shipped.names())}
    assert {(line["content"]["id"], line["content"]["version"]) for line in lines if "content" in line} >= books
    outcomes = {line["judgement"]["outcome"] for line in lines if "case" in line}
    assert outcomes >= {"graded", "ungraded", "unknown", "exempt", "out_of_assessment"}
    decisions = {answer["decision"] for line in lines if "quota" in line for answer in line["answer"]}
    assert decisions == {"kept", "lowered", "needs_decision"}
    capped = [row for line in lines if "case" in line for number in line["judgement"]["numbers"]
              for row in number.get("inputs", ()) if row["counted"] not in (row["recorded"], "1", None)]  # fmt: skip
    assert len(capped) > 100


@pytest.mark.parametrize("name", SEALED)
def test_what_was_sealed_comes_out_again_byte_for_byte(name):
    assert list(corpus.differences(FOLDER / name)) == []


def test_an_engine_that_grades_otherwise_at_the_edge_of_a_band_is_caught(tmp_path, monkeypatch):
    """Control: "at least" read as "more than"."""
    kept = (line["content"] for line in corpus.kept(FOLDER / "2026-11-voices.jsonl.gz") if "content" in line)
    banded = next(read(content) for content in kept if content["id"] == "basic-member")  # version 2
    monkeypatch.setattr(corpus, "names", lambda: ["basic-member"])
    monkeypatch.setattr(corpus, "shipped", lambda _: banded)
    corpus.main(tmp_path / "basic.jsonl.gz")
    within = grading.within
    monkeypatch.setattr(grading, "within", lambda band, value: within(band, value) and band.at_least != value)
    assert list(corpus.differences(tmp_path / "basic.jsonl.gz")) == ["basic-member/drawn-8"]


def test_a_file_that_stands_is_not_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "names", lambda: ["r17-cangnan"])
    path = tmp_path / "one.jsonl.gz"
    assert corpus.main(path) == 20
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        corpus.main(path)
    assert path.read_bytes() == before
    assert list(corpus.differences(path)) == []
