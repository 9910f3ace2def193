"""S10: who tries phones, codes and accounts hears the same of who is there and who is not, for the same work."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from api.models import Event
from api.services import claims
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.enumerating import KNOWN_PHONE, Ways
from tests.support.importing import count

SAMPLES = 8
WAYS = ("claim", "password", "search", "track")


@pytest.fixture(scope="module")
async def ways(database, tmp_path_factory):
    clock = Clock()
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock, trials_per_address=10**6)
    found = Ways(built, clock)
    await found.prepare()
    yield found
    built.close()


@pytest.mark.parametrize("name", WAYS)
async def test_who_is_there_and_who_is_not_read_alike(ways, name):
    there, absent = await ways.measure(name, SAMPLES)
    print(f"S10 {name}: {there.median:.2f} ms there, {absent.median:.2f} ms absent, statements {there.statements}")
    assert there.told == absent.told
    assert len(there.bodies) == 1


async def test_a_way_that_looks_only_where_somebody_is_would_be_found_out(ways, monkeypatch):
    """The control: a claim that does less for a code that is not there."""
    real = claims._matching

    def hasty(session, owner, ticket_id, text):
        code = claims.typed(text)
        known = sa.select(claims.ClaimCode.id).where(claims.ClaimCode.selector == (code.selector if code else ""))
        return real(session, owner, ticket_id, text) if session.scalar(known) else None

    monkeypatch.setattr(claims, "_matching", hasty)
    there, absent = await ways.measure("claim", 2)
    assert there.statuses == absent.statuses
    assert there.statements != absent.statements


async def test_tries_are_capped_and_on_record(ways):
    world, tried = ways.world, Event.kind == "identity.refuse"
    before = count(world, Event, tried)
    path, _, there, _ = ways.found["claim"]
    settings = world.house.settings
    world.house.settings = settings.model_copy(update={"trials_per_address": 5})
    try:
        ways._forget()
        async with world.client() as client:
            statuses = [(await client.post(path, json=there)).status_code for _ in range(8)]
    finally:
        world.house.settings = settings
        ways._forget()
    assert statuses == [401] * 5 + [429] * 3
    assert count(world, Event, tried) == before + 5


async def test_registering_with_a_phone_that_stands_on_a_roster_reads_like_any_other(ways):
    world, answers = ways.world, []
    for number, phone in enumerate((KNOWN_PHONE, "+8613700000001")):
        told = {"provider": "wechat", "subject": f"openid-s10-{number}", "phone": phone}
        ticket = world.run(lambda session, actor, told=told: claims.ticket(session, actor.tenant_id, **told))
        async with world.client() as client:
            answer = await client.post("/api/v1/auth/register", json={"ticket": ticket, "name": "周八"})
        answers.append((answer.status_code, sorted(answer.json())))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
