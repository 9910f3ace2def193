"""Signals on their way: a crowd with facts of its own, what is told of it, and what follows, as tests begin."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from api.db import new_id
from api.jobs.signals import look_all
from api.models import Fact, Person, Shift
from api.services import people
from tests.support import world as worlds
from tests.support.service_calls import planned

MINUTE = timedelta(minutes=1)


def crowd(session, actor):
    """Add fourteen people; return their accounts."""
    ids = [people.add(session, actor, {"name": f"群众{n}"}, since=worlds.LONG_AGO) for n in range(14)]
    return [row.account_id for row in session.rows(sa.select(Person.account_id).where(Person.id.in_(ids)))]


async def call(world, name, method, path, body=None, status=None, **headers):
    """Send a request as somebody, expect a status where one is named, return the answer."""
    async with world.client(name) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert status in (None, answer.status_code), answer.text
    return answer.json()


def attend(world, shift, stays, provenance="code"):
    """Let people of the crowd have been at a shift: (number, minutes from its start at which they came and left)."""

    def write(session, actor):
        row = session.first(sa.select(Shift.starts_at, Shift.community_id).where(Shift.id == UUID(shift)))
        facts = []
        for number, *moments in stays:
            account = world.crowd[number]
            for kind, minutes in zip(("check_in", "check_out"), moments, strict=True):
                at = row.starts_at + minutes * MINUTE
                facts.append({
                    "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": at, "actor_id": account, "kind": kind,
                    "account_kind": "person", "account_id": account, "occurred_at": at, "served_on": at.date(),
                    "provenance": provenance, "shift_id": UUID(shift), "pair": 1, "community_id": row.community_id,
                    "details": {},
                })  # fmt: skip
        session.insert(Fact, facts)

    world.run(write)


async def told(world, time, by="liaison", stays=None, **more):
    """Let a unit's activity have a mass check-out three quarters of an hour before its end; return the signal."""
    shift = await planned(world, time, by, capacity=50, **more)
    attend(world, shift, stays or [(n, n, 75) for n in range(12)])
    time.forward(days=1)
    look_all(world.house)
    found = (await call(world, "street_officer", "GET", "/signals")).get("items", [])
    mine = [one for one in found if one["subjectId"] == shift]
    return mine[0] if mine else None


async def founded(world, time, **more):
    """Let the street find a signal true."""
    signal = await told(world, time, **more)
    body = {"verdict": "founded", "text": "现场无人，一人持多部手机签退"}
    return await call(world, "street_officer", "POST", f"/signals/{signal['id']}/judge", body, 200)


async def sanctioned(world, time, kind="no_new_activities", days=30, **more):
    """Let the street propose and the district impose a sanction; return it."""
    signal = await founded(world, time, **{k: more.pop(k) for k in ("leaderId",) if k in more})
    body = {
        "kind": kind, "organizationId": str(world.places["street"]), "reason": "线索属实",
        "endsOn": f"{time() + timedelta(days=days):%Y-%m-%d}", **more,
    }  # fmt: skip
    proposed = await call(world, "street_officer", "POST", f"/signals/{signal['id']}/sanctions", body, 201)
    assert proposed["state"] == "proposed"
    return await call(world, "district_officer", "POST", f"/sanctions/{proposed['id']}/confirm", status=200)


async def publish(world, time, by="liaison", community="community"):
    """Try to publish a new activity; return what was answered."""
    organizer = {"liaison": "unit", "liaison2": "unit2"}[by]
    body = {
        "title": "义诊", "communityId": str(world.places[community]), "organizerId": str(world.places[organizer]),
    }  # fmt: skip
    activity = await call(world, by, "POST", "/activities", body, 201)
    host = {"community": "worker", "community2": "worker2", "far_community": "far_worker"}[community]
    await call(world, by, "POST", f"/activities/{activity['id']}/offer", status=200)
    await call(world, host, "POST", f"/activities/{activity['id']}/host", status=200)
    return await call(world, by, "POST", f"/activities/{activity['id']}/publish")


async def end(world, sanction):
    """Let the street end a sanction, so that the next test begins without one."""
    await call(world, "street_officer", "POST", f"/sanctions/{sanction['id']}/release", status=200)
