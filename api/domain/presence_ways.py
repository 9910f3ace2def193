"""In which way a presence is shown: who says so, and what may stand beside it."""

from __future__ import annotations

from typing import Literal

from api.errors import Invalid

Way = Literal["code", "organiser", "roll_call"]
"""The provenance class of the fact: one's own code, one's code scanned by the organiser, or called by somebody else."""


class WaysMixed(Invalid):
    """A line says in one way how presence is shown."""

    code = "ways_mixed"
    zh = "每行只用一种方式：本人出示现场码（可附位置）、扫描成员码，或点名（录入签到表须写人员和时间）"
    en = "One way a line: the screen's code, perhaps a location; a member's code; a roll call, a sheet's with its time"


def way_of(*, others: bool, scanned: bool, sheet: bool, timed: bool, named: bool, coded: bool, located: bool) -> Way:
    """Return the way of a line, or raise WaysMixed.

    `others` says that it names another person than who sends it, `named` that it names anybody.
    """
    if scanned:
        mixed, way = named or coded or timed or sheet or located, "organiser"
    elif sheet or others:
        mixed, way = located or (sheet and not (named and timed)), "roll_call"
    else:
        mixed, way = False, "code"
    if mixed:
        raise WaysMixed
    return way
