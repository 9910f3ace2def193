"""Consent with effect at once: lines of statements, details for an employer, and deliveries between queue and send."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.access import acting
from api.domain.consents import EMPLOYER_DETAILS, EMPLOYER_RESULT
from api.models import Delivery
from api.services import consents, cycles, deliveries, disclosures, documents, people, statements
from tests.support import assessed
from tests.support import world as worlds
from tests.support.clock import Clock

RACES = 12


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(assessed.build_year, built)
    built.people |= {f"n{n}": person for n, person in enumerate(built.year.people)}
    built.people["chief"], built.people["other_chief"] = built.run(chiefs, built.year.units)
    built.cycle = final(built)
    yield built
    built.close()


def chiefs(session, operator, units):
    found = []
    for unit in units[:2]:
        found.append(people.add(session, operator, {"name": "测联络"}, since=worlds.LONG_AGO))
        people.grant(session, operator, found[-1], "liaison", unit, since=worlds.LONG_AGO)
    return found


def actor(world, name):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people[name], "test.step")


def final(world):
    officer = actor(world, "district_officer")
    cycle_id = world.run(assessed.open_cycle, world, actor=officer)
    assessed.computed(world, officer, cycle_id)
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        world.run(getattr(cycles, step), cycle_id, actor=officer)
    return cycle_id


def content_of(world, unit):
    officer = actor(world, "district_officer")
    issued = world.run(statements.issue_for, world.cycle, unit, actor=officer)
    return world.house.read_now(officer, documents.one, issued)["content"]


def say(world, name, service, purpose, unit, **more):
    values = {"purpose": purpose, "recipient_id": unit, **more}
    return world.run(service, values, actor=actor(world, name))


def test_who_refuses_is_not_disclosed_and_the_denominator_stays(world):
    unit = world.year.units[0]
    say(world, "n3", consents.refuse, EMPLOYER_RESULT, unit)
    content = content_of(world, unit)
    lines = {line["rosterNumber"]: line for line in content["members"]}
    assert (content["denominator"], content["undisclosed"]) == (10, 1)
    assert [lines["R003"][each] for each in ("disclosed", "grade", "points", "services", "minutes")] == [
        False, None, None, None, None,
    ]  # fmt: skip
    assert lines["R006"]["disclosed"] is True  # control: who said nothing is told, on the unit's own ground


async def test_details_are_the_employers_while_the_consent_holds(world):
    unit, account = world.year.units[0], str(world.year.accounts[9])

    async def seen(name):
        async with world.client(name) as client:
            items = (await client.get("/api/v1/entries?limit=100")).json()["items"]
        return sum(item["accountId"] == account for item in items)

    assert await seen("chief") == 0
    consent = say(world, "n9", consents.give, EMPLOYER_DETAILS, unit, version=1)
    assert (await seen("chief"), await seen("other_chief")) == (len(world.year.minutes[9]), 0)
    world.run(consents.withdraw, consent, actor=actor(world, "n9"))
    assert await seen("chief") == 0


def queued(world, document_id, number):
    """Queue the statement by a channel of its own; return the delivery's id."""
    officer, unit = actor(world, "district_officer"), world.year.units[1]

    def send(session, who):
        at, channel = world.places["district"], f"mail{number}"
        deliveries.send(session, who, document_id, [unit], at=at, channel=channel)
        return session.scalar(sa.select(Delivery.id).where(Delivery.channel == channel))

    return world.run(send, actor=officer)


def state(world, delivery_id):
    with world.house.engines.look() as session:
        return session.scalar(sa.select(Delivery.state).where(Delivery.id == delivery_id))


@pytest.fixture(scope="module")
def statement(world) -> UUID:
    return world.run(statements.issue_for, world.cycle, world.year.units[1], actor=actor(world, "district_officer"))


def test_a_withdrawal_stops_what_is_queued_and_leaves_what_has_left(world, statement):
    unit = world.year.units[1]
    left, waits = queued(world, statement, 900), queued(world, statement, 901)
    assert world.run(disclosures.release, left) == "sent"
    say(world, "n4", consents.refuse, EMPLOYER_RESULT, unit)
    assert (state(world, left), state(world, waits)) == ("sent", "withheld")
    assert world.run(disclosures.release, waits) == "withheld"
    late = queued(world, statement, 902)  # queued after the word was taken back
    assert world.run(disclosures.release, late) == "withheld"
    say(world, "n4", consents.give, EMPLOYER_RESULT, unit, version=1)
    assert world.run(disclosures.release, queued(world, statement, 903)) == "sent"


def race(world, statement, offset):
    """Let a release and a refusal run at once, again and again; return how often it was sent after."""
    unit, wrong = world.year.units[1], 0
    person, officer = actor(world, "n7"), actor(world, "district_officer")
    for number in range(offset, offset + RACES):
        delivery = queued(world, statement, number)
        order: list[str] = []
        gate = threading.Barrier(2)

        def refuse(order=order, gate=gate):
            gate.wait()
            world.run(consents.refuse, {"purpose": EMPLOYER_RESULT, "recipient_id": unit}, actor=person)
            order.append("refused")

        def release(order=order, gate=gate, delivery=delivery):
            gate.wait()
            world.run(slowly, delivery, order, actor=officer)

        both = [threading.Thread(target=refuse), threading.Thread(target=release)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        wrong += state(world, delivery) == "sent" and order[:1] == ["refused"]
        say(world, "n7", consents.give, EMPLOYER_RESULT, unit, version=1)
    return wrong


def slowly(session, who, delivery_id, order):
    how = disclosures.release(session, who, delivery_id)
    if how == "sent":
        order.append("sent")
    return how


def test_nothing_is_sent_once_a_refusal_was_acknowledged(world, statement):
    wrong = race(world, statement, 1000)
    print(f"consent against send: {RACES} races, {wrong} sent after a refusal")
    assert wrong == 0


def test_without_the_last_look_it_would_be_sent(world, statement, monkeypatch):
    """Control: a release that asks nobody sends what was refused before."""
    unit = world.year.units[1]
    say(world, "n7", consents.refuse, EMPLOYER_RESULT, unit)
    monkeypatch.setattr(consents, "withheld", lambda *_: set())
    assert world.run(disclosures.release, queued(world, statement, 2000)) == "sent"
