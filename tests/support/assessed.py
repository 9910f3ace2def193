"""Members, units and a year's record for tests of assessment, and their grades worked out by other code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from api.access import Actor
from api.db import Session, new_id
from api.jobs.loop import run_due
from api.models import Activity, Entry, Fact, Shift
from api.services import changes, cycles, jobs, organizations, people, rulebooks
from tests.support.world import LONG_AGO, World

START, END, CUT_OFF = date(2025, 1, 1), date(2026, 1, 1), date(2025, 12, 31)


@dataclass
class Year:
    """What was built: accounts, minutes and entries of each member by number, units by letter."""

    units: list[UUID] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    accounts: list[UUID] = field(default_factory=list)
    minutes: list[list[int]] = field(default_factory=list)
    entries: list[list[UUID]] = field(default_factory=list)
    shifts: list[UUID] = field(default_factory=list)


def build_year(session: Session, actor: Actor, world: World, members: int = 30, units: int = 3) -> Year:
    """Build units with members, who are registered in turn in two communities, the last of each unit in none.

    Member n served in n % 12 shifts, each of 60 + 15 × (n % 32) minutes.
    """
    year = Year()
    for letter in range(units):
        node = {"axis": "employer", "kind": "public_institution", "name": f"考核单位{letter}"}
        year.units.append(organizations.create(session, actor, node, world.places["employers"]))
    year.shifts = _shifts(session, actor, world.places["community"], 12)
    for n in range(members):
        unit = year.units[n % units]
        person = people.add(session, actor, {"name": f"考{n}"}, {"political_status": "full"}, since=LONG_AGO)
        people.affiliate(session, actor, person, unit, "employment", roster_number=f"R{n:03d}", since=LONG_AGO)
        if n < members - units or n % units == 0:
            home = world.places["community" if n % 2 else "community2"]
            more = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
            people.affiliate(session, actor, person, home, "registration", **more)
        year.people.append(person)
        year.accounts.append(people.account_of(session, person))
        served = [60 + 15 * (n % 32)] * (n % 12)
        posted = [
            post(session, actor, year.accounts[n], minutes, shift, unit)
            for minutes, shift in zip(served, year.shifts, strict=False)
        ]
        year.minutes.append(served)
        year.entries.append(posted)
    return year


def _shifts(session: Session, actor: Actor, community: UUID, count: int) -> list[UUID]:
    values = {
        "kind": "service", "nature": "volunteer_service", "voluntary": True, "title": "社区巡逻", "description": "",
        "risks": "", "category": None, "place": "", "community_id": community, "organizer_id": community,
        "leader_id": None, "project_id": None, "reason": None, "policy": {}, "flags": [],
    }  # fmt: skip
    activity = changes.born(session, actor, "activity", "activity.create", values)
    session.insert(Activity, [activity])
    rows = []
    for month in range(count):
        starts = datetime(2025, month + 1, 6, 1, 0, tzinfo=UTC)
        shift = {
            "activity_id": activity["id"], "community_id": community, "short_code": f"T{month:02d}{new_id().hex[-5:]}",
            "starts_at": starts, "ends_at": starts + timedelta(hours=9), "capacity": 500, "confirmed": 0,
            "imported": True, "secret": None,
        }  # fmt: skip
        rows.append(changes.born(session, actor, "shift", "shift.create", shift))
    session.insert(Shift, rows)
    return [row["id"] for row in rows]


def post(session: Session, actor: Actor, account: UUID, minutes: int, shift: UUID, unit: UUID) -> UUID:
    """Post one earned entry with the presence that it follows from; return the entry's id."""
    row = session.first(Shift.__table__.select().where(Shift.__table__.c.id == shift))
    head: dict[str, Any] = {
        "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id, "grant_id": None,
        "request_key": None, "fingerprint": None, "account_kind": "person", "account_id": account, "revision": 0,
        "provenance": "code", "served_on": row.starts_at.date(), "shift_id": shift, "community_id": row.community_id,
        "employer_id": unit, "reverses_id": None,
    }  # fmt: skip
    came = {**head, "id": new_id(), "kind": "check_in", "occurred_at": row.starts_at, "pair": 1, "details": {}}
    session.insert(Fact, [came])
    entry = {
        **head, "id": new_id(), "kind": "earned", "unit": "volunteer_minutes", "amount": minutes,
        "nature": "volunteer_service", "started_at": row.starts_at, "ended_at": row.ends_at, "source_id": came["id"],
        "activity_id": row.activity_id,
    }  # fmt: skip
    session.insert(Entry, [entry])
    return entry["id"]


def reverse(session: Session, actor: Actor, entry_id: UUID) -> UUID:
    """Reverse an entry; return the reversal's id."""
    table = Entry.__table__
    row = session.first(table.select().where(table.c.id == entry_id))._asdict()
    undone = {
        **row, "id": new_id(), "recorded_at": session.now, "amount": -row["amount"], "kind": "correction",
        "reverses_id": entry_id,
    }  # fmt: skip
    session.insert(Entry, [undone])
    return undone["id"]


def open_cycle(session: Session, actor: Actor, world: World, at: str = "district") -> UUID:
    """Open a cycle of the year with the basic rulebooks; the actor may do so at the authority."""
    books = [rulebooks.install(session, actor, code, world.places[at]) for code in ("basic-member", "basic-unit")]
    values = {
        "title": "2025年度双报到评价", "organization_id": world.places[at], "period_start": START, "period_end": END,
        "cut_off": CUT_OFF, "member_rulebook_id": books[0], "unit_rulebook_id": books[1],
    }  # fmt: skip
    return cycles.create(session, actor, values)


def computed(world: World, actor: Actor, cycle_id: UUID) -> dict[str, Any]:
    """Compute a cycle to its end; return the job's result."""
    job_id = world.run(cycles.compute, cycle_id, actor=actor)
    run_due(world.house, only=job_id)
    job = world.house.read_now(actor, jobs.one, job_id)
    assert job["state"] == "done", job["result"]
    return job["result"]


def grade_of(services: list[int], registered: bool) -> tuple[str, str]:
    """Return points and grade of the basic rule, in decimals: 4 h a service, 60 h a year, 1 point an hour."""
    minutes = min(sum(min(each, 240) for each in services), 3600)
    points = (Decimal(minutes) / 60).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if not registered or points < 5:
        grade = "unqualified"
    elif points < 10 or minutes < 600:
        grade = "basically_qualified"
    else:
        grade = "qualified" if points < 30 else "excellent"
    return format(points.normalize(), "f"), grade
