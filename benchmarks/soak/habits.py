"""How people sign up, come and stay away: figures of real volunteering, and ways to draw from them.

LEEDS 2023 / Open Innovations (CC BY 4.0): 777 shifts with places wanted and attendance, 3 492 ticket orders with the
times of order and event. The others were printed on public pages, which are named beside each.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping

PLACES = {0.0: 2, 0.1: 2, 0.25: 3, 0.5: 4, 0.75: 8, 0.9: 14, 0.99: 100, 1.0: 100}
"""Places wanted a shift, by share of shifts (777 shifts)."""

FILL = {0.0: 0.2, 0.05: 0.2, 0.1: 0.25, 0.25: 0.5, 0.5: 0.667, 0.75: 1.0, 1.0: 1.3}
"""People for each place, by share of shifts (777 shifts); above the upper quartile some shifts are asked for more."""

HOURS = {0.0: 0.4, 0.05: 0.4, 0.25: 2.25, 0.5: 3.5, 0.75: 4.0, 0.95: 5.5, 1.0: 6.0}
"""Hours a person gives at one shift (777 shifts)."""

LEAD_HOURS = {0.0: 0.5, 0.05: 1.899, 0.1: 6.934, 0.25: 56.888, 0.5: 200.919, 0.75: 577.084, 0.9: 986.027, 1.0: 1000}
"""Hours between asking and the event, by share of orders (3 492 orders); the last tenth asked earlier still."""

WEEKDAYS = (0.058, 0.086, 0.154, 0.156, 0.143, 0.296, 0.107)
"""Share of shifts on Monday to Sunday (777 shifts)."""

NO_SHOW = 0.28
"""Median share of those signed up who do not come to free events (over 860 events with check-in, pheedloop.com)."""

IN_THE_FIRST_30 = 0.65
"""Share of those who come that is there within half an hour: 60 to 70 % (over 200 events, nunify.com)."""

EARLY = (10, 20)
"""Minutes before the start at which volunteers sign in (activity records of a city's volunteer site)."""

BURST = (60, 23)
"""Places, and the seconds in which they were gone after an opening at 10:00 (guerrasionista.com)."""

FORGOTTEN = 0.08
"""Share of people who do not check out; nobody prints a figure, so this one is a guess."""


def drawn(quantiles: Mapping[float, float], chance: random.Random) -> float:
    """Draw from quantiles, straight between them."""
    shares, at = sorted(quantiles), chance.random()
    above = min(max(bisect_right(shares, at), 1), len(shares) - 1)
    low, high = shares[above - 1], shares[above]
    start, end = quantiles[low], quantiles[high]
    return start + (end - start) * (at - low) / (high - low)


def arrival(length: int, chance: random.Random) -> int:
    """Draw in which minute somebody comes, the start being 0: early helpers, a stream, and those who come late.

    Doors open with the earliest helpers; half an hour from then most who come are there.
    """
    opens = -EARLY[1]
    if chance.random() < IN_THE_FIRST_30:
        return chance.randint(opens, -EARLY[0]) if chance.random() < 0.5 else chance.randint(-EARLY[0], opens + 29)
    return chance.randint(opens + 30, max(opens + 30, length // 2))


def median(values: list[float]) -> float:
    """Return the middle of the values, 0 of none."""
    return sorted(values)[len(values) // 2] if values else 0.0
