"""From points on the earth to whole metres east and north of a common origin, on which distances are measured."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import cos, radians
from typing import TypeVar

from api.domain.location import Point, as_wgs84
from api.domain.matching.inputs import Place

_DEGREE = 111_195  # metres of a degree of a meridian on a sphere of the earth's mean radius
Key = TypeVar("Key", bound=Hashable)


def grid(points: Mapping[Key, Point]) -> dict[Key, Place]:
    """Return each point in metres from the south-west of all of them; within a city the error is below one in 500.

    An equirectangular projection at the middle latitude, whatever systems the points are written in.
    """
    degrees = {key: as_wgs84(point) for key, point in points.items()}
    if not degrees:
        return {}
    south, north = (pick(lat for lat, _ in degrees.values()) for pick in (min, max))
    west = min(lon for _, lon in degrees.values())
    narrow = cos(radians((south + north) / 2))
    return {
        key: (round((lon - west) * _DEGREE * narrow), round((lat - south) * _DEGREE))
        for key, (lat, lon) in degrees.items()
    }
