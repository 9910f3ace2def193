"""Imports of past shifts with the people who attended: history that stands, with a share for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.domain.past_shifts import PastShiftRow, minutes_of_each, whole_minutes
from api.domain.rows import row_error
from api.domain.supplementary import PARENT_TIER
from api.models import Activity, Affiliation, Person, Shift
from api.services import ledger
from api.services.days import zone_of
from api.services.imports.past_services import history_id
from api.services.imports.shared import Checked, Named, Options, Place, record_bulk, resolve, slices
from api.services.organizations import new_short_codes
from api.visibility import DISPUTED, GONE

_DEFAULT = "\0default"  # no cell can be this name


@dataclass(frozen=True, slots=True)
class Attended:
    """One past shift with its community, the group that led it (else the community) and the accounts of its people."""

    row: PastShiftRow
    minutes: int
    accounts: tuple[UUID, ...]
    community_id: UUID
    group_id: UUID
    starts_at: datetime
    flags: tuple[str, ...]

    @property
    def source(self) -> str:
        """The same for the same row of the same community."""
        return f"shift:{self.community_id}:{self.row.key}"

    @property
    def shift_id(self) -> UUID:
        """The same for the same row."""
        return history_id(self.starts_at, self.source)

    @property
    def activity_id(self) -> UUID:
        """The same for all shifts of one activity on one day."""
        return history_id(self.starts_at, f"activity:{self.community_id}:{self.row.activity}")


def check(session: Session, actor: Actor, rows: Sequence[PastShiftRow], options: Options) -> Checked:
    """Resolve communities, groups and people; totals account for every row and minute given.

    Minutes are made whole over all readable rows by largest remainder, so that together they are what was given.
    """
    given = {**options.units, **options.communities} | (
        {_DEFAULT: options.community_id} if options.community_id else {}
    )
    names = [*(name for row in rows for name in row.places), *({_DEFAULT} & set(given))]
    communities = resolve(session, actor, names, ["territory"], given, "entry.supplement")
    groups = resolve(session, actor, [row.group for row in rows], ["employer", "party", "body"], given)
    people = _people(session, actor, {number for row in rows for number in row.people})
    zone = zone_of(session, actor.tenant_id)
    of_a_day = Counter((number, row.day) for row in rows for number in row.people)
    checked = Checked()
    for row, minutes in zip(rows, whole_minutes([row.minutes for row in rows]), strict=True):
        place = _nearest(row, communities)
        if place is None:
            name = row.places[0] if row.places else ""
            checked.refused.append(row_error(row.row, "place", "place_unknown", name, name=name))
            continue
        unknown = [number for number in row.people if len(people.get(number, ())) != 1]
        accounts = tuple(people[number][0] for number in row.people if number not in unknown)
        if unknown:
            checked.refused.append(row_error(row.row, "people", "attendee_unknown", count=len(unknown)))
        elif actor.account_id in accounts:
            checked.refused.append(row_error(row.row, "people", "own_hours"))
        else:
            flags = _flags(row, minutes, any(of_a_day[number, row.day] > 1 for number in row.people))
            checked.flag(row.row, *flags)
            group = groups[row.group].id if groups[row.group] else place.id
            starts_at = datetime.combine(row.day, time(), zone)
            checked.ready.append(Attended(row, minutes, accounts, place.id, group, starts_at, flags))
    communities.places.pop(_DEFAULT, None)
    checked.told = {"communities": communities.as_table(), "totals": _totals(rows, checked.ready)}
    return checked


def write(session: Session, actor: Actor, attended: Sequence[Attended], options: Options) -> dict[str, int]:
    """Write activities, settled shifts and a fact and an entry for each person; a repeat changes nothing."""
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    zone = zone_of(session, actor.tenant_id)
    for part in slices(attended):
        new = _new(session, actor, part)
        counts["accepted"] += len(new)
        counts["unchanged"] += len(part) - len(new)
        activities = list({one.activity_id: _activity(session, actor, one, new) for one in new}.values())
        codes = new_short_codes(len(new))
        shifts = [_shift(session, actor, one, code, zone) for one, code in zip(new, codes, strict=True)]
        session.insert_new(Activity, activities)
        session.insert(Shift, shifts)
        for services in slices([service for one in new for service in _services(one)]):
            ledger.supplement(session, actor, services)
        record_bulk(session, actor, "entry.supplement", options, [*activities, *shifts], created=len(new))
    return counts


def _people(session: Session, actor: Actor, numbers: set[str]) -> dict[str, list[UUID]]:
    """Return the accounts, by number in a roster, of the people who belong where the actor may bring hours in."""
    found: dict[str, list[UUID]] = {}
    belongs = sa.select(Affiliation.person_id).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.state != DISPUTED, Affiliation.valid_to.is_(None),
        within(actor, "entry.supplement", Affiliation.organization_id),
    )  # fmt: skip
    for part in slices(sorted(numbers)):
        index = {session.vault.index(actor.tenant_id, "affiliations.roster_number", number): number for number in part}
        held = (
            sa.select(Affiliation.roster_number_index, Person.account_id)
            .join(Person, Person.id == Affiliation.person_id)
            .where(
                Affiliation.tenant_id == actor.tenant_id, Affiliation.kind == "employment",
                Affiliation.state != DISPUTED, Affiliation.roster_number_index.in_(sorted(index)),
                Person.id.in_(belongs), Person.state.not_in(GONE),
            )
            .distinct()
        )  # fmt: skip
        for number, account in session.rows(held):
            found.setdefault(index[number], []).append(account)
    return found


def _nearest(row: PastShiftRow, communities: Named) -> Place | None:
    return next((place for name in (*row.places, _DEFAULT) if (place := communities[name]) is not None), None)


def _flags(row: PastShiftRow, minutes: int, again: bool) -> tuple[str, ...]:
    told = {
        "over_capacity": row.demand is not None and len(row.people) > row.demand,
        "over_daily_tier": minutes > PARENT_TIER * len(row.people),
        "same_day_again": again,
    }
    return tuple(code for code, holds in told.items() if holds)


def _totals(rows: Sequence[PastShiftRow], ready: Sequence[Attended]) -> dict[str, Any]:
    whole = sum(whole_minutes([row.minutes for row in rows]))
    accepted = sum(one.minutes for one in ready)
    return {
        "records": len(rows),
        "acceptedRecords": len(ready),
        "refusedRecords": len(rows) - len(ready),
        "overCapacity": sum("over_capacity" in one.flags for one in ready),
        "people": sum(len(one.accounts) for one in ready),
        "statedMinutes": str(sum((row.minutes for row in rows), Fraction(0))),
        "acceptedMinutes": accepted,
        "refusedMinutes": whole - accepted,
    }


def _new(session: Session, actor: Actor, part: Sequence[Attended]) -> list[Attended]:
    """Return the rows whose shift does not stand yet, each once."""
    standing = sa.select(Shift.id).where(
        Shift.tenant_id == actor.tenant_id, Shift.id.in_([one.shift_id for one in part])
    )
    written = {row.id for row in session.rows(standing)}
    return list({one.shift_id: one for one in reversed(part) if one.shift_id not in written}.values())[::-1]


def _activity(session: Session, actor: Actor, one: Attended, new: Sequence[Attended]) -> dict[str, Any]:
    """Return the activity as it was: completed, in no state that a step led to."""
    flags = {flag for each in new if each.activity_id == one.activity_id for flag in each.flags}
    return {
        "id": one.activity_id, "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "kind": "service",
        "nature": "volunteer_service", "voluntary": True, "state": "completed", "title": one.row.title,
        "description": "", "risks": "", "category": None, "place": one.row.place, "community_id": one.community_id,
        "organizer_id": one.group_id, "leader_id": None, "project_id": None, "reason": None, "policy": {},
        "flags": ["imported", *sorted(flags)],
    }  # fmt: skip


def _shift(session: Session, actor: Actor, one: Attended, code: str, zone: ZoneInfo) -> dict[str, Any]:
    """Return the shift: the whole day, since a file of days does not tell the time of day."""
    ends_at = datetime.combine(one.row.day + timedelta(days=1), time(), zone)
    return {
        "id": one.shift_id, "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now,
        "activity_id": one.activity_id, "community_id": one.community_id, "state": "settled", "short_code": code,
        "starts_at": one.starts_at, "ends_at": ends_at,
        "capacity": len(one.accounts) if one.row.demand is None else one.row.demand, "confirmed": len(one.accounts),
        "imported": True, "secret": None,
    }  # fmt: skip


def _services(one: Attended) -> list[ledger.PastService]:
    return [
        ledger.PastService(
            account_kind="person",
            account_id=account,
            minutes=minutes,
            served_on=one.row.day,
            source=one.source,
            community_id=one.community_id,
            participants=len(one.accounts),
            activity_id=one.activity_id,
            shift_id=one.shift_id,
        )
        for account, minutes in zip(one.accounts, minutes_of_each(one.minutes, len(one.accounts)), strict=True)
        if minutes
    ]
