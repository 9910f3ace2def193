"""既往班次: a public list of shifts is replayed as attendance of invented people, where such a list is given."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from api.demo.prologue import brought_in
from api.demo.story import Story

LIST = "volunteering/leeds2023_shifts.csv"


async def shifts(story: Story) -> None:
    """Import the shifts of the given folder with invented members as those who came; nothing without a folder."""
    if story.data is None:
        return
    with story.chapter("既往班次"):
        content = attended((story.data / LIST).read_bytes(), [member.roster_number for member in story.members])
        names = sorted({row["postcode"] for row in csv.DictReader(io.StringIO(content.decode()))})
        places = [place.id for place in story.communities]
        communities = {name: places[number % len(places)] for number, name in enumerate(names) if name}
        options: dict[str, Any] = {
            "organizationId": story.nodes["city"], "communityId": story.communities[0].id, "communities": communities,
        }  # fmt: skip
        job = await brought_in(story, "city", "past_shifts", LIST, content, options)
    told = job["result"]["totals"]
    story.counts["past_shift_minutes"] = told["acceptedMinutes"]
    story.console.print(
        f"past shifts: {told['records']} shifts, {told['acceptedRecords']} accepted, {told['people']} attendances, "
        f"{told['acceptedMinutes']} min of {told['statedMinutes']} stated, {told['overCapacity']} over capacity"
    )


def attended(content: bytes, people: Sequence[str]) -> bytes:
    """Return a list of shifts with a column of who came: as many people as attended, nobody at two shifts of a day.

    People take turns from day to day. ValueError where more came on a day than there are people.
    """
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    there: dict[str, int] = defaultdict(int)
    target = io.StringIO()
    table = csv.DictWriter(target, [*rows[0], "people"])
    table.writeheader()
    for row in rows:
        first, came = there[row["date"]], int(row["attended"])
        there[row["date"]] += came
        if first + came > len(people):
            raise ValueError(f"more people came on {row['date']} than there are")
        turn = sum(row["date"].encode())  # the same all day
        chosen = [people[(turn + first + place) % len(people)] for place in range(came)]
        table.writerow({**row, "people": ";".join(chosen)})
    return target.getvalue().encode()
