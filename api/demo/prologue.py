"""The prologue: divisions, accounts for every role, units and their people."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.demo.cast import cast, roster
from api.demo.story import Place, Story
from api.models import Affiliation
from api.services import organizations, people

UNITS = 12
_SHIPPED = Path(__file__).parent.parent / "data"
LONG_AGO = date(2026, 1, 1)


async def divisions(story: Story) -> None:
    """Import the divisions: of Suzhou and Kunming from the given folder, else the city that ships with the product."""
    lists = [("divisions_suzhou.csv.gz", shipped("divisions_suzhou.csv.gz"))]
    if story.data is not None:
        names = ("suzhou_3205.csv", "kunming_5301.csv")
        lists = [(name, (story.data / "divisions" / name).read_bytes()) for name in names]
    for name, content in lists:
        with story.chapter(f"区划 {name}") as tell:
            file_id = await story.api.upload("admin", name, content)
            body = {"fileId": file_id, "issuer": "NBS", "year": 2023, "mode": "all_or_nothing"}
            job = await story.post("admin", "/organizations/import", body)
            job = await story.api.finished("admin", job, tell)
        story.counts["divisions"] += job["result"]["created"]
        story.counts["divisions_flagged"] += sum(job["result"]["flags"].values())


async def officers(story: Story) -> None:
    """Find the city and the demo communities, and give every role an account."""
    city = await _named(story, "苏州市", kind="city")
    story.nodes["city"] = city["id"]
    names = sorted(
        {line.split(",")[4] for line in shipped("demo_units.csv").decode("utf-8-sig").splitlines()[1:]} - {""}
    )
    found = [await _named(story, name, kind="community") for name in names]
    for number, community in enumerate(found, 1):
        story.communities.append(Place(community["id"], community["name"], f"worker-{number:02}"))
    roles = [("city", "city_officer", city["id"]), ("auditor", "auditor", city["id"])]
    street = (await story.api.call("admin", "GET", f"/organizations/{found[0]['id']}"))["parentId"]
    district = (await story.api.call("admin", "GET", f"/organizations/{street}"))["parentId"]
    roles += [("street", "street_officer", street), ("district", "district_officer", district)]
    roles += [(place.account, "community_worker", place.id) for place in story.communities]
    root, party = story.nodes["employers"], story.nodes["party"]
    roles += [("committee", "work_committee_officer", node) for node in (root, party)]
    roles += [("city", "city_officer", root), ("organiser", "organiser", found[0]["id"])]
    roles += [("department", "department_handler", district), ("security", "security_admin", city["id"])]
    story.house.write_now(story.operator, _appoint, story, roles)
    story.house.write_now(story.operator, _welcome, story, "resident")


async def units(story: Story) -> None:
    """Import the units; the first dozen that are clear become the story's."""
    files = [("demo_units.csv", shipped("demo_units.csv"))]
    if story.data is not None:
        folder = story.data / "orgs"
        files = [(name, (folder / name).read_bytes()) for name in _PUBLIC_UNITS]
    for name, content in files:
        await brought_in(story, "admin", "units", name, content)
    root = story.nodes["employers"]
    known = [unit for unit in await story.every("admin", "/organizations", parentId=root) if _is_clear(unit)]
    for number, unit in enumerate(sorted(known, key=lambda unit: unit["name"])[:UNITS], 1):
        story.units.append(Place(unit["id"], unit["name"], f"liaison-{number:02}"))
    story.house.write_now(story.operator, _appoint, story, [(unit.account, "liaison", unit.id) for unit in story.units])


_PUBLIC_UNITS = ("sichuan_public_institutions.csv", "public_institutions_with_uscc.csv")


def _is_clear(unit: dict[str, Any]) -> bool:
    return set(unit["flags"]) <= {"kind_guessed_from_name"}


async def rosters(story: Story) -> None:
    """Let each unit's liaison hand in its roster; every member gets a demo account."""
    names = [unit.name for unit in story.units]
    story.members = cast(names, [community.name for community in story.communities])
    communities = {community.name: community.id for community in story.communities}
    with story.chapter("人员名册", len(story.units)) as tell:
        for number, unit in enumerate(story.units, 1):
            own = [member for member in story.members if member.unit == unit.name]
            options = {"organizationId": unit.id, "communities": communities, "asOf": LONG_AGO.isoformat()}
            await brought_in(story, unit.account, "people", f"{unit.name}.csv", roster(own), options)
            tell(number)
    numbers = {member.roster_number: member.account for member in story.members}
    story.house.write_now(story.operator, _sign_up, story, numbers)


async def brought_in(
    story: Story, account: str, kind: str, name: str, content: bytes, options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Import a file with its good rows and count what became of it; return the job."""
    file_id = await story.api.upload(account, name, content)
    body = {"kind": kind, "fileId": file_id, "mode": "good_rows", "options": options or {}}
    job = await story.api.finished(account, await story.post(account, "/imports", body))
    for outcome, count in job["result"]["counts"].items():
        if count:
            story.counts[f"{kind}_{outcome}"] += count
    return job


def shipped(name: str) -> bytes:
    """Return a file that comes with the product."""
    return (_SHIPPED / name).read_bytes()


async def _named(story: Story, name: str, **query: str) -> dict[str, Any]:
    found = await story.every("admin", "/organizations", name=name, **query)
    return next(organization for organization in found if organization["name"] == name)


def begin(session: Session, actor: Actor, story: Story) -> None:
    """Give the administrator an account; the story has nobody to sign in as before."""
    story.nodes["employers"] = str(organizations.root_of(session, actor.tenant_id, "employer"))
    story.nodes["party"] = str(organizations.root_of(session, actor.tenant_id, "party"))
    _appoint(session, actor, story, [("admin", "system_admin", story.nodes["employers"])])


def _appoint(session: Session, actor: Actor, story: Story, roles: list[tuple[str, str, str]]) -> None:
    for account, role, node in roles:
        if account not in story.people:
            _welcome(session, actor, story, account)
        people.grant(session, actor, UUID(story.people[account]), role, UUID(node), since=LONG_AGO)


def _welcome(session: Session, actor: Actor, story: Story, account: str) -> None:
    person = people.add(session, actor, {"name": f"演示账号 {account}"}, since=LONG_AGO)
    people.claim(session, actor, person, "demo", account)
    story.people[account] = str(person)


def _sign_up(session: Session, actor: Actor, story: Story, accounts: dict[str, str]) -> None:
    enrolled = sa.select(Affiliation.roster_number, Affiliation.person_id).where(
        Affiliation.tenant_id == actor.tenant_id,
        Affiliation.kind == "employment",
    )
    for number, person in session.rows(enrolled):
        if number not in accounts:
            continue
        people.claim(session, actor, person, "demo", accounts[number])
        story.people[accounts[number]] = str(person)
