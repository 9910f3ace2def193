"""Playing the story on a database: chapters in order, then a count of everything."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from api.access import Actor, operator
from api.adapters.api_client import ApiClient
from api.calls import House
from api.db import Session, migrate
from api.demo import common_work, ending, history, prologue, report_in, year
from api.demo.stage import MovingClock, stage
from api.demo.story import Story
from api.jobs.sealing import seal_all
from api.models import NOBODY, Tenant
from api.services import changes
from api.services.tenants import found_tenant
from api.settings import Settings
from api.wall import house_address

CITY = ("320500", "苏州市")
FIRST_DAY = date(2026, 1, 1)
MONTHS = 10
START = datetime(2026, 1, 2, 1, 0, tzinfo=UTC)


def play(data: Path | None, out: Path, console: Console) -> None:
    """Tell the whole story on an empty database in the output folder; the last line counts everything."""
    settings = _settings_in(out)
    _remove(settings)
    clock = MovingClock(START)
    with stage(settings, clock, "127.0.0.1", 0) as (house, address, _):
        _tell(_told_by(house, address, clock, data, out, console))


def play_and_serve(settings: Settings, data: Path | None, out: Path, console: Console, host: str, port: int) -> None:
    """Serve at once, tell the story where it was not told to its end, print addresses and accounts, and go on serving.

    A story that broke off is told again from an empty database; a database with anything else in it is only served.
    """
    told = _told_before(settings)
    if told == "playing":
        _remove(settings)
    clock = MovingClock(START)
    if told in ("played", "other"):
        clock.let_go()
    with stage(settings, clock, host, port) as (house, address, server):
        console.print(f"双报到 Dual reporting · {address} · {address}/docs · {address}/healthz")
        if told in ("empty", "playing"):
            _tell(_told_by(house, address, clock, data, out, console))
            clock.let_go()
        if told != "other":
            console.print(_accounts(address))
        console.print(f"serving on {address} (Ctrl-C ends it)")
        _until_ended(server)


def _until_ended(server: threading.Thread) -> None:
    try:
        while server.is_alive():
            server.join(timeout=1)
    except KeyboardInterrupt:
        return


def _told_by(house: House, address: str, clock: MovingClock, data: Path | None, out: Path, console: Console) -> Story:
    actor = house.write_now(operator(NOBODY), lambda session, _: found_tenant(session, *CITY))
    house.write_now(actor, _mark, "playing")
    return Story(ApiClient(address), house, actor, clock, console, out, data)


def _tell(story: Story) -> None:
    story.house.write_now(story.operator, prologue.begin, story)
    asyncio.run(_chapters(story))
    story.house.write_now(story.operator, _mark, "played")
    seal_all(story.house)  # the clock is about to leap, and what it leaves behind would look forgotten
    story.console.print(f"digest of all canonical assessments: {story.digest}")
    story.console.print(json.dumps(dict(sorted(story.counts.items())), ensure_ascii=False), soft_wrap=True)


async def _chapters(story: Story) -> None:
    try:
        await prologue.divisions(story)
        await prologue.officers(story)
        await prologue.units(story)
        await prologue.rosters(story)
        await common_work.lists(story)
        await report_in.units_report_in(story)
        await report_in.members_report_in(story)
        await history.shifts(story)
        await common_work.projects(story)
        await year.serve(story, FIRST_DAY, MONTHS)
        await ending.assess(story)
        await ending.fetch(story)
        story.counts["requests"] = story.api.requests
    finally:
        await story.api.close()


# An account for each role; the member is one who served enough for a grade to look at.
ACCOUNTS = (
    ("member-U08-001", "member 党员"), ("resident", "resident 居民"), ("liaison-01", "liaison 党建联络员"),
    ("worker-01", "community_worker 社区工作者"), ("organiser", "organiser 活动负责人"),
    ("street", "street_officer 街道"), ("district", "district_officer 区"), ("city", "city_officer 市"),
    ("committee", "work_committee_officer 工委"), ("department", "department_handler 部门经办"),
    ("auditor", "auditor 审计"), ("admin", "system_admin 系统管理"), ("security", "security_admin 安全管理"),
)  # fmt: skip


def _accounts(address: str) -> Table:
    table = Table("account", "role", title=f'POST {address}/api/v1/auth/demo {{"account": …}}')
    for account, role in ACCOUNTS:
        table.add_row(account, role)
    return table


def _mark(session: Session, actor: Actor, how_far: str) -> None:
    session.execute(sa.update(Tenant).where(Tenant.id == actor.tenant_id).values(settings={"demo": how_far}))
    changes.record(
        session, actor, "tenant.create", "tenant", actor.tenant_id, at=None, written=how_far, details={"demo": how_far}
    )


def _told_before(settings: Settings) -> str:
    migrate(settings.database_url)
    engine = sa.create_engine(house_address(settings.database_url))
    with engine.connect() as connection:
        rows: list[Any] = [row.settings for row in connection.execute(sa.select(Tenant.settings))]
    engine.dispose()
    return "empty" if not rows else next((row["demo"] for row in rows if "demo" in row), "other")


def _settings_in(out: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{out / 'dualreport.db'}", var_dir=out)


def _remove(settings: Settings) -> None:
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        part.unlink(missing_ok=True)
