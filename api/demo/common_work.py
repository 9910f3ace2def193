"""清单 and 对接: lists are imported, residents ask, units offer, both sides agree, and a project comes of it."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from typing import Any

from rich.table import Table

from api.demo.prologue import brought_in, shipped
from api.demo.story import Place, Story

_LISTS = (
    ("needs", "demo_needs.csv", "lists/needs.csv"),
    ("resources", "demo_resources.csv", "lists/resources.csv"),
    ("projects", "demo_projects.csv", "lists/projects.csv"),
    ("posts", "demo_posts.csv", "lists/posts.csv"),
    ("micro_wishes", "demo_wishes.csv", "lists/micro_wishes.csv"),
    ("past_services", "demo_activities.csv", "activities/dongying_activity_records.csv"),
)
_PLACE_COLUMNS = ("community", "owner", "area")
_UNIT_COLUMNS = ("unit", "group", "claimed_by")


async def lists(story: Story) -> None:
    """Import every list; what it names and we have not is mapped to the demo's places by a table that is shown."""
    shown = Table("list", "name in the list", "stands for", title="名称对照 · what the names of the lists stand for")
    reports: dict[str, dict[str, Any]] = {}
    with story.chapter("清单与既往服务", len(_LISTS)) as tell:
        for number, (kind, ours, theirs) in enumerate(_LISTS, 1):
            content = shipped(ours) if story.data is None else (story.data / theirs).read_bytes()
            communities = _mapped(content, _PLACE_COLUMNS, story.communities)
            units = _mapped(content, _UNIT_COLUMNS, story.units)
            for name, place in [*communities.items(), *units.items()]:
                shown.add_row(kind, name, place.name)
            options: dict[str, Any] = {
                "organizationId": story.nodes["city"],
                "communityId": story.communities[0].id,
                "communities": {name: place.id for name, place in communities.items()},
                "units": {name: place.id for name, place in units.items()},
            }
            reports[kind] = await brought_in(
                story, "city", kind, ours if story.data is None else theirs, content, options
            )
            tell(number)
    if story.data is not None:
        story.console.print(shown)
    _account_for(story, reports["past_services"]["result"])


def _account_for(story: Story, report: dict[str, Any]) -> None:
    totals = report["totals"]
    stated, accepted = Fraction(totals["statedMinutes"]), Fraction(totals["acceptedMinutes"])
    reviewed, refused = Fraction(totals["reviewedMinutes"]), Fraction(totals["refusedMinutes"])
    for verdict in report["verdicts"]:
        story.console.print(f"row {verdict['row']}: {verdict['zh']} · {verdict['en']}")
    hours = " = ".join(
        (f"{float(stated / 60):g} h", f"{float(accepted / 60):g} + {float(reviewed / 60):g} + {float(refused / 60):g}")
    )
    story.console.print(f"past services: {totals['records']} records, {hours} (accepted + reviewed + refused)")
    story.counts["past_minutes_accepted"], story.counts["past_minutes_reviewed"] = int(accepted), int(reviewed)


def _mapped(content: bytes, columns: tuple[str, ...], places: list[Place]) -> dict[str, Place]:
    known = {place.name: place for place in places}
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    names = sorted({row[column].strip() for row in rows for column in columns if row.get(column, "").strip()})
    return {name: known.get(name) or places[number % len(places)] for number, name in enumerate(names)}


async def projects(story: Story) -> None:
    """Let each unit take up a need of the community it is paired with, from asking to rating."""
    with story.chapter("需求对接", len(story.units)) as tell:
        for number, unit in enumerate(story.units, 1):
            await _one_project(story, unit, story.paired[unit.id], number)
            tell(number)


async def _one_project(story: Story, unit: Place, community: Place, number: int) -> None:
    asker = next(member.account for member in story.members if member.home == community.name)
    need = await story.post(
        asker,
        "/needs",
        {
            "title": f"老人手机课第{number}期需要讲师",
            "category": "elderly",
            "communityId": community.id,
            "headcount": 4,
        },
    )
    await story.post(asker, f"/needs/{need['id']}/submit")
    await story.post(community.account, f"/needs/{need['id']}/publish")
    proposal = {
        "category": "livelihood", "title": f"{unit.name} × {community.name} 老人手机课", "communityId": community.id,
        "needId": need["id"], "startsOn": "2026-02-01", "endsOn": "2026-11-01",
        "reasons": [{"code": "paired", "text": "单位与社区已结对"}],
        "parties": [
            {"organizationId": community.id, "side": "asks", "duties": ["提供场地", "组织居民"]},
            {"organizationId": unit.id, "side": "offers", "duties": ["每月一次派出讲师"]},
        ],
    }  # fmt: skip
    project = await story.post(unit.account, "/projects", proposal)
    path = f"/projects/{project['id']}"
    for account in (unit.account, community.account):
        if "project.accept" in (await story.api.call(account, "GET", path))["allowedActions"]:
            project = await story.post(account, f"{path}/accept")
    story.counts[f"projects_{project['state']}"] += 1
    await story.post(community.account, f"{path}/start")
    if number % 2:
        await story.post(unit.account, f"{path}/deliver", {"summary": "六次课，受益居民约九十人次"})
        await story.post(community.account, f"{path}/rate", {"stars": 5})
        await story.post(community.account, f"{path}/close")
