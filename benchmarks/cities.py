"""Cities of volunteers and needs, made from a seed: the same size and seed give the same city everywhere.

The shapes follow measured ones: places wanted by a shift, the share of each weekday and the share of places that stay
empty are those of 777 shifts of LEEDS 2023 (Open Innovations, CC BY 4.0); no-shows are the median of 860 free events.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import NamedTuple

from api.domain.matching.inputs import Ask, Offer, Place

WANTED = ((0.10, 2), (0.25, 3), (0.50, 4), (0.75, 8), (0.90, 14), (0.99, 40), (1.0, 100))
WEEKDAYS = (0.058, 0.086, 0.154, 0.156, 0.143, 0.296, 0.107)
NO_SHOW = 0.28
CATEGORIES = (
    "elderly_care", "environment", "festival", "education", "health", "repair", "safety", "culture", "disability",
    "children", "legal_advice", "sport", "mediation", "hairdressing", "it_help", "translation", "counselling",
    "first_aid", "gardening", "accounting",
)  # fmt: skip
PARTS = 3  # morning, afternoon, evening
PEOPLE_OF_COMMUNITY = 500
APART = 1000  # metres between the centres of neighbouring communities
NEEDS_OF_PERSON = 0.35


class City(NamedTuple):
    """Needs, volunteers, and how often each need has been looked at, by which a list of a platform is sorted."""

    asks: list[Ask]
    offers: list[Offer]
    popularity: dict[str, int]


def city(volunteers: int, seed: int = 1) -> City:
    """Return a city of so many volunteers; its area and its needs grow with them."""
    chance = Random(f"city {volunteers} {seed}")
    many = max(1, volunteers // PEOPLE_OF_COMMUNITY)
    side = max(1, round(many**0.5))
    centres = [(number % side * APART, number // side * APART) for number in range(many)]
    skilled = list(accumulate(1 / (rank + 1) ** 0.7 for rank in range(len(CATEGORIES))))
    asks = [_ask(chance, number, centres, skilled) for number in range(round(volunteers * NEEDS_OF_PERSON))]
    offers = [_offer(chance, number, centres, skilled) for number in range(volunteers)]
    # What wants many people is known to many, so it is looked at more often.
    looks = {ask.id: round(chance.lognormvariate(3, 1) * (ask.headcount or 1) ** 0.5) for ask in asks}
    return City(asks, offers, looks)


def _one_of(chance: Random, sums: list[float]) -> int:
    return min(bisect(sums, chance.random() * sums[-1]), len(sums) - 1)


def _near(chance: Random, centre: Place, metres: int) -> Place:
    return (round(chance.gauss(centre[0], metres)), round(chance.gauss(centre[1], metres)))


_DAYS = list(accumulate(WEEKDAYS))


def _slot(chance: Random) -> int:
    return _one_of(chance, _DAYS) * PARTS + chance.randrange(PARTS)


def _ask(chance: Random, number: int, centres: list[Place], skilled: list[float]) -> Ask:
    community = chance.randrange(len(centres))
    level = chance.random()
    wanted = next(most for share, most in WANTED if level <= share)
    slots: tuple[int, ...] | None = tuple(sorted({_slot(chance) for _ in range(1 if chance.random() < 0.8 else 2)}))
    thin = chance.random()
    if thin < 0.05:
        slots = None
    elif thin < 0.06:
        slots = ()
    return Ask(
        f"need-{number:06}", CATEGORIES[_one_of(chance, skilled)], slots,
        None if chance.random() < 0.1 else wanted,
        None if chance.random() < 0.08 else _near(chance, centres[community], 350),
        f"community-{community:04}", chance.randrange(0, 101, 10), 1 if chance.random() < 0.15 and wanted > 1 else 0,
    )  # fmt: skip


def _offer(chance: Random, number: int, centres: list[Place], skilled: list[float]) -> Offer:
    community = chance.randrange(len(centres))
    skills = {
        CATEGORIES[_one_of(chance, skilled)]: chance.randrange(1, 4) for _ in range(1 + int(chance.random() < 0.5))
    }
    free = tuple(sorted({_slot(chance) for _ in range(4 + chance.randrange(6))}))
    most = chance.choice((1, 1, 2, 3))
    return Offer(
        f"person-{number:06}", tuple(sorted(skills.items())), None if chance.random() < 0.03 else free, free[:1],
        None if chance.random() < 0.02 else _near(chance, centres[community], 450), chance.choice((2000, 4000, 8000)),
        most, int(most > 1 and chance.random() < 0.2),
        rating=None if chance.random() < 0.4 else chance.randrange(50, 101),
        wishes=_wishes(chance, community), declines=((min(skills), 1),) if chance.random() < 0.1 else (),
        no_shows=int(chance.random() < NO_SHOW), asked=int(chance.random() < 0.2),
        unit=f"unit-{chance.randrange(max(1, len(centres) * 2)):04}",
    )  # fmt: skip


def _wishes(chance: Random, community: int) -> tuple[str, ...]:
    drawn = chance.random()
    if drawn < 0.1:
        return (f"community-{community:04}",)
    return (chance.choice(CATEGORIES),) if drawn < 0.15 else ()
