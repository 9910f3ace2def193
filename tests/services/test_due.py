"""What time alone brings about is done without anybody asking."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.jobs.sealing import do_due
from api.models import Affiliation, Event, Need
from api.services import needs, people
from tests.support import world as worlds
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(fresh_database, tmp_path, clock):
    built = worlds.build(fresh_database, tmp_path, clock)
    yield built
    built.close()


def test_needs_and_registrations_expire_once_and_leave_an_event(world, clock):
    today = clock().date()
    values = {
        "kind": "need",
        "title": "理发",
        "description": "",
        "category": "care",
        "expires_on": today + timedelta(days=5),
    }

    def ask(session, actor):
        need = needs.create(session, actor, {**values, "community_id": world.places["community"]})
        session.execute(sa.update(Need).where(Need.id == need).values(state="published"))
        home = people.affiliate(
            session, actor, world.people["member"], world.places["community"], "registration",
            state="accepted", principal=True, since=today,
        )  # fmt: skip
        session.execute(sa.update(Affiliation).where(Affiliation.id == home).values(valid_to=today + timedelta(days=5)))
        return need, home

    need, home = world.run(ask)
    assert do_due(world.house) == 0
    clock.forward(days=6)
    assert do_due(world.house) == 2
    assert do_due(world.house) == 0
    with world.house.engines.look() as session:
        states = [
            session.scalar(sa.select(table.state).where(table.id == row))
            for table, row in ((Need, need), (Affiliation, home))
        ]
        kinds = {row.kind for row in session.rows(sa.select(Event.kind).where(Event.subject_id.in_([need, home])))}
    assert states == ["expired", "expired"]
    assert {"need.expire", "registration.expire"} <= kinds
