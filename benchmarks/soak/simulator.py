"""The simulator: events of two communities in the order of time, each taken through the services themselves."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.domain.codes import code_at
from api.errors import Problem
from api.models import Entry, Fact, Person, Signup
from api.services import audit, closing, ledger, people, presences, sealer, signups
from api.services.presence_ways import Presented
from benchmarks.soak import habits
from benchmarks.soak.away import Away
from benchmarks.soak.credited import Books, Seen
from tests.support import serving
from tests.support.clock import Clock
from tests.support.world import LONG_AGO, World

AHEAD = timedelta(days=41)  # so early a shift is announced, where there is time
PLACES = ("community", "community2")
WORKERS = {"community": "worker", "community2": "worker2"}
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ROLL_CALL, CONFIRMED, TAKEN_BACK, CANCELLED, WITHOUT_NETWORK = 0.3, 0.5, 0.02, 0.08, 0.1


class Simulator:
    """Days of two communities with so many people and so many shifts a week, the same for a seed."""

    def __init__(self, world: World, clock: Clock, seed: int, days: int, folk: int, weekly: int) -> None:
        self.world, self.clock, self.chance = world, clock, random.Random(seed)
        self.days, self.weekly, self.begin = days, weekly, clock()
        self.books, self.seen = Books(), Seen()
        self.folk = [f"neighbour{number}" for number in range(folk)]
        self.secrets: dict[UUID, bytes] = {}
        self.at: dict[UUID, str] = {}
        self.away = Away(world, self.chance)
        self._events: list[tuple[datetime, int, Callable[[Any], None], Any]] = []
        self._count = 0
        self._found: list[str] | None = None

    def run(self) -> None:
        """Let all days pass, and as many more as it takes until everything is final and sealed."""
        self.world.run(self._populate)
        self.actors = {name: serving.actor(self.world, name) for name in (*self.folk, "worker", "worker2")}
        self._plan_all()
        while self._events:
            at = self._events[0][0]
            self.clock.set(max(at, self.clock()))
            together: dict[Any, list[Any]] = {}
            while self._events and self._events[0][0] == at:
                _, _, act, what = heapq.heappop(self._events)
                together.setdefault(act, []).append(what)
            for act, these in together.items():
                act(these)

    def faults(self) -> list[str]:
        """Return what is wrong: findings of the audit, and minutes that the books do not have."""
        if self._found is None:
            found = self.world.run(lambda session, actor: audit.verify(session, actor.tenant_id))
            books, stands = self.books.worth(), self._standing()
            differ = [key for key in books.keys() | stands.keys() if books.get(key) != stands.get(key)]
            self._found = [f"{each['check']} {each['detail']}" for each in found]
            self._found += [f"{who} {shift}: {books.get((who, shift))}, posted {stands.get((who, shift))}"
                            for who, shift in differ]  # fmt: skip
        return self._found

    def told(self) -> str:
        """Say what happened in one line."""
        counted = ", ".join(f"{count} {name}" for name, count in sorted(self.seen.counts.items()))
        return f"{self.days} days, {len(self.folk)} people, {sum(self.books.worth().values())} min: {counted}"

    def _on(self, at: datetime, act: Callable[[Any], None], what: Any = None) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, act, what))

    def _populate(self, session: Any, actor: Actor) -> None:
        rows = [people.person_row(session, actor, {"name": name}) for name in self.folk]
        session.insert(Person, rows)
        for name, row in zip(self.folk, rows, strict=True):
            self.world.people[name] = row["id"]
            unit = self.world.places[self.chance.choice(("unit", "unit2"))]
            people.affiliate(session, actor, row["id"], unit, "employment", roster_number=name, since=LONG_AGO)
            if self.chance.random() < WITHOUT_NETWORK:
                self.away.enrol(session, actor, row, name)

    def _plan_all(self) -> None:
        for day in range(self.days):
            morning = self._local(self.begin + (day + 1) * DAY, 0)
            for _ in range(self._poisson(self.weekly * habits.WEEKDAYS[(morning + 8 * HOUR).weekday()])):
                starts = morning + timedelta(minutes=15 * self.chance.randint(32, 72))
                places = min(round(habits.drawn(habits.PLACES, self.chance)), len(self.folk))
                self._on(max(self.begin + HOUR, starts - AHEAD), self._announce, (starts, places, False))
            if day % 7 == 5:
                self._on(self._local(self.begin + max(day - 4, 0) * DAY, 9), self._announce,
                         (morning + 9 * HOUR, habits.BURST[0], True))  # fmt: skip
            if day % 5 == 2:
                self._on(morning + 20 * HOUR, self._hand_in)
        for day in range(self.days + 6):
            evening = self._local(self.begin + day * DAY, 21)
            for number, act in enumerate((self._presume, self._lapse, self._seal)):
                self._on(evening + number * MINUTE, act)

    def _announce(self, these: Sequence[tuple[datetime, int, bool]]) -> None:
        for starts, places, rush in these:
            at = self.chance.choice(PLACES)
            hours = max(1, round(habits.drawn(habits.HOURS, self.chance) * 4)) / 4
            shift = serving.plan(self.world, starts, hours, places, at)
            self.books.windows[shift] = (starts, starts + hours * HOUR)
            self.secrets[shift], self.at[shift] = serving.secret_of(self.world, shift), at
            self._on(starts - 25 * MINUTE, self._doors, shift)
            if self.chance.random() < CONFIRMED:
                self._on(starts + hours * HOUR + self.chance.randint(1, 60) * HOUR, self._confirm, shift)
            self._wish_in_a_rush(shift, places) if rush else self._wish(shift, starts, places)
            self.seen.counts["shifts"] += 1

    def _wish(self, shift: UUID, starts: datetime, places: int) -> None:
        many = min(len(self.folk), max(1, round(places * habits.drawn(habits.FILL, self.chance))))
        for who in self.chance.sample(self.folk, many):
            asked = starts - habits.drawn(habits.LEAD_HOURS, self.chance) * HOUR
            asked = asked if asked > self.clock() else self.clock() + (starts - self.clock()) * self.chance.random()
            asked = min(asked.replace(second=0, microsecond=0) + MINUTE, starts - 30 * MINUTE)
            self.seen.leads.append((starts - asked) / HOUR)
            self._on(asked, self._sign_up, (who, shift))
            if self.chance.random() < CANCELLED:
                self._on(asked + (starts - 30 * MINUTE - asked) * self.chance.random(), self._cancel, (who, shift))

    def _wish_in_a_rush(self, shift: UUID, places: int) -> None:
        opening = self._local(self.clock(), 10)
        willing = self.chance.sample(self.folk, min(len(self.folk), round(places * 1.4)))
        for number, who in enumerate(willing):
            second = int(habits.BURST[1] * number / places * self.chance.uniform(0.7, 1))
            self._on(opening + timedelta(seconds=second), self._sign_up, (who, shift))
        self._on(opening + MINUTE, self._full, (shift, opening))

    def _full(self, these: Sequence[tuple[UUID, datetime]]) -> None:
        """Note when the last place of a rush was given."""
        for shift, opening in these:
            given = sa.select(sa.func.max(Signup.queued_at), sa.func.count()).where(
                Signup.shift_id == shift, Signup.state == "confirmed"
            )
            last, count = self.world.run(lambda session, _, given=given: tuple(session.rows(given)[0]))
            if count == habits.BURST[0]:
                self.seen.rushes.append((last - opening).total_seconds())

    def _sign_up(self, these: Sequence[tuple[str, UUID]]) -> None:
        for outcome in self._each(signups.sign_up, [(self.actors[who], shift) for who, shift in these]):
            self.seen.counts[f"sign-ups {outcome['state']}"] += 1

    def _cancel(self, these: Sequence[tuple[str, UUID]]) -> None:
        for who, shift in these:
            self.world.run(signups.cancel, shift, actor=self.actors[who])
            self.seen.counts["cancelled"] += 1

    def _doors(self, these: Sequence[UUID]) -> None:
        names = {self.world.people[name]: name for name in self.folk}
        for shift in these:
            held = sa.select(Signup.person_id).where(Signup.shift_id == shift, Signup.state == "confirmed")
            due = self.world.run(lambda session, _, held=held: [row.person_id for row in session.rows(held)])
            self.seen.due += len(due)
            for who in sorted(names[person] for person in due):
                if self.chance.random() >= habits.NO_SHOW:
                    self._comes(who, shift)

    def _comes(self, who: str, shift: UUID) -> None:
        starts, ends = self.books.windows[shift]
        length = int((ends - starts) / MINUTE)
        minute = min(habits.arrival(length, self.chance), length - 2)
        self.seen.came += 1
        self.seen.early += minute < -habits.EARLY[1] + 30
        if who in self.away:
            left = max(ends + self.chance.randint(-20, 20) * MINUTE, starts + (minute + 1) * MINUTE)
            for at, direction in ((starts + minute * MINUTE, "check_in"), (left, "check_out")):
                self._on(at, self._keep, (who, shift, direction))
            self._on(left + self.chance.randint(1, 40) * HOUR + MINUTE / 2, self._send, (who, shift))
            return
        self._on(starts + minute * MINUTE, self._check, (who, shift, "check_in"))
        if self.chance.random() >= habits.FORGOTTEN:
            left = max(ends + self.chance.randint(-20, 20) * MINUTE, starts + (minute + 1) * MINUTE)
            self._on(left, self._check, (who, shift, "check_out"))
        if self.chance.random() < TAKEN_BACK:
            self._on(ends + self.chance.randint(3, 100) * HOUR, self._take_back, (who, shift))

    def _check(self, these: Sequence[tuple[str, UUID, Any]]) -> None:
        """Record what happens in one minute as one list: codes and roll calls, some of them sent twice."""
        asked = [self._presented(*each) for each in these]
        asked += self.chance.sample(asked, len(asked) // 4)
        outcomes = self._each(presences.check_in, asked)
        for (who, shift, direction), outcome in zip(these, outcomes, strict=False):
            book = self.books.came if direction == "check_in" else self.books.left
            book[who, shift] = self.clock()
            if outcome["at"] != self.clock():
                raise RuntimeError("a presence stands at another time than it was recorded")
            self.seen.counts[direction] += 1

    def _presented(self, who: str, shift: UUID, direction: Any) -> tuple[Actor, Presented]:
        if self.chance.random() < ROLL_CALL:
            worker = self.actors[WORKERS[self.at[shift]]]
            return worker, Presented(shift, direction, person_id=self.world.people[who], at=self.clock())
        return self.actors[who], Presented(shift, direction, code=code_at(self.secrets[shift], self.clock()))

    def _keep(self, these: Sequence[tuple[str, UUID, str]]) -> None:
        for who, shift, direction in these:
            self.away.keep(who, shift, direction, self.clock(), self.secrets[shift])
            self.books.kept.setdefault((who, shift), []).append(self.clock())

    def _send(self, these: Sequence[tuple[str, UUID]]) -> None:
        self.away.send(these, self.clock())
        self.books.sent.update(these)
        self.seen.counts["lists sent late"] += len(these)

    def _confirm(self, these: Sequence[UUID]) -> None:
        for shift in these:
            self.world.run(closing.settle_shift, shift, actor=self.actors[WORKERS[self.at[shift]]])
            self.books.confirm(shift)
            self.seen.counts["confirmed"] += 1

    def _take_back(self, these: Sequence[tuple[str, UUID]]) -> None:
        for who, shift in these:
            account = self.actors[who].account_id
            fact = sa.select(Fact.id).where(
                Fact.account_id == account, Fact.shift_id == shift, Fact.kind == "check_in", Fact.reverses_id.is_(None)
            )
            fact_id = self.world.run(lambda session, _, fact=fact: session.scalar(fact))
            worker = self.actors[WORKERS[self.at[shift]]]
            self.world.run(ledger.reverse_fact, fact_id, "not_present", actor=worker)
            self.books.undo(who, shift)
            self.seen.counts["taken back"] += 1

    def _hand_in(self, _these: Sequence[None]) -> None:
        """Hand in two hours of last night, when no shift is, of somebody; and again."""
        who, start = self.chance.choice(self.folk), self._local(self.clock(), 3)
        service = ledger.PastService(
            "person", self.actors[who].account_id, 120, (start + 8 * HOUR).date(), f"night {start:%F}",
            community_id=self.world.places["community"], started_at=start, ended_at=start + 2 * HOUR,
        )  # fmt: skip
        for _ in range(2):
            self.world.run(ledger.supplement, [service])
        self.books.handed_in[who].append((start, start + 2 * HOUR))
        self.seen.counts["handed in"] += 1

    def _presume(self, _these: Sequence[None]) -> None:
        self.seen.counts["presumed"] += self._until_none(closing.presume_due)

    def _lapse(self, _these: Sequence[None]) -> None:
        self.seen.counts["lapsed"] += self._until_none(closing.settle_due)

    def _seal(self, _these: Sequence[None]) -> None:
        self._until_none(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))

    def _until_none(self, service: Any) -> int:
        total = 0
        while count := self.world.run(service):
            total += count
        return total

    def _each(self, service: Any, calls: Sequence[tuple[Actor, Any]]) -> list[dict[str, Any]]:
        outcomes = self.world.house.write_now(calls, service)
        for outcome in outcomes:
            if isinstance(outcome, Problem):
                raise outcome
        return outcomes

    def _standing(self) -> dict[tuple[str, UUID | None], int]:
        """Return the minutes of the ledger by person and shift; those of no shift under None."""
        names = {self.actors[name].account_id: name for name in self.folk}
        sums = (
            sa.select(Entry.account_id, Entry.shift_id, sa.func.sum(Entry.amount).label("minutes"))
            .where(Entry.unit == "volunteer_minutes", Entry.account_kind == "person")
            .group_by(Entry.account_id, Entry.shift_id)
        )
        rows = self.world.run(lambda session, _: session.rows(sums))
        return {(names[row.account_id], row.shift_id): int(row.minutes) for row in rows if row.minutes}

    def _poisson(self, mean: float) -> int:
        count, left = 0, self.chance.expovariate(1)
        while left < mean:
            count += 1
            left += self.chance.expovariate(1)
        return count

    @staticmethod
    def _local(day: datetime, hour: int) -> datetime:
        """Return an hour of the Shanghai day in which an instant lies."""
        local = day.astimezone(UTC) + 8 * HOUR
        return local.replace(hour=hour, minute=0, second=0, microsecond=0) - 8 * HOUR
