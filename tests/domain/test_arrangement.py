"""A plan while it is drafted, and the table that it may come as."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from api.domain.arrangement import Arrangement, Line
from api.domain.plan import rebalance
from api.domain.plan_rows import read_plan
from api.domain.rows import MissingColumns

UNITS = [UUID(int=n) for n in (1, 2, 3)]
HERE, THERE = UUID(int=11), UUID(int=12)
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


def arrangement(measure: str = "units") -> Arrangement:
    lines = tuple(
        Line(unit, HERE, *YEAR, members, members == 7) for unit, members in zip(UNITS, (7, 20, None), strict=True)
    )
    return Arrangement("联系安排", None, *YEAR, measure, {HERE: 2, THERE: 5}, lines)


def test_what_is_kept_is_read_back_the_same() -> None:
    assert Arrangement.read(arrangement().as_json()) == arrangement()


def test_a_row_costs_one_unit_or_its_members() -> None:
    assert [row.load for row in arrangement().rows()] == [1, 1, 1]
    assert [row.load for row in arrangement("members").rows()] == [7, 20, 0]


def test_moving_rows_keeps_all_but_their_community() -> None:
    before = arrangement()
    after = before.moved(rebalance(before.rows(), before.capacities).rows)
    assert [line.community for line in after.lines].count(THERE) == 1
    assert after.lines[0] == before.lines[0]  # a fixed line stays
    assert [(line.unit, line.members) for line in after.lines] == [(line.unit, line.members) for line in before.lines]


HEADERS = ["单位名称（必填）", "联系社区", "街道", "开始日期", "截止日期", "在职党员数"]


def test_a_table_is_read_by_the_headers_that_people_write() -> None:
    reading = read_plan(HEADERS, [(2, ["测试市第一中学", "桃园社区", "", "2026年3月1日", "20260630", "12人"])])
    (row,) = reading.rows
    assert (row.unit, row.community, row.street, row.members) == ("测试市第一中学", "桃园社区", None, 12)
    assert (row.starts_on, row.ends_on) == (date(2026, 3, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        (["", "桃园社区", "", "", "", ""], "unit", "missing_value"),
        (["甲", "", "", "", "", ""], "community", "missing_value"),
        (["甲", "乙", "", "2026-03", "", ""], "starts_on", "not_a_date"),
        (["甲", "乙", "", "", "2026-02-30", ""], "ends_on", "not_a_date"),
        (["甲", "乙", "", "", "", "0"], "members", "not_a_count"),
    ],
)
def test_a_row_that_cannot_stand_is_refused_by_its_cell(cells: list[str], column: str, code: str) -> None:
    reading = read_plan(HEADERS, [(2, cells)])
    assert [(error.row, error.column, error.code) for error in reading.refused] == [(2, column, code)]
    assert reading.rows == []


def test_a_table_without_communities_is_no_plan() -> None:
    with pytest.raises(MissingColumns):
        read_plan(["单位"], [])
