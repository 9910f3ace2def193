"""Playing the story on a database: chapters in order, then a count of everything."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from api.adapters.api_client import ApiClient
from api.demo import common_work, ending, prologue, report_in, year
from api.demo.stage import MovingClock, stage
from api.demo.story import Story
from api.services.tenants import found_tenant
from api.settings import Settings

FIRST_DAY = date(2026, 1, 1)
MONTHS = 10


def play(settings: Settings, data: Path | None, out: Path, console: Console) -> Story:
    """Play the whole story over HTTP on an empty database and return it with its counts."""
    clock = MovingClock(datetime(2026, 1, 2, 1, 0, tzinfo=UTC))
    with stage(settings, clock) as (house, address):
        operator = house.write_now(None, lambda session, _: found_tenant(session, "320500", "苏州市"))  # type: ignore[arg-type]
        story = Story(ApiClient(address), house, operator, clock, console, out, data)
        house.write_now(operator, prologue.begin, story)
        asyncio.run(_chapters(story))
    return story


async def _chapters(story: Story) -> None:
    try:
        await prologue.divisions(story)
        await prologue.officers(story)
        await prologue.units(story)
        await prologue.rosters(story)
        await common_work.lists(story)
        await report_in.units_report_in(story)
        await report_in.members_report_in(story)
        await common_work.projects(story)
        await year.serve(story, FIRST_DAY, MONTHS)
        await ending.assess(story)
        await ending.fetch(story)
    finally:
        await story.api.close()
