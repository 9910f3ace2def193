"""Whatever the order and the files in which records come, nobody's credited time overlaps, and it is their union."""

from __future__ import annotations

import os
import random
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from api.domain.outside_records import read_records
from api.domain.overlap import Covered
from api.domain.record_layouts import LAYOUTS
from api.services import sealer
from api.services.imports import records
from api.services.imports.shared import Options
from tests.support import volunteers
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.volunteers import HEADERS, credited, record, union, volunteer

SHANGHAI = ZoneInfo("Asia/Shanghai")
CASES = 40
SEED = int(os.environ.get("SEED", "20260302"))
FIRST = datetime(2026, 1, 5, 8, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def windows(chance: random.Random) -> list[tuple[datetime, datetime, int]]:
    """Return windows of one day that overlap often, with the minutes that each states of its window."""
    found = []
    for _ in range(chance.randint(2, 9)):
        start = FIRST + timedelta(minutes=chance.randint(0, 400))
        window = chance.randint(1, 240)
        found.append((start, start + timedelta(minutes=window), chance.choice((window, chance.randint(1, window)))))
    return found


def taken_over(world, person: int, numbered: list[tuple[int, tuple[datetime, datetime, int]]]) -> None:
    """Import some of the records as one file, as its job would: check, then write in parts."""
    lines = [
        record(person, f"U{person}-{number}", f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", minutes).split(",")
        for number, (start, end, minutes) in numbered
    ]
    reading = read_records(LAYOUTS["national"], HEADERS, list(enumerate(lines, 2)), SHANGHAI, date(2026, 3, 2))
    assert not reading.refused
    options = Options(world.people["v"], "records", "0", world.places["community"], date(2026, 3, 2))

    def run(session, actor):
        checked = records.check(session, actor, reading.rows, options)
        assert not checked.refused
        half = len(checked.ready) // 2
        for part in (checked.ready[:half], checked.ready[half:]):
            records.write(session, actor, part, options)

    world.run(run)


def in_any_order(world, chance: random.Random, number: int) -> tuple[int, int]:
    """Import the records of a new volunteer in files of any size and order, some twice; return credited and union."""
    person = world.run(volunteer, world, number)
    world.people["v"] = person
    told = windows(chance)
    numbered = list(enumerate(told))
    for _ in range(2):
        chance.shuffle(numbered)
        cut = chance.randint(0, len(numbered))
        for part in (numbered[:cut], numbered[cut:]):
            taken_over(world, number, part)
    stands = credited(world, person)
    assert all(end - start == timedelta(minutes=minutes) for start, end, minutes in stands)
    assert all(first[1] <= second[0] for first, second in pairwise(stands))
    counted = [(start, start + timedelta(minutes=minutes)) for start, _, minutes in told]
    return sum(row[2] for row in stands), union(counted)


def test_in_any_order_and_any_files_the_sum_is_the_union(world):
    chance = random.Random(SEED)
    sums = [in_any_order(world, chance, number) for number in range(CASES)]
    print(f"records: {CASES} volunteers, {sum(first for first, _ in sums)} minutes, seed {SEED}")
    assert [first for first, _ in sums] == [second for _, second in sums]
    world.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))


def test_an_import_that_forgets_what_stands_is_found_out(world, monkeypatch):
    class Forgetful(Covered):
        """Covers nothing: whatever is asked for is free."""

        def take(self, start, end):
            return [(start, end)]

    monkeypatch.setattr(records, "Covered", Forgetful)
    monkeypatch.setattr(records.ledger, "_take", lambda *_arguments: None)
    chance, wrong = random.Random(SEED), 0
    for number in range(CASES, CASES + 6):
        try:
            first, second = in_any_order(world, chance, number)
            wrong += first != second
        except AssertionError:
            wrong += 1
    assert wrong > 0


def test_made_up_id_numbers_are_each_valid_and_different():
    assert len({volunteers.id_number(number) for number in range(CASES)}) == CASES
