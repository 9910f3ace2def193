"""Offline lists: the bytes that are signed, the code's own time, what is odd, and the order of things."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from api.domain import codes
from api.domain.offline import (
    Item,
    MacNotValid,
    OfflinePolicy,
    Taken,
    breaks_order,
    contradicts,
    fingerprint,
    in_order,
    mac_of,
    oddities,
    require_mac,
    seen_at,
    signed_bytes,
)
from tests.support.guards import ROOT

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICY = OfflinePolicy()
SECRET = b"s" * 32


def cell(name):
    """Return what the page for programmers says of its test vector."""
    page = (ROOT / "docs/offline.md").read_text(encoding="utf-8")
    return re.search(rf"^\| {name} \| `([^`]+)`", page, re.MULTILINE)[1]


def vector():
    return Item(
        UUID(cell("itemId")), UUID(cell("shiftId")), "check_in", datetime.fromisoformat(cell("at")), 1,
        mac=cell("mac"), code="7kq2m9xa",
    )  # fmt: skip


def test_the_vector_of_the_page_which_openssl_computed_is_ours():
    device, secret = UUID(cell("deviceId")), bytes.fromhex(cell("secret"))
    assert mac_of(secret, device, vector()) == cell("mac")
    require_mac(secret, device, vector())
    assert signed_bytes(device, vector()).count(b"\n") == 9


@pytest.mark.parametrize(
    "change",
    [
        {"item_id": uuid4()}, {"shift_id": uuid4()}, {"direction": "check_out"}, {"pair": 2}, {"code": "7KQ2M9XB"},
        {"code": None}, {"person_id": uuid4()}, {"at": T0 + timedelta(milliseconds=251)}, {"sequence": 2},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_whatever_is_altered_the_mac_fits_no_more(change):
    device, secret = UUID(cell("deviceId")), bytes.fromhex(cell("secret"))
    kept = vector()
    altered = Item(**{**{name: getattr(kept, name) for name in Item.__slots__}, **change})
    for these in ((secret, device, altered), (secret[::-1], device, kept), (secret, uuid4(), kept)):
        with pytest.raises(MacNotValid):
            require_mac(*these)
    assert fingerprint(altered) != fingerprint(kept)


def found(at, clock_at=None, secret=SECRET, opens=T0 - HOUR, closes=T0 + 4 * HOUR, now=T0 + DAY):
    return seen_at(secret, codes.code_at(SECRET, at), opens, closes, clock_at or at, now, POLICY)


def test_a_code_tells_the_beginning_of_its_step_whatever_the_clock_says():
    for seconds in (0, 29, 30, 3601, -3600):
        at = T0 + timedelta(seconds=seconds)
        step = T0 + timedelta(seconds=seconds // 30 * 30)
        for clock in (at, at + 40 * DAY, at - 3 * HOUR):
            assert found(at, clock) == step


def test_a_code_is_known_while_the_shift_may_be_entered_or_left_and_around_the_corrected_clock():
    outside = T0 + 9 * HOUR
    assert found(outside, outside - 4 * MINUTE) == outside
    assert found(outside, outside - 6 * MINUTE) is None
    assert found(T0 + 4 * HOUR, T0 - DAY) is None
    assert found(T0 - HOUR, T0 - DAY) == T0 - HOUR
    assert found(T0 + MINUTE, now=T0) is None
    assert found(T0, secret=None) is None
    assert found(T0, secret=b"t" * 32) is None


def test_what_is_odd_is_named():
    item = Item(uuid4(), uuid4(), "check_in", T0, 1)

    def odd(*, skew=timedelta(), at=T0, clock_at=T0, sent_at=T0 + HOUR, now=T0 + HOUR, enrolled=T0 - DAY):
        return oddities(item, Taken(at, clock_at, skew), sent_at, now, T0 + HOUR, enrolled, POLICY)

    assert odd() == []
    assert odd(skew=2 * DAY) == odd(skew=-2 * DAY) == []
    assert odd(skew=2 * DAY + MINUTE) == odd(skew=-2 * DAY - MINUTE) == ["clock_too_far"]
    assert odd(clock_at=T0 + 5 * MINUTE) == []
    assert odd(clock_at=T0 - 6 * MINUTE) == odd(clock_at=T0 + 6 * MINUTE) == ["clock_differs"]
    assert odd(sent_at=T0 - MINUTE) == ["taken_after_sending"]
    assert odd(now=T0 + 73 * HOUR) == []
    assert odd(now=T0 + 73 * HOUR + MINUTE) == ["late_offline"]
    assert odd(enrolled=T0 + 5 * MINUTE) == []
    assert odd(enrolled=T0 + 6 * MINUTE) == ["device_enrolled_later"]


def test_the_phones_own_count_and_the_codes_do_not_contradict_each_other():
    assert not breaks_order(5, T0, [])
    assert not breaks_order(5, T0, [(4, T0), (6, T0), (9, T0 + HOUR)])
    assert breaks_order(5, T0, [(4, T0 + MINUTE)])
    assert breaks_order(5, T0, [(6, T0 - MINUTE)])
    assert breaks_order(5, T0, [(5, T0)])


def test_another_time_of_leaving_is_odd_only_where_somebodys_word_stands_against_a_code():
    assert contradicts("check_out", "roll_call", T0, T0 + 6 * MINUTE, POLICY)
    assert not contradicts("check_out", "roll_call", T0, T0 + 5 * MINUTE, POLICY)
    assert not contradicts("check_in", "roll_call", T0, T0 + HOUR, POLICY)
    assert not contradicts("check_out", "code", T0, T0 + HOUR, POLICY)


def test_items_are_taken_in_the_order_in_which_they_happened():
    def item(direction, pair, sequence):
        return Item(uuid4(), uuid4(), direction, T0, sequence, pair=pair)

    there = [
        (item("check_out", 2, 4), T0 + HOUR), (item("check_in", 2, 3), T0 + MINUTE),
        (item("check_out", 1, 2), T0 + MINUTE), (item("check_in", 1, 1), T0 + MINUTE),
    ]  # fmt: skip
    assert in_order(there) == [3, 2, 1, 0]
