"""Where somebody belonged on a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from api.domain.belonging import Belonging, Span

ACCOUNT, OLD, NEW = UUID(int=1), UUID(int=11), UUID(int=12)
MARCH = date(2026, 3, 1)


def spans(*rows: tuple[UUID, str, date, date | None, bool]) -> Belonging:
    return Belonging.of(Span(UUID(int=100 + n), ACCOUNT, *row) for n, row in enumerate(rows))


def test_the_day_of_a_change_belongs_to_the_new_employer() -> None:
    moved = spans((OLD, "employment", date(2020, 1, 1), MARCH, False), (NEW, "employment", MARCH, None, False))
    assert moved.employer(ACCOUNT, date(2026, 2, 28)) == OLD
    assert moved.employer(ACCOUNT, MARCH) == NEW


def test_nobody_belongs_before_the_beginning_or_after_the_end() -> None:
    once = spans((OLD, "employment", date(2025, 1, 1), MARCH, False))
    assert once.employer(ACCOUNT, date(2024, 12, 31)) is None
    assert once.employer(ACCOUNT, MARCH) is None
    assert once.employer(UUID(int=2), date(2025, 5, 1)) is None


def test_an_affiliation_that_ended_on_its_first_day_never_held() -> None:
    assert spans((OLD, "registration", MARCH, MARCH, True)).home(ACCOUNT, MARCH) is None


def test_the_principal_home_counts_before_a_later_second_one() -> None:
    homes = spans((OLD, "registration", date(2020, 1, 1), None, True), (NEW, "registration", MARCH, None, False))
    assert homes.home(ACCOUNT, date(2026, 6, 1)) == OLD
