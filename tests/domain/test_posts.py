"""Terms of duty posts, rings around a place, and local times of windows, against days and distances told by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from api.domain.location import Point
from api.domain.matching.times import Window
from api.domain.nearness import rings
from api.domain.posts import TermContradicts, require_term, term_end
from api.domain.search import local_seconds, local_times

D = date.fromisoformat
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("begin", "months", "last", "end"),
    [
        ("2026-03-02", 6, None, "2026-09-02"),
        ("2026-08-31", 6, None, "2027-02-28"),
        ("2023-12-31", 2, None, "2024-02-29"),
        ("2026-11-15", 14, None, "2028-01-15"),
        ("2026-03-02", 6, "2026-05-01", "2026-05-01"),
        ("2026-03-02", None, "2026-05-01", "2026-05-01"),
    ],
)
def test_a_term_ends_on_the_day_of_its_month_or_with_the_post(begin, months, last, end):
    assert term_end(D(begin), months, last and D(last)) == D(end)


def test_a_post_without_a_term_stands():
    assert term_end(D("2026-03-02"), None, None) is None


@pytest.mark.parametrize("ends", ["2026-03-02", "2026-03-01", "2026-03-05"])
def test_what_ends_before_it_begins_or_today_is_no_term(ends):
    with pytest.raises(TermContradicts):
        require_term(D("2026-03-02"), D(ends), D("2026-03-05"))
    require_term(D("2026-03-02"), D("2026-03-06"), D("2026-03-05"))


def test_places_lie_in_rings_whose_outer_edge_is_told_and_the_centre_alone_in_the_first():
    # A degree of latitude is 111 195 m: 0.0044966° are 500 m.
    points = {name: Point(36 + north, 120) for name, north in
              {"here": 0.0, "same": 0.0, "a": 0.0044, "b": 0.0046, "far": 0.09}.items()}  # fmt: skip
    around = rings("here", {**points, "unknown": None})
    assert around == [(0, ["here"]), (500, ["same", "a"]), (1000, ["b"]), (10_500, ["far"])]
    assert rings("here", points, within=1000) == around[:3]
    assert rings("unknown", {**points, "unknown": None}) == [(0, ["unknown"])]


def test_times_are_those_of_the_local_clock():
    assert local_seconds(datetime(1970, 1, 1, tzinfo=UTC), SHANGHAI) == 8 * 3600
    assert local_seconds(datetime(1970, 1, 1, microsecond=1, tzinfo=UTC), SHANGHAI) == 8 * 3600 + 1
    begin = datetime(1970, 1, 3, 9, tzinfo=SHANGHAI)
    weekly = Window(begin, begin.replace(hour=11), "week", D("1970-02-01"))
    assert local_times(weekly, SHANGHAI) == {
        "starts": 2 * 86_400 + 9 * 3600, "every": 7 * 86_400, "before": 31 * 86_400,
    }  # fmt: skip
    backwards = local_times(Window(begin, begin.replace(hour=8)), SHANGHAI)
    assert backwards["before"] == backwards["starts"]
