"""Real lists of needs, as thin as they are, matched with generated people: what is served, and what looks strange.

`python -m benchmarks.real_lists FOLDER` prints the ten strangest proposals of each list, for somebody to judge.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import cos, radians
from pathlib import Path
from random import Random

from api.domain.list_words import gates_of
from api.domain.matching.feasibility import violations
from api.domain.matching.inputs import Ask, Limits, Offer, Place
from api.domain.matching.propose import Proposals, propose
from api.domain.matching.reasons import Proposal
from api.domain.matching.telling import reasons
from benchmarks.choosing import by_list, outcome
from benchmarks.cities import NO_SHOW, WEEKDAYS, City
from benchmarks.harness import Row

OPPORTUNITIES = "volunteering/nyc_service_opportunities_2011.csv"
CALIBRATION = "volunteering/calibration.json"
LISTS = ("needs", "micro_wishes", "posts", "projects")
PARTS = 3  # of a day: morning, afternoon, evening
PEOPLE = 2000
COMMAND = "python -m benchmarks real_lists --data FOLDER"
_DEGREE = 111_195  # metres of a degree of a meridian
_CENTRE = (40.71, -73.98)


def rows(_size: str, data: Path | None) -> list[Row]:
    """Match both kinds of lists of the folder; nothing without one."""
    if data is None:
        return []
    found = []
    for name, town in cities(data).items():
        match, listed = propose(town.asks, town.offers), by_list(town, Limits())
        sums, other = match.figures, outcome(town.asks, listed)
        broken = len(violations(town.asks, town.offers, Limits(), match))
        gain = 100 * (sums.newly_served / max(other.newly_served, 1) - 1)
        ok = not broken and sums.newly_served >= other.newly_served and sums.filled >= other.filled
        gated = sum(ask.gate is not None for ask in town.asks)
        thin = sum(bool(flags) for flags in match.columns.flags)
        said = (
            f"{sums.newly_served} of {sums.needs} needs served with {sums.filled} places, by a list "
            f"{other.newly_served} with {other.filled}; {thin} leave time, number or place open; "
            f"{gated} say whom they ask; {broken} limits broken"
        )
        goal = "no fewer needs or places than by a list"
        found.append(Row(f"matching, {name}: more needs served", gain, goal, "%", ok, said, COMMAND))
    return found


def cities(data: Path) -> dict[str, City]:
    """Return the opportunities and the lists of needs, each with people generated around them."""
    asked, looks = opportunities(data / OPPORTUNITIES)
    lists, week = needs(data / "lists"), weekdays(data / CALIBRATION)
    return {
        f"{len(asked)} opportunities": City(asked, people(asked, PEOPLE, week), looks),
        f"{len(lists)} needs of real lists": City(
            lists, people(lists, len(lists) * 2, week), {ask.id: 1 for ask in lists}
        ),
    }


def weekdays(path: Path) -> list[float]:
    """Return the measured share of each weekday in the shifts of a city, Monday first; people are free by it."""
    measured = json.loads(path.read_text(encoding="utf-8"))["measured"]["leeds2023_shifts"]["weekday_share"]
    return [measured[str(day)] for day in range(7)]


def opportunities(path: Path) -> tuple[list[Ask], dict[str, int]]:
    """Return the volunteer opportunities of a city as asks, and how often each was looked at.

    The list gives a day but no hour: the occurrence may be in any part of it; what goes on for long may be on any day.
    """
    asks, looks = [], {}
    for line in _lines(path):
        day = datetime.strptime(line["start_date_date"], "%B %d %Y").weekday()  # noqa: DTZ007 - a day, no instant
        once = line["recurrence_type"] == "onetime"
        place = None
        if line["Latitude"]:
            north = round((float(line["Latitude"]) - _CENTRE[0]) * _DEGREE)
            east = round((float(line["Longitude"]) - _CENTRE[1]) * _DEGREE * cos(radians(_CENTRE[0])))
            place = (east, north)
        asks.append(
            Ask(
                f"{line['opportunity_id']} {line['title']}", line["category_desc"] or "uncategorised",
                tuple(range(day * PARTS, day * PARTS + PARTS)) if once else None,
                int(line["vol_requests"]) if line["vol_requests"] else None, place, line["Postcode"] or None,
                100 if line["is_priority"] else 0, gate=_gate(f"{line['title']} {line['summary']}"),
            )
        )  # fmt: skip
        looks[asks[-1].id] = int(line["hits"] or 0)
    return asks, looks


def needs(folder: Path) -> list[Ask]:
    """Return the needs, wishes, posts and projects of communities as asks; most say neither when nor how many."""
    asks = []
    for name in LISTS:
        for line in _lines(folder / f"{name}.csv"):
            category = line.get("category") or line.get("kind") or line.get("scheme") or "其他"
            wanted = line.get("headcount") or line.get("quantity") or ""
            headcount = int(wanted) if wanted.isdigit() else None
            community = line.get("community") or line.get("owner") or None
            gate = _gate(line["title"])
            asks.append(Ask(f"{line['id']} {line['title']}", category, None, headcount, None, community, gate=gate))
    return asks


def _gate(text: str) -> str | None:
    """Return a name for the gates that the words of an item declare; None where they declare none."""
    return " ".join(f"{name}={value}" for name, value in sorted(gates_of(text).items())) or None


def _shut(chance: Random, asks: list[Ask]) -> tuple[tuple[str, str], ...]:
    """Return the gates that a generated person does not pass: a third told no age, the others are 16 to 79."""
    age = None if chance.random() < 1 / 3 else chance.randrange(16, 80)
    found = []
    for gate in sorted({ask.gate for ask in asks if ask.gate is not None}):
        least = max((int(part[8:]) for part in gate.split() if part.startswith("ageFrom=")), default=0)
        if "groups=" in gate:
            found.append((gate, "not_of_the_group"))
        elif age is None or age < least:
            found.append((gate, "age_unknown" if age is None else "too_young"))
    return tuple(found)


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def people(asks: list[Ask], many: int, week: Sequence[float] = WEEKDAYS, seed: int = 1) -> list[Offer]:
    """Return generated people who live around the needs and have their skills; the same ones for a seed."""
    chance = Random(f"people {many} {seed}")
    places = sorted(ask.place for ask in asks if ask.place is not None)
    kinds = sorted(ask.category for ask in asks)  # often asked, often had
    made = [_person(chance, number, places, kinds, week) for number in range(many)]
    return [replace(each, shut=_shut(chance, asks)) for each in made]


def _person(chance: Random, number: int, places: list[Place], kinds: list[str], week: Sequence[float]) -> Offer:
    days = chance.choices(range(len(week)), week, k=3)
    centre = chance.choice(places) if places else None
    home = centre and (round(chance.gauss(centre[0], 1500)), round(chance.gauss(centre[1], 1500)))
    skills = {chance.choice(kinds): chance.randrange(1, 4) for _ in range(2)}
    free = tuple(sorted({day * PARTS + chance.randrange(PARTS) for day in days}))
    return Offer(
        f"person-{number:05}", tuple(sorted(skills.items())), free, free[:1], home, chance.choice((2000, 4000, 8000)),
        chance.choice((1, 1, 2)), no_shows=int(chance.random() < NO_SHOW),
        rating=None if chance.random() < 0.4 else chance.randrange(50, 101),
    )  # fmt: skip


def strangest(found: Proposals, many: int = 10) -> list[Proposal]:
    """Return the proposals that score least before what a filled place earns, one a need: what a reader would doubt."""

    def score(each: Proposal) -> int:
        return sum(counted.points for counted in each.counted if counted.factor not in ("place", "cover", "load"))

    worst: dict[str, Proposal] = {}
    for each in sorted(found, key=lambda each: (score(each) // each.places, each.ask_id, each.offer_id)):
        worst.setdefault(each.ask_id, each)
    return list(worst.values())[:many]


def main(folder: Path) -> None:
    """Print the strangest proposals of each list, one a paragraph, with the reasons as their readers get them."""
    for name, town in cities(folder).items():
        able = {offer.id: offer for offer in town.offers}
        print(f"# {name}")
        wanted = {ask.id: ask for ask in town.asks}
        for each in strangest(propose(town.asks, town.offers)):
            offer, ask = able[each.offer_id], wanted[each.ask_id]
            print(f"\n{each.ask_id} [{ask.category}] ← {offer.id} {dict(offer.skills)}")
            print("\n".join(reasons({**each.reasons(), "metres": each.metres})["lines"]["zh"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
