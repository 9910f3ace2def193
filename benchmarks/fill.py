"""A filled database to measure on: one city, a community, members of one unit with places in many open shifts."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.access import Actor
from api.calls import House
from api.db import Session, migrate, new_id
from api.domain.codes import code_at
from api.models import Activity, Affiliation, Need, Person, Shift, Signup
from api.services import changes, organizations, people, tenants
from api.settings import Settings
from benchmarks.harness import request
from tests.support.postgres import Postgres

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
def ground(kind: str, members: int = 256, shifts: int = 40) -> Iterator[Ground]:
    """Give a filled database on SQLite, or on a durable PostgreSQL of its own; everything is gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="dualreport-bench-"))
    root.chmod(0o711)
    server = Postgres(root / "server", settings=()) if kind == "postgresql" else None
    try:
        url = f"sqlite:///{root}/bench.sqlite3"
        if server is not None:
            server.start()
            with server_session(server, "postgres") as session:
                session.execute("CREATE DATABASE bench")
            url = server.url("bench")
        migrate(url)
        filled = fill(kind, url, root / "var", server, members, shifts)
        analyze(filled)
        yield filled
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(root, ignore_errors=True)


def analyze(filled: Ground) -> None:
    """Let PostgreSQL look at what was written, as its own autovacuum would have within a minute."""
    if filled.server is not None:
        with server_session(filled.server, "bench") as session:
            session.execute("ANALYZE")


def server_session(server: Postgres, database: str) -> Any:
    """Open a connection to a measured server, beside those that are measured."""
    from tests.support.postgres import connect

    return connect(server.root, database)


def fill(kind: str, url: str, var_dir: Path, server: Postgres | None, members: int, shifts: int) -> Ground:
    """Write the people, places and shifts of a ground into a migrated, empty database."""
    house = House(Settings(database_url=url, var_dir=var_dir, jobs=False, token_minutes=600), now)
    try:
        actor = house.write_now(None, lambda session, _: tenants.found_tenant(session, "bench", "量城"))  # type: ignore[arg-type]
        found = Ground(kind, url, var_dir, actor, server)
        house.write_now(actor, _populate, found, members, shifts)
        found.tokens = [house.tokens.issue(member["id"], actor.tenant_id) for member in found.members]
        return found
    finally:
        house.close()


def _populate(session: Session, actor: Actor, found: Ground, members: int, shifts: int) -> None:
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
    _plan(session, actor, found, shifts)


def _plan(session: Session, actor: Actor, found: Ground, shifts: int) -> None:
    activity = changes.born(session, actor, "activity", "create", {
        "kind": "service", "nature": "volunteer_service", "voluntary": True, "title": "社区服务", "description": "",
        "risks": "", "category": None, "place": "", "community_id": found.community, "organizer_id": found.community,
        "leader_id": None, "project_id": None, "reason": None, "policy": {}, "flags": [],
    })  # fmt: skip
    session.insert(Activity, [{**activity, "state": "published"}])
    codes = organizations.new_short_codes(shifts)
    found.shifts = [
        changes.born(session, actor, "shift", "create", {
            "activity_id": activity["id"], "community_id": found.community, "short_code": code,
            "starts_at": session.now - timedelta(minutes=10), "ends_at": session.now + timedelta(hours=8),
            "capacity": len(found.members), "confirmed": len(found.members), "imported": False,
            "secret": os.urandom(32),
        })
        for code in codes
    ]  # fmt: skip
    session.insert(Shift, found.shifts)
    for shift in found.shifts:
        session.insert(
            Signup,
            [
                changes.born(
                    session, actor, "signup", "create",
                    {"shift_id": shift["id"], "person_id": member["id"], "queued_at": session.now}, to="confirmed",
                )
                for member in found.members
            ],
        )  # fmt: skip


def add_needs(session: Session, actor: Actor, community: UUID, count: int) -> list[UUID]:
    """Write so many published needs of a community; return their ids in order."""
    ids: list[UUID] = []
    for start in range(0, count, 10_000):
        rows = [
            {
                "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "kind": "need",
                "state": "published", "title": f"独居老人需要理发 {number}", "description": "每月一次，上门服务",
                "category": "care", "target_group": "elderly", "headcount": 2, "quantity": None, "when_text": "周末",
                "budget_fen": None, "community_id": community, "asked_by": None, "reason": None,
                "published_at": session.now, "expires_on": None, "source": None, "flags": [],
            }
            for number in range(start, min(count, start + 10_000))
        ]  # fmt: skip
        session.insert(Need, rows)
        ids += [row["id"] for row in rows]
    return ids
