"""Imports of records of the national system and of other platforms: what is not credited yet counts, once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.outside_records import REVIEWED, Judgement, OutsideRow, instant_of, judge, minute_of
from api.domain.overlap import Covered
from api.domain.rows import RowError
from api.domain.workdays import WorkCalendar
from api.errors import Problem
from api.models import Entry, Organization, OutsideRecord, Profile
from api.services import cases, ledger, profile_rows, settlement
from api.services.affiliations import as_of
from api.services.days import today
from api.services.imports.record_people import Volunteer, find, national_index
from api.services.imports.shared import Checked, Options, record_bulk, slices

_NUMBER, _CONTENT = "outside_records.record_number", "outside_records.content"
Key = tuple[str, str]  # platform, blind index of the record's number


@dataclass(frozen=True, slots=True)
class Taken:
    """One record with whose it is, where it counts, and what of it may count; `own` is this platform's own export."""

    row: OutsideRow
    person: Volunteer
    community_id: UUID | None
    judgement: Judgement
    number_index: str
    content_index: str
    own: bool

    @property
    def key(self) -> Key:
        """The same for the same record, in whichever file it stands."""
        return self.row.platform, self.number_index


def check(session: Session, actor: Actor, rows: Sequence[OutsideRow], options: Options) -> Checked:
    """Find whose each record is and judge it; a row of nobody, or of somebody else than it says, is refused."""
    checked = Checked()
    people = find(session, actor, rows)
    accounts = {each.account_id for each in people.values() if isinstance(each, Volunteer)}
    belonging = as_of(session, actor.tenant_id, accounts, ("registration",))
    default = _default(session, options)
    day, calendar, seen = today(session, actor.tenant_id), WorkCalendar(), Counter[Key]()
    for row in rows:
        person = people[row.row]
        if isinstance(person, RowError):
            checked.refused.append(person)
            continue
        home = belonging.home(person.account_id, row.served_on) or belonging.home(person.account_id, day) or default
        one = Taken(row, person, home, judge(row, calendar, day), *_marks(session, actor, row), own=False)
        seen[one.key] += 1
        checked.flag(row.row, *one.judgement.reasons, *one.judgement.remarks)
        checked.flag(row.row, *(["same_record"] if seen[one.key] > 1 else []))
        differs = person.national_number_index not in (None, national_index(session, actor, row))
        checked.flag(row.row, *(["national_number_differs"] if row.national_number and differs else []))
        checked.ready.append(one)
    return _without_own(session, actor, checked)


def write(session: Session, actor: Actor, rows: Sequence[Taken], options: Options) -> dict[str, int]:
    """Credit what is free of each new record and open a case for each that has to be looked at; a repeat does nothing.

    Who is concerned is held first, so that of two imports at once the later sees what the earlier credited.
    """
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    for part in slices(rows):
        settlement.hold(session, {one.person.account_id for one in part})
        known = _known(session, actor, part)
        new = {one.key: one for one in reversed(part) if one.key not in known and not one.own}
        fresh = sorted(new.values(), key=lambda one: one.row.row)
        counts["accepted"] += len(fresh)
        counts["unchanged"] += len(part) - len(fresh)
        written = _credit(session, actor, fresh)
        changed = [one for one in part if one.key in known and known[one.key].content_index != one.content_index]
        asked = [_case(one, ("record_changed",), options) for one in changed]
        asked += [_case(one, one.judgement.reasons, options) for one in fresh if one.judgement.reasons]
        cases.open_cases(session, actor, asked)
        for one in fresh:
            _keep_number(session, actor, one)
        record_bulk(session, actor, "record.import", options, written, created=len(fresh))
    return counts


def after(session: Session, actor: Actor, rows: Sequence[Taken], options: Options) -> Checked:
    """Say what became of the minutes of all these records, by what stands: the same for a repeat."""
    told = Checked()
    sums = Counter({"records": 0, "statedMinutes": 0, "creditedMinutes": 0, "coveredMinutes": 0, "reviewedMinutes": 0})
    counted: set[Key] = set()
    for part in slices([one for one in rows if not one.own]):
        known = _known(session, actor, part)
        for one in part:
            record = known[one.key]
            if record.content_index != one.content_index:
                told.flag(one.row.row, "record_changed")
            elif record.state == "covered" or record.credited_minutes < (record.stated_minutes or 0):
                code = {"covered": "time_covered", "credited": "partly_covered"}.get(record.state)
                told.flag(one.row.row, *([code] if code else []))
            if one.key not in counted:
                counted.add(one.key)
                sums.update(_minutes(record))
    told.told["totals"] = {**dict(sums), "people": len({one.person.id for one in rows})}
    return told


def _minutes(record: Any) -> dict[str, int]:
    stated, credited = record.stated_minutes or 0, record.credited_minutes
    rest = "reviewedMinutes" if record.state == "in_review" else "coveredMinutes"
    return {"records": 1, "statedMinutes": stated, "creditedMinutes": credited, rest: stated - credited}


def _marks(session: Session, actor: Actor, row: OutsideRow) -> tuple[str, str]:
    """Return the blind indexes of a record's number and of all that it says."""
    said = [
        row.served_on.isoformat(), row.starts_at and minute_of(row.starts_at), row.ends_at and minute_of(row.ends_at),
        None if row.stated is None else str(row.stated), dict(sorted(row.details.items())),
    ]  # fmt: skip
    index = session.vault.index
    content = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return index(actor.tenant_id, _NUMBER, row.number), index(actor.tenant_id, _CONTENT, content)


def _default(session: Session, options: Options) -> UUID | None:
    """Return the community that stands for who is registered nowhere: as named, else where the import is asked for."""
    if options.community_id is not None:
        return options.community_id
    at = sa.select(Organization.id).where(
        Organization.id == options.organization_id, Organization.axis == "territory", Organization.kind == "community"
    )
    return session.scalar(at)


def _without_own(session: Session, actor: Actor, checked: Checked) -> Checked:
    """Mark the records that this platform itself exported: their number is that of an entry."""
    numbers: dict[UUID, list[int]] = {}
    for place, one in enumerate(checked.ready):
        try:
            numbers.setdefault(UUID(one.row.number), []).append(place)
        except ValueError:
            continue
    for part in slices(sorted(numbers)):
        ours = sa.select(Entry.id).where(Entry.tenant_id == actor.tenant_id, Entry.id.in_(part))
        for place in (place for row in session.rows(ours) for place in numbers[row.id]):
            one = checked.ready[place]
            checked.ready[place] = Taken(
                one.row, one.person, one.community_id, one.judgement, one.number_index, one.content_index, own=True
            )
            checked.flags[one.row.row] = ["own_export"]
    return checked


def _known(session: Session, actor: Actor, part: Sequence[Taken]) -> dict[Key, Any]:
    stands = sa.select(
        OutsideRecord.platform, OutsideRecord.record_number_index, OutsideRecord.content_index, OutsideRecord.state,
        OutsideRecord.stated_minutes, OutsideRecord.credited_minutes,
    ).where(
        OutsideRecord.tenant_id == actor.tenant_id,
        OutsideRecord.record_number_index.in_(sorted({one.number_index for one in part})),
    )  # fmt: skip
    return {(row.platform, row.record_number_index): row for row in session.rows(stands)}


def _credit(session: Session, actor: Actor, fresh: Sequence[Taken]) -> list[dict[str, Any]]:
    """Post what is free of each record, a stretch at a time, and keep the records; return their rows."""
    if not fresh:
        return []
    accounts = {one.person.account_id for one in fresh}
    windows = ledger.taken_by(session, actor, [one.row.served_on for one in fresh], accounts)
    covered = {
        account: Covered((minute_of(start), minute_of(end)) for start, end in windows.get(account, ()))
        for account in accounts
    }
    records, services = [], []
    for one in fresh:
        free = covered[one.person.account_id].take(*one.judgement.span) if one.judgement.span else []
        record = _record(session, actor, one, sum(end - start for start, end in free))
        records.append(record)
        services += [_service(one, record["id"], number, *stretch) for number, stretch in enumerate(free)]
    session.insert(OutsideRecord, records)
    for outcome in ledger.supplement(session, actor, services):
        if isinstance(outcome, Problem):
            raise outcome
    return records


def _record(session: Session, actor: Actor, one: Taken, credited: int) -> dict[str, Any]:
    row, span = one.row, one.judgement.span
    state = "in_review" if span is None else "credited" if credited else "covered"
    whole = row.stated is not None and row.stated.denominator == 1
    stated = span[1] - span[0] if span else int(row.stated or 0) if whole else None
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": one.person.id, "platform": row.platform,
        "record_number": row.number, "record_number_index": one.number_index, "content_index": one.content_index,
        "state": state, "served_on": row.served_on, "starts_at": row.starts_at, "ends_at": row.ends_at,
        "stated_minutes": stated, "credited_minutes": credited, "recorded_on": row.recorded_on,
        "imported_at": session.now, "details": dict(row.details),
    }  # fmt: skip


def _service(one: Taken, record_id: UUID, number: int, start: int, end: int) -> ledger.PastService:
    return ledger.PastService(
        account_kind="person", account_id=one.person.account_id, minutes=end - start, served_on=one.row.served_on,
        source=f"record:{record_id}:{number}", community_id=one.community_id, started_at=instant_of(start),
        ended_at=instant_of(end), record_id=record_id,
    )  # fmt: skip


def _case(one: Taken, reasons: Sequence[str], options: Options) -> dict[str, Any]:
    row = one.row
    facts = {
        "platform": row.platform, "activity": row.details.get("activity"), "servedOn": row.served_on.isoformat(),
        "startsAt": row.starts_at and row.starts_at.isoformat(), "endsAt": row.ends_at and row.ends_at.isoformat(),
        "statedMinutes": None if row.stated is None else str(row.stated),
        "reasons": [{"code": code, "zh": REVIEWED[code][0], "en": REVIEWED[code][1]} for code in reasons],
    }  # fmt: skip
    return {
        "kind": "odd_fact", "organization_id": one.community_id or options.organization_id, "reason": ",".join(reasons),
        "facts": facts, "subject_kind": "person", "subject_id": one.person.id,
        "source": f"record:{one.number_index}:{one.content_index}",
    }  # fmt: skip


def _keep_number(session: Session, actor: Actor, one: Taken) -> None:
    """Keep the national number of a person of whom none is on record; another one that stands is left."""
    number = one.row.national_number
    if number is None or one.person.national_number_index is not None:
        return
    row = profile_rows.row_of(session, actor, one.person.id)
    if row is None or row.national_number is None:
        index = national_index(session, actor, one.row)
        of_another = sa.select(Profile.id).where(
            Profile.tenant_id == actor.tenant_id, Profile.national_number_index == index
        )
        if session.scalar(of_another) is not None:
            return
        told = {"national_number": number, "national_number_index": index}
        profile_rows.write(session, actor.aside(), one.person.id, "profile.number", told)
