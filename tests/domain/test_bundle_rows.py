"""Names and keys of a bundle's rows: the same whatever the order of a query, and never a database id."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from api.domain.bundle_rows import Names, Occasion, day_columns, entry_rows, keyed, numbered, occasion_names, served

ZONE = ZoneInfo("Asia/Shanghai")
ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))
COLUMNS = ("activity", "servedOn", "unit")


def occasion(each, hour=1, title="巡逻"):
    return Occasion(each, title, "桃园社区", datetime(2026, 3, 5, hour, 0, tzinfo=UTC))


def test_an_occasion_is_named_by_its_start_in_the_zone_its_title_and_community():
    assert occasion_names([occasion(ONE)], ZONE) == {ONE: "2026-03-05T09:00 巡逻@桃园社区"}
    assert occasion_names([Occasion(ONE, "巡逻", "桃园社区")], ZONE) == {ONE: "巡逻@桃园社区"}


def test_two_occasions_that_read_alike_are_numbered_in_the_order_they_were_kept():
    names = occasion_names([occasion(TWO), occasion(ONE), occasion(THREE, hour=2)], ZONE)
    assert names[TWO] == names[ONE] + "#2"
    assert "#" not in names[THREE]
    assert numbered([("甲", TWO), ("甲", ONE)]) == {ONE: "甲", TWO: "甲#2"}


def test_keys_do_not_depend_on_the_order_of_the_rows_and_show_no_id():
    names = Names(ZONE, occasions=occasion_names([occasion(ONE), occasion(TWO)], ZONE))
    day = date(2026, 3, 5)
    groups = [(ONE, day, "volunteer_minutes"), (TWO, day, "volunteer_minutes"), (THREE, day, "volunteer_minutes")]
    keys = keyed(COLUMNS, groups, names)
    assert keyed(COLUMNS, groups[::-1], names) == keys[::-1]
    assert keys[0] == "2026-03-05T09:00 巡逻@桃园社区/2026-03-05/volunteer_minutes"
    assert keys[2] == "-/2026-03-05/volunteer_minutes"  # of no occasion: it has no such name
    assert not any(str(each) in key or each.hex in key for each in (ONE, TWO, THREE) for key in keys)


def test_entries_without_an_occasion_stay_apart():
    day = date(2026, 3, 5)
    rows = entry_rows(COLUMNS, [((ONE, day, "participation"), 1, 1), ((TWO, day, "participation"), 1, 1)], Names(ZONE))
    assert [row["key"] for row in rows] == ["-/2026-03-05/participation", "-/2026-03-05/participation#2"]
    assert "activity" not in rows[0]


@pytest.mark.parametrize(
    ("on", "hour", "expected"),
    [
        ("2026-03-05", 9, ("thursday", "workday", "morning")),
        ("2026-03-07", 12, ("saturday", "weekend", "afternoon")),
        ("2026-10-01", 18, ("thursday", "holiday", "evening")),
        ("2026-10-10", 5, ("saturday", "workday", "night")),  # worked in place of a day of the national holiday
    ],
)
def test_a_row_says_weekday_kind_of_day_and_time_of_day_where_a_rule_asks(on, hour, expected):
    row = {"activity": f"{on}T{hour:02d}:30 巡逻@桃园社区"}
    asked = ("weekday", "dayKind", "timeOfDay")
    assert tuple(day_columns(row, on, asked)[name] for name in asked) == expected
    assert day_columns({}, on, ["timeOfDay", "nature"]) == {"timeOfDay": "none"}
    assert day_columns(row, on, ["nature"]) == {}


def test_only_volunteer_minutes_of_the_period_are_service():
    row = {"unit": "volunteer_minutes", "servedOn": "2026-01-01", "amount": 90, "count": 1}
    others = [{**row, "unit": "participation"}, {**row, "servedOn": "2027-01-01"}, {**row, "servedOn": "2025-12-31"}]
    undone = {**row, "amount": 0, "count": 0}
    assert served([row, undone, *others], "2026-01-01", "2027-01-01") == (90, 1)
