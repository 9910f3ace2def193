"""The certificate of service (民政部令第67号): blocks for identity, service and issuer, from the ledger alone.

Until the platform is connected to the national system it calls itself 平台服务记录 and not an official certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.domain.documents.content import Head, InvalidContent, Label, Party, Words, head_json

_TEMPLATE_VERSION = 2
NOTE = Words(
    "本件为平台服务记录，依据平台记实分录无偿出具；平台接入全国志愿服务信息系统之前，不作为官方志愿服务证明。",
    "This is a record of service kept by this platform, given free of charge from its ledger. It is no official"
    " certificate until the platform is connected to the national system.",
)
CONNECTED_TITLE = Words("志愿服务记录证明", "Certificate of voluntary service")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose service it is; `id_number_end` is the last four signs where an ID number is kept, else None."""

    name: str
    id_number_end: str | None = None
    national_number: str | None = None
    home: Party | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the block of identity, with no more of the ID number than tells namesakes apart."""
        return {
            "name": self.name,
            "idNumber": f"**************{self.id_number_end}" if self.id_number_end else None,
            "nationalNumber": self.national_number,
            "home": self.home.as_json() if self.home else None,
        }


@dataclass(frozen=True, slots=True)
class Source:
    """The record of another platform that a service was taken over from: platform, number, who recorded it there."""

    platform: str
    number: str
    recorder: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """One entry of volunteer minutes: day, times, activity, place, content, who organised and led it, how recorded.

    `times` is the clock from and to. `late` says that it was recorded more than ten working days after the day,
    `confirmed` that its recipient confirmed it, `source` where it was taken over from.
    """

    served_on: date
    activity: str
    place: str
    community: Party | None
    organizer: Party | None
    leader: str | None
    minutes: int
    provenance: Label
    late: bool = False
    times: str | None = None
    content: str = ""
    confirmed: bool = False
    source: Source | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the service with the fields of 民政部令第67号."""
        source = self.source
        told = source and f"{source.platform} {source.number}" + (f"（{source.recorder}）" if source.recorder else "")
        return {
            "servedOn": self.served_on.isoformat(),
            "times": self.times,
            "activity": self.activity,
            "place": self.place or None,
            "content": self.content or None,
            "community": self.community.as_json() if self.community else None,
            "organizer": self.organizer.as_json() if self.organizer else None,
            "leader": self.leader,
            "minutes": self.minutes,
            "provenance": self.provenance.as_json(),
            "confirmed": self.confirmed,
            "late": self.late,
            "source": told,
        }


def note(connected_by: str | None) -> Words:
    """Return what a paper says of its own standing: no official one until the platform is connected, by what basis."""
    if connected_by is None:
        return NOTE
    return Words(
        f"本件依据平台记实分录无偿出具；平台已接入全国志愿服务信息系统（依据：{connected_by}）。",
        f"Given free of charge from this platform's ledger; it is connected to the national system ({connected_by}).",
    )


def certificate(
    head: Head, *, holder: Holder, served: Sequence[Served], position: int, connected_by: str | None = None
) -> dict[str, Any]:
    """Return the content of a certificate of what somebody served in the head's period, as of a sealed position.

    The order of `served` makes no difference; `connected_by` is the basis of the connection to the national system.
    Raises `InvalidContent` where nothing was served or minutes are not more than nought.
    """
    if not served:
        raise InvalidContent(reason="nothing was served in the period", reasonZh="该期间没有志愿服务记录")
    if connected_by is not None:
        head = replace(head, title=CONNECTED_TITLE)
    return {
        **head_json("certificate", _TEMPLATE_VERSION, head),
        "holder": holder.as_json(),
        **services_json(served),
        "position": position,
        "notes": [note(connected_by).as_json()],
    }


def services_json(served: Sequence[Served]) -> dict[str, Any]:
    """Return services in the order of their days with count, minutes and duration; InvalidContent for none or less."""
    if any(one.minutes <= 0 for one in served):
        raise InvalidContent(reason="minutes must be positive", reasonZh="服务时长须为正数")
    ordered = sorted(
        served, key=lambda one: (one.served_on, one.times or "", one.activity, one.minutes, one.provenance.code)
    )
    minutes = sum(one.minutes for one in ordered)
    return {
        "services": [one.as_json() for one in ordered],
        "count": len(ordered),
        "minutes": minutes,
        "duration": duration(minutes).as_json(),
    }


def duration(minutes: int) -> Words:
    """Return a duration as people read it: hours and minutes, nothing rounded."""
    hours, rest = divmod(minutes, 60)
    return Words(f"{hours}小时{rest}分钟", f"{hours} h {rest} min")
