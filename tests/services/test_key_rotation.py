"""P3: every key is rewrapped while people are read and written and the process is killed; nothing is unreadable."""

from __future__ import annotations

import random

from tests.support.master_keys import rotate

PEOPLE = 5000


def test_nothing_is_unreadable_while_keys_rotate_and_the_process_is_killed(fresh_database, tmp_path):
    seed = random.randrange(2**31)
    seen = rotate(fresh_database, tmp_path, PEOPLE, seed)
    print(
        f"P3 rotation, {fresh_database.split(':', 1)[0]}, seed {seed}: {seen.people} people in {seen.seconds:.1f} s, "
        f"{seen.kills} kills, {seen.reads} reads, {seen.writes} writes (longest {seen.longest_write:.2f} s), "
        f"{seen.unreadable + seen.unreadable_after} unreadable; control: {seen.blind} to the earlier key alone"
    )
    assert seen.kills == 2
    assert seen.reads > 0 < seen.writes
    assert (seen.unreadable, seen.unreadable_after) == (0, 0)
    assert seen.result["left"] == 0
    assert seen.result["rewrapped"] >= PEOPLE
    assert seen.blind == seen.people + seen.writes
