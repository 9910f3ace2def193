"""What an explanation says in words where there is nothing to open: what is lacking, and what is simply given."""

from api.domain.rulebook.explain import explain
from tests.domain.rulebook_bundles import judged, review


def test_what_a_number_lacks_is_told_in_words():
    text = """
measures:
  - {id: staff, source: denominators, name: staff}
  - {id: voices, source: reviews, result: average, quorum: 3}
  - {id: marks, source: reviews, where: {kind: [mark]}, result: largest}
  - {id: dues, source: facts, where: {kind: [dues]}, cadence: {each: month, exempt: [ill]}}
totals:
  - {id: five, op: constant, points: 5}
  - {id: all, op: sum, of: [staff, voices, marks, dues, five]}
final: all
"""
    gap = {"source": "facts", "kind": "dues"}
    given = {"reviews": [review("v", "resident", 90)], "exemptions": None, "unknown": [gap], "denominators": {}}
    judgement = judged(text, given)
    lines = explain(judgement, "zh")
    assert [line.strip() for line in lines if "未知：" in line] == [
        "未知：豁免", "未知：记实事项 dues", "未知：没有评议", "未知：只有 1 票，法定 3 票", "未知：人数 staff",
    ]  # fmt: skip
    assert "five：5（固定分值）" in lines
    assert "  not known: 1 of the 3 voices that are needed" in explain(judgement, "en")
