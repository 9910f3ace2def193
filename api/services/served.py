"""What somebody served, as sealed in the ledger and as papers tell it: with the fields that 民政部令第67号 asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.documents import Holder, Label, Party, Served, Source
from api.domain.kind_labels import kind_label
from api.domain.outside_records import is_late
from api.domain.record_layouts import LAYOUTS
from api.domain.workdays import WorkCalendar
from api.models import Activity, Affiliation, Entry, Fact, Organization, OutsideRecord, Person, Position
from api.services import days, profile_rows
from api.services.ledger import undone_entry
from api.services.parties import parties

_leader = sa.orm.aliased(Person, name="leader")
_undone_voice = sa.orm.aliased(Fact, name="undone_voice")
_SERVED = (
    sa.select(
        Entry.id, Entry.served_on, Entry.recorded_at, Entry.amount, Entry.provenance, Entry.community_id,
        Entry.started_at, Entry.ended_at, Entry.shift_id, Fact.pair, Fact.id.label("fact_id"),
        Fact.tenant_id.label("fact_tenant"), Fact.details, Activity.title, Activity.place,
        Activity.description, Activity.organizer_id, Activity.leader_id, Position.position,
        _leader.name.label("leader_name"), _leader.wrapped_key,
    )
    .join(Position, Position.row_id == Entry.id)
    .outerjoin(Fact, Fact.id == Entry.source_id)
    .outerjoin(undone_entry, undone_entry.reverses_id == Entry.id)
    .outerjoin(Activity, Activity.id == Entry.activity_id)
    .outerjoin(_leader, _leader.id == Activity.leader_id)
    .where(
        Entry.tenant_id == sa.bindparam("tenant"), Entry.account_id == sa.bindparam("account"),
        Entry.unit == "volunteer_minutes", Entry.nature == "volunteer_service", Entry.reverses_id.is_(None),
        undone_entry.id.is_(None), Entry.amount > 0,
        Entry.served_on >= sa.bindparam("since"), Entry.served_on < sa.bindparam("until"),
    )
    .order_by(Entry.served_on, Entry.id)
)  # fmt: skip
_CONFIRMED = sa.select(Fact.shift_id, Fact.pair).where(
    Fact.tenant_id == sa.bindparam("tenant"), Fact.account_id == sa.bindparam("account"),
    Fact.kind == "presence_confirmed", Fact.provenance == "recipient_confirmed", Fact.reverses_id.is_(None),
    ~sa.exists().where(_undone_voice.reverses_id == Fact.id),
)  # fmt: skip
_RECORDS = sa.select(
    OutsideRecord.id, OutsideRecord.tenant_id, OutsideRecord.platform, OutsideRecord.record_number,
    OutsideRecord.recorded_on, OutsideRecord.details,
).where(
    OutsideRecord.tenant_id == sa.bindparam("tenant"), OutsideRecord.person_id == sa.bindparam("person")
)  # fmt: skip
_HOME = sa.select(Affiliation.organization_id).where(
    Affiliation.tenant_id == sa.bindparam("tenant"), Affiliation.person_id == sa.bindparam("person"),
    Affiliation.kind == "registration", Affiliation.principal, Affiliation.state == "accepted",
)  # fmt: skip


class Record(NamedTuple):
    """Sealed services of one person: each as papers tell it, the entries behind them, the last position, the places."""

    services: list[Served]
    entries: list[UUID]
    position: int | None
    named: dict[UUID, Party]
    home_id: UUID | None
    last_place_id: UUID | None

    @property
    def home(self) -> Party | None:
        """Return the community of registration."""
        return self.named.get(self.home_id) if self.home_id else None


def served(session: Session, actor: Actor, since: date, until: date, places: Iterable[UUID] = ()) -> Record:
    """Return the actor's own sealed voluntary services of the days `[since, until)`; `places` are named besides."""
    asked = {"tenant": actor.tenant_id, "account": actor.account_id, "since": since, "until": until}
    rows = session.rows(_SERVED, asked)
    home = session.scalar(_HOME, {"tenant": actor.tenant_id, "person": actor.person_id})
    at = {place for row in rows for place in (row.community_id, row.organizer_id)} | {home, *places}
    day = days.today(session, actor.tenant_id)
    named = parties(session, actor, {place for place in at if place is not None}, day)
    whose = {"tenant": actor.tenant_id, "account": actor.account_id}
    confirmed = {tuple(row) for row in session.rows(_CONFIRMED, whose)}
    from_outside = any((row.details or {}).get("recordId") for row in rows)
    keys = {"tenant": actor.tenant_id, "person": actor.person_id}
    outside = {str(row.id): row for row in session.rows(_RECORDS, keys)} if from_outside else {}
    zone = days.zone_of(session, actor.tenant_id)
    services = []
    for row in rows:
        record = outside.get((row.details or {}).get("recordId"))
        if record is None:
            services.append(_own(session, row, named, zone, (row.shift_id, row.pair) in confirmed))
        else:
            services.append(_told(row, named, zone, record))
    last = next((row.community_id for row in reversed(rows) if row.community_id is not None), None)
    position = max((row.position for row in rows), default=None)
    return Record(services, [row.id for row in rows], position, named, home, last)


def holder(session: Session, actor: Actor, home: Party | None) -> Holder:
    """Return the actor as the holder of a paper, with the last signs of the ID number."""
    row = found(
        session.first(sa.select(Person.name, Person.id_number, Person.wrapped_key).where(Person.id == actor.person_id))
    )
    opened = {
        name: session.vault.open(row.wrapped_key, actor.person_id, name, getattr(row, name))
        for name in ("name", "id_number")
    }
    profile = profile_rows.row_of(session, actor, actor.person_id)
    end = opened["id_number"][-4:] if opened["id_number"] else None
    return Holder(opened["name"] or "", end, profile.national_number if profile else None, home)


def is_active(session: Session, organization_id: UUID | None) -> bool:
    """Say whether an organisation is there and in service."""
    active = sa.select(Organization.id).where(Organization.id == organization_id, Organization.state == "active")
    return organization_id is not None and session.scalar(active) is not None


def _own(session: Session, row: Any, named: dict[UUID, Party], zone: ZoneInfo, confirmed: bool) -> Served:
    leader = None
    if row.leader_id is not None:
        leader = session.vault.open(row.wrapped_key, row.leader_id, "name", row.leader_name)
    return Served(
        served_on=row.served_on, activity=row.title or "补录服务", place=row.place or "", content=row.description or "",
        community=named.get(row.community_id), organizer=named.get(row.organizer_id), leader=leader,
        confirmed=confirmed or row.provenance == "recipient_confirmed",
        late=_late(row.served_on, row.recorded_at.astimezone(zone).date()), **_common(row, zone),
    )  # fmt: skip


def _told(row: Any, named: dict[UUID, Party], zone: ZoneInfo, record: Any) -> Served:
    """Return a service in the words of the platform that it was taken over from."""
    details = record.details
    layout = LAYOUTS.get(record.platform)
    recorded_on = record.recorded_on or row.recorded_at.astimezone(zone).date()
    return Served(
        served_on=row.served_on, activity=details["activity"], place=details.get("place", ""),
        content=details.get("content", ""), community=named.get(row.community_id),
        organizer=Party(details["organizer"]) if "organizer" in details else None, leader=details.get("leader"),
        late=_late(row.served_on, recorded_on), **_common(row, zone),
        source=Source(layout.zh if layout else record.platform, record.record_number, details.get("recorder")),
    )  # fmt: skip


def _common(row: Any, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "minutes": int(row.amount), "times": _times((row.started_at, row.ended_at), zone),
        "provenance": Label(row.provenance, **kind_label("fact.provenance", row.provenance)),
    }  # fmt: skip


def _times(bounds: Sequence[datetime | None], zone: ZoneInfo) -> str | None:
    start, end = bounds
    if start is None or end is None:
        return None
    return f"{start.astimezone(zone):%H:%M}–{end.astimezone(zone):%H:%M}"


def _late(served_on: date, recorded_on: date) -> bool:
    return is_late(served_on, recorded_on, WorkCalendar())
