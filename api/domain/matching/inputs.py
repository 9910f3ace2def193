"""What a match run starts from: asks, offers, weights and limits, all whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

from api.errors import Invalid

Place = tuple[int, int]
"""Whole metres east and north of any common origin."""

FULL = 100
"""Every factor is valued from 0 to this."""


class WeightsInvalid(Invalid):
    """A weight or a limit is not a whole number in its range."""

    code = "weights_invalid"
    zh, en = "匹配权重 {weight} 须为 0 至 {most} 的整数", "The weight {weight} must be a whole number from 0 to {most}"


class InputRepeated(Invalid):
    """Two asks, or two offers, have one id."""

    code = "match_input_repeated"
    zh, en = "匹配输入中编号重复：{id}", "An id stands twice in the inputs of the match: {id}"


@dataclass(frozen=True, slots=True)
class Ask:
    """A need: so many places in one category, in any of its slots.

    None stands for what the list does not say: `slots` None is agreed on later, `headcount` None is taken as 1, and
    without a `place` the distance counts as unknown; each is flagged. Empty `slots` are windows that contradict each
    other. `served` are the places that somebody fills already; `urgency` is 0 to 100. `gate` names what is asked of
    who comes: offers say which gates they do not pass, so that nobody's age or papers stand in the inputs.
    """

    id: str
    category: str
    slots: tuple[int, ...] | None = None
    headcount: int | None = None
    place: Place | None = None
    community: str | None = None
    urgency: int = 0
    served: int = 0
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A person, team, unit or resource that could serve.

    `skills` are (category, level 1 to 3); `slots` are when it is free (None: it does not say, so any), `preferred`
    those it likes best; `reach` is how many metres it goes. It takes at most `max_tasks` places, `load` of which it
    has; `at_once` places in one slot and for one ask (a person 1, a team as many as come). `rating` is 0 to 100 or
    None; `wishes` name categories, communities or asks; `declines` are (category, times), `declined` asks that it
    has refused, `asked` how often it was asked in this period. `unit` is whose it is, for the figures. `shut` are the
    gates that it does not pass, each with the code of the first reason.
    """

    id: str
    skills: tuple[tuple[str, int], ...]
    slots: tuple[int, ...] | None = None
    preferred: tuple[int, ...] = ()
    place: Place | None = None
    reach: int = 3000
    max_tasks: int = 1
    load: int = 0
    at_once: int = 1
    rating: int | None = None
    wishes: tuple[str, ...] = ()
    declines: tuple[tuple[str, int], ...] = ()
    declined: tuple[str, ...] = ()
    no_shows: int = 0
    asked: int = 0
    unit: str | None = None
    shut: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts and how much.

    The first six are points a step of a factor valued 0 to 100. `load` is what each place that somebody has already
    takes off (so that the idle come first), `decline` and `no_show` what each no in this category and each absence
    takes off; these three are counted up to `most` times. `place` is what a filled place is worth, `cover` what the
    first helper of a need that nobody serves is worth besides. `unknown` is the value of a factor that nobody knows.
    """

    skills: int = 3
    distance: int = 4
    slot: int = 1
    rating: int = 1
    wish: int = 2
    urgency: int = 2
    load: int = 150
    decline: int = 30
    no_show: int = 60
    place: int = 1500
    cover: int = 2000
    most: int = 5
    unknown: int = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """What no proposal may exceed: how often a person is asked in a period, and how many places a community takes.

    `communities` are the capacities of named communities, `community` that of every other; None is without limit.
    `edges` is how many candidates a helper gets on average, which trades time against the quality of the optimum.
    """

    asks: int = 3
    edges: int = 44
    community: int | None = None
    communities: Mapping[str, int] = field(default_factory=dict)


_MOST = {"unknown": FULL, "most": 100, "edges": 1000}
_LARGEST = 1_000_000
FACTORS = ("skills", "distance", "slot", "rating", "wish", "urgency")
"""The factors valued 0 to 100, in the order in which reasons name them."""


def require_weights(weights: Weights, limits: Limits) -> None:
    """Raise WeightsInvalid unless every weight and limit is a whole number in its range; zeros are allowed."""
    named = [(each.name, getattr(weights, each.name)) for each in fields(weights)]
    named += [("asks", limits.asks), ("edges", limits.edges), ("community", limits.community)]
    named += [(f"communities.{name}", value) for name, value in sorted(limits.communities.items())]
    for name, value in named:
        most = _MOST.get(name, _LARGEST)
        if name == "community" and value is None:
            continue
        if type(value) is not int or not 0 <= value <= most:
            raise WeightsInvalid(weight=name, most=most, pointer=f"/{name}")


def arranged(rows: Sequence[Any]) -> list[Any]:
    """Return asks or offers by id, so that the order in which they came cannot matter; InputRepeated for a twin."""
    found = sorted(rows, key=lambda row: row.id)
    for before, after in pairwise(found):
        if before.id == after.id:
            raise InputRepeated(id=after.id)
    return found
