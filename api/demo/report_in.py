"""报到: a plan says which unit goes where, units report in against it, members report in to where they live."""

from __future__ import annotations

from typing import Any

from api.adapters.api_client import abreast
from api.demo.cast import Member
from api.demo.story import Story


async def members_report_in(story: Story) -> None:
    """Let every member report in and the community decide: most are accepted, all get an answer."""
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
        await abreast([one(member) for member in story.members if member.home], tell)
