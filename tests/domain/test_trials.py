"""Trials: sliding windows against a brute-force count, waits that hold, and locks that grow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.trials import Limit, Limited, Locked, Standing, forgive, spend, try_account

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LIMIT = Limit("x", 10, 60)


def run(limit, gaps):
    """Return the moments that were let through."""
    standing, at, passed = None, NOW, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        try:
            standing = spend(limit, standing, at)
        except Limited:
            continue
        passed.append(at)
    return passed


@given(st.lists(st.integers(0, 40), max_size=200), st.integers(1, 12))
def test_no_window_of_any_place_lets_twice_the_limit_pass(gaps, most):
    """A sliding counter of two buckets is no exact log: it never lets through more than twice, and a burst once."""
    passed = run(Limit("x", most, 60), gaps)
    for first in passed:
        assert len([at for at in passed if first <= at < first + timedelta(seconds=60)]) <= 2 * most


@given(st.lists(st.integers(6, 50), max_size=60))
def test_whoever_keeps_to_the_rate_is_never_stopped(gaps):
    assert len(run(LIMIT, gaps)) == len(gaps), "10 in 60 seconds is one in 6"


def test_a_burst_at_once_is_cut_at_the_limit():
    assert len(run(LIMIT, [0] * 50)) == 10


@given(st.lists(st.integers(0, 20), min_size=11, max_size=80))
def test_after_the_wait_that_is_told_one_more_passes(gaps):
    standing, at = None, NOW
    for gap in gaps:
        at += timedelta(seconds=gap)
        wait = waits(standing, at)
        assert 0 <= wait <= 120
        at += timedelta(seconds=wait)
        standing = spend(LIMIT, standing, at)


def waits(standing, at):
    """Return the seconds that a trial is told to wait; 0 where it passes."""
    try:
        spend(LIMIT, standing, at)
    except Limited as full:
        return full.facts["retry_after"]
    return 0


def test_a_clock_that_was_set_back_locks_nobody_out():
    standing = Standing(NOW + timedelta(days=1), 10)
    assert spend(LIMIT, standing, NOW).count == 1


def tried(standing, at, times):
    for _ in range(times):
        standing = try_account(standing, at)
    return standing


def test_the_fifth_wrong_try_within_a_quarter_of_an_hour_locks():
    standing = tried(None, NOW, 4)
    assert standing.locked_until is None
    standing = try_account(standing, NOW + timedelta(minutes=14, seconds=59))
    assert standing.locked_until == NOW + timedelta(minutes=29, seconds=59)
    with pytest.raises(Locked) as locked:
        try_account(standing, standing.locked_until - timedelta(seconds=1))
    assert locked.value.facts["retry_after"] == 1
    assert try_account(standing, standing.locked_until).count == 1


def test_tries_that_lie_apart_do_not_add_up():
    standing = tried(None, NOW, 4)
    assert try_account(standing, NOW + timedelta(minutes=15)).count == 1


def test_each_lock_is_twice_the_last_up_to_a_day_and_a_quiet_day_forgives():
    standing, at, lengths = None, NOW, []
    for _ in range(9):
        standing = tried(standing, at, 5)
        lengths.append((standing.locked_until - at) // timedelta(minutes=1))
        at = standing.locked_until
    assert lengths == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    at += timedelta(days=1)
    assert (tried(standing, at, 5).locked_until - at) == timedelta(minutes=15)


def test_whoever_comes_in_has_no_tries_behind_them():
    assert forgive(NOW) == Standing(NOW)
    assert tried(forgive(NOW), NOW, 4).locked_until is None
