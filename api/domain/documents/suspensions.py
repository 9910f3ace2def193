"""The notice of a suspended right to make up hours: what an employer is told of it, and that nothing else follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.domain.documents.content import Head, Words, head_json
from api.domain.documents.statements import PLATFORM_RECORD

TITLE = Words("暂停补录资格告知书", "Notice of a suspended right to make up hours")
EFFECT = Words(
    "该成员所补录的时长经查不实，已作废；满一年并且服务满规定时长前不受理补录。报名、服务和记时不受影响，本人可申诉。",
    "Hours that this member had made up were found false and are void; none are taken for a year and until the hours "
    "of the rule are served. Sign-ups, service and its record go on; the member may appeal.",
)
_TEMPLATE, _TEMPLATE_VERSION = "suspension", 1


@dataclass(frozen=True, slots=True)
class Suspended:
    """Whom it is about, as far as the employer's roster is told; void minutes, and hours to serve before it ends."""

    roster_number: str | None
    name: str | None
    minutes: int
    hours: str


def suspension_notice(head: Head, suspended: Suspended, *, rule: Words, version: str) -> dict[str, Any]:
    """Return the frozen content of a notice; its period is the year for which the suspension holds at least."""
    return {
        **head_json("bulletin", _TEMPLATE_VERSION, head),
        "template": _TEMPLATE,
        "rule": rule.as_json(),
        "rulesVersion": version,
        "member": {
            "rosterNumber": suspended.roster_number,
            "name": suspended.name,
            "minutes": suspended.minutes,
        },
        "hoursToServe": suspended.hours,
        "effect": EFFECT.as_json(),
        "note": PLATFORM_RECORD.as_json(),
    }
