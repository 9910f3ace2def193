"""How near somebody is: published points of three systems, bands, and a doubt that never turns into an accusation."""

from __future__ import annotations

import math
import random

import pytest

from api.domain.location import Finding, NotAPoint, Point, Seen, as_wgs84, judge, meters_between, wgs84_to_gcj02

# googollee/eviltransform, go/transform_test.go: WGS-84 and the same point in GCJ-02, in Shanghai, Shenzhen, Beijing.
PUBLISHED = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]
# wandergis/coordtransform, README: 116.404 E 39.915 N as GCJ-02, and as BD-09 (wgs84 → gcj02 → bd09).
README = ((39.915, 116.404), (39.91640428150164, 116.41024449916938), (39.922699552216216, 116.41662724378733))
PLACE = Point(31.1774276, 121.5272106)


def north_of(place: Point, meters: float) -> Point:
    """A degree of a great circle on a sphere of 6 371 008.8 m is 2π·6 371 008.8 / 360 = 111 195.08 m."""
    return Point(place.latitude + meters / 111_195.08, place.longitude, place.system)


@pytest.mark.parametrize(("satellite", "map_"), [*PUBLISHED, README[:2]])
def test_published_points_of_the_two_systems_are_met_both_ways(satellite, map_) -> None:
    assert wgs84_to_gcj02(*satellite) == pytest.approx(map_, abs=1e-9)
    assert as_wgs84(Point(*map_, "gcj02")) == pytest.approx(satellite, abs=1e-9)


def test_a_published_point_of_baidus_is_met_within_a_metre() -> None:
    assert meters_between(Point(*README[2], "bd09"), Point(*README[0])) < 1
    assert meters_between(Point(*README[2], "bd09"), Point(*README[1], "gcj02")) < 1


def test_outside_china_the_systems_are_one() -> None:
    assert wgs84_to_gcj02(48.8584, 2.2945) == (48.8584, 2.2945)


def test_the_distance_from_shanghai_to_beijing_is_the_published_one() -> None:
    # The same suite gives 1 078 164 m on a sphere of 6 378 137 m; ours is the mean radius, 6 371 008.8 m.
    expected = 1_078_164 * 6_371_008.8 / 6_378_137
    assert meters_between(Point(*PUBLISHED[0][1]), Point(*PUBLISHED[2][1])) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    ("away", "accuracy", "expected"),
    [
        (0, 10, Finding("within_100", "near")),
        (99, 10, Finding("within_100", "near")),
        (101, 10, Finding("within_300", "near")),
        (299, 10, Finding("within_300", "near")),
        (309, 10, Finding("within_1000", "near")),  # it may as well be 299
        (311, 10, Finding("within_1000", "far")),
        (999, 10, Finding("within_1000", "far")),
        (1001, 10, Finding("beyond", "far")),
        (50_000, 0, Finding("beyond", "far")),
        (5, 301, Finding("unclear", "inaccurate")),
        (50_000, 301, Finding("unclear", "inaccurate")),
    ],
)
def test_a_distance_becomes_a_band_and_a_verdict(away, accuracy, expected) -> None:
    assert judge(PLACE, Seen(north_of(PLACE, away), accuracy)) == expected


def test_without_a_place_nothing_is_said() -> None:
    assert judge(None, Seen(PLACE, 5)) == Finding("unclear", "no_place")


@pytest.mark.parametrize(("satellite", "map_"), PUBLISHED)
def test_a_point_that_fits_as_another_system_is_doubted_and_nobody_is_far(satellite, map_) -> None:
    at_the_place = Finding("within_100", "near")
    doubtful = Finding("unclear", "system_doubtful")
    here, there = Point(*satellite), Point(*map_, "gcj02")
    assert judge(here, Seen(there, 10)) == at_the_place
    assert judge(there, Seen(here, 10)) == at_the_place
    assert judge(here, Seen(Point(*map_, "wgs84"), 10)) == doubtful  # the phone gave GCJ-02 for WGS-84
    assert judge(here, Seen(Point(*satellite, "gcj02"), 10)) == doubtful
    assert judge(Point(*map_, "wgs84"), Seen(here, 10)) == doubtful  # the form did
    assert judge(here, Seen(north_of(here, 2_000), 10)) == Finding("beyond", "far")  # no system explains it


def test_wherever_in_china_a_wrong_system_is_never_an_accusation() -> None:
    dice = random.Random(67)
    for _ in range(300):
        here = Point(dice.uniform(20, 45), dice.uniform(85, 125))
        shifted = Point(*wgs84_to_gcj02(here.latitude, here.longitude))
        assert judge(here, Seen(shifted, dice.uniform(0, 300))).verdict != "far"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_point(wrong) -> None:
    for make in (lambda: Point(wrong, 121.0), lambda: Point(31.0, wrong), lambda: Seen(PLACE, wrong)):
        with pytest.raises(NotAPoint):
            make()


@pytest.mark.parametrize(("latitude", "longitude"), [(90.1, 0), (-90.1, 0), (0, 180.1), (0, -180.1), (121.5, 31.2)])
def test_degrees_outside_the_globe_are_refused(latitude, longitude) -> None:
    with pytest.raises(NotAPoint):
        Point(latitude, longitude)
    with pytest.raises(NotAPoint):
        Seen(PLACE, -1)
