"""评价 and 反馈: a cycle is computed, published and delivered; a liaison fetches the statement and acknowledges it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.demo.stage import SHANGHAI
from api.demo.story import Story

_STEPS = ("open-self-review", "open-public-review", "publish", "open-appeals", "finalize")


async def assess(story: Story) -> None:
    """Put the rulebooks in force, compute the cycle, take it through its reviews, and deliver the statements."""
    story.clock.move(datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI))
    books = {
        subject: await _in_force(story, name) for subject, name in (("member", "basic-member"), ("unit", "basic-unit"))
    }
    cycle = await story.post(
        "city",
        "/cycles",
        {
            "title": "2026年度在职党员社区表现评价", "organizationId": story.nodes["city"],
            "periodStart": "2026-01-01", "periodEnd": "2026-11-01", "cutOff": "2026-10-31",
            "memberRulebookId": books["member"], "unitRulebookId": books["unit"],
        },
    )  # fmt: skip
    path = f"/cycles/{cycle['id']}"
    with story.chapter("考核测算") as tell:
        job = await story.post("city", f"{path}/compute")
        await story.api.finished("city", job, tell)
    for step in _STEPS:
        cycle = await story.post("city", f"{path}/{step}")
    story.digest = cycle["digest"]
    for row in await story.every("city", "/assessments", cycleId=cycle["id"]):
        story.counts[f"assessments_{row['subjectKind']}"] += 1
        if row["subjectKind"] == "member":
            story.counts[f"grade_{row['grade']}"] += 1
    with story.chapter("反馈送达") as tell:
        job = await story.post("city", f"{path}/deliver")
        await story.api.finished("city", job, tell)


async def _in_force(story: Story, name: str) -> str:
    book = await story.post("city", "/rulebooks", {"shipped": name, "organizationId": story.nodes["city"]})
    return (await story.post("city", f"/rulebooks/{book['id']}/activate"))["id"]


async def fetch(story: Story) -> None:
    """Let a liaison fetch the unit's statement in three forms into the output folder, and every unit acknowledge."""
    for number, unit in enumerate(story.units):
        deliveries = await story.every(unit.account, "/deliveries", box="received", kind="feedback_statement")
        for delivery in deliveries:
            story.counts["statements"] += 1
            if number == 0:
                await _saved(story, unit.account, delivery)
            await story.post(unit.account, f"/deliveries/{delivery['id']}/acknowledge")


async def _saved(story: Story, account: str, delivery: dict[str, Any]) -> None:
    story.out.mkdir(parents=True, exist_ok=True)
    for form in ("json", "xlsx", "pdf"):
        path = f"/documents/{delivery['documentId']}/file"
        answer = await story.api.send(account, "GET", path, params={"format": form})
        target = story.out / f"statement.{form}"
        target.write_bytes(answer.content)
        story.console.print(f"{target}: {len(answer.content)} bytes")
