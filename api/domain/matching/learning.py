"""Learning from no: what answers, absences and ratings of the past say to the next run, by declared numbers.

A no costs nothing: it stands in no record and no assessment. It only lets the next run think of somebody else first for
such needs, for a while, and never of the same person for the same need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

STAR = 20
"""Points of 100 that a star of five is worth."""


@dataclass(frozen=True, slots=True)
class Memory:
    """For how many days a no in a category, an absence and a rating are remembered; 0 forgets at once.

    `inputs_days` is how long a run keeps what it started from, so that it can be repeated; its hashes stay for good.
    """

    decline_days: int = 180
    no_show_days: int = 365
    rating_days: int = 730
    inputs_days: int = 730


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one proposal: `state` is how it stands, `on` the day it was made.

    `missed` says that who accepted did not come or did not begin; `rating` are stars from 1 to 5.
    """

    need_id: str
    category: str
    state: str
    on: date
    missed: bool = False
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What a run takes into account of one helper, as the members of `inputs.Offer` of the same names."""

    declines: tuple[tuple[str, int], ...] = ()
    declined: tuple[str, ...] = ()
    no_shows: int = 0
    rating: int | None = None
    asked: int = 0


def learned(answers: Iterable[Answer], absences: int, today: date, memory: Memory) -> Learned:
    """Return what past proposals teach about one helper.

    `absences` are those recorded besides, within `no_show_days`. A proposal that lapsed unanswered counts as asked and
    as nothing else. `asked` counts the proposals of this calendar month; `rating` is the mean, rounded down.
    """
    kept = sorted(answers, key=lambda answer: (answer.on, answer.need_id))
    declined = Counter(
        answer.category for answer in kept if answer.state == "declined" and _within(answer, today, memory.decline_days)
    )
    stars = [answer.rating for answer in kept if answer.rating and _within(answer, today, memory.rating_days)]
    return Learned(
        tuple(sorted(declined.items())),
        tuple(sorted({answer.need_id for answer in kept if answer.state == "declined"})),
        absences + sum(answer.missed and _within(answer, today, memory.no_show_days) for answer in kept),
        sum(stars) * STAR // len(stars) if stars else None,
        sum((answer.on.year, answer.on.month) == (today.year, today.month) for answer in kept),
    )


def _within(answer: Answer, today: date, days: int) -> bool:
    return answer.on > today - timedelta(days=days)
