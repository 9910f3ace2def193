"""The certificate of service (民政部令第67号): blocks for identity, service and issuer, from the ledger alone.

Until the platform is connected to the national system it calls itself 平台服务记录 and not an official certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.documents.content import Head, InvalidContent, Label, Party, Words, head_json

_TEMPLATE_VERSION = 1
NOTE = Words(
    "本件为平台服务记录，依据平台记实分录无偿出具；平台接入全国志愿服务信息系统之前，不作为官方志愿服务证明。",
    "This is a record of service kept by this platform, given free of charge from its ledger. It is no official"
    " certificate until the platform is connected to the national system.",
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose service it is; `id_number_end` is the last four signs where an ID number is kept, else None."""

    name: str
    id_number_end: str | None = None
    national_number: str | None = None
    home: Party | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """One entry of volunteer minutes: day, activity, place, who organised and led it, how it was recorded.

    `late` says that it was recorded more than ten working days after the day.
    """

    served_on: date
    activity: str
    place: str
    community: Party
    organizer: Party | None
    leader: str | None
    minutes: int
    provenance: Label
    late: bool = False


def certificate(head: Head, *, holder: Holder, served: Sequence[Served], position: int) -> dict[str, Any]:
    """Return the content of a certificate of what somebody served in the head's period, as of a sealed position.

    The order of `served` makes no difference. Raises `InvalidContent` where nothing was served or minutes are not
    more than nought.
    """
    if not served:
        raise InvalidContent(reason="nothing was served in the period", reasonZh="该期间没有志愿服务记录")
    if any(one.minutes <= 0 for one in served):
        raise InvalidContent(reason="minutes must be positive", reasonZh="服务时长须为正数")
    ordered = sorted(served, key=lambda one: (one.served_on, one.activity, one.minutes, one.provenance.code))
    return {
        **head_json("certificate", _TEMPLATE_VERSION, head),
        "holder": {
            "name": holder.name,
            "idNumber": f"**************{holder.id_number_end}" if holder.id_number_end else None,
            "nationalNumber": holder.national_number,
            "home": holder.home.as_json() if holder.home else None,
        },
        "services": [_line(one) for one in ordered],
        "count": len(ordered),
        "minutes": sum(one.minutes for one in ordered),
        "duration": duration(sum(one.minutes for one in ordered)).as_json(),
        "position": position,
        "notes": [NOTE.as_json()],
    }


def duration(minutes: int) -> Words:
    """Return a duration as people read it: hours and minutes, nothing rounded."""
    hours, rest = divmod(minutes, 60)
    return Words(f"{hours}小时{rest}分钟", f"{hours} h {rest} min")


def _line(one: Served) -> dict[str, Any]:
    return {
        "servedOn": one.served_on.isoformat(),
        "activity": one.activity,
        "place": one.place or None,
        "community": one.community.as_json(),
        "organizer": one.organizer.as_json() if one.organizer else None,
        "leader": one.leader,
        "minutes": one.minutes,
        "provenance": one.provenance.as_json(),
        "late": one.late,
    }
