"""Assessment from entries, on SQLite: the product beside numpy in memory and beside a loop of ORM objects a member.

All three make the same of the same entries: at most 240 minutes an occasion and 3 600 a year, compared to the minute.
"""

from __future__ import annotations

import resource
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlmodel import Field as Column
from sqlmodel import Session as OrmSession
from sqlmodel import SQLModel, create_engine, select

from api.access import Actor, Reach
from api.calls import House
from api.db import migrate, new_id
from api.models import NOBODY, Activity, Affiliation, Entry, Organization, Person, PersonStatus, Shift
from api.services import bundles, changes, cycles, judging, organizations, rulebooks, tenants
from api.settings import Settings
from benchmarks.harness import Row

EACH = 50  # entries a member
SHIFTS = 250
AT_ONCE = 200
JUDGED = 1_000  # members whose whole judgement is timed; the rest is the same work
LOOPED = 300  # members that the ORM loop works on
COMMAND = "python -m benchmarks assessment"
NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
START, END, CUT_OFF = date(2025, 1, 1), date(2026, 1, 1), date(2025, 12, 31)


@dataclass
class Filled:
    """What lies in the database, and the same as arrays."""

    house: House
    actor: Actor
    cycle_id: UUID
    file: Path
    accounts: list[UUID]
    who: np.ndarray
    shift: np.ndarray
    minutes: np.ndarray
    shifts: list[UUID] = field(default_factory=list)


def rows(size: str, data: Path | None = None) -> list[Row]:
    """Measure at a million entries, at ten million with `full`; return the table's rows."""
    entries = 10_000_000 if size == "full" else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        filled = fill(Path(folder), entries)
        try:
            return measured(filled, entries)
        finally:
            filled.house.close()


def measured(filled: Filled, entries: int) -> list[Row]:
    """Time the three ways and compare their minutes."""
    limit, expected = timed(lambda: in_memory(filled))
    plan, members, _ = planned(filled)
    read_cost, found = timed(lambda: from_entries(filled, plan, members))
    judge_cost, _ = timed(lambda: judged(filled, plan, members[:JUDGED]))
    loop_cost, looped = timed(lambda: tutorial(filled, filled.accounts[:LOOPED]))
    order = {account: n for n, account in enumerate(filled.accounts)}
    same = all(found[account] == expected[order[account]] for account in filled.accounts)
    same = same and all(looped[account] == found[account] for account in filled.accounts[:LOOPED])
    timed_on, people = min(JUDGED, len(members)), len(members)
    whole, loop = judge_cost / timed_on * people, loop_cost / LOOPED * people
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    control = f"numpy {limit:.2f} s, ORM loop {loop:.0f} s (from {LOOPED} of {people} members)"
    each = f"{whole / people * 1000:.1f} ms a member, timed on {timed_on}; {control}"
    name = f"assessment of {people} members from {entries:.0e} entries"
    return [
        Row(f"{name}: equal", "yes" if same else "no", "to the minute", "", same, "numpy and ORM loop", COMMAND),
        Row(f"{name}: CPU of bundles", read_cost / limit, "≤ 4 × numpy", "×", read_cost <= 4 * limit, control, COMMAND),
        Row(f"{name}: CPU of all", whole / loop, "≤ 1 × ORM loop of sums", "×", whole <= loop, each, COMMAND),
        Row(f"{name}: memory", memory, "≤ 700", "MB", memory <= 700, "arrays of the control included", COMMAND),
    ]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds that the work took, and its result."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def in_memory(filled: Filled) -> list[int]:
    """Return each member's minutes from arrays: the limit."""
    pair = filled.who.astype(np.int64) * SHIFTS + filled.shift
    sums = np.bincount(pair, weights=filled.minutes, minlength=len(filled.accounts) * SHIFTS)
    return np.minimum(np.minimum(sums, 240).reshape(-1, SHIFTS).sum(axis=1), 3600).astype(np.int64).tolist()


def planned(filled: Filled) -> tuple[judging.Plan, list[Any], list[Any]]:
    """Return the plan and the subjects of the cycle."""
    position = len(filled.who)
    plan = filled.house.read_now(filled.actor, judging.plan, filled.cycle_id, position, 1)
    members, units, _ = filled.house.read_now(filled.actor, judging.subjects, plan)
    return plan, members, units


def from_entries(filled: Filled, plan: judging.Plan, members: list[Any]) -> dict[UUID, int]:
    """Return each member's minutes from the bundles that the product reads."""
    found: dict[UUID, int] = {}
    ruled = next(rule.ruled for rule in plan.books.rules if rule.subject == "member")
    for some in _some(members, AT_ONCE):
        with filled.house.engines.look() as session:
            read = bundles.member_bundles(session, plan.cut, ruled.book, some, ruled.gaps)
        for member, bundle in zip(some, read, strict=True):
            occasions: defaultdict[str, int] = defaultdict(int)
            for row in bundle.get("entries", ()):
                occasions[row["activity"]] += row["amount"]
            found[member.account_id] = min(3600, sum(min(240, each) for each in occasions.values()))
    return found


def judged(filled: Filled, plan: judging.Plan, members: list[Any]) -> None:
    """Judge, seal and keep members as the job does."""
    for some in _some(members, AT_ONCE):
        kept = filled.house.read_now(filled.actor, judging.judge_members, plan, some)
        with filled.house.engines.begin() as session:
            judging.keep(session, filled.actor, kept)


class Score(SQLModel, table=True):
    """Where the loop of the tutorial keeps its results."""

    __tablename__ = "benchmark_scores"
    account_id: UUID = Column(primary_key=True)
    minutes: int


def tutorial(filled: Filled, accounts: list[UUID]) -> dict[UUID, int]:
    """Return minutes the way of the SQLModel tutorial: objects, one query a member, one commit a member."""
    engine = create_engine(f"sqlite:///{filled.file}")
    SQLModel.metadata.create_all(engine, tables=[Score.__table__])
    found: dict[UUID, int] = {}
    with OrmSession(engine) as session:
        for account in accounts:
            statement = select(Entry).where(
                Entry.account_id == account, Entry.served_on >= START, Entry.served_on < END
            )
            occasions: defaultdict[Any, int] = defaultdict(int)
            for entry in session.exec(statement).all():
                occasions[entry.shift_id] += entry.amount
            found[account] = min(3600, sum(min(240, each) for each in occasions.values()))
            session.add(Score(account_id=account, minutes=found[account]))
            session.commit()
            session.expunge_all()
    engine.dispose()
    return found


def fill(folder: Path, entries: int) -> Filled:
    """Fill a migrated database with raw inserts: members, shifts, entries and their positions."""
    file = folder / "bench.db"
    migrate(f"sqlite:///{file}")
    house = House(Settings(database_url=f"sqlite:///{file}", var_dir=folder, jobs=False), lambda: NOW)
    members = entries // EACH
    with house.engines.begin() as session:
        actor = tenants.found_tenant(session, "bench", "量测市")
        city = {"axis": "territory", "kind": "city", "name": "量测市"}
        community = organizations.create(session, actor, city, None)
        root = organizations.root_of(session, actor.tenant_id, "employer")
        unit = {"axis": "employer", "kind": "agency", "name": "量测局"}
        employer = organizations.create(session, actor, unit, root)
        path = session.scalar(
            Organization.__table__.select().where(Organization.id == community).with_only_columns(Organization.path)
        )
        officer = Actor(NOBODY, NOBODY, actor.tenant_id, (Reach("city_officer", NOBODY, community, path),))
        accounts = _people(session, officer, community, employer, members)
        shifts = _shifts(session, officer, community)
        books = [rulebooks.install(session, officer, code, community) for code in ("basic-member", "basic-unit")]
        values = {
            "title": "量测", "organization_id": community, "period_start": START, "period_end": END,
            "cut_off": CUT_OFF, "member_rulebook_id": books[0], "unit_rulebook_id": books[1],
        }  # fmt: skip
        cycle_id = cycles.create(session, officer, values)
    chance = np.random.default_rng(1)
    who = np.repeat(np.arange(members), EACH)
    shift = chance.integers(0, SHIFTS, size=len(who))
    minutes = chance.integers(30, 300, size=len(who))
    filled = Filled(house, officer, cycle_id, file, accounts, who, shift, minutes, shifts)
    _entries(filled, community, employer)
    return filled


def _people(session: Any, actor: Actor, community: UUID, employer: UUID, count: int) -> list[UUID]:
    people, statuses, held = [], [], []
    base = {"tenant_id": actor.tenant_id, "version": 1, "created_at": NOW}
    for n in range(count):
        person = {**base, "id": new_id(), "account_id": new_id(), "state": "active"}
        people.append(person)
        since = {"tenant_id": actor.tenant_id, "person_id": person["id"], "valid_from": date(2020, 1, 1)}
        statuses.append({**since, "id": new_id(), "kind": "political_status", "value": "full"})
        for kind, organization, state, number in (
            ("employment", employer, "active", f"{n:07d}"), ("registration", community, "accepted", None),
        ):  # fmt: skip
            held.append({
                **base, **since, "id": new_id(), "kind": kind, "organization_id": organization, "state": state,
                "principal": kind == "registration", "roster_number": number, "details": {}, "basis": "residence",
            })  # fmt: skip
    for table, found in ((Person, people), (PersonStatus, statuses), (Affiliation, held)):
        for some in _some(found, 5_000):
            session.insert(table, some)
    return [person["account_id"] for person in people]


def _shifts(session: Any, actor: Actor, community: UUID) -> list[UUID]:
    values = {
        "kind": "service", "nature": "volunteer_service", "title": "巡逻", "community_id": community,
        "organizer_id": community, "policy": {}, "flags": [], "description": "", "risks": "", "place": "",
        "voluntary": True,
    }  # fmt: skip
    activity = changes.born(session, actor, "activity", "activity.create", values)
    session.insert(Activity, [activity])
    found = []
    for n in range(SHIFTS):
        starts = datetime(2025, 1, 2, 1, 0, tzinfo=UTC) + timedelta(days=n)
        shift = {
            "activity_id": activity["id"], "community_id": community, "short_code": f"B{n:07d}", "starts_at": starts,
            "ends_at": starts + timedelta(hours=9), "capacity": 9, "confirmed": 0, "imported": True,
        }  # fmt: skip
        found.append(changes.born(session, actor, "shift", "shift.create", shift))
    session.insert(Shift, found)
    return [shift["id"] for shift in found]


def _entries(filled: Filled, community: UUID, employer: UUID) -> None:
    """Write the entries and positions with the raw driver, in the order of their members."""
    tenant, nobody = filled.actor.tenant_id.hex, NOBODY.hex
    accounts, shifts = [each.hex for each in filled.accounts], [each.hex for each in filled.shifts]
    days = [(date(2025, 1, 2) + timedelta(days=n)).isoformat() for n in range(SHIFTS)]
    at = "2025-12-31 00:00:00.000000"

    def entries() -> Iterator[tuple[Any, ...]]:
        for n, (who, shift, minutes) in enumerate(zip(filled.who, filled.shift, filled.minutes, strict=True)):
            yield (
                f"{n:032x}", tenant, at, nobody, "person", accounts[who], "volunteer_minutes", int(minutes), "earned",
                "volunteer_service", days[shift], "code", f"{n:032x}", 0, shifts[shift], community.hex, employer.hex,
            )  # fmt: skip

    raw = sqlite3.connect(filled.file)
    raw.execute("PRAGMA synchronous=OFF")
    raw.execute("PRAGMA cache_size=-262144")
    columns = (
        "id, tenant_id, recorded_at, actor_id, account_kind, account_id, unit, amount, kind, nature, served_on, "
        "provenance, source_id, revision, shift_id, community_id, employer_id"
    )
    raw.executemany(f"INSERT INTO entries ({columns}) VALUES ({', '.join('?' * 17)})", entries())
    positions = ((tenant, n + 1, "entry", f"{n:032x}", b"", at) for n in range(len(filled.who)))
    raw.executemany(
        "INSERT INTO positions (tenant_id, position, kind, row_id, leaf, sealed_at) VALUES (?, ?, ?, ?, ?, ?)",
        positions,
    )
    raw.commit()
    raw.execute("ANALYZE")
    raw.close()


def _some(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
