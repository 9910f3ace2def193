"""报到: a plan says which unit goes where, units report in against it, members report in to where they live."""

from __future__ import annotations

from typing import Any

from api.adapters.api_client import abreast
from api.demo.cast import Member
from api.demo.story import Place, Story


async def units_report_in(story: Story) -> None:
    """Draft a plan that asks too much of one community, balance and issue it, and let the units report in."""
    first, *others = story.communities
    wish = [(unit, first if number < 4 else others[number % len(others)]) for number, unit in enumerate(story.units)]
    capacities = [{"communityId": place.id, "capacity": 2} for place in story.communities]
    draft = {
        "issuerId": story.nodes["party"], "title": "2026年度单位党组织联系社区安排", "reference": "工委发〔2026〕1号",
        "startsOn": "2026-01-01", "endsOn": "2027-01-01", "capacities": capacities,
        "rows": [{"unitId": unit.id, "communityId": community.id} for unit, community in wish],
    }  # fmt: skip
    with story.chapter("单位报到", len(story.units) + 3) as tell:
        plan = await story.post("committee", "/plans", draft)
        plan = await story.post("committee", f"/plans/{plan['id']}/rebalance")
        plan = await story.post("committee", f"/plans/{plan['id']}/issue", {})
        tell(3)
        moved = sum(row["communityId"] != community.id for row, (_, community) in zip(plan["rows"], wish, strict=True))
        story.counts["plan_rows"], story.counts["plan_rows_rebalanced"] = len(plan["rows"]), moved
        by_id = {place.id: place for place in story.communities}
        for number, row in enumerate(plan["rows"]):
            unit = next(unit for unit in story.units if unit.id == row["unitId"])
            await _unit_reports_in(story, unit, by_id[row["communityId"]])
            tell(4 + number)


async def _unit_reports_in(story: Story, unit: Place, community: Place) -> None:
    story.paired[unit.id] = community
    request = {"unitId": unit.id, "communityId": community.id}
    registration = await story.post(unit.account, "/registrations", request)
    accepted = await story.post(community.account, f"/registrations/{registration['id']}/accept", {})
    story.counts[f"unit_registrations_{accepted['state']}"] += 1


async def members_report_in(story: Story) -> None:
    """Let every member report in, at home or where the unit is paired, and the community accept."""
    by_name = {community.name: community for community in story.communities}

    async def one(member: Member) -> None:
        wish: dict[str, Any] = {}
        if member.home is not None:
            wish = {"communityId": by_name[member.home].id, "basis": "residence"}
        registration = await story.post(member.account, "/registrations", wish)
        worker = next(place for place in story.communities if place.id == registration["communityId"]).account
        accepted = await story.post(worker, f"/registrations/{registration['id']}/accept", {})
        story.counts[f"registrations_{accepted['state']}"] += 1

    with story.chapter("党员报到", len(story.members)) as tell:
        await abreast([one(member) for member in story.members], tell)
