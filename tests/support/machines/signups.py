"""Sign-ups, waiting lists and places, against a model that keeps a list of who asked when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from api.models import Shift, Signup
from api.services import people, shifts, signups
from tests.support.clock import START
from tests.support.machines.twins import Twin, Twins
from tests.support.serving import plan
from tests.support.world import LONG_AGO, World

PEOPLE = tuple(f"neighbour{number}" for number in range(9))
SHIFTS = ((2, False, 48), (4, False, 72), (3, True, 48))  # places, whether the organiser must agree, hours ahead


def prepare(world: World) -> list[UUID]:
    """Add people and plan the shifts."""

    def add(session: Any, actor: Any) -> None:
        for name in PEOPLE:
            world.people[name] = people.add(session, actor, {"name": f"邻居{name[-1]}"}, since=LONG_AGO)

    world.run(add)
    return [
        plan(world, START + timedelta(hours=ahead), 2, places, policy={"agrees": True} if agrees else {})
        for places, agrees, ahead in SHIFTS
    ]


class Plain:
    """Who asked when and who has a place, by the rules of the domain model."""

    def __init__(self) -> None:
        self.now = 0  # seconds from the start
        self.places = [places for places, _, _ in SHIFTS]
        self.open = [True] * len(SHIFTS)
        self.asked: dict[tuple[int, int], list[Any]] = {}  # shift, person → state, when asked, number of the row
        self.rows = 0

    def taken(self, shift: int) -> int:
        """Return how many places are given."""
        return sum(each[0] == "confirmed" for (at, _), each in self.asked.items() if at == shift)

    def queue(self, shift: int) -> list[tuple[int, int]]:
        """Return who waits, the longest first."""
        waiting = [key for key, each in self.asked.items() if key[0] == shift and each[0] == "waitlisted"]
        return sorted(waiting, key=lambda key: self.asked[key][1:])

    def begun(self, shift: int) -> bool:
        """Say whether a shift has begun."""
        return self.now >= SHIFTS[shift][2] * 3600

    def sign_up(self, shift: int, person: int) -> str | None:
        """Let somebody ask; return the code of what speaks against it."""
        stands = self.asked.get((shift, person))
        if stands is not None and stands[0] != "cancelled":
            return None
        if not self.open[shift] or self.begun(shift):
            return "signup_closed"
        if SHIFTS[shift][1]:
            state = "signed_up"
        else:
            state = "waitlisted" if self.queue(shift) or self.taken(shift) >= self.places[shift] else "confirmed"
        self.rows += stands is None
        self.asked[shift, person] = [state, self.now, stands[2] if stands else self.rows]
        return None

    def cancel(self, shift: int, person: int) -> str | None:
        """Let somebody give their place back."""
        stands = self.asked.get((shift, person))
        if stands is None:
            return "not_found"
        if stands[0] == "cancelled":
            return None
        if self.begun(shift):
            return "too_late_to_cancel"
        had_a_place = stands[0] == "confirmed"
        stands[0] = "cancelled"
        if had_a_place:
            self.move_up(shift)
        return None

    def move_up(self, shift: int) -> None:
        """Give free places to who waits longest."""
        if self.open[shift] and not self.begun(shift):
            for key in self.queue(shift)[: max(self.places[shift] - self.taken(shift), 0)]:
                self.asked[key][0] = "confirmed"

    def confirm(self, shift: int, person: int) -> str | None:
        """Let the organiser agree."""
        stands = self.asked[shift, person]
        if stands[0] != "signed_up":
            return "step_not_allowed"
        if self.taken(shift) >= self.places[shift]:
            return "shift_full"
        stands[0] = "confirmed"
        return None

    def resize(self, shift: int, places: int) -> str | None:
        """Change the number of places."""
        if places < self.taken(shift):
            return "capacity_taken"
        if not self.open[shift]:
            return "step_not_allowed"
        self.places[shift] = places
        self.move_up(shift)
        return None

    def view(self, shift: int, person: int) -> tuple[str, int | None]:
        """Return a sign-up as it is shown: its state, and how many go first where it waits."""
        state = self.asked[shift, person][0]
        return state, self.queue(shift).index((shift, person)) if state == "waitlisted" else None


class SignupMachine(RuleBasedStateMachine):
    """People ask, give back and are agreed to, in any order and grouping, on all databases."""

    def __init__(self, twins: Twins) -> None:
        super().__init__()
        self.twins, self.plain = twins, Plain()

    @initialize()
    def begin(self) -> None:
        for twin in self.twins.all:
            twin.end()
            twin.begin(START)

    def teardown(self) -> None:
        for twin in self.twins.all:
            twin.end()

    def _pass(self, seconds: int = 1) -> None:
        self.plain.now += seconds
        self.twins.forward(START + timedelta(seconds=self.plain.now))

    who = st.integers(0, len(PEOPLE) - 1)
    which = st.integers(0, len(SHIFTS) - 1)
    calls = st.one_of(
        st.lists(st.tuples(which, who), min_size=1, max_size=3),
        st.lists(st.tuples(which, who), min_size=15, max_size=40),
    )

    @rule(calls=calls)
    def ask(self, calls: list[tuple[int, int]]) -> None:
        """Sign a list up; each outcome is the one that it would have alone."""
        self._pass()
        expected = [self.plain.sign_up(*call) for call in calls]
        answers = self.twins.take(lambda twin: _asked(twin, calls))
        for call, why, answer in zip(calls, expected, answers, strict=True):
            assert answer == (why or self.plain.view(*call)), (call, why, answer)
        self.twins.steps["sign-up"] += len(calls)

    @rule(calls=st.lists(st.tuples(which, who), min_size=1, max_size=6))
    def give_back(self, calls: list[tuple[int, int]]) -> None:
        """Cancel one after the other."""
        for call in calls:
            self._pass()
            expected = self.plain.cancel(*call)
            answer = self.twins.take(lambda twin, call=call: _cancelled(twin, *call))
            assert answer == (expected or "cancelled"), (call, expected, answer)
        self.twins.steps["cancel"] += len(calls)

    @precondition(lambda self: self.plain.asked)
    @rule(data=st.data())
    def agree(self, data: st.DataObject) -> None:
        """Let the worker confirm somebody."""
        key = data.draw(st.sampled_from(sorted(self.plain.asked)))
        expected = self.plain.confirm(*key)
        answer = self.twins.take(lambda twin: _confirmed(twin, *key))
        assert answer == (expected or "confirmed"), (key, expected, answer)
        self.twins.steps["confirm"] += 1

    @rule(shift=which, places=st.integers(1, 8))
    def resize(self, shift: int, places: int) -> None:
        """Change the number of places; who waits moves up."""
        self._pass()
        expected = self.plain.resize(shift, places)
        answer = self.twins.take(lambda twin: _resized(twin, shift, places))
        assert answer == (expected or "edited"), (shift, places, expected, answer)
        self.twins.steps["edit"] += 1

    @rule(hours=st.sampled_from((0, 1, 6, 20)))
    def wait(self, hours: int) -> None:
        """Let time pass; some shifts begin."""
        self._pass(hours * 3600)
        self.twins.steps["wait"] += 1

    @precondition(lambda self: self.plain.now > 24 * 3600)
    @rule(shift=which)
    def call_off(self, shift: int) -> None:
        """Cancel a shift."""
        answer = self.twins.take(lambda twin: _called_off(twin, shift))
        assert answer == ("cancelled" if self.plain.open[shift] else "step_not_allowed")
        self.plain.open[shift] = False
        self.twins.steps["call off"] += 1

    @invariant()
    def places_are_counted(self) -> None:
        states = {key: each[0] for key, each in self.plain.asked.items()}
        places = [(self.plain.places[at], self.plain.taken(at)) for at in range(len(SHIFTS))]
        assert self.twins.take(_stored) == (states, places)
        assert all(taken <= room for room, taken in places)


def _name(twin: Twin, shift: int) -> UUID:
    return twin.ids[f"places{shift}"]


def _asked(twin: Twin, calls: list[tuple[int, int]]) -> list[Any]:
    asked = [(twin.who(PEOPLE[person]), _name(twin, shift)) for shift, person in calls]
    return [
        each.code if isinstance(each, Exception) else (each["state"], each["waiting_before"])
        for each in signups.sign_up(twin.session, asked)
    ]


def _cancelled(twin: Twin, shift: int, person: int) -> str:
    signups.cancel(twin.session, twin.who(PEOPLE[person]), _name(twin, shift))
    return "cancelled"


def _signup(twin: Twin, shift: int, person: int) -> UUID:
    held = sa.select(Signup.id).where(
        Signup.shift_id == _name(twin, shift), Signup.person_id == twin.world.people[PEOPLE[person]]
    )
    return twin.session.scalar(held)


def _confirmed(twin: Twin, shift: int, person: int) -> str:
    signups.confirm(twin.session, twin.who("worker"), _name(twin, shift), _signup(twin, shift, person))
    return "confirmed"


def _resized(twin: Twin, shift: int, places: int) -> str:
    begins = START + timedelta(hours=SHIFTS[shift][2])
    values = {"starts_at": begins, "ends_at": begins + timedelta(hours=2), "capacity": places}
    shifts.edit(twin.session, twin.who("worker"), _name(twin, shift), values)
    return "edited"


def _called_off(twin: Twin, shift: int) -> str:
    shifts.cancel(twin.session, twin.who("worker"), _name(twin, shift))
    return "cancelled"


def _stored(twin: Twin) -> tuple[dict[tuple[int, int], str], list[tuple[int, int]]]:
    shifts_ = {_name(twin, number): number for number in range(len(SHIFTS))}
    people_ = {twin.world.people[name]: number for number, name in enumerate(PEOPLE)}
    held = sa.select(Signup.shift_id, Signup.person_id, Signup.state).where(Signup.shift_id.in_(sorted(shifts_)))
    states = {(shifts_[row.shift_id], people_[row.person_id]): row.state for row in twin.session.rows(held)}
    rows = twin.session.rows(sa.select(Shift.id, Shift.capacity, Shift.confirmed).where(Shift.id.in_(sorted(shifts_))))
    places = {shifts_[row.id]: (row.capacity, row.confirmed) for row in rows}
    return states, [places[number] for number in range(len(SHIFTS))]


def machine(twins: Twins) -> SignupMachine:
    """Return a life of the waiting lists; the shifts are planned at the first."""
    for twin in twins.all:
        if "places0" not in twin.ids:
            twin.ids |= {f"places{number}": shift for number, shift in enumerate(prepare(twin.world))}
    return SignupMachine(twins)
