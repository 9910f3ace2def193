"""R8: days that phones spend without a network, what they send afterwards, and what an oracle says comes of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.domain import codes
from api.domain.offline import Item
from api.jobs.sealing import do_due
from api.models import Case, Entry, Person
from api.services import audit, closing, devices, offline, people, sign_ins
from api.services.offline import OfflineList
from tests.support import serving
from tests.support.phones import Phone, as_items
from tests.support.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATEST = timedelta(hours=72)
# How a phone's day goes: mostly well; what is odd has to end with a person.
DAYS = ("well",) * 14 + ("two_pairs",) * 3 + ("forgotten",) * 2 + (
    "jumped", "too_far", "late", "passed_on", "check_in_lost", "guessed", "two_shifts",
)  # fmt: skip
ODD = {"jumped", "too_far", "late", "passed_on", "check_in_lost"}
Key = tuple[int, UUID, int, str]  # number of the phone, shift, pair, direction


@dataclass
class Owner:
    """Somebody with an enrolled phone."""

    actor: Actor
    phone: Phone


@dataclass(frozen=True)
class Place:
    """A shift with the secret of its screen."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    secret: bytes
    leader: str


@dataclass
class Message:
    """A list on its way: from which phone, what it holds, when it arrives, and whether that is too late."""

    owner: int
    items: list[dict[str, Any]]
    at: datetime
    late: bool = False


@dataclass
class Expected:
    """What has to come of a day: minutes of each owner, what a person judges, and what is refused."""

    minutes: dict[int, set[int]] = field(default_factory=dict)
    reviews: set[Key] = field(default_factory=set)
    refused: set[Key] = field(default_factory=set)


Deliver = Callable[["Storm", list[Message]], list[list[dict[str, Any]]]]


class Storm:
    """One day after the other in a world of its own, each from a seed."""

    def __init__(self, world: World, clock: Any, phones: int) -> None:
        self.world, self.clock = world, clock
        self.owners: list[Owner] = world.run(_people, phones)
        self.begun = clock()
        self.days = 0

    def day(self, seed: int, deliver: Deliver) -> list[str]:
        """Live one day and three more until everything has come; return in words what differs from the oracle."""
        self.days += 1
        dice = random.Random(seed)
        morning = self.clock.set(self.begun + 14 * self.days * DAY)
        places = [self._plan(morning, dice) for _ in range(6)]
        expected, messages = Expected(), []
        for number in range(len(self.owners)):
            messages += self._live(number, dice, places, expected)
        self._arrive(messages, places, deliver, dice)
        again = [Message(number, owner.phone.kept, self.clock()) for number, owner in enumerate(self.owners)]
        again = [each for each in again if each.items]
        wrong = list(_unresolved(again, deliver(self, again), expected))
        return wrong + list(self._differs(morning, places, expected))

    def _plan(self, morning: datetime, dice: random.Random) -> Place:
        starts = morning + dice.randrange(60, 10 * 60) * MINUTE
        hours = dice.choice((1, 1.5, 2, 3))
        at = dice.choice(("community", "community2"))
        shift = serving.plan(self.world, starts, hours, capacity=1000, at=at, policy={"walk_in": True})
        leader = "worker" if at == "community" else "worker2"
        return Place(shift, starts, starts + hours * HOUR, serving.secret_of(self.world, shift), leader)

    def _live(self, number: int, dice: random.Random, places: list[Place], expected: Expected) -> list[Message]:
        """Let one phone keep its day; note what has to come of it, and return the lists that it sends."""
        how, phone = dice.choice(DAYS), self.owners[number].phone
        phone.skew, phone.kept = timedelta(seconds=dice.uniform(-1, 1) * 2 * 86_399), []
        if how == "too_far":
            phone.skew = dice.choice((-1, 1)) * (2 * DAY + dice.uniform(1, 86_400) * timedelta(seconds=1))
        chosen = dice.sample(places, 2 if how == "two_shifts" else 1)
        stay = [each for place in chosen for each in _stay(number, dice, place, how, expected)]
        for at, place, direction, pair in sorted(stay, key=lambda each: each[0]):
            code = codes.code_at(place.secret, at)
            if how == "guessed":
                code = "".join(dice.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))
            later = dice.uniform(7, 300) * MINUTE if how == "passed_on" else timedelta()
            phone.keep(place.id, direction, at + later, code, pair, item_id=UUID(int=dice.getrandbits(128), version=4))
        if how == "jumped":
            phone.skew += timedelta(hours=dice.choice((-20, -3, 3, 20)))
        begin = max(place.ends_at for place in places) + 3 * HOUR
        end = min(place.ends_at for place in chosen) + LATEST - HOUR
        if how == "late":
            begin, end = chosen[0].ends_at + LATEST + HOUR, chosen[0].ends_at + LATEST + 2 * HOUR
        torn = _torn(phone.kept, dice) if phone.kept else []
        return [Message(number, part, begin + dice.random() * (end - begin), how == "late") for part in torn]

    def _arrive(self, messages: list[Message], places: list[Place], deliver: Deliver, dice: random.Random) -> None:
        """Let the lists arrive in the order of their times, in crowds of any size, and the leaders confirm."""
        confirming = sorted((place.ends_at + LATEST - HOUR / 2, str(place.id), place) for place in places)
        waiting = sorted(messages, key=lambda each: each.at)
        while waiting or confirming:
            until = confirming[0][0] if confirming else None
            size = 0 if not waiting or (until and waiting[0].at >= until) else dice.choice((1, 3, 10, 30))
            if size == 0:
                self.clock.set(confirming[0][0])
                place = confirming.pop(0)[2]
                self.world.run(closing.settle_shift, place.id, actor=serving.actor(self.world, place.leader))
                if len(confirming) == 3:
                    do_due(self.world.house)
                continue
            crowd = [each for each in waiting[:size] if not each.late] or waiting[:1]
            waiting = [each for each in waiting if not any(each is other for other in crowd)]
            self.clock.set(crowd[0].at)
            deliver(self, crowd)
        self.clock.forward(days=3)
        do_due(self.world.house)

    def _differs(self, morning: datetime, places: list[Place], expected: Expected) -> Iterable[str]:
        accounts = {owner.actor.account_id: number for number, owner in enumerate(self.owners)}
        numbers = {owner.actor.person_id: number for number, owner in enumerate(self.owners)}
        shifts = [place.id for place in places]
        with self.world.house.engines.look() as session:
            posted = session.rows(sa.select(Entry.account_id, Entry.amount).where(Entry.shift_id.in_(shifts)))
            odd = sa.select(Case.facts).where(Case.kind == "odd_fact", Case.created_at >= morning)
            cases = session.rows(odd)
        minutes: dict[int, int] = {}
        for row in posted:
            minutes[accounts[row.account_id]] = minutes.get(accounts[row.account_id], 0) + row.amount
        for number in range(len(self.owners)):
            due = len(expected.minutes.get(number, ()))
            if minutes.get(number, 0) != due:
                yield f"phone {number}: {minutes.get(number, 0)} minutes, not {due}"
        told = [case.facts["offline"] for case in cases if "offline" in case.facts]
        found = {
            (numbers[UUID(each["personId"])], UUID(each["shiftId"]), each["pair"], each["direction"]) for each in told
        }  # fmt: skip
        yield from (f"not in review: {key}" for key in expected.reviews - found)
        yield from (f"in review: {key}" for key in found - expected.reviews)

    def verified(self) -> list[Any]:
        """Return what `audit verify` finds, but for what only the sealer would do."""
        found = self.world.house.read_now(self.world.operator.tenant_id, audit.verify)
        return [each for each in found if each["check"] != "sealed_in_time"]


def by_service(storm: Storm, part: list[Message]) -> list[list[dict[str, Any]]]:
    """Hand several lists to the service in one transaction, as a lane does with a crowd's."""
    calls = []
    for message in part:
        owner = storm.owners[message.owner]
        device, sent_at, items = as_items(owner.phone.list_at(storm.clock(), message.items))
        calls.append((owner.actor, OfflineList(device, sent_at, tuple(Item(**each) for each in items))))
    return storm.world.house.write_now(calls, offline.take, tenant=storm.world.operator.tenant_id)  # type: ignore[arg-type]


def by_http(storm: Storm, part: list[Message]) -> list[list[dict[str, Any]]]:
    """Send each list as a phone does."""
    return asyncio.run(_sent(storm, part))


async def _sent(storm: Storm, part: list[Message]) -> list[list[dict[str, Any]]]:
    tokens, found = storm.world.house.tokens, []
    async with storm.world.client() as client:
        for message in part:
            owner = storm.owners[message.owner]
            token = tokens.issue(owner.actor.person_id, owner.actor.tenant_id, owner.actor.sign_in_id)[0]
            answer = await client.post(
                "/api/v1/presences/offline",
                json=owner.phone.list_at(storm.clock(), message.items),
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200, answer.text
            found.append(answer.json()["outcomes"])
    return found


def word(outcome: dict[str, Any]) -> str:
    """Return what became of an item, in a word that both ways of sending it share."""
    if outcome.get("problem"):
        return outcome["problem"]["code"]
    if outcome.get("case_id") or outcome.get("caseId"):
        return "review:" + ",".join(outcome["reasons"])
    waits = outcome.get("waits_for") or outcome.get("waitsFor")
    return f"waits:{waits}" if waits else f"stands:{outcome['presence']['direction']}"


def _unresolved(messages: list[Message], answers: list[Any], expected: Expected) -> Iterable[str]:
    """Yield what, sent a last time, has neither a presence nor a case, nor was to be refused."""
    for message, outcomes in zip(messages, answers, strict=True):
        for item, outcome in zip(message.items, outcomes, strict=True):
            key = (message.owner, UUID(item["shiftId"]), item["pair"], item["direction"])
            said = word(outcome)
            kind = said.split(":")[0]
            due = "code_not_valid" if key in expected.refused else "review" if key in expected.reviews else "stands"
            if kind != due:
                yield f"{key}: {said}, not {due}"


def _people(session: Any, actor: Actor, count: int) -> list[Owner]:
    rows = [people.person_row(session, actor, {"name": f"电话{number}"}) for number in range(count)]
    session.insert(Person, rows)
    found = []
    for row in rows:
        begun = sign_ins.begin(
            session, actor, tenant_id=actor.tenant_id, person_id=row["id"], provider="demo", device=None
        )
        owner = Actor(row["id"], row["account_id"], actor.tenant_id, sign_in_id=begun["sign_in_id"])
        secret = devices.new_secret()
        found.append(Owner(owner, Phone(str(devices.create(session, owner, secret)), secret)))
    return found


def _torn(items: list[dict[str, Any]], dice: random.Random) -> list[list[dict[str, Any]]]:
    """Tear what a phone kept into lists, doubled and out of order; each item is in at least one."""
    lists = [[item] for item in items] if dice.random() < 0.5 else [list(items)]
    lists += [dice.sample(items, dice.randint(1, len(items))) for _ in range(dice.choice((0, 0, 1, 2)))]
    dice.shuffle(lists)
    for each in lists:
        dice.shuffle(each)
    return lists


def _stay(
    number: int, dice: random.Random, place: Place, how: str, expected: Expected
) -> Iterator[tuple[datetime, Place, str, int]]:
    """Yield when somebody comes and leaves at a shift, and note what has to come of it."""
    length, pairs = place.ends_at - place.starts_at, 2 if how == "two_pairs" else 1
    first = place.starts_at - 20 * MINUTE
    moments = sorted(first + dice.random() * (length + 60 * MINUTE) for _ in range(2 * pairs))
    if moments[-2] >= place.ends_at:  # nobody checks in after the end
        moments = [max(each - (moments[-2] - place.ends_at) - MINUTE, first) for each in moments]
    for pair in range(1, pairs + 1):
        came, left = moments[2 * pair - 2 : 2 * pair]
        for direction, at in (("check_in", came), ("check_out", left)):
            if (how, direction) in (("forgotten", "check_out"), ("check_in_lost", "check_in")):
                continue
            if how in ODD:
                expected.reviews.add((number, place.id, pair, direction))
            if how == "guessed":
                expected.refused.add((number, place.id, pair, direction))
            yield at, place, direction, pair
        if how not in ODD and how != "guessed":
            until = place.ends_at if how == "forgotten" else min(left, place.ends_at)
            served = range(_minute(max(came, place.starts_at)), _minute(until))
            expected.minutes.setdefault(number, set()).update(served)


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60
