"""A year of service: each month every community holds an activity; members sign up, come, leave, and it counts."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from api.adapters.api_client import abreast
from api.demo.stage import SHANGHAI
from api.demo.story import Place, Story

_TITLES = (
    ("独居老人探访", "volunteer_service"), ("楼道清洁", "volunteer_service"), ("义务理发", "volunteer_service"),
    ("防诈宣传", "volunteer_service"), ("家电义修", "volunteer_service"), ("主题党日", "organizational_life"),
    ("儿童课后陪伴", "volunteer_service"), ("垃圾分类引导", "volunteer_service"), ("护学岗", "volunteer_service"),
    ("重阳敬老", "volunteer_service"),
)  # fmt: skip
_CAPACITY = 26
_CO_CONSTRUCTION = {1: "venue_opened", 4: "problem_solved", 8: "leader_on_site"}  # month of the story → kind of fact


async def serve(story: Story, first: date, months: int) -> None:
    """Hold one activity a month in each community; the clock moves to each of its moments."""
    chance = random.Random(7)  # noqa: S311 - a story, not a secret
    with story.chapter("服务与记实", months) as tell:
        for month in range(months):
            year, number = divmod(first.year * 12 + first.month - 1 + month, 12)
            day = _saturday(date(year, number + 1, 8))
            await _one_day(story, chance, day, _TITLES[month % len(_TITLES)])
            if month in _CO_CONSTRUCTION:
                await abreast([_co_constructed(story, unit, month, day) for unit in story.units])
            tell(month + 1)


async def _co_constructed(story: Story, unit: Place, month: int, day: date) -> None:
    """Have a unit tell what it did, and its community confirm; what the community saw itself it records at once."""
    community = story.paired[unit.id]
    fact = {
        "kind": _CO_CONSTRUCTION[month], "organizationId": unit.id, "communityId": community.id,
        "occurredOn": day.isoformat(), "amount": 1,
    }  # fmt: skip
    seen_by_the_community = month == max(_CO_CONSTRUCTION)
    told = await story.post(community.account if seen_by_the_community else unit.account, "/facts", fact)
    if told["case"] is not None:
        path = f"/cases/{told['case']['id']}"
        await story.post(community.account, f"{path}/assign", {})
        await story.post(community.account, f"{path}/answer", {"answer": "情况属实", "outcome": "accepted"})
    story.counts["facts_of_units"] += 1


async def _one_day(story: Story, chance: random.Random, day: date, plan: tuple[str, str]) -> None:
    story.clock.move(_at(day - timedelta(days=6), 10, 0))
    shifts = await abreast([_announced(story, community, day, *plan) for community in story.communities])
    willing = _willing(story, chance, shifts)
    queues = await abreast([_in_turn(story, shift, accounts) for shift, accounts in willing])
    signups = [signup for queue in queues for signup in queue]
    story.counts["signups"] += len(signups)
    story.counts["waitlisted"] += sum(signup["state"] == "waitlisted" for signup in signups)
    story.clock.move(_at(day, 8, 55))
    came = [(shift, [account for account in accounts if chance.random() < 0.93]) for shift, accounts in willing]
    await _roll_call(story, came, "check_in")
    story.clock.move(_at(day, 12, 30))
    stayed = [(shift, [account for account in accounts if chance.random() < 0.97]) for shift, accounts in came]
    await _roll_call(story, stayed, "check_out")


async def _in_turn(story: Story, shift: dict[str, Any], accounts: list[str]) -> list[dict[str, Any]]:
    """Sign members up one after the other: whom the last place goes to is the same at every run."""
    return [await story.post(account, f"/shifts/{shift['id']}/signups") for account in accounts]


async def _announced(story: Story, community: Place, day: date, title: str, nature: str) -> dict[str, Any]:
    kind = "service" if nature == "volunteer_service" else "meeting"
    activity = await story.post(
        community.account,
        "/activities",
        {
            "kind": kind, "nature": nature, "title": f"{community.name} · {title}", "risks": "户外活动请注意防滑、防晒",
            "communityId": community.id, "organizerId": community.id, "place": f"{community.name}党群服务中心",
        },
    )  # fmt: skip
    window = {"startsAt": _at(day, 9, 0).isoformat(), "endsAt": _at(day, 12, 30).isoformat(), "capacity": _CAPACITY}
    shift = await story.post(community.account, "/shifts", {"activityId": activity["id"], **window})
    await story.post(community.account, f"/activities/{activity['id']}/publish")
    story.counts["activities"] += 1
    return {"id": shift["id"], "community": community}


def _willing(
    story: Story, chance: random.Random, shifts: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], list[str]]]:
    at_home: dict[str, list[str]] = {}
    for number, member in enumerate(story.members):
        if chance.random() * 100 < member.zeal * 0.85:
            home = member.home or story.communities[number % len(story.communities)].name
            at_home.setdefault(home, []).append(member.account)
    return [(shift, at_home.get(shift["community"].name, [])) for shift in shifts]


async def _roll_call(story: Story, present: list[tuple[dict[str, Any], list[str]]], direction: str) -> None:
    calls = [
        story.post(
            shift["community"].account,
            "/presences",
            {
                "presences": [
                    {"shiftId": shift["id"], "personId": story.people[account], "direction": direction}
                    for account in accounts[:50]
                ]
            },
        )
        for shift, accounts in present
        if accounts
    ]
    for answer in await abreast(calls):
        for outcome in answer["outcomes"]:
            story.counts[direction if outcome["presence"] else f"{direction}_refused"] += 1
            minutes = (outcome["presence"] or {}).get("minutes")
            story.counts["minutes"] += minutes or 0


def _saturday(day: date) -> date:
    return day + timedelta(days=(5 - day.weekday()) % 7)


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)
