"""Codes that rotate, leaves that do not change, shifts that may be, and time that is not credited twice."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import codes
from api.domain.leaves import leaf
from api.domain.ledger import AlreadyReversed, NotReversible, SelfApproval, overcredited, require_reversible
from api.domain.overlap import Covered
from api.domain.shifts import CapacityTaken, EndsBeforeStart, TooLong, require_capacity, require_window

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECRET = bytes(range(32))
MINUTE = timedelta(minutes=1)


def test_a_code_is_the_hmac_of_its_step_in_letters_that_nobody_confuses():
    step = int(NOON.timestamp()) // 30
    number = int.from_bytes(hmac.new(SECRET, step.to_bytes(8, "big"), hashlib.sha256).digest()[:5], "big")
    signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    expected = ""
    for _ in range(8):
        number, rest = divmod(number, 32)
        expected = signs[rest] + expected
    assert codes.code_at(SECRET, NOON) == expected


@given(st.integers(1_000, 4_000_000_000), st.integers(-40, 100))
def test_a_code_holds_in_its_own_step_and_the_next(second, later):
    shown = datetime.fromtimestamp(second, UTC)
    used = shown + timedelta(seconds=later)
    steps = int(used.timestamp()) // 30 - second // 30
    code = codes.code_at(SECRET, shown)
    if steps in (0, 1):
        codes.verify_code(SECRET, code.lower(), used)
    else:
        with pytest.raises(codes.CodeNotValid):
            codes.verify_code(SECRET, code, used)


@pytest.mark.parametrize("code", [None, "", "0", "签到码签到码签到", "00000000"])
def test_what_is_no_code_is_refused(code):
    with pytest.raises(codes.CodeNotValid):
        codes.verify_code(SECRET, code, NOON)
    with pytest.raises(codes.CodeNotValid):
        codes.verify_code(None, codes.code_at(SECRET, NOON), NOON)


def test_the_screen_is_told_when_the_code_changes():
    assert codes.changes_at(NOON) == NOON + timedelta(seconds=30)
    assert codes.changes_at(NOON + timedelta(seconds=29)) == NOON + timedelta(seconds=30)


def test_a_leaf_is_the_hash_of_the_canonical_row_wherever_it_was_read():
    row = {
        "id": UUID(int=5),
        "at": NOON,
        "on": date(2026, 3, 2),
        "amount": 90,
        "none": None,
        "details": {"b": 1, "a": "x"},
    }
    text = (
        '{"kind":"fact","row":{"amount":90,"at":"2026-03-02T04:00:00.000000+00:00","details":{"a":"x","b":1},'
        '"id":"00000000-0000-0000-0000-000000000005","none":null,"on":"2026-03-02"}}'
    )
    assert leaf("fact", row) == hashlib.sha256(b"\x00" + text.encode()).digest()
    assert leaf("fact", {**row, "at": NOON.astimezone(ZoneInfo("Asia/Shanghai"))}) == leaf("fact", row)
    assert leaf("entry", row) != leaf("fact", row)
    assert leaf("fact", {**row, "amount": 91}) != leaf("fact", row)


def test_a_shift_has_length_and_ends_within_a_day():
    require_window(NOON, NOON + timedelta(hours=24))
    for end, problem in ((NOON, EndsBeforeStart), (NOON - MINUTE, EndsBeforeStart), (NOON + 1441 * MINUTE, TooLong)):
        with pytest.raises(problem):
            require_window(NOON, end)
    require_capacity(3, 3)
    with pytest.raises(CapacityTaken):
        require_capacity(2, 3)


def test_a_row_is_taken_back_once_and_by_somebody_else():
    require_reversible(own=False, is_reversal=False, is_reversed=False)
    for state, problem in (("own", SelfApproval), ("is_reversal", NotReversible), ("is_reversed", AlreadyReversed)):
        with pytest.raises(problem):
            require_reversible(**{"own": False, "is_reversal": False, "is_reversed": False, state: True})


STAYS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 90)), max_size=12)


@given(STAYS)
def test_credits_that_take_only_free_minutes_are_never_too_many(stays):
    covered, credits_ = Covered(), []
    for start, length in stays:
        free = covered.take(start, start + length)
        if free:
            bounds = (NOON + free[0][0] * MINUTE, NOON + free[-1][1] * MINUTE)
            credits_.append((*bounds, sum(end - begin for begin, end in free)))
    assert overcredited(credits_) == []


@given(st.integers(0, 300), st.integers(1, 90), st.integers(0, 89))
def test_minutes_credited_twice_are_found(start, length, shift):
    one = (NOON + start * MINUTE, NOON + (start + length) * MINUTE, length)
    other = (one[0] + min(shift, length - 1) * MINUTE, one[1] + min(shift, length - 1) * MINUTE, length)
    found = overcredited([other, one])
    assert [(minutes, minutes - room) for _, _, minutes, room in found] == [
        (2 * length, length - min(shift, length - 1))
    ]
