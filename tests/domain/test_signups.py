"""Places in a shift: never more than there are, in the order of coming."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.domain.signups import ShiftFull, SignupClosed, Waiting, place, place_all, promoted, require_open, require_place

NOON = datetime(2026, 5, 9, 12, tzinfo=UTC)


def test_places_go_first_come_first_served_and_then_to_the_waiting_list() -> None:
    assert place_all(2, 0, 0, False, 4) == ["confirmed", "confirmed", "waitlisted", "waitlisted"]


def test_where_the_organiser_must_agree_nobody_holds_a_place_yet() -> None:
    assert place_all(1, 0, 0, True, 2) == ["signed_up", "signed_up"]
    require_place(1, 0)
    with pytest.raises(ShiftFull):
        require_place(1, 1)


def test_a_free_place_does_not_go_past_those_who_wait() -> None:
    assert place(2, 1, 1, False) == "waitlisted"


def test_a_cancelled_place_goes_to_who_waits_longest_and_a_tie_to_the_lower_id() -> None:
    waiting = [Waiting(UUID(int=number), NOON + timedelta(seconds=late)) for number, late in [(3, 1), (2, 0), (1, 1)]]
    assert promoted(5, 4, waiting) == [UUID(int=2)]
    assert promoted(5, 3, waiting) == [UUID(int=2), UUID(int=1)]
    assert promoted(5, 5, waiting) == promoted(5, 9, waiting) == []
    assert len(promoted(9, 0, waiting)) == 3


@pytest.mark.parametrize(("state", "minutes"), [("cancelled", 5), ("settled", 5), ("open", 0), ("open", -5)])
def test_a_shift_that_is_over_or_off_takes_no_sign_ups(state: str, minutes: int) -> None:
    with pytest.raises(SignupClosed):
        require_open(state, NOON + timedelta(minutes=minutes), NOON)
    require_open("open", NOON + timedelta(minutes=1), NOON)


@pytest.mark.parametrize("seed", range(100))
def test_coming_and_going_never_oversells_and_never_leaves_a_place_beside_a_queue(seed: int) -> None:
    dice = random.Random(seed)
    capacity, holders, queue, came = dice.randint(0, 5), [], [], 0
    for _ in range(60):
        if holders and dice.random() < 0.3:
            holders.remove(dice.choice(holders))
            for lucky in promoted(capacity, len(holders), queue):
                assert lucky == min(queue, key=lambda each: each.queued_at).id
                queue = [each for each in queue if each.id != lucky]
                holders.append(lucky)
        else:
            came += 1
            state = place(capacity, len(holders), len(queue), False)
            (holders if state == "confirmed" else []).append(UUID(int=came))
            if state == "waitlisted":
                queue.append(Waiting(UUID(int=came), NOON + timedelta(seconds=came)))
        assert len(holders) <= capacity
        assert not queue or len(holders) == capacity
