"""A filled database to measure on: one city, a community, members of one unit with places in many open shifts."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.access import Actor
from api.calls import House
from api.db import Session, migrate, new_id
from api.domain.codes import code_at
from api.models import Activity, Affiliation, Fact, Need, Person, Shift, Signup
from api.services import changes, organizations, people, sign_ins, tenants
from api.settings import Settings
from benchmarks.harness import request
from tests.support.postgres import Postgres, connect

ZONE = ZoneInfo("Asia/Shanghai")
SINCE = date(2020, 1, 1)
KINDS = ("sqlite", "postgresql")


def now() -> datetime:
    """Return the time of this machine, as the measured server sees it."""
    return datetime.now(UTC)


@dataclass
class Ground:
    """A filled database, how a server finds it, and who and what stands in it."""

    kind: str
    url: str
    var_dir: Path
    actor: Actor
    server: Postgres | None = None
    community: UUID | None = None
    employers: list[UUID] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    shifts: list[dict[str, Any]] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)  # shifts that are over, where everybody is still inside
    tokens: list[str] = field(default_factory=list)
    spent: int = 0

    def environment(self) -> dict[str, str]:
        """Return what a server's process needs to serve this database."""
        return {
            "DUALREPORT_DATABASE_URL": self.url, "DUALREPORT_VAR_DIR": str(self.var_dir), "DUALREPORT_JOBS": "false",
            "DUALREPORT_TOKEN_MINUTES": "600",
        }  # fmt: skip

    def settings(self) -> Settings:
        """Return the same for a house in this process."""
        return Settings(database_url=self.url, var_dir=self.var_dir, jobs=False, token_minutes=600)

    def next_pairs(self, count: int) -> list[tuple[int, int]]:
        """Return (member, shift) numbers that nobody used yet; a shift's members come one after the other."""
        if self.spent + count > len(self.members) * len(self.shifts):
            raise ValueError("more check-ins than places")
        taken = range(self.spent, self.spent + count)
        self.spent += count
        return [(number % len(self.members), number // len(self.members)) for number in taken]

    def check_ins(self, pairs: Sequence[tuple[int, int]], path: str = "/api/v1/shifts/{}/presences/me") -> list[bytes]:
        """Return check-in requests with the codes of this moment."""
        moment = now()
        bodies: dict[int, bytes] = {}
        requests = []
        for member, shift in pairs:
            row = self.shifts[shift]
            code = code_at(row["secret"], moment)
            body = bodies.setdefault(shift, f'{{"direction": "check_in", "code": "{code}"}}'.encode())
            headers = {"Authorization": f"Bearer {self.tokens[member]}"}
            requests.append(request("PUT", path.format(row["id"]), headers, body))
        return requests


@contextmanager
def empty(kind: str) -> Iterator[tuple[str, Path, Postgres | None]]:
    """Give a migrated, empty database: its address, a folder, and the durable server that goes with it afterwards."""
    root = Path(tempfile.mkdtemp(prefix="dualreport-bench-"))
    root.chmod(0o711)
    url = f"sqlite:///{root}/disk/bench.sqlite3"
    server = Postgres(root / "server", settings=()) if kind == "postgresql" else None
    try:
        if server is not None:
            server.start()
            with connect(server.root, "postgres") as session:
                session.execute("CREATE DATABASE bench")
            url = server.url("bench")
        migrate(url)
        yield url, root / "var", server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def ground(kind: str, members: int = 256, shifts: int = 40, past: int = 0) -> Iterator[Ground]:
    """Give a filled database on SQLite, or on a durable PostgreSQL of its own; everything is gone afterwards."""
    with empty(kind) as (url, var_dir, server):
        filled = fill(kind, url, var_dir, server, members, shifts, past)
        analyze(filled)
        yield filled


def analyze(filled: Ground) -> None:
    """Let PostgreSQL look at what was written, as its own autovacuum would have within a minute."""
    if filled.server is not None:
        with connect(filled.server.root, "bench") as session:
            session.execute("ANALYZE")


def fill(
    kind: str, url: str, var_dir: Path, server: Postgres | None, members: int, shifts: int, past: int = 0
) -> Ground:
    """Write people, places, open shifts and up to 12 past ones with their check-ins into a migrated, empty database."""
    house = House(Settings(database_url=url, var_dir=var_dir, jobs=False, token_minutes=600), now)
    try:
        actor = house.write_now(None, lambda session, _: tenants.found_tenant(session, "bench", "量城"))  # type: ignore[arg-type]
        found = Ground(kind, url, var_dir, actor, server)
        house.write_now(actor, _populate, found, members, shifts, past)
        found.tokens = house.write_now(actor, _sign_in, found, house)
        return found
    finally:
        house.close()


def _populate(session: Session, actor: Actor, found: Ground, members: int, shifts: int, past: int) -> None:
    city = organizations.create(session, actor, {"axis": "territory", "kind": "city", "name": "量城"}, None)
    found.community = organizations.create(
        session, actor, {"axis": "territory", "kind": "community", "name": "量城社区"}, city
    )
    root = organizations.root_of(session, actor.tenant_id, "employer")
    found.employers = [
        organizations.create(session, actor, {"axis": "employer", "kind": "department", "name": f"单位{n}"}, root)
        for n in range(4)
    ]
    found.members = [people.person_row(session, actor, {"name": f"成员{n}"}) for n in range(members)]
    session.insert(Person, found.members)
    session.insert(
        Affiliation,
        [
            people.affiliation_row(
                session, actor, member["id"], found.employers[n % 4], "employment", roster_number=f"N{n}", since=SINCE
            )
            for n, member in enumerate(found.members)
        ],
    )
    activity = _activity(session, actor, found)
    open_now = (session.now - timedelta(minutes=10), session.now + timedelta(hours=8))
    found.shifts = _shifts(session, actor, found, activity, [open_now] * shifts)
    over = [session.now - timedelta(minutes=30 * (number + 1)) for number in range(past)]
    found.past = _shifts(session, actor, found, activity, [(at, at + timedelta(minutes=20)) for at in over])
    session.insert(
        Fact, [_checked_in(session, actor, found, shift, member) for shift in found.past for member in found.members]
    )


def _sign_in(session: Session, actor: Actor, found: Ground, house: House) -> list[str]:
    begin = partial(sign_ins.begin, tenant_id=actor.tenant_id, provider="demo", device=None)
    begun = [begin(session, actor, person_id=member["id"])["sign_in_id"] for member in found.members]
    of_members = zip(found.members, begun, strict=True)
    return [house.tokens.issue(member["id"], actor.tenant_id, sign_in)[0] for member, sign_in in of_members]


def _activity(session: Session, actor: Actor, found: Ground) -> UUID:
    activity = changes.born(session, actor, "activity", "create", {
        "kind": "service", "nature": "volunteer_service", "voluntary": True, "title": "社区服务", "description": "",
        "risks": "", "category": None, "place": "", "community_id": found.community, "organizer_id": found.community,
        "leader_id": None, "project_id": None, "reason": None, "policy": {"check_out_minutes": 1440}, "flags": [],
    })  # fmt: skip
    session.insert(Activity, [{**activity, "state": "published"}])
    return activity["id"]


def _shifts(
    session: Session, actor: Actor, found: Ground, activity: UUID, windows: Sequence[tuple[datetime, datetime]]
) -> list[dict[str, Any]]:
    places = len(found.members)
    codes = organizations.new_short_codes(len(windows))
    rows = [
        changes.born(session, actor, "shift", "create", {
            "activity_id": activity, "community_id": found.community, "short_code": code, "starts_at": starts,
            "ends_at": ends, "capacity": places, "confirmed": places, "imported": False, "secret": os.urandom(32),
        })
        for code, (starts, ends) in zip(codes, windows, strict=True)
    ]  # fmt: skip
    session.insert(Shift, rows)
    for shift in rows:
        seats = [
            {"shift_id": shift["id"], "person_id": member["id"], "queued_at": session.now} for member in found.members
        ]
        session.insert(
            Signup, [changes.born(session, actor, "signup", "create", seat, to="confirmed") for seat in seats]
        )
    return rows


def _checked_in(
    session: Session, actor: Actor, found: Ground, shift: dict[str, Any], member: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": shift["starts_at"], "actor_id": member["id"],
        "grant_id": None, "request_key": None, "fingerprint": None, "kind": "check_in", "account_kind": "person",
        "account_id": member["account_id"], "occurred_at": shift["starts_at"],
        "served_on": shift["starts_at"].astimezone(ZONE).date(), "provenance": "code", "shift_id": shift["id"],
        "pair": 1, "revision": 0, "community_id": found.community, "employer_id": None, "reverses_id": None,
        "details": {},
    }  # fmt: skip


def _same(_number: int) -> dict[str, Any]:
    return {}


def add_needs(
    session: Session, actor: Actor, community: UUID, count: int, varied: Callable[[int], dict[str, Any]] = _same
) -> list[UUID]:
    """Write so many published needs of a community; return their ids in order. `varied` says what one has otherwise."""
    ids: list[UUID] = []
    for start in range(0, count, 10_000):
        rows = [
            {
                "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "kind": "need",
                "state": "published", "title": f"独居老人需要理发 {number}", "description": "每月一次，上门服务",
                "category": "care", "target_group": "elderly", "headcount": 2, "quantity": None, "when_text": "周末",
                "budget_fen": None, "community_id": community, "asked_by": None, "reason": None,
                "published_at": session.now, "expires_on": None, "source": None, "flags": [], **varied(number),
            }
            for number in range(start, min(count, start + 10_000))
        ]  # fmt: skip
        session.insert(Need, rows)
        ids += [row["id"] for row in rows]
    return ids
