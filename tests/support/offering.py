"""Needs with times, people who declare theirs, and runs of the match, over HTTP and past it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Reach
from api.db import new_id
from api.jobs.loop import run_due
from api.models import NOBODY, Availability, MatchProposal, MatchRun, Organization, OrganizationLink, Resource
from api.services import changes, match_runs, needs, organizations, people
from tests.support.matching import post
from tests.support.serving import actor
from tests.support.world import LONG_AGO, World

TUESDAY = ("2026-03-03T14:00:00+08:00", "2026-03-03T16:00:00+08:00")  # the day after the clock of tests stands
SATURDAY = ("2026-03-07T09:00:00+08:00", "2026-03-07T11:00:00+08:00")
FREE = ["tue.afternoon", "sat.morning"]


def window(span: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return a window as the API takes it."""
    return {"startsAt": span[0], "endsAt": span[1], **more}


async def open_need(world: World, title: str = "陪同就医", windows: Any = (TUESDAY,), **more: Any) -> Any:
    """Let a worker ask in the community and publish at once; `windows` None says no time."""
    body = {"title": title, "category": "health", "communityId": str(world.places["community"]), **more}
    if windows is not None:
        body["windows"] = [window(span) for span in windows]
    async with world.client("worker") as worker:
        need = await post(worker, "/needs", body, 201)
        await post(worker, f"/needs/{need['id']}/submit")
        return await post(worker, f"/needs/{need['id']}/publish")


async def declared(world: World, name: str, skills: dict[str, int] | None = None, **more: Any) -> Any:
    """Let somebody declare when and with what they would help."""
    skills = {"health": 2} if skills is None else skills
    told = [{"category": kind, "level": level} for kind, level in skills.items()]
    body = {"skills": told, "free": FREE, "areaId": str(world.places["community"]), **more}
    async with world.client(name) as client:
        answer = await client.put("/api/v1/me/availability", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


async def matched(world: World, kind: str = "people", at: str = "community", by: str = "worker") -> Any:
    """Let an office match its area, and return the run when its job has ended."""
    async with world.client(by) as office:
        body = {"organizationId": str(world.places[at]), "kind": kind}
        run = await post(office, "/match-runs", body, 202)
        run_due(world.house)
        return (await office.get(f"/api/v1/match-runs/{run['id']}")).json()


async def proposals(world: World, name: str, **query: str) -> list[Any]:
    """Return what was proposed to somebody."""
    async with world.client(name) as client:
        answer = await client.get("/api/v1/me/proposals", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


def crowd(world: World, many: int) -> list[Any]:
    """Return so many people who act, each with declared time in the community."""

    def gather(session: Any, operator: Any) -> list[Any]:
        rows = [people.person_row(session, operator, {"name": f"居民{number}"}) for number in range(many)]
        session.insert(people.Person, rows)
        actors = [replace(operator, person_id=row["id"], account_id=row["account_id"], reaches=()) for row in rows]
        told = {
            "skills": [{"category": "health", "level": 1}], "free": FREE, "preferred": [], "reach_metres": 3000,
            "area_id": str(world.places["community"]), "max_tasks": 1, "wishes": [],
        }  # fmt: skip
        session.insert(Availability, [
            {"id": new_id(), "tenant_id": operator.tenant_id, "version": 1, "created_at": session.now,
             "person_id": who.person_id, "active": True, "told": told}
            for who in actors
        ])  # fmt: skip
        return actors

    return world.run(gather)


def units(world: World, many: int, category: str) -> list[tuple[UUID, UUID, Any]]:
    """Return so many units with what each offers and who speaks for it."""

    def gather(session: Any, operator: Any) -> list[tuple[UUID, UUID, Any]]:
        found = []
        for number in range(many):
            node = {"axis": "employer", "kind": "private_enterprise", "name": f"企业{number}"}
            unit = organizations.create(session, operator, node, world.places["employers"])
            path = session.scalar(sa.select(Organization.path).where(Organization.id == unit))
            row = changes.born(session, operator, "resource", "resource.create", {
                "kind": "goods", "title": "物资", "description": "", "category": category, "quantity": 1, "promised": 0,
                "quantity_text": None, "organization_id": unit, "reason": None, "published_at": session.now,
                "source": None, "flags": [],
            })  # fmt: skip
            session.insert(Resource, [{**row, "state": "published"}])
            speaks = (Reach("liaison", NOBODY, unit, path),)
            found.append((unit, row["id"], replace(operator, reaches=speaks, step="match_proposal.accept")))
        return found

    return world.run(gather)


def published(world: World, headcount: int | None, windows: Any, category: str = "health") -> UUID:
    """Publish a need past HTTP; return its id."""
    worker = actor(world, "worker")
    values = {
        "kind": "need", "title": "陪同就医", "description": "", "category": category, "target_group": None,
        "headcount": headcount, "quantity": None, "when_text": None, "budget_fen": None,
        "community_id": world.places["community"], "expires_on": None, "windows": windows,
        "reply_by": None, "gates": {}, "risks": None, "place": None, "recipient": None, "attachments": [],
    }  # fmt: skip
    need_id = world.run(needs.create, values, actor=worker)
    world.run(needs.submit, need_id, actor=worker)
    return world.run(needs.publish, need_id, actor=worker)


def requested(world: World) -> UUID:
    """Ask for a run past HTTP; return its id."""
    values = {"organization_id": world.places["community"], "kind": "people"}
    return world.run(match_runs.request, values, actor=actor(world, "worker"))


def met_at(world: World, name: str, latitude: float, longitude: float) -> None:
    """Say where a place is met."""
    point = {"latitude": latitude, "longitude": longitude, "system": "wgs84"}
    told = sa.update(Organization).where(Organization.id == world.places[name]).values(point=point)
    world.run(lambda session, _: session.execute(told))


def rows(world: World, run_id: UUID) -> list[Any]:
    """Return the proposals of a run as they stand, also those that nobody sees."""
    wanted = sa.select(
        MatchProposal.id, MatchProposal.number, MatchProposal.state, MatchProposal.person_id, MatchProposal.need_id,
        MatchProposal.points,
    ).where(MatchProposal.run_id == run_id)  # fmt: skip
    return world.run(lambda session, _: session.rows(wanted.order_by(MatchProposal.number)))


def run_of(world: World, run_id: UUID) -> Any:
    """Return a run as it stands."""
    wanted = sa.select(
        MatchRun.id, MatchRun.tenant_id, MatchRun.state, MatchRun.result_hash, MatchRun.inputs_hash, MatchRun.keys,
        MatchRun.job_id,
    )  # fmt: skip
    return world.run(lambda session, _: session.first(wanted.where(MatchRun.id == run_id)))


def reported_in(world: World) -> None:
    """Let the unit have reported in to the community."""
    link = {
        "id": new_id(), "tenant_id": world.operator.tenant_id, "version": 1, "created_at": world.house.clock(),
        "kind": "registration", "state": "accepted", "from_id": world.places["unit"],
        "to_id": world.places["community"], "basis": None, "valid_from": LONG_AGO, "valid_to": None, "reason": None,
        "document_id": None, "details": {},
    }  # fmt: skip
    world.run(lambda session, _: session.insert(OrganizationLink, [link]))
