"""服务档案 on the wire: who somebody is, all that they served with its sums, and what is on record besides."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from api.schemas.base import View
from api.schemas.rights import InTwo


class Coded(InTwo):
    """A code with its words."""

    code: str


class Named(View):
    """An organisation as it was called on the day."""

    name: str
    code: str | None


class ArchiveHolder(View):
    """Who the archive is of; the ID number is cut down to its last signs."""

    name: str
    id_number: str | None
    national_number: str | None
    home: Named | None
    sex: Coded | None
    birth_date: date | None
    residence: str | None
    contact: str | None
    skills: str | None
    service_kinds: str | None


class ArchivedService(View):
    """One service: when, what, where, by whom organised and led, how and whether late recorded, by whom confirmed."""

    served_on: date
    times: str | None
    activity: str
    place: str | None
    content: str | None
    community: Named | None
    organizer: Named | None
    leader: str | None
    minutes: int
    provenance: Coded
    confirmed: bool = Field(description="the recipient confirmed it")
    late: bool = Field(description="recorded after ten working days")
    source: str | None = Field(description="the record of another platform that it was taken over from")


class Noted(View):
    """A training, qualification or award on record."""

    kind: Coded
    on: date
    code: str | None
    until: date | None
    community: Named | None


class Archive(View):
    """The caller's archive as of a sealed position; `issuable` says whether a community can issue it as a paper."""

    holder: ArchiveHolder
    services: list[ArchivedService]
    count: int
    minutes: int
    duration: InTwo
    years: list[dict[str, Any]]
    classes: list[dict[str, Any]]
    noted: list[Noted]
    position: int | None
    issuable: bool
