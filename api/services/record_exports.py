"""Records of service on their way to the national system: of who agreed, with the layout's fields and no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.consents import NATIONAL_RECORD
from api.domain.periods import EndsBeforeItBegins
from api.domain.record_layouts import LAYOUTS, NATIONAL, written_columns
from api.models import NOBODY, Activity, Entry, Organization, Person, Position, Profile
from api.services import changes, consents, days, files, jobs
from api.services.ledger import undone_entry
from api.services.places import governed

AT_ONCE = 500
COLUMNS = tuple(column.name for column in written_columns(LAYOUTS[NATIONAL]))
HEADINGS = tuple(column.headers[0] for column in written_columns(LAYOUTS[NATIONAL]))

_leader = sa.orm.aliased(Person, name="leader")
_place = sa.orm.aliased(Organization, name="place")
_organizer = sa.orm.aliased(Organization, name="organizer")
_ENTRIES = (
    sa.select(
        Entry.id, Entry.served_on, Entry.started_at, Entry.ended_at, Entry.amount, Entry.recorded_at,
        Person.id.label("person_id"), Person.state, Person.name, Person.id_number, Person.wrapped_key,
        Profile.id.label("profile_id"), Profile.tenant_id.label("profile_tenant"), Profile.national_number,
        Activity.title, Activity.place, Activity.description, Activity.leader_id, _organizer.name.label("organizer"),
        _place.name.label("community"), _leader.name.label("leader_name"), _leader.wrapped_key.label("leader_key"),
    )
    .join(Position, Position.row_id == Entry.id)
    .join(Person, Person.account_id == Entry.account_id)
    .join(_place, _place.id == Entry.community_id)
    .outerjoin(undone_entry, undone_entry.reverses_id == Entry.id)
    .outerjoin(Profile, Profile.person_id == Person.id)
    .outerjoin(Activity, Activity.id == Entry.activity_id)
    .outerjoin(_organizer, _organizer.id == Activity.organizer_id)
    .outerjoin(_leader, _leader.id == Activity.leader_id)
    .where(
        Entry.tenant_id == sa.bindparam("tenant"), Entry.unit == "volunteer_minutes",
        Entry.nature == "volunteer_service", Entry.reverses_id.is_(None), undone_entry.id.is_(None), Entry.amount > 0,
        Entry.provenance != "imported",  # each platform tells of its own
        Entry.served_on >= sa.bindparam("since"), Entry.served_on < sa.bindparam("until"),
        _place.path >= sa.bindparam("path"), _place.path < sa.bindparam("after_path"),
    )
    .order_by(Entry.id)
    .limit(AT_ONCE)
)  # fmt: skip


class Part(NamedTuple):
    """Some rows to write, how many minutes they tell of whom, whom they leave out and why, and where to go on."""

    rows: list[list[str]]
    minutes: int
    people: set[UUID]
    withheld: set[UUID]
    unidentified: set[UUID]
    last: UUID


def request(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Queue an export of what was served in a place on the days `[since, until)`; return the job's id.

    EndsBeforeItBegins; NotFound, Forbidden for a place beyond the actor's reach.
    """
    if values["until"] <= values["since"]:
        raise EndsBeforeItBegins(pointer="/until")
    at, grant = governed(
        session, actor, "record.export", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    asked = {
        "organization_id": str(at.id), "path": at.path, "since": values["since"].isoformat(),
        "until": values["until"].isoformat(), "format": values["format"], "ground": values["ground"],
    }  # fmt: skip
    return jobs.enqueue(session, actor, "record.export", asked, at=at.id, grant=grant)


def part(session: Session, actor: Actor, asked: dict[str, Any], after: UUID | None) -> Part | None:
    """Return the next rows behind an entry, None at the end; whom they tell of stands in the log of who looked.

    Only people who agreed in the words of today, are there and can be told apart by ID or national number.
    """
    statement = _ENTRIES if after is None else _ENTRIES.where(Entry.id > after)
    keys = {
        "tenant": actor.tenant_id, "path": asked["path"], "after_path": asked["path"][:-1] + "0",
        "since": date.fromisoformat(asked["since"]), "until": date.fromisoformat(asked["until"]),
    }  # fmt: skip
    found = session.rows(statement, keys)
    if not found:
        return None
    people = {row.person_id for row in found if row.state == "active"}
    refused = consents.withheld(session, actor.tenant_id, people, NATIONAL_RECORD, NOBODY)
    refused |= {row.person_id for row in found} - people
    unknown = {row.person_id for row in found if not (row.id_number or row.national_number)} - refused
    told = [row for row in found if row.person_id not in refused | unknown]
    shown = {row.person_id for row in told}
    at = UUID(asked["organization_id"])
    session.look(sorted(shown), ["name", "id_number", "national_number"], "service", organization_id=at)
    session.look(sorted({row.leader_id for row in told if row.leader_id}), ["name"], "service", organization_id=at)
    zone = days.zone_of(session, actor.tenant_id)
    rows = [_cells(session, row, zone) for row in told]
    return Part(rows, sum(int(row.amount) for row in told), shown, refused, unknown, found[-1].id)


def finish(session: Session, actor: Actor, job_id: UUID, name: str, content: bytes, manifest: dict[str, Any]) -> UUID:
    """Keep the packed file for the actor with an event that says how much left, on what ground; return its id."""
    file_id = files.keep(session, actor, name, "application/zip", content)
    details = {name: manifest[name] for name in ("platform", "rows", "people", "minutes", "sha256")}
    at = UUID(manifest["organizationId"])
    changes.record(session, actor, "record.export", "job", job_id, at=at, written=manifest, details=details)
    return file_id


def _cells(session: Session, row: Any, zone: ZoneInfo) -> list[str]:
    opened = {
        name: session.vault.open(row.wrapped_key, row.person_id, name, getattr(row, name))
        for name in ("name", "id_number")
    }
    leader = None
    if row.leader_id is not None:
        leader = session.vault.open(row.leader_key, row.leader_id, "name", row.leader_name)
    told = {
        **opened, "national_number": row.national_number, "record_number": str(row.id), "activity": row.title,
        "served_on": row.served_on.isoformat(), "start": _clock(row.started_at, zone),
        "end": _clock(row.ended_at, zone), "place": row.place, "content": row.description,
        "organizer": row.organizer or row.community, "leader": leader, "recorder": row.community,
        "recorded_on": row.recorded_at.astimezone(zone).date().isoformat(), "minutes": str(row.amount),
    }  # fmt: skip
    return [told[name] or "" for name in COLUMNS]


def _clock(at: Any, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def sums(parts: Iterable[Part]) -> tuple[Sequence[int], dict[str, int]]:
    """Return rows, people and minutes of an export, and how many people were left out by reason."""
    rows = minutes = 0
    people, withheld, unidentified = set[UUID](), set[UUID](), set[UUID]()
    for each in parts:
        rows += len(each.rows)
        minutes += each.minutes
        people |= each.people
        withheld |= each.withheld
        unidentified |= each.unidentified
    return (rows, len(people), minutes), {"withheld": len(withheld), "unidentified": len(unidentified)}
