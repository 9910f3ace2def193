"""Short ways to plan, sign up and be present in a small world, through the services themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, acting
from api.models import Shift
from api.services import activities, presences, shifts, signups
from api.services.presences import Presented
from tests.support.world import World

HOUR = timedelta(hours=1)


def actor(world: World, name: str) -> Actor:
    """Return a person of this world as who acts, with the roles of this moment."""
    person, tenant = world.people[name], world.operator.tenant_id
    return world.house.read_now(world.operator, lambda session, _: acting(session, tenant, person, "test.act"))


def plan(
    world: World, starts_at: datetime, hours: float = 2.0, capacity: int = 10, at: str = "community", **more: Any
) -> UUID:
    """Return the id of an open shift of a published activity of a community, planned by its worker."""
    worker = actor(world, "worker" if at == "community" else "worker2")
    policy = more.pop("policy", {})
    values = {
        "kind": "service", "nature": "volunteer_service", "voluntary": True, "title": "巡河", "description": "",
        "risks": "",
        "category": None, "place": "", "community_id": world.places[at], "organizer_id": world.places[at],
        "leader_id": None, "project_id": None, "policy": policy, **more,
    }  # fmt: skip
    activity = world.run(activities.create, values, actor=worker)
    window = {
        "activity_id": activity, "starts_at": starts_at, "ends_at": starts_at + hours * HOUR, "capacity": capacity
    }  # fmt: skip
    shift = world.run(shifts.create, window, actor=worker)
    world.run(activities.publish, activity, actor=worker)
    return shift


def sign_up(world: World, name: str, shift: UUID) -> dict[str, Any]:
    """Sign a person up."""
    return _only(world.house.write_now([(actor(world, name), shift)], signups.sign_up))


def present(
    world: World, name: str, shift: UUID, direction: Any, at: datetime | None = None, by: str = "worker"
) -> Any:
    """Let a worker record a person; return what stands, or raise the problem."""
    item = Presented(shift, direction, person_id=world.people[name], at=at)
    return _only(world.house.write_now([(actor(world, by), item)], presences.check_in))


def serve(world: World, clock: Any, name: str, hours: float = 1.0) -> UUID:
    """Let a person serve at a new shift from now on; the clock stands at the end."""
    shift = plan(world, clock() + HOUR, hours + 1)
    sign_up(world, name, shift)
    begin, end = clock.forward(hours=1), clock.forward(hours=hours)
    present(world, name, shift, "check_in", begin)
    present(world, name, shift, "check_out", end)
    return shift


def secret_of(world: World, shift: UUID) -> bytes:
    """Return a shift's secret."""
    with world.house.engines.look() as session:
        return session.scalar(sa.select(Shift.secret).where(Shift.id == shift))


def _only(outcomes: list[Any]) -> Any:
    (outcome,) = outcomes
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
