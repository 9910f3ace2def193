"""服务记录证明: what somebody served, as sealed in the ledger, on a numbered paper that anybody can verify.

民政部令第67号: free of charge, on request, with time, content and who recorded it; 志愿服务条例 第十九条.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.documents import Head, Holder, Label, Party, Served, certificate, content_hash
from api.domain.kind_labels import kind_label
from api.domain.periods import EndsBeforeItBegins
from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict, Invalid
from api.models import Activity, Affiliation, Entry, Organization, Person, Position
from api.services import days, documents
from api.services.ledger import undone_entry
from api.services.parties import parties

RECORD_WITHIN = 10  # working days after the service, 民政部令第67号


class NothingServed(Conflict):
    """There is no sealed volunteer service in the period; what was recorded a moment ago is sealed within seconds."""

    code, zh, en = "nothing_served", "该期间没有已封存的志愿服务记录", "No sealed volunteer service in this period"


class NoIssuer(Conflict):
    """A community issues the paper: the one of registration, else the one served last."""

    code, zh, en = "no_issuer", "没有可以出具证明的社区", "There is no community to issue it"


class NotYetOver(Invalid):
    """A paper tells of days that have come; what is served later would be missing from it."""

    code, zh, en = "not_yet_over", "结束日期不能晚于明天（期间不含该日）", "The period cannot reach beyond today"


_leader = sa.orm.aliased(Person, name="leader")
_SERVED = (
    sa.select(
        Entry.id, Entry.served_on, Entry.recorded_at, Entry.amount, Entry.provenance, Entry.community_id,
        Activity.title, Activity.place, Activity.organizer_id, Activity.leader_id, Position.position,
        _leader.name.label("leader_name"), _leader.wrapped_key,
    )
    .join(Position, Position.row_id == Entry.id)
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
_HOME = sa.select(Affiliation.organization_id).where(
    Affiliation.tenant_id == sa.bindparam("tenant"), Affiliation.person_id == sa.bindparam("person"),
    Affiliation.kind == "registration", Affiliation.principal, Affiliation.state == "accepted",
)  # fmt: skip


def issue(session: Session, actor: Actor, since: date, until: date) -> UUID:
    """Issue the actor's own certificate of what they served on the days `[since, until)`; return the document's id.

    As long as the record of the period stays as it is, a repeat returns the paper that was issued for it. Raises
    EndsBeforeItBegins, NotYetOver, NothingServed and NoIssuer.
    """
    if until <= since:
        raise EndsBeforeItBegins(pointer="/until")
    day = days.today(session, actor.tenant_id)
    if until > day + timedelta(days=1):
        raise NotYetOver(pointer="/until")
    asked = {"tenant": actor.tenant_id, "account": actor.account_id, "since": since, "until": until}
    rows = session.rows(_SERVED, asked)
    if not rows:
        raise NothingServed
    home = session.scalar(_HOME, {"tenant": actor.tenant_id, "person": actor.person_id})
    issuer = home or _last_served_in(session, rows)
    named = parties(session, actor, {issuer, *_places(rows)}, day)
    zone = days.zone_of(session, actor.tenant_id)
    head = Head(named[issuer], None, since, until, zone.key)
    content = certificate(
        head, holder=_holder(session, actor, named.get(home) if home else None),
        served=[_served(session, row, named, zone) for row in rows], position=max(row.position for row in rows),
    )  # fmt: skip
    return documents.issue(
        session, actor, kind="certificate", issuer_id=issuer, recipient_id=actor.person_id,
        title=content["title"]["zh"], content=content, source=f"certificate:{actor.account_id}:{content_hash(content)}",
    )  # fmt: skip


def _places(rows: Any) -> set[UUID]:
    return {place for row in rows for place in (row.community_id, row.organizer_id) if place is not None}


def _last_served_in(session: Session, rows: Any) -> UUID:
    """Return the community of the last service; NoIssuer where it is gone."""
    last = next((row.community_id for row in reversed(rows) if row.community_id is not None), None)
    active = sa.select(Organization.id).where(Organization.id == last, Organization.state == "active")
    if last is None or session.scalar(active) is None:
        raise NoIssuer
    return last


def _holder(session: Session, actor: Actor, home: Party | None) -> Holder:
    row = found(
        session.first(sa.select(Person.name, Person.id_number, Person.wrapped_key).where(Person.id == actor.person_id))
    )
    name = session.vault.open(row.wrapped_key, actor.person_id, "name", row.name)
    id_number = session.vault.open(row.wrapped_key, actor.person_id, "id_number", row.id_number)
    return Holder(name or "", id_number[-4:] if id_number else None, None, home)


def _served(session: Session, row: Any, named: dict[UUID, Party], zone: ZoneInfo) -> Served:
    recorded_on = row.recorded_at.astimezone(zone).date()
    leader = None if row.leader_id is None else _name(session, row)
    return Served(
        served_on=row.served_on, activity=row.title or "补录服务", place=row.place or "",
        community=named[row.community_id], organizer=named.get(row.organizer_id), leader=leader,
        minutes=int(row.amount), provenance=Label(row.provenance, **kind_label("fact.provenance", row.provenance)),
        late=recorded_on > _due(row.served_on),
    )  # fmt: skip


def _due(served_on: date) -> date:
    """Return the last day on which a service is recorded in time; the day itself may be no working day."""
    return add_workdays(served_on, RECORD_WITHIN, WorkCalendar())


def _name(session: Session, row: Any) -> str | None:
    return session.vault.open(row.wrapped_key, row.leader_id, "name", row.leader_name)
