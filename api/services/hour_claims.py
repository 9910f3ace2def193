"""异议与补录: a member objects to hours or asks for missing ones; the answer that accepts posts them, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic.alias_generators import to_camel

from api.access import Actor, found, require
from api.db import Session
from api.domain import hour_claims as rules
from api.domain.hour_claims import Standing, Window
from api.domain.ledger import AlreadyCredited, AlreadyReversed
from api.domain.workdays import WorkCalendar
from api.errors import NotFound
from api.models import Entry, Fact, File, Organization, Person
from api.services import activities, cases, files, ledger, settlement, shifts
from api.services.days import today, zone_of
from api.services.ledger import PastService, undone_entry
from api.services.places import place
from api.services.standing_sanctions import suspended
from api.visibility import visible

OUTCOMES = frozenset({"accepted", "declined"})
_ENTRY = sa.select(
    Entry.id, Entry.account_id, Entry.community_id, Entry.shift_id, Entry.activity_id, Entry.nature, Entry.source_id,
    Entry.reverses_id, Entry.unit, undone_entry.id.label("undone_by"),
).outerjoin(undone_entry, undone_entry.reverses_id == Entry.id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Open the case of an `objection` to one's own entry, or of a `supplement`; return its id, of a repeat the first's.

    `claim` has `entry_id` or `shift_id` or `activity_id`, from when to when minutes should stand (`starts_at`,
    `ends_at`; neither where the entry should only go) and an evidence `file_id`. Who recorded what it is about does not
    decide. Who may make up no hours for now still objects to an entry (ORD67: who finds an error says so).
    NotFound, WrongOffice, AlreadyReversed, MakeUpSuspended, and what `require_window` raises.
    """
    claim = values["claim"]
    about = _about(session, actor, claim)
    office = place(session, actor, values["organization_id"], axis="territory", pointer="/organizationId")
    if about["community_id"] not in (None, office.id):
        raise rules.WrongOffice(pointer="/organizationId")
    if claim["file_id"] is not None:
        kept = sa.select(File.id).where(visible(actor, File), File.id == claim["file_id"])
        found(session.first(kept))
    if claim["entry_id"] is None and (barred := suspended(session, actor.tenant_id, [actor.account_id])):
        raise barred[actor.account_id]
    window, late = _window(claim), False
    if window is not None:
        rules.require_window(window, session.now, about["shift"])
        day, zone = today(session, actor.tenant_id), zone_of(session, actor.tenant_id)
        late = rules.is_late(window, day, zone, WorkCalendar())
    told: dict[str, Any] = {to_camel(name): _plain(value) for name, value in claim.items() if value is not None}
    told |= {"personId": str(actor.person_id), "communityId": str(office.id)}
    told |= {"nature": about["nature"], "voluntary": about["voluntary"]}
    told |= {name: str(about[name]) for name in ("shiftId", "activityId") if about[name] is not None}
    return cases.open_case(
        session, actor, kind=values["kind"], organization_id=office.id, reason=values["reason"],
        facts={"claim": told, "late": late, "deciders": _recorders(session, actor.account_id, told)},
        subject_kind=about["kind"], subject_id=about["id"],
        source=f"claim:{actor.account_id}:{about['id'] or office.id}:{claim['starts_at']}:{claim['ends_at']}",
    )  # fmt: skip


def above(session: Session, actor: Actor, case: Any, told: dict[str, Any]) -> UUID | None:
    """Return the organisation that has to agree as well before these hours stand; None where nobody else has.

    PartOutsideClaim where more is accepted than was asked for, or than somebody below agreed to.
    """
    claim = case.facts["claim"]
    window = _accepted(case, told)
    if told["outcome"] != "accepted" or window is None or "posted" in case.facts:
        return None
    account = _account(session, case)
    zone = zone_of(session, actor.tenant_id)
    level = rules.levels_above(window, _standing(session, actor.tenant_id, account, window, claim.get("entryId")), zone)
    mine = sa.select(Organization.path).where(Organization.id == UUID(claim["communityId"])).scalar_subquery()
    line = sa.select(Organization.id, Organization.path).where(
        Organization.tenant_id == actor.tenant_id, Organization.axis == "territory",
        sa.func.substr(mine, 1, sa.func.length(Organization.path)) == Organization.path,
    )  # fmt: skip
    upwards = session.rows(line.order_by(sa.func.length(Organization.path).desc()))
    needed = upwards[min(level, len(upwards) - 1)]
    return None if needed.path.startswith(case.path) else needed.id


def settle(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Post what an accepted claim asks for: the entry falls, and the stretch stands as far as nothing covers it.

    Of a stretch the answer may accept a part (`accepted`), which the case remembers. What one answer posted stands
    whatever a later one says. DecidedBefore for who recorded it, AlreadyCredited where nothing of the stretch is free,
    in whichever community, PartOutsideClaim.
    """
    if told["outcome"] != "accepted" or "posted" in case.facts:
        return {}
    claim, account, window = case.facts["claim"], _account(session, case), _accepted(case, told)
    settlement.hold(session, [account])
    if str(actor.person_id) in _recorders(session, account, claim):
        raise cases.DecidedBefore
    if "entryId" in claim:
        reason = "wrong_time" if "startsAt" in claim else "recorded_by_mistake"
        ledger.take_back_entry(session, actor, UUID(claim["entryId"]), grant, reason)
    posted = [] if window is None else _post(session, actor, case, account, window)
    return {"posted": posted, **remembered(told)}


def remembered(told: dict[str, Any]) -> dict[str, Any]:
    """Return what a case keeps of the part that an answer accepts; nothing where it accepts all."""
    part = told.get("accepted")
    return {"accepted": {to_camel(name): at.isoformat() for name, at in part.items()}} if part else {}


def evidence(session: Session, actor: Actor, case_id: UUID) -> dict[str, Any]:
    """Return the file that a claim or an appeal brought, with its bytes, to who sees the case; NotFound without one."""
    case = cases.find(session, actor, case_id)
    if case.opened_by != actor.person_id:
        require(actor, "case.evidence", case.path)
    claim = case.facts.get("claim") or case.facts.get("appeal", {})
    if "fileId" not in claim:
        raise NotFound
    if case.opened_by != actor.person_id:
        session.look([case.opened_by], ["evidence"], "case", organization_id=case.organization_id)
    return files.brought(session, actor, UUID(claim["fileId"]))


def _post(session: Session, actor: Actor, case: Any, account: UUID, window: Window) -> list[str]:
    standing = _standing(session, actor.tenant_id, account, window, None)
    free = rules.free(window, standing)
    if not free:
        raise AlreadyCredited(startedAt=window[0].isoformat(), endedAt=window[1].isoformat())
    claim, day = case.facts["claim"], window[0].astimezone(zone_of(session, actor.tenant_id)).date()
    services = [
        PastService(
            "person", account, rules.minutes_of([(start, end)]), day, f"case:{case.id}:{number}",
            UUID(claim["communityId"]), claim["nature"], start, end, provenance="supplementary",
            voluntary=claim["voluntary"], activity_id=_id(claim, "activityId"), shift_id=_id(claim, "shiftId"),
            instead_of=_id(claim, "entryId"), kind=_kind(session, claim),
        )
        for number, (start, end) in enumerate(free)
    ]  # fmt: skip
    posted = ledger.supplement(session, actor, services)
    for outcome in posted:
        if not isinstance(outcome, UUID):
            raise outcome
    return [str(each) for each in posted]


def _kind(session: Session, claim: dict[str, Any]) -> str:
    """Return what a claim posts: made-up hours, but the correction of an entry is of the kind of that entry."""
    if "entryId" not in claim:
        return "supplementary"
    return found(session.first(sa.select(Entry.kind).where(Entry.id == _id(claim, "entryId")))).kind


def _about(session: Session, actor: Actor, claim: dict[str, Any]) -> dict[str, Any]:
    """Return what a claim is about: kind and id of the subject, its community, activity, nature and window."""
    about: dict[str, Any] = {
        "kind": "organization", "id": None, "community_id": None, "shiftId": None, "activityId": None, "shift": None,
        "nature": "volunteer_service", "voluntary": True,
    }  # fmt: skip
    shift_id, activity_id = claim["shift_id"], claim["activity_id"]
    if claim["entry_id"] is not None:
        own = _ENTRY.where(visible(actor, Entry), Entry.id == claim["entry_id"], Entry.account_id == actor.account_id)
        entry = found(session.first(own))
        if entry.reverses_id is not None or entry.undone_by is not None:
            raise AlreadyReversed
        shift_id, activity_id = entry.shift_id, entry.activity_id
        about |= {"kind": "entry", "id": entry.id, "community_id": entry.community_id, "nature": entry.nature}
        about["voluntary"] = entry.unit == "volunteer_minutes"
    if shift_id is not None:
        shift = shifts.of_shift(session, actor, shift_id)
        activity_id = shift.activity_id
        about |= {"shiftId": shift_id, "shift": (shift.starts_at, shift.ends_at)}
    if activity_id is not None:
        activity = activities.of(session, actor, activity_id)
        about |= {"activityId": activity_id, "community_id": activity.community_id}
        about |= {"nature": activity.nature, "voluntary": activity.voluntary}
        if about["id"] is None:
            kind, subject = ("shift", shift_id) if shift_id is not None else ("activity", activity_id)
            about |= {"kind": kind, "id": subject}
    return about


def _recorders(session: Session, account: UUID, claim: dict[str, Any]) -> list[str]:
    """Return who recorded what a claim is about, in the ledger's own words: the actors of its facts and entry."""
    told: set[UUID] = set()
    of_facts = []
    if "entryId" in claim:
        entry = found(
            session.first(sa.select(Entry.actor_id, Entry.source_id).where(Entry.id == _id(claim, "entryId")))
        )
        told.add(entry.actor_id)
        of_facts.append(Fact.id == entry.source_id)
    if "shiftId" in claim:
        of_facts.append(sa.and_(Fact.shift_id == _id(claim, "shiftId"), Fact.account_id == account))
    if of_facts:
        told |= {row.actor_id for row in session.rows(sa.select(Fact.actor_id).where(sa.or_(*of_facts)))}
    own = session.scalar(sa.select(Person.id).where(Person.account_id == account))
    return sorted(str(each) for each in told - {own})


def _standing(session: Session, tenant_id: UUID, account: UUID, window: Window, without: str | None) -> list[Standing]:
    days = timedelta(days=2)
    rows = sa.select(Entry.started_at, Entry.ended_at, Entry.served_on, Entry.amount).where(
        Entry.tenant_id == tenant_id, Entry.account_id == account, Entry.unit.in_(settlement.MINUTES),
        Entry.served_on >= (window[0] - days).date(), Entry.served_on <= (window[1] + days).date(),
        Entry.reverses_id.is_(None), ~sa.exists().where(undone_entry.reverses_id == Entry.id),
    )  # fmt: skip
    if without is not None:
        rows = rows.where(Entry.id != UUID(without))
    return [Standing(*row) for row in session.rows(rows)]


def _account(session: Session, case: Any) -> UUID:
    account = session.scalar(sa.select(Person.account_id).where(Person.id == case.opened_by))
    if account is None:
        raise NotFound
    return account


def _window(claim: dict[str, Any]) -> Window | None:
    return None if claim["starts_at"] is None else (claim["starts_at"], claim["ends_at"])


def _accepted(case: Any, told: dict[str, Any]) -> Window | None:
    """Return the stretch that an answer lets stand, within what was asked for and agreed to below; PartOutsideClaim."""
    part = told.get("accepted")
    agreed = _window_of(case.facts.get("accepted", case.facts["claim"]))
    return rules.accepted_of(agreed, (part["starts_at"], part["ends_at"]) if part else None)


def _window_of(claim: dict[str, Any]) -> Window | None:
    if "startsAt" not in claim:
        return None
    return datetime.fromisoformat(claim["startsAt"]), datetime.fromisoformat(claim["endsAt"])


def _id(claim: dict[str, Any], name: str) -> UUID | None:
    return UUID(claim[name]) if name in claim else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
