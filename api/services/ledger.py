"""记实: past services taken over, and corrections; a correction is a reversal, never an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor, found, require
from api.db import Session, new_id
from api.domain.belonging import Belonging
from api.domain.ledger import AlreadyCredited, require_reversible
from api.domain.settlement import unit_of
from api.errors import Forbidden, Problem
from api.models import Entry, Fact, Organization, Shift
from api.services import changes, settlement
from api.services.affiliations import as_of
from api.services.days import zone_of
from api.services.standing_sanctions import suspended
from api.visibility import visible

undone_fact, undone_entry = aliased(Fact, name="undone"), aliased(Entry, name="undone_entry")


@dataclass(frozen=True, slots=True)
class PastService:
    """Whole minutes of a past service that the rules accepted, for one person or for the unit that organised it.

    `source` names the row they come from: the same one of an account posts once, for ever. A person's account gets what
    the nature of the service posts; a group without named people stands in the unit's account as participation.
    """

    account_kind: Literal["person", "organization"]
    account_id: UUID
    minutes: int
    served_on: date
    source: str
    community_id: UUID | None = None
    nature: str = "volunteer_service"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    participants: int | None = None
    activity_id: UUID | None = None
    shift_id: UUID | None = None
    provenance: str = "imported"
    voluntary: bool = True
    record_id: UUID | None = None  # of another platform's record that it was taken over from
    instead_of: UUID | None = None  # the entry that it corrects
    kind: str = "supplementary"  # what it corrects was earned: then so is what stands instead of it


def supplement(session: Session, actor: Actor, services: Sequence[PastService]) -> list[UUID | Problem]:
    """Post past services, as supplementary entries unless they correct others; return each entry, or why there is none.

    Each is one fact (`past_service` of a person, `joint_activity` of a unit) and one entry. A repeat changes nothing. A
    person who already has minutes in the stated window gets no second ones (AlreadyCredited), and who may make up no
    hours for now only what corrects an entry or comes from another platform (MakeUpSuspended). Whoever calls this has
    decided that the actor may, and that the rules accept the minutes.
    """
    people = {each.account_id for each in services if each.account_kind == "person"}
    if people:
        settlement.hold(session, people)
    belonging = as_of(session, actor.tenant_id, people, ("employment",))
    sources = [uuid5(actor.tenant_id, f"{each.account_id}:{each.source}") for each in services]
    stands: dict[UUID, UUID] = _standing(session, sources)
    taken = taken_by(session, actor, [each.served_on for each in services], people)
    zone = zone_of(session, actor.tenant_id)
    barred = suspended(session, actor.tenant_id, people) if people else {}
    facts, entries = [], []
    outcomes: list[UUID | Problem] = []
    for each, source in zip(services, sources, strict=True):
        try:
            if source not in stands:
                if each.account_id in barred and each.record_id is None and each.instead_of is None:
                    raise barred[each.account_id]
                _take(taken, each)
                fact = _fact(session, actor, each, source, belonging, zone)
                entry = _entry(session, actor, each, fact)
                facts.append(fact)
                entries.append(entry)
                stands[source] = entry["id"]
            outcomes.append(stands[source])
        except Problem as why:
            outcomes.append(why)
    session.insert_new(Fact, facts)
    session.insert_new(Entry, entries)
    return outcomes


def reverse_fact(session: Session, actor: Actor, fact_id: UUID, reason: str) -> UUID:
    """Take a fact back, a check-in with its check-out, and correct what was posted; return the reversal's id."""
    fact = found(session.first(_FACT.where(visible(actor, Fact), Fact.id == fact_id)))
    grant = _grant(actor, "fact.reverse", fact)
    _require_reversible(actor, fact)
    return _undo(session, actor, fact, grant, reason)


def take_back(session: Session, actor: Actor, fact_id: UUID, grant: UUID, reason: str) -> UUID:
    """Reverse a fact that followed from a decision which is itself undone, under that decision's grant.

    A repeat returns the reversal that stands.
    """
    fact = found(session.first(_FACT.where(Fact.tenant_id == actor.tenant_id, Fact.id == fact_id)))
    return fact.undone_by or _undo(session, actor, fact, grant, reason)


def reverse_entry(session: Session, actor: Actor, entry_id: UUID, reason: str) -> UUID:
    """Take an entry back; return its id. One that follows from a presence falls with that presence.

    So that no later settlement posts it again, the facts are reversed and the correction follows from them.
    """
    entry = found(session.first(_ENTRY.where(visible(actor, Entry), Entry.id == entry_id)))
    grant = _grant(actor, "entry.reverse", entry)
    _require_reversible(actor, entry)
    return _undo_entry(session, actor, entry, grant, reason)


def take_back_entry(session: Session, actor: Actor, entry_id: UUID, grant: UUID, reason: str) -> UUID:
    """Reverse an entry, with the presence it follows from, because a case was decided so, under that decision's grant.

    A repeat changes nothing. SelfApproval for the actor's own.
    """
    entry = found(session.first(_ENTRY.where(Entry.tenant_id == actor.tenant_id, Entry.id == entry_id)))
    if entry.undone_by is not None:
        return entry_id
    _require_reversible(actor, entry)
    return _undo_entry(session, actor, entry, grant, reason)


def _undo_entry(session: Session, actor: Actor, entry: Any, grant: UUID, reason: str) -> UUID:
    changes.record(
        session, actor, "entry.reverse", "entry", entry.id, at=entry.community_id, grant=grant,
        written=entry._asdict(), details={"reason": reason},
    )  # fmt: skip
    fact = session.first(_FACT.where(Fact.tenant_id == actor.tenant_id, Fact.id == entry.source_id))
    if fact is not None and fact.kind == "check_in" and fact.undone_by is None:
        _undo(session, actor, fact, grant, reason)
    else:
        row = _appended(session, actor, grant) | {
            "account_kind": entry.account_kind, "account_id": entry.account_id, "unit": entry.unit,
            "amount": -entry.amount, "kind": "correction", "revision": entry.revision,
        } | settlement.reversal_of(entry)  # fmt: skip
        session.insert(Entry, [row])
        _settle_around(session, actor, entry)
    return entry.id


def _settle_around(session: Session, actor: Actor, entry: Any) -> None:
    """Let presences have the time that an entry which follows from none of them gave back."""
    if entry.account_kind == "person" and entry.started_at is not None and entry.ended_at is not None:
        settlement.hold(session, [entry.account_id])
        zone = zone_of(session, actor.tenant_id)
        freed = {entry.account_id: (actor.aside(), [(entry.started_at, entry.ended_at)])}
        settlement.settle(session, actor.tenant_id, zone, freed)


_FACT = (
    sa.select(*Fact.__table__.c, undone_fact.id.label("undone_by"), Organization.path)
    .outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)
    .outerjoin(Organization, Organization.id == Fact.community_id)
)
_ENTRY = (
    sa.select(*Entry.__table__.c, undone_entry.id.label("undone_by"), Organization.path)
    .outerjoin(undone_entry, undone_entry.reverses_id == Entry.id)
    .outerjoin(Organization, Organization.id == Entry.community_id)
)


def _grant(actor: Actor, step: str, row: Any) -> UUID:
    if row.path is None:
        raise Forbidden(step=step)
    return require(actor, step, row.path)


def _require_reversible(actor: Actor, row: Any) -> None:
    require_reversible(
        own=row.account_id == actor.account_id,
        is_reversal=row.reverses_id is not None,
        is_reversed=row.undone_by is not None,
    )


def _undo(session: Session, actor: Actor, fact: Any, grant: UUID, reason: str) -> UUID:
    """Reverse a fact, with a check-in all that hangs on it, and settle again what they were worth."""
    settlement.hold(session, [fact.account_id])
    undoing = [fact]
    if fact.kind == "check_in":
        hanging = _FACT.where(
            Fact.shift_id == fact.shift_id, Fact.account_id == fact.account_id, Fact.pair == fact.pair,
            Fact.kind != "check_in", Fact.reverses_id.is_(None), undone_fact.id.is_(None),
        )  # fmt: skip
        undoing += session.rows(hanging)
    kept = ("kind", "account_kind", "account_id", "occurred_at", "served_on", "provenance", "shift_id", "pair")
    rows = [
        _appended(session, actor, grant)
        | {name: getattr(each, name) for name in (*kept, "revision", "community_id", "employer_id")}
        | {"reverses_id": each.id, "details": {"reason": reason}}
        for each in undoing
    ]
    session.insert(Fact, rows)
    if fact.shift_id is not None and fact.kind in ("check_in", "check_out", settlement.CONFIRMED):
        window = session.rows(sa.select(Shift.starts_at, Shift.ends_at).where(Shift.id == fact.shift_id))[0]
        zone = zone_of(session, actor.tenant_id)
        settlement.settle(session, actor.tenant_id, zone, {fact.account_id: (actor, [tuple(window)])})
    return rows[0]["id"]


def _appended(session: Session, actor: Actor, grant: UUID | None) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": grant, **actor.take_key(),
    }  # fmt: skip


def _standing(session: Session, sources: Sequence[UUID]) -> dict[UUID, UUID]:
    stands = sa.select(Entry.source_id, Entry.id).where(Entry.source_id.in_(sources), Entry.reverses_id.is_(None))
    return dict(tuple(row) for row in session.rows(stands.order_by(Entry.revision)))


Windows = dict[UUID, list[tuple[datetime, datetime]]]


def taken_by(session: Session, actor: Actor, days: Sequence[date], people: set[UUID]) -> Windows:
    """Return when these accounts have minutes already, around the days in question; hold them before."""
    if not people:
        return {}
    standing = sa.select(Entry.account_id, Entry.started_at, Entry.ended_at).where(
        Entry.tenant_id == actor.tenant_id, Entry.account_id.in_(sorted(people)),
        Entry.served_on >= min(days) - timedelta(days=2), Entry.served_on <= max(days) + timedelta(days=2),
        Entry.unit.in_(settlement.MINUTES), Entry.reverses_id.is_(None), Entry.started_at.is_not(None),
        ~sa.exists().where(undone_entry.reverses_id == Entry.id),
    )  # fmt: skip
    taken: Windows = {}
    for account, start, end in session.rows(standing):
        taken.setdefault(account, []).append((start, end))
    return taken


def _take(taken: Windows, service: PastService) -> None:
    if service.account_kind != "person" or service.started_at is None or service.ended_at is None:
        return
    windows = taken.setdefault(service.account_id, [])
    for start, end in windows:
        if service.started_at < end and start < service.ended_at:
            raise AlreadyCredited(startedAt=start.isoformat(), endedAt=end.isoformat())
    windows.append((service.started_at, service.ended_at))


def _fact(
    session: Session, actor: Actor, service: PastService, source: UUID, belonging: Belonging, zone: ZoneInfo
) -> dict[str, Any]:
    person = service.account_kind == "person"
    employer = belonging.employer(service.account_id, service.served_on) if person else service.account_id
    stated: dict[str, Any] = {"minutes": service.minutes}
    stated |= {"participants": service.participants} if service.participants else {}
    stated |= {"recordId": str(service.record_id)} if service.record_id else {}
    return _appended(session, actor.aside(), None) | {
        "id": source, "kind": "past_service" if person else "joint_activity", "account_kind": service.account_kind,
        "account_id": service.account_id,
        "occurred_at": service.started_at or datetime.combine(service.served_on, time(), zone),
        "served_on": service.served_on, "provenance": service.provenance, "shift_id": None, "pair": None, "revision": 0,
        "community_id": service.community_id, "employer_id": employer, "reverses_id": None, "details": stated,
    }  # fmt: skip


def _entry(session: Session, actor: Actor, service: PastService, fact: dict[str, Any]) -> dict[str, Any]:
    person = service.account_kind == "person"
    same = ("account_kind", "account_id", "served_on", "provenance", "community_id", "employer_id")
    return _appended(session, actor.aside(), None) | {name: fact[name] for name in same} | {
        "unit": unit_of(service.nature, service.voluntary) if person else "participation", "amount": service.minutes,
        "kind": service.kind, "nature": service.nature, "started_at": service.started_at,
        "ended_at": service.ended_at, "source_id": fact["id"], "revision": 0, "reverses_id": None,
        "activity_id": service.activity_id, "shift_id": service.shift_id,
    }  # fmt: skip
