"""The personal archive (服务档案): who somebody is, all that they served, trainings, qualifications, awards.

Fields as in 民政部令第67号 and GB/T 40143; each service says how it was recorded, whether late, whether confirmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.documents.certificates import Holder, Served, note, services_json
from api.domain.documents.content import Head, Label, Party, head_json

_TEMPLATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Told:
    """What the volunteer told of themselves; what is None or empty was left out."""

    sex: Label | None = None
    birth_date: date | None = None
    residence: str | None = None
    contact: str | None = None
    skills: Sequence[str] = ()
    service_kinds: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """A training, qualification or award on record: what, on which day, by whom, until when it holds."""

    kind: Label
    on: date
    code: str | None = None
    until: date | None = None
    community: Party | None = None


def archive(
    head: Head,
    *,
    holder: Holder,
    told: Told,
    served: Sequence[Served],
    noted: Sequence[Noted],
    position: int | None,
    connected_by: str | None = None,
) -> dict[str, Any]:
    """Return the content of an archive as of a sealed position; the order of `served` and `noted` is of no account."""
    return {
        **head_json("archive", _TEMPLATE_VERSION, head),
        **archive_json(holder, told, served, noted, position),
        "notes": [note(connected_by).as_json()],
    }


def archive_json(
    holder: Holder, told: Told, served: Sequence[Served], noted: Sequence[Noted], position: int | None
) -> dict[str, Any]:
    """Return the blocks of an archive: holder, services with their sums by year and by class, and what was noted."""
    by_year, by_class = Counter[str](), Counter[Label]()
    for one in served:
        by_year[str(one.served_on.year)] += one.minutes
        by_class[one.provenance] += one.minutes
    return {
        "holder": {
            **holder.as_json(),
            "sex": told.sex.as_json() if told.sex else None,
            "birthDate": told.birth_date.isoformat() if told.birth_date else None,
            "residence": told.residence,
            "contact": told.contact,
            "skills": "、".join(told.skills) or None,
            "serviceKinds": "、".join(told.service_kinds) or None,
        },
        **services_json(served),
        "years": [{"year": year, "minutes": minutes} for year, minutes in sorted(by_year.items())],
        "classes": [
            {"provenance": label.as_json(), "minutes": minutes}
            for label, minutes in sorted(by_class.items(), key=lambda pair: pair[0].code)
        ],
        "noted": [_noted(one) for one in sorted(noted, key=lambda one: (one.on, one.kind.code, one.code or ""))],
        "position": position,
    }


def _noted(one: Noted) -> dict[str, Any]:
    return {
        "kind": one.kind.as_json(),
        "on": one.on.isoformat(),
        "code": one.code,
        "until": one.until.isoformat() if one.until else None,
        "community": one.community.as_json() if one.community else None,
    }
