"""The part-period statement: what a former employer is told of who left it within a period, of its own days alone.

The result of the period goes to the employer at the cut-off; minutes belong to the employer of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.documents.content import Head, InvalidContent, Words, head_json
from api.domain.documents.disclosure import kept_back_because, unless
from api.domain.documents.statements import PLATFORM_RECORD, Roster

TITLE = Words("部分期间反馈单", "Part-period statement")
NO_RESULT = Words(
    "本单只列该成员在贵单位任职期间的服务，不含等次；年度评价结果发给截止日所在单位。",
    "This statement shows service in the days of employment with you and no grade; the result of the period goes to "
    "the employer at the cut-off.",
)
_TEMPLATE, _TEMPLATE_VERSION = "part_period", 1


@dataclass(frozen=True, slots=True)
class PartLine:
    """One member who left: the half-open days of employment within the period, and what was served in them."""

    roster_number: str
    name: str | None
    since: date
    until: date
    services: int
    minutes: int
    disclosed: bool = True


def part_period_statement(
    head: Head, *, cycle: Words, position: int, checkpoint: str | None, roster: Roster, members: Sequence[PartLine]
) -> dict[str, Any]:
    """Return the frozen content of a former employer's statement; the order of `members` makes no difference.

    `roster` says how people appear, as in a feedback statement; where sums would tell of fewer than five people who are
    not shown, they stand as `{"suppressed": …}`. Raises `InvalidContent` for days outside of the period or of nobody.
    """
    lines = sorted(members, key=lambda line: (line.roster_number, line.since))
    if not lines or any(not head.start <= line.since < line.until <= head.end for line in lines):
        raise InvalidContent(reason="days outside of the period", reasonZh="任职日期不在期间之内")
    listed = roster != "aggregate_only"
    withheld = sum(not line.disclosed for line in lines)
    hidden = kept_back_because(listed=listed, withheld=withheld, members=len(lines), eligible=len(lines))
    return {
        **head_json("feedback_statement", _TEMPLATE_VERSION, head),
        "template": _TEMPLATE,
        "title": TITLE.as_json(),
        "cycle": cycle.as_json(),
        "asOf": {"position": position, "checkpoint": checkpoint},
        "roster": roster,
        "left": unless(None if listed else hidden, len(lines)),
        "services": unless(hidden, sum(line.services for line in lines)),
        "minutes": unless(hidden, sum(line.minutes for line in lines)),
        "undisclosed": withheld if listed else None,
        "members": [_row(line, roster) for line in lines] if listed else None,
        "scope": NO_RESULT.as_json(),
        "note": PLATFORM_RECORD.as_json(),
    }


def _row(line: PartLine, roster: Roster) -> dict[str, Any]:
    row = {
        "rosterNumber": line.roster_number,
        "disclosed": line.disclosed,
        "since": line.since.isoformat(),
        "until": line.until.isoformat(),
        "services": line.services if line.disclosed else None,
        "minutes": line.minutes if line.disclosed else None,
    }
    return {**row, "name": line.name} if roster == "named" else row
