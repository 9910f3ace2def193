"""A computed cycle that takes appeals, and the ways over HTTP from an appeal to results that were computed again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.access import Actor
from api.db import Session
from api.jobs.loop import run_due
from api.services import people
from tests.support import assessed
from tests.support import world as worlds
from tests.support.clock import Clock


def build(url: str, var_dir: Path, members: int, units: int) -> worlds.World:
    """Build a year of members who sign in as `m000`, …, on a clock that a test moves; tokens hold for years."""
    world = worlds.build(url, var_dir, Clock(), token_minutes=3 * 365 * 24 * 60)
    world.year = world.run(assessed.build_year, world, members, units)  # type: ignore[attr-defined]
    world.people |= {f"m{n:03d}": person for n, person in enumerate(world.year.people)}  # type: ignore[attr-defined]
    world.run(_liaisons, world)
    return world


def _liaisons(session: Session, actor: Actor, world: worlds.World) -> None:
    for n, unit in enumerate(world.year.units):  # type: ignore[attr-defined]
        name = f"liaison-{n}"
        world.people[name] = people.add(session, actor, {"name": f"联{n}"}, since=worlds.LONG_AGO)
        people.grant(session, actor, world.people[name], "liaison", unit, since=worlds.LONG_AGO)


async def posted(world: worlds.World, name: str, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    """Post as a person of the world; the answer must have this status."""
    async with world.client(name) as client:
        answer = await client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, (path, answer.status_code, answer.text)
    return answer.json()


async def got(world: worlds.World, name: str, path: str, **params: Any) -> dict[str, Any]:
    """Get as a person of the world."""
    async with world.client(name) as client:
        answer = await client.get(f"/api/v1{path}", params=params)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def worked(world: worlds.World, name: str, path: str, body: Any = None) -> dict[str, Any]:
    """Ask for long work and run it to its end; return the job's result."""
    job = await posted(world, name, path, body, 202)
    work(world)
    ended = await got(world, name, f"/jobs/{job['id']}")
    assert (ended["state"], ended["progress"]) == ("done", 100), ended
    return ended["result"]


def work(world: worlds.World) -> None:
    """Do whatever is queued, to its end."""
    run_due(world.house)


STEPS = ("open-self-review", "open-public-review", "publish", "open-appeals")


async def opened(
    world: worlds.World,
    books: tuple[str, ...] = ("basic-member", "basic-unit"),
    through: str = STEPS[-1],
    more: tuple[tuple[str, str], ...] = (),
) -> str:
    """Open a cycle of the year, compute it, and take it to where appeals are taken, or a step before; return its id.

    `books` are shipped ones, or texts, of members and units; `more` are such of further subjects.
    """
    at, ids = str(world.places["district"]), dict[str, Any]()
    for subject, code in zip(("member", "unit"), books, strict=True):
        ids[f"{subject}RulebookId"] = await ruled(world, code)
    ids["rulebooks"] = [{"subject": subject, "rulebookId": await ruled(world, code)} for subject, code in more]
    body = {
        "title": "2025年度双报到评价", "organizationId": at, "periodStart": "2025-01-01", "periodEnd": "2026-01-01",
        "cutOff": "2025-12-31", "calendar": {"appealDays": 10}, **ids,
    }  # fmt: skip
    cycle = (await posted(world, "district_officer", "/cycles", body, 201))["id"]
    await worked(world, "district_officer", f"/cycles/{cycle}/compute")
    for step in STEPS[: STEPS.index(through) + 1]:
        await posted(world, "district_officer", f"/cycles/{cycle}/{step}")
    return cycle


def street_officers(session: Session, actor: Actor, world: worlds.World) -> None:
    """Add two officers of the street: what one of three begins another confirms, and there is one without a part."""
    for name in ("street_officer2", "street_officer3"):
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=worlds.LONG_AGO)
        people.grant(
            session, actor, world.people[name], "street_officer", world.places["street"], since=worlds.LONG_AGO
        )


async def street_body(world: worlds.World) -> dict[str, Any]:
    """Return the body that opens a cycle of the year at the street over its communities."""
    return {
        "title": "社区考核", "organizationId": str(world.places["street"]), "periodStart": "2025-01-01",
        "periodEnd": "2026-01-01", "cutOff": "2025-12-31", "calendar": {"appealDays": 10},
        "rulebooks": [{"subject": "community", "rulebookId": await ruled(world, "basic-community")}],
    }  # fmt: skip


async def opened_by_street(world: worlds.World, through: str = STEPS[-1], **more: Any) -> str:
    """Open a cycle of the street over its communities, and take it as far as `opened` does; return its id."""
    body = {**await street_body(world), **more}
    cycle = (await posted(world, "street_officer", "/cycles", body, 201))["id"]
    await worked(world, "street_officer", f"/cycles/{cycle}/compute")
    for step in STEPS[: STEPS.index(through) + 1]:
        await posted(world, "street_officer", f"/cycles/{cycle}/{step}")
    return cycle


async def ruled(world: worlds.World, code: str, at: str = "district") -> str:
    """Let a rulebook that ships, or a text, be in force under the district; return its id."""
    body = {"text" if "\n" in code else "shipped": code, "organizationId": str(world.places[at])}
    book = await posted(world, "district_officer", "/rulebooks", body, 201)
    if book["state"] == "draft":
        await posted(world, "district_officer", f"/rulebooks/{book['id']}/activate")
    return book["id"]


async def appealed(world: worlds.World, cycle: str, name: str, **more: Any) -> dict[str, Any]:
    """Appeal as a member against one's own result; return the case."""
    body = {"ground": "wrong_record", "reason": "十二月的巡逻没有记上", **more}
    return await posted(world, name, f"/cycles/{cycle}/appeals", body, 201)


async def decided(world: worlds.World, case: str, outcome: str, by: str = "city_officer") -> dict[str, Any]:
    """Decide an appeal, taken before where nobody has; return the case."""
    if (await got(world, by, f"/cases/{case}"))["state"] == "open":
        await posted(world, by, f"/cases/{case}/assign", {})
    return await posted(world, by, f"/cases/{case}/answer", {"answer": "经核，理由如下", "outcome": outcome})


def missed(world: worlds.World, n: int, minutes: int = 240) -> None:
    """Let a service of member n that nobody recorded stand in the last shift, as an accepted supplement posts it."""
    year = world.year  # type: ignore[attr-defined]
    unit = year.units[n % len(year.units)]
    world.run(assessed.post, year.accounts[n], minutes, year.shifts[11], unit)


async def claimed(world: worlds.World, n: int, minutes: int) -> None:
    """Let member n hand in a service of December that was not recorded, and the community accept it."""
    community = str(world.places["community"])
    starts = datetime(2025, 12, 6, 1, 0, tzinfo=UTC)
    claim = {"startsAt": starts.isoformat(), "endsAt": (starts + timedelta(minutes=minutes)).isoformat()}
    body = {"kind": "supplement", "organizationId": community, "reason": "未记入", "claim": claim}
    case = (await posted(world, f"m{n:03d}", "/cases", body, 201))["id"]
    await posted(world, "worker", f"/cases/{case}/assign", {})
    await posted(world, "worker", f"/cases/{case}/answer", {"answer": "属实", "outcome": "accepted"})


def over(world: worlds.World) -> None:
    """Move on until the window of appeals is over."""
    world.house.clock.forward(days=40)


async def all_of(world: worlds.World, cycle: str, name: str = "district_officer") -> dict[str, dict[str, Any]]:
    """Return every assessment that stands, by its subject's key."""
    found: dict[str, dict[str, Any]] = {}
    cursor: dict[str, Any] = {}
    while True:
        page = await got(world, name, "/assessments", cycleId=cycle, limit=100, **cursor)
        found |= {item["subjectKey"]: item for item in page["items"]}
        if page["nextCursor"] is None:
            return found
        cursor = {"cursor": page["nextCursor"]}
