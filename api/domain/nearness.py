"""附近: places sorted into rings around one of them; whole steps of distance between communities, never an address."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import ceil
from typing import TypeVar

from api.domain.location import Point, meters_between
from api.errors import Invalid

STEP = 500
"""Metres of one ring: what is told of a distance, and fine enough to walk or to take a bus."""

Key = TypeVar("Key", bound=Hashable)


class NoHome(Invalid):
    """Nearness was asked for without a place, and the caller is registered in no community."""

    code = "no_community_to_measure_from"
    zh = "您尚未在社区报到，请写明从哪个社区起算（near）"
    en = "You are registered in no community; name the one to measure from (near)"


def rings(centre: Key, points: Mapping[Key, Point | None], within: int | None = None) -> list[tuple[int, list[Key]]]:
    """Return the places in rings around `centre`, nearest first, each ring by its outer edge in metres.

    The centre stands alone in ring 0, whatever else has the same point; places whose point or distance is unknown are
    in none. `within` leaves out rings that reach further.
    """
    found: dict[int, list[Key]] = {0: [centre]}
    middle = points.get(centre)
    for key, point in points.items():
        if middle is None or point is None or key == centre:
            continue
        edge = max(1, ceil(meters_between(middle, point) / STEP)) * STEP
        if within is None or edge <= within:
            found.setdefault(edge, []).append(key)
    return sorted(found.items())
