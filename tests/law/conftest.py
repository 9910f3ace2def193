"""One small world for the articles of each file, with a member who is at home in a community."""

from __future__ import annotations

import pytest

from api.services import people
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.world import LONG_AGO


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    built.run(_at_home, built)
    yield built
    built.close()


def _at_home(session, actor, world):
    more = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
    for name in ("member", "member2"):
        people.affiliate(session, actor, world.people[name], world.places["community"], "registration", **more)
