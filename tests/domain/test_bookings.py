"""Bookings by the hour against a count of every quarter of an hour, and the windows in which a resource is open."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain import bookings
from api.domain.bookings import Asked, BookingOutside, BookingsUnfit, ResourceClosed, ResourceTaken, Span
from api.domain.matching.times import Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUARTER = timedelta(minutes=15)
START = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI)


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def span(quarters):
    first, long, amount = quarters
    return Span(START + first * QUARTER, START + (first + long) * QUARTER, amount)


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(1, 3)).map(span), max_size=12)


def counted(held):
    """Count what is held in each quarter of an hour: slow, and another way than the code's."""
    return [
        sum(each.quantity for each in held if each.starts_at <= START + n * QUARTER < each.ends_at) for n in range(60)
    ]


@settings(max_examples=80, deadline=None)
@given(spans, spans.filter(bool), st.integers(1, 6))
def test_what_is_wanted_is_refused_just_where_a_quarter_of_an_hour_would_hold_too_much(held, wanted, quantity):
    mine = counted(wanted)
    too_much = any(all_ > quantity and own for all_, own in zip(counted([*held, *wanted]), mine, strict=True))
    try:
        bookings.require_left(wanted, held, quantity, SHANGHAI)
    except ResourceTaken:
        assert too_much
    else:
        assert not too_much
    assert bookings.at_once(held) == max(counted(held), default=0)


@settings(max_examples=40, deadline=None)
@given(spans, st.integers(1, 6))
def test_the_calendar_says_of_every_quarter_of_an_hour_what_is_free(held, quantity):
    until = START + 60 * QUARTER
    shown = bookings.calendar(held, quantity, None, START, until, SHANGHAI)
    for number, level in enumerate(counted(held)):
        moment = START + number * QUARTER
        (item,) = [each for each in shown if each["starts_at"] <= moment < each["ends_at"]]
        assert (item["promised"], item["free"]) == (level, max(0, quantity - level))
    assert (shown[0]["starts_at"], shown[-1]["ends_at"]) == (START, until)


def test_the_change_between_two_bookings_is_free():
    one, other = Span(at(2, 8), at(2, 10), 1), Span(at(2, 10), at(2, 12), 1)
    bookings.require_left([other], [one], 1, SHANGHAI)
    with pytest.raises(ResourceTaken) as refused:
        bookings.require_left([Span(at(2, 9, 59), at(2, 11), 1)], [one], 1, SHANGHAI)
    assert refused.value.facts == {"startsAt": at(2, 9, 59).isoformat(), "endsAt": at(2, 10).isoformat()}


def test_without_hours_of_its_own_a_project_takes_a_resource_whenever_it_is_open():
    whole = bookings.days(date(2026, 3, 2), date(2026, 3, 16), SHANGHAI)
    tuesdays = [Window(at(3, 14), at(3, 17), "week", date(2027, 1, 1))]
    assert bookings.planned([], None, whole, 2, SHANGHAI) == [Span(at(2, 0), at(16, 0), 2)]
    open_ = bookings.planned([], tuesdays, whole, 1, SHANGHAI)
    assert open_ == [Span(at(3, 14), at(3, 17), 1), Span(at(10, 14), at(10, 17), 1)]


def test_a_booking_repeats_weekly_lies_in_the_projects_days_and_in_opening_hours():
    whole = bookings.days(date(2026, 3, 2), date(2026, 3, 16), SHANGHAI)
    hours = [Window(at(1, 9), at(1, 12), "day", None), Window(at(1, 12), at(1, 18), "day", None)]

    def plan(*windows, opened=hours):
        return bookings.planned([Asked(each, 1) for each in windows], opened, whole, 1, SHANGHAI)

    weekly = Window(at(3, 11), at(3, 13), "week", date(2026, 3, 16))  # over the change of two windows of opening
    assert [each.starts_at for each in plan(weekly)] == [at(3, 11), at(10, 11)]
    with pytest.raises(ResourceClosed):
        plan(Window(at(3, 17), at(3, 19)))
    with pytest.raises(BookingOutside):
        plan(Window(at(3, 11), at(3, 13), "week", date(2026, 3, 18)))
    with pytest.raises(BookingOutside):
        plan(Window(at(17, 11), at(17, 13)))
    with pytest.raises(BookingsUnfit):
        plan(Window(at(3, 11), at(3, 13)), Window(at(3, 12), at(3, 14)))
    with pytest.raises(BookingsUnfit):  # nothing is open in these days
        plan(opened=[Window(at(20, 9), at(20, 12))])
    long = [Window(datetime(2026, 1, 1, tzinfo=SHANGHAI), datetime(2027, 1, 1, tzinfo=SHANGHAI))]
    assert plan(Window(at(3, 3), at(3, 4)), opened=long) == [Span(at(3, 3), at(3, 4), 1)]
