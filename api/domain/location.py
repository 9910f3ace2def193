"""Where somebody says they are, judged against where a shift is: a distance band and a verdict, and nothing else stays.

Chinese maps draw three systems: WGS-84 of satellites, GCJ-02 (高德, 腾讯, `wx.getLocation` when asked for it) and BD-09
(百度). One read as another is off by 300 to 1200 metres, which is why a point names its system and is doubted before
its owner is. The formulas are those by which the map libraries agree; the tests hold them to published points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import asin, atan2, cos, degrees, hypot, isfinite, pi, radians, sin, sqrt
from typing import Literal, get_args

from api.errors import Invalid

System = Literal["wgs84", "gcj02", "bd09"]
Band = Literal["within_100", "within_300", "within_1000", "beyond", "unclear"]
Verdict = Literal["near", "far", "system_doubtful", "inaccurate", "no_place"]

NEAR_METERS = 300  # a square, a park or a street may well be as wide
COARSE_METERS = 300  # an accuracy beyond it says nothing about nearness
_BANDS: tuple[tuple[float, Band], ...] = ((100, "within_100"), (300, "within_300"), (1000, "within_1000"))
_FITS, _BETTER = 100, 200  # read as another system a point is this near, and nearer by at least so much

_EARTH = 6_371_008.8  # mean radius in metres (IUGG)
_A, _EE = 6_378_245.0, 0.00669342162296594323  # the ellipsoid of Krasovsky 1940, on which GCJ-02 is defined
_BD = pi * 3000 / 180


class NotAPoint(Invalid):
    """Latitude, longitude or accuracy are no numbers of this world."""

    code = "not_a_point"
    zh = "经纬度或精度不是有效数值（纬度 −90 至 90，经度 −180 至 180，精度不为负）"
    en = "Latitude, longitude or accuracy is not valid (−90 to 90, −180 to 180, and not negative)"


@dataclass(frozen=True, slots=True)
class Point:
    """A place in degrees, as the named system writes it. Raises NotAPoint for what is none."""

    latitude: float
    longitude: float
    system: System = "wgs84"

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= 90 and abs(self.longitude) <= 180):  # NaN is not in range either
            raise NotAPoint


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a phone says that it is, give or take `accuracy_meters`. Raises NotAPoint for what is no accuracy."""

    point: Point
    accuracy_meters: float

    def __post_init__(self) -> None:
        if not isfinite(self.accuracy_meters) or self.accuracy_meters < 0:
            raise NotAPoint


@dataclass(frozen=True, slots=True)
class Finding:
    """All that is kept: how far, in bands, and what that means; `unclear` speaks neither for nor against anybody."""

    band: Band
    verdict: Verdict


def judge(place: Point | None, seen: Seen) -> Finding:
    """Say how near somebody is to a place; `far` only where the point is fine enough and fits no other system.

    A point that would lie at the place if it, or the place, were read as another system is `system_doubtful`: most
    likely a phone or a form mixed the systems up.
    """
    if place is None:
        return Finding("unclear", "no_place")
    if seen.accuracy_meters > COARSE_METERS:
        return Finding("unclear", "inaccurate")
    away = meters_between(place, seen.point)
    misread = min(meters_between(*pair) for pair in _misreadings(place, seen.point))
    if misread <= _FITS and away - misread >= _BETTER:
        return Finding("unclear", "system_doubtful")
    return Finding(_band(away), "near" if away - seen.accuracy_meters <= NEAR_METERS else "far")


def meters_between(one: Point, other: Point) -> float:
    """Return the great-circle distance in metres, whatever systems the two points are written in."""
    (lat_a, lon_a), (lat_b, lon_b) = as_wgs84(one), as_wgs84(other)
    a, b = radians(lat_a), radians(lat_b)
    chord = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(chord)))


def as_wgs84(point: Point) -> tuple[float, float]:
    """Return latitude and longitude in WGS-84; exact to millimetres within China, outside it GCJ-02 is WGS-84."""
    if point.system == "wgs84":
        return point.latitude, point.longitude
    goal = (point.latitude, point.longitude) if point.system == "gcj02" else _bd09_to_gcj02(point)
    lat, lon = goal
    for _ in range(6):  # the shift changes so slowly that each round brings two more digits
        there = wgs84_to_gcj02(lat, lon)
        lat, lon = lat + goal[0] - there[0], lon + goal[1] - there[1]
    return lat, lon


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Return a WGS-84 point as GCJ-02 writes it; unchanged outside the rectangle around China."""
    if not (0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    both = _waves(x, (20, 6), (20, 2)) + 0.1 * x * y
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.2 * sqrt(abs(x)) + both
    north += _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * sqrt(abs(x)) + both
    east += _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    magic = 1 - _EE * sin(radians(lat)) ** 2
    d_lat = degrees(north / (_A * (1 - _EE) / (magic * sqrt(magic))))
    d_lon = degrees(east / (_A / sqrt(magic) * cos(radians(lat))))
    return lat + d_lat, lon + d_lon


def _band(away: float) -> Band:
    for limit, name in _BANDS:
        if away <= limit:
            return name
    return "beyond"


def _waves(at: float, *waves: tuple[float, float]) -> float:
    return sum(height * sin(at * pi * often) for height, often in waves) * 2 / 3


def _bd09_to_gcj02(point: Point) -> tuple[float, float]:
    x, y = point.longitude - 0.0065, point.latitude - 0.006
    radius = hypot(x, y) - 0.00002 * sin(y * _BD)
    turn = atan2(y, x) - 0.000003 * cos(x * _BD)
    return radius * sin(turn), radius * cos(turn)


def _misreadings(place: Point, seen: Point) -> Iterator[tuple[Point, Point]]:
    for system in get_args(System):
        if system != place.system:
            yield replace(place, system=system), seen
        if system != seen.system:
            yield place, replace(seen, system=system)
