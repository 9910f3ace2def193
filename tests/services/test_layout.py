"""Numbers and outcomes as people see them: rounded for reading, exact where a machine reads."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from api.adapters.render.layout import Issue, lay_out
from tests.support import papers

ISSUE = Issue("FK-2026-320500-000123-8", "ab" * 32, "https://example.org/verify/x", datetime(2027, 1, 7, tzinfo=UTC))
OUT = {"code": "out_of_assessment", "zh": "不参加评定", "en": "Out of the assessment"}


def told(content, language="zh"):
    return dict(lay_out(content, ISSUE, language).lines)


@pytest.mark.parametrize(
    ("ratio", "written"),
    [
        ("6/26", "6/26 ≈ 23.08 %"),  # 23.0769…
        ("1/8", "1/8 = 12.50 %"),
        ("1/800", "1/800 ≈ 0.13 %"),  # 0.125 exactly: half up
        ("94999/100000", "94999/100000 ≈ 95.00 %"),
        ("57/57", "57/57 = 100.00 %"),
    ],
)
def test_a_rate_is_rounded_half_up_with_its_counts_beside_it(ratio, written):
    assert told({**papers.a_statement(), "reportingInRate": ratio})["报到率"] == written


@pytest.mark.parametrize(
    ("points", "shown"), [("80/13", "≈ 6.15"), ("-80/13", "≈ -6.15"), ("-1/300", "≈ 0.00"), ("91.5", Decimal("91.5"))]
)
def test_points_without_an_end_are_shown_as_digits_and_stay_exact_in_the_content(points, shown):
    content = papers.a_statement()
    content["result"]["points"] = points
    assert told(content)["单位积分"] == shown
    assert content["result"]["points"] == points


@pytest.mark.parametrize(
    ("language", "label", "words"),
    [("zh", "单位等次", "不参加评定"), ("en", "Grade of the unit", "Out of the assessment")],
)
def test_a_unit_that_is_not_judged_is_told_so(language, label, words):
    content = papers.a_statement()
    content["result"].update(grade=None, outcome=OUT)
    assert told(content, language)[label] == words
    content["result"]["outcome"] = None
    assert told(content, language)[label] == {"zh": "未知", "en": "unknown"}[language]


def test_a_member_who_is_not_judged_is_told_so_unless_withheld():
    content = papers.a_statement()
    for row, disclosed in zip(content["members"][:2], (True, False), strict=True):
        row.update(grade=None, outcome=OUT if disclosed else None, disclosed=disclosed)
    rows = next(table for table in lay_out(content, ISSUE, "zh").tables if table.own_sheet).rows
    assert [row[2] for row in rows[:3]] == ["不参加评定", "不予披露", "合格"]
