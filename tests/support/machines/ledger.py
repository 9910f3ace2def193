"""Presences, reversals and what they are worth, against a model that counts every minute by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from api.models import Entry, Fact
from api.services import ledger, presences
from api.services.presence_ways import Presented
from tests.support.clock import START
from tests.support.machines.twins import Twin, Twins
from tests.support.serving import plan
from tests.support.world import World

PEOPLE = ("member", "member2", "member3")
NOW = START + timedelta(hours=26)
# Start in minutes from now's beginning, length, community: they overlap in two communities, one goes over midnight.
SHIFTS = ((60, 120, "community"), (120, 120, "community2"), (150, 15, "community"), (830, 180, "community2"))
EARLY, LATE, PAIRS = 30, 120, 3
WORKER = {"community": "worker", "community2": "worker2"}

Key = tuple[int, int, int]  # person, shift, pair, each by its number


def prepare(world: World) -> list[UUID]:
    """Plan the shifts; anybody may walk in."""
    policy = {"walk_in": True, "early_minutes": EARLY, "check_out_minutes": LATE, "pairs": PAIRS}
    return [
        plan(world, START + timedelta(minutes=start), length / 60, 100, at, policy=policy)
        for start, length, at in SHIFTS
    ]


class Plain:
    """What stands and what it is worth, by the rules of the domain model, minute by minute."""

    def __init__(self) -> None:
        self.stands: dict[tuple[int, int, int, str], int] = {}  # seconds from the start of all

    def record(self, person: int, shift: int, direction: str, pair: int, second: int) -> str | None:
        """Let a presence stand; return the code of what speaks against it."""
        if (person, shift, pair, direction) in self.stands:
            return None
        why = self._against(person, shift, direction, pair, second)
        if why is None:
            self.stands[person, shift, pair, direction] = second
        return why

    def _against(self, person: int, shift: int, direction: str, pair: int, second: int) -> str | None:
        start, end = SHIFTS[shift][0] * 60, (SHIFTS[shift][0] + SHIFTS[shift][1]) * 60
        came = self.stands.get((person, shift, pair, "check_in"))
        if direction == "check_out":
            if came is None:
                return "not_checked_in"
            if second < came:
                return "check_out_before_check_in"
            return None if second < end + LATE * 60 else "check_out_closed"
        if not start - EARLY * 60 <= second < end:
            return "check_in_closed"
        before = self.stands.get((person, shift, pair - 1, "check_out"))
        return "previous_pair_open" if pair > 1 and (before is None or second < before) else None

    def undo(self, person: int, shift: int, pair: int, direction: str) -> None:
        """Take a presence back; a check-in with its check-out."""
        del self.stands[person, shift, pair, direction]
        if direction == "check_in":
            self.stands.pop((person, shift, pair, "check_out"), None)

    def worth(self) -> dict[Key, int]:
        """Return the minutes of every closed pair: each minute of a person belongs to the earliest check-in."""
        found: dict[Key, int] = {}
        for person in range(len(PEOPLE)):
            taken: set[int] = set()
            closed = [
                (came, key[1], key[2], self.stands[(*key[:3], "check_out")])
                for key, came in self.stands.items()
                if key[0] == person and key[3] == "check_in" and (*key[:3], "check_out") in self.stands
            ]
            for came, shift, pair, left in sorted(closed):
                start, length, _ = SHIFTS[shift]
                mine = set(range(max(came // 60, start), min(left // 60, start + length))) - taken
                taken |= mine
                found[person, shift, pair] = len(mine)
        return found


class LedgerMachine(RuleBasedStateMachine):
    """Roll calls in any order and grouping, and reversals, on all databases."""

    def __init__(self, twins: Twins) -> None:
        super().__init__()
        self.twins, self.plain = twins, Plain()

    @initialize()
    def begin(self) -> None:
        for twin in self.twins.all:
            twin.end()
            twin.begin(NOW)

    def teardown(self) -> None:
        for twin in self.twins.all:
            twin.end()

    call = st.tuples(
        st.integers(0, len(PEOPLE) - 1), st.integers(0, len(SHIFTS) - 1), st.sampled_from(("check_in", "check_out")),
        st.sampled_from((1, 1, 1, 2, 2, 3)), st.integers(-40 * 60, 330 * 60),
    )  # fmt: skip
    calls = st.one_of(st.lists(call, min_size=1, max_size=3), st.lists(call, min_size=20, max_size=60))

    @rule(calls=calls)
    def roll_call(self, calls: list[tuple[int, int, str, int, int]]) -> None:
        """Record a list; each outcome is the one that it would have alone."""
        timed = [(*call[:4], SHIFTS[call[1]][0] * 60 + call[4] // (8 if call[1] == 2 else 1)) for call in calls]
        expected = [self.plain.record(*call) for call in timed]
        worth = self.plain.worth()
        answers = self.twins.take(lambda twin: _recorded(twin, timed))
        for call, why, answer in zip(timed, expected, answers, strict=True):
            key = (call[0], call[1], call[3])
            standing = self.plain.stands.get((*key, call[2]))
            assert answer == (why or (standing, worth.get(key))), (call, why, answer)
        self.twins.steps["presence"] += len(calls)

    @precondition(lambda self: self.plain.stands)
    @rule(data=st.data(), of_entry=st.booleans())
    def reverse(self, data: st.DataObject, of_entry: bool) -> None:
        """Take a presence back, by its fact or by the entry that follows from it."""
        person, shift, pair, direction = data.draw(st.sampled_from(sorted(self.plain.stands)))
        if of_entry and self.plain.worth().get((person, shift, pair)):
            answer = self.twins.take(lambda twin: _entry_reversed(twin, person, shift, pair))
            self.plain.undo(person, shift, pair, "check_in")
        else:
            answer = self.twins.take(lambda twin: _fact_reversed(twin, person, shift, pair, direction))
            self.plain.undo(person, shift, pair, direction)
        assert answer == "reversed"
        self.twins.steps["reversal"] += 1

    @invariant()
    def the_ledger_is_what_the_presences_are_worth(self) -> None:
        expected = {key: minutes for key, minutes in self.plain.worth().items() if minutes}
        assert self.twins.take(_standing) == (expected, sum(expected.values()))


def _at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def _recorded(twin: Twin, calls: list[tuple[int, int, str, int, int]]) -> list[Any]:
    asked = [
        (
            twin.who(WORKER[SHIFTS[shift][2]]),
            Presented(
                twin.ids[f"shift{shift}"], direction, pair, person_id=twin.world.people[PEOPLE[person]], at=_at(second)
            ),
        )
        for person, shift, direction, pair, second in calls
    ]  # fmt: skip
    outcomes = presences.check_in(twin.session, asked)
    return [
        outcome.code if isinstance(outcome, Exception)
        else (round((outcome["at"] - START).total_seconds()), outcome["minutes"])
        for outcome in outcomes
    ]  # fmt: skip


def _account(twin: Twin, person: int) -> UUID:
    return twin.who(PEOPLE[person]).account_id


def _fact_reversed(twin: Twin, person: int, shift: int, pair: int, direction: str) -> str:
    undone = sa.orm.aliased(Fact)
    fact = sa.select(Fact.id).where(
        Fact.account_id == _account(twin, person), Fact.shift_id == twin.ids[f"shift{shift}"], Fact.pair == pair,
        Fact.kind == direction, Fact.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Fact.id),
    )  # fmt: skip
    ledger.reverse_fact(twin.session, twin.who(WORKER[SHIFTS[shift][2]]), twin.session.scalar(fact), "wrong_time")
    return "reversed"


def _entry_reversed(twin: Twin, person: int, shift: int, pair: int) -> str:
    undone = sa.orm.aliased(Entry)
    entry = sa.select(Entry.id).join(Fact, Fact.id == Entry.source_id).where(
        Entry.account_id == _account(twin, person), Entry.shift_id == twin.ids[f"shift{shift}"], Fact.pair == pair,
        Entry.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Entry.id),
    )  # fmt: skip
    worker = twin.who("city_officer")
    ledger.reverse_entry(twin.session, worker, twin.session.scalar(entry), "wrong_time")
    return "reversed"


def _standing(twin: Twin) -> tuple[dict[Key, int], int]:
    """Return the minutes that stand by person, shift and pair, and the balance of all accounts together."""
    shifts = {twin.ids[f"shift{number}"]: number for number in range(len(SHIFTS))}
    people = {_account(twin, number): number for number in range(len(PEOPLE))}
    rows = twin.session.rows(
        sa.select(Entry.account_id, Entry.shift_id, Fact.pair, sa.func.sum(Entry.amount))
        .join(Fact, Fact.id == Entry.source_id)
        .where(Entry.tenant_id == twin.world.operator.tenant_id)
        .group_by(Entry.account_id, Entry.shift_id, Fact.pair)
    )
    sums = [tuple[Any, ...](row) for row in rows]
    found = {(people[account], shifts[shift], pair): int(minutes) for account, shift, pair, minutes in sums if minutes}
    return found, sum(found.values())


def machine(twins: Twins) -> LedgerMachine:
    """Return a life of the ledger; the shifts are planned at the first."""
    for twin in twins.all:
        if "shift0" not in twin.ids:
            twin.ids |= {f"shift{number}": shift for number, shift in enumerate(prepare(twin.world))}
    return LedgerMachine(twins)
