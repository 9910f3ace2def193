"""Imports: a file of units, branches, people or lists, asked for by request and done by a job.

Each kind is three steps: `check` resolves every name and refuses rows, reading alone; `write` writes checked rows, a
part or all of them in one transaction, and finds what stands by natural keys, so that a repeat changes nothing; `after`
tells what only shows when all is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor, require
from api.db import Session
from api.domain.lists import LISTS, read_list
from api.domain.outside_records import read_records
from api.domain.past_rows import read_past_services
from api.domain.past_shifts import read_past_shifts
from api.domain.record_layouts import layout_of
from api.domain.roster_people import read_people
from api.domain.rosters import read_branches, read_units
from api.domain.rows import Reading
from api.errors import Invalid
from api.models import NOBODY, Organization
from api.services import files, jobs
from api.services.days import today, zone_of
from api.services.imports import lists, past_services, past_shifts, people, records, units
from api.services.imports.shared import Checked, Options
from api.services.organizations import root_of
from api.services.places import place


class RowsRefused(Invalid):
    """All or nothing was asked for, and some rows cannot stand: nothing was written."""

    code = "rows_refused"
    zh, en = "有 {count} 行不能导入，未写入任何内容", "{count} rows cannot be imported; nothing was written"


def _nothing(_session: Session, _actor: Actor, _rows: Any, _options: Options) -> Checked:
    return Checked()


class LocalDay(NamedTuple):
    """The tenant's day and zone, in which a file's dates and clocks are meant."""

    today: date
    zone: ZoneInfo
    platform: str | None = None  # whose layout a file of records has


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of import: the step that it takes, the axis on which it is asked for, and its functions."""

    step: str
    axis: str | None
    read: Callable[..., Reading[Any]]
    check: Callable[..., Checked]
    write: Callable[..., dict[str, int]]
    after: Callable[..., Checked] = _nothing


def _units(headers: Any, rows: Any, _day: LocalDay) -> Reading[Any]:
    return read_units(headers, rows)


def _branches(headers: Any, rows: Any, _day: LocalDay) -> Reading[Any]:
    return read_branches(headers, rows)


def _people(headers: Any, rows: Any, day: LocalDay) -> Reading[Any]:
    return read_people(headers, rows, day.today)


def _past_services(headers: Any, rows: Any, day: LocalDay) -> Reading[Any]:
    return read_past_services(headers, rows, day.zone)


def _past_shifts(headers: Any, rows: Any, day: LocalDay) -> Reading[Any]:
    return read_past_shifts(headers, rows, day.today)


def _records(headers: Any, rows: Any, day: LocalDay) -> Reading[Any]:
    return read_records(layout_of(day.platform), headers, rows, day.zone, day.today)


def _list(which: str) -> Kind:
    def read(headers: Any, rows: Any, _day: LocalDay) -> Reading[Any]:
        return read_list(which, headers, rows)

    return Kind("list.import", None, read, lists.check, lists.write)


KINDS: dict[str, Kind] = {
    "units": Kind("unit.import", "employer", _units, units.check_units, units.write),
    "branches": Kind("unit.import", "party", _branches, units.check_branches, units.write),
    "people": Kind("person.import", "employer", _people, people.check, people.write, people.after),
    **{which: _list(which) for which in LISTS},
    "records": Kind("record.import", None, _records, records.check, records.write, records.after),
    "past_services": Kind("entry.supplement", None, _past_services, past_services.check, past_services.write),
    "past_shifts": Kind("entry.supplement", None, _past_shifts, past_shifts.check, past_shifts.write),
}


def request(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Queue an import of one of the actor's files and return the job's id.

    `values` are kind, file_id, mode (all_or_nothing, good_rows) and options. Raises NotFound for the file of somebody
    else, Forbidden where the actor may not import there.
    """
    kind, options = KINDS[values["kind"]], values["options"]
    if kind.step == "record.import":
        layout_of(options.get("platform"))
    file = files.one(session, actor, values["file_id"])
    at, grant = _governed(session, actor, kind, options.get("organization_id"))
    as_of = options.get("as_of") or today(session, actor.tenant_id)
    content = {
        "kind": values["kind"],
        "mode": values["mode"],
        "file_id": str(file["id"]),
        "options": {
            "organization_id": str(at),
            "as_of": as_of.isoformat(),
            "community_id": str(options["community_id"]) if options.get("community_id") else None,
            "communities": {name: str(found) for name, found in (options.get("communities") or {}).items()},
            "units": {name: str(found) for name, found in (options.get("units") or {}).items()},
            "platform": options.get("platform"),
        },
    }
    return jobs.enqueue(session, actor, kind.step, content, at=at, grant=grant)


def local_day(session: Session, actor: Actor, platform: str | None = None) -> LocalDay:
    """Return the tenant's today and zone, with the platform whose layout a file of records has."""
    zone = zone_of(session, actor.tenant_id)
    return LocalDay(session.now.astimezone(zone).date(), zone, platform)


def _governed(session: Session, actor: Actor, kind: Kind, organization_id: UUID | None) -> tuple[UUID, UUID]:
    """Return where the import is asked for: as named, else where the actor's one grant for it is, else at the root."""
    if organization_id is None:
        reaches = {reach.organization_id for reach in actor.reaches_for(kind.step)} - {NOBODY}
        granted = sa.select(Organization.id).where(Organization.id.in_(sorted(reaches)))
        if kind.axis is not None:
            granted = granted.where(Organization.axis == kind.axis)
        fitting = session.rows(granted.order_by(Organization.path))
        one = fitting[0][0] if len(fitting) == 1 or (fitting and kind.axis is None) else None
        organization_id = one or root_of(session, actor.tenant_id, kind.axis or "employer")
    row = place(session, actor, organization_id, axis=kind.axis, pointer="/options/organizationId")
    return row.id, require(actor, kind.step, row.path)
