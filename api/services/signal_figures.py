"""线索: the figures of each community are looked at once a day; what they give to ask is kept as signals, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain import signal_rules
from api.domain.signals import Finding, Held, Mark, Stay, of_activity, of_shift, of_travel, of_year
from api.models import Activity, Entry, Fact, Organization, Shift, Signal, SignalRun
from api.services import changes, settlement, voices
from api.services.days import day_of, zone_of
from api.services.ledger import undone_fact

AT_ONCE = 5
"""Communities that one transaction looks at."""

_SLICE = 400
_SHIFTS = (
    sa.select(
        Shift.id, Shift.activity_id, Shift.community_id, Shift.starts_at, Shift.ends_at, Activity.organizer_id,
        Activity.leader_id, Organization.path,
    )
    .join(Activity, Activity.id == Shift.activity_id)
    .join(Organization, Organization.id == Shift.community_id)
    .where(Shift.tenant_id == sa.bindparam("tenant"), Shift.imported.is_(False))
)  # fmt: skip
_FACTS = (
    sa.select(Fact.id, Fact.kind, Fact.account_id, Fact.shift_id, Fact.pair, Fact.occurred_at, Fact.provenance,
              Fact.actor_id)
    .outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)
    .where(
        Fact.tenant_id == sa.bindparam("tenant"),
        Fact.kind.in_(("check_in", "check_out", voices.CONFIRMED, voices.DENIED)),
        Fact.shift_id.is_not(None), Fact.reverses_id.is_(None), undone_fact.id.is_(None),
    )
    .order_by(Fact.occurred_at, Fact.id)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Weeks:
    """Half-open days of the tenant, and the instants at which they begin and end."""

    since: date
    until: date
    begin: datetime
    end: datetime
    zone: ZoneInfo


def look_due(session: Session, actor: Actor) -> int:
    """Look at the figures of some communities that nobody looked at today; return how many, 0 when none is left.

    A repeat tells nothing twice: each signal has the name of its rule, subject and period.
    """
    book, zone = signal_rules.shipped(), zone_of(session, actor.tenant_id)
    until = day_of(session, actor.tenant_id, session.now)
    since = until - timedelta(days=book.lookback_days)
    weeks = _Weeks(since, until, *(datetime.combine(day, time(), zone) for day in (since, until)), zone)
    done = sa.select(SignalRun.community_id).where(SignalRun.tenant_id == actor.tenant_id, SignalRun.until >= until)
    due = sa.select(Shift.community_id).where(
        Shift.tenant_id == actor.tenant_id, Shift.starts_at >= weeks.begin,
        Shift.ends_at < weeks.end, Shift.community_id.not_in(done),
    )  # fmt: skip
    communities = [row.community_id for row in session.rows(due.distinct().order_by(Shift.community_id).limit(AT_ONCE))]
    for community_id in communities:
        found = _of_weeks(session, actor, community_id, weeks)
        if until.month == 1:
            found += _of_last_year(session, actor, community_id, until.year - 1)
        _keep(session, actor, community_id, found)
        _note(session, actor, community_id, until)
    return len(communities)


def _of_weeks(session: Session, actor: Actor, community_id: UUID, weeks: _Weeks) -> list[Finding]:
    book = signal_rules.shipped()
    here = _SHIFTS.where(Shift.community_id == community_id, Shift.starts_at >= weeks.begin, Shift.ends_at < weeks.end)
    shifts = {row.id: _held(row) for row in session.rows(here, {"tenant": actor.tenant_id})}
    stays = _stays(_facts(session, actor, Fact.shift_id, list(shifts), weeks.begin - timedelta(days=1)), shifts)
    by_shift: dict[UUID, list[Stay]] = defaultdict(list)
    by_activity: dict[UUID, list[Stay]] = defaultdict(list)
    for stay in stays:
        by_shift[stay.shift.shift_id].append(stay)
        by_activity[stay.shift.activity_id].append(stay)
    found = [each for there in by_shift.values() for each in of_shift(book, there[0].shift, there, weeks.zone)]
    for there in by_activity.values():
        found += of_activity(book, there, weeks.since, weeks.until)
    elsewhere = _elsewhere(session, actor, stays, weeks)
    return found + of_travel(book, [*stays, *elsewhere], community_id, weeks.zone)


def _elsewhere(session: Session, actor: Actor, stays: Sequence[Stay], weeks: _Weeks) -> list[Stay]:
    """Return the stays of the same people at other shifts, from a day before these weeks on."""
    known = {stay.shift.shift_id for stay in stays}
    people = sorted({stay.account_id for stay in stays})
    rows = [
        row
        for row in _facts(session, actor, Fact.account_id, people, weeks.begin - timedelta(days=1))
        if row.shift_id not in known
    ]
    shifts: dict[UUID, Held] = {}
    ids = sorted({row.shift_id for row in rows})
    for start in range(0, len(ids), _SLICE):
        there = _SHIFTS.where(Shift.id.in_(ids[start : start + _SLICE]))
        shifts |= {row.id: _held(row) for row in session.rows(there, {"tenant": actor.tenant_id})}
    return _stays(rows, shifts)


def _facts(session: Session, actor: Actor, column: Any, keys: list[UUID], begin: datetime) -> list[Any]:
    """Return what stands of presences since `begin`, of the facts with one of these keys in the column."""
    rows: list[Any] = []
    for start in range(0, len(keys), _SLICE):
        part = _FACTS.where(column.in_(keys[start : start + _SLICE]), Fact.occurred_at >= begin)
        rows += session.rows(part, {"tenant": actor.tenant_id})
    return rows


def _stays(rows: Sequence[Any], shifts: Mapping[UUID, Held]) -> list[Stay]:
    """Return the stays that facts make at these shifts."""
    of_pair: dict[tuple[UUID, UUID, int], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        if row.shift_id in shifts:
            of_pair[row.account_id, row.shift_id, row.pair][row.kind] = row
    return [
        Stay(
            account, shifts[shift_id], _mark(facts["check_in"]),
            _mark(facts["check_out"]) if "check_out" in facts else None, voices.CONFIRMED in facts,
            voices.DENIED in facts,
        )
        for (account, shift_id, _), facts in of_pair.items()
        if "check_in" in facts
    ]  # fmt: skip


def _mark(row: Any) -> Mark:
    return Mark(row.id, row.occurred_at, row.provenance, row.actor_id)


def _held(row: Any) -> Held:
    street = "/".join(row.path.split("/")[:-2]) + "/"  # without the community's own key
    return Held(
        row.id, row.activity_id, row.organizer_id, row.leader_id, row.community_id, street, row.starts_at, row.ends_at
    )


def _of_last_year(session: Session, actor: Actor, community_id: UUID, year: int) -> list[Finding]:
    """Look at the year that has just ended, for each organiser in a community; corrections count against it."""
    credited = (
        sa.select(Activity.organizer_id, Entry.served_on, sa.func.sum(Entry.amount).label("minutes"))
        .join(Activity, Activity.id == Entry.activity_id)
        .where(
            Entry.tenant_id == actor.tenant_id, Entry.community_id == community_id, Entry.unit.in_(settlement.MINUTES),
            Entry.served_on >= date(year, 1, 1), Entry.served_on < date(year + 1, 1, 1),
        )
    )  # fmt: skip
    days: dict[UUID, dict[date, int]] = defaultdict(dict)
    for row in session.rows(credited.group_by(Activity.organizer_id, Entry.served_on)):
        days[row.organizer_id][row.served_on] = int(row.minutes)
    december = (
        sa.select(Activity.organizer_id, sa.func.count(sa.distinct(Entry.account_id)).label("people"))
        .join(Activity, Activity.id == Entry.activity_id)
        .where(
            Entry.tenant_id == actor.tenant_id, Entry.community_id == community_id, Entry.unit.in_(settlement.MINUTES),
            Entry.served_on >= date(year, 12, 1), Entry.served_on < date(year + 1, 1, 1),
        )
    )  # fmt: skip
    people = {row.organizer_id: row.people for row in session.rows(december.group_by(Activity.organizer_id))}
    book = signal_rules.shipped()
    found = (of_year(book, one, year, minutes, people.get(one, 0)) for one, minutes in sorted(days.items()))
    return [each for each in found if each is not None]


def _keep(session: Session, actor: Actor, community_id: UUID, found: Sequence[Finding]) -> None:
    book = signal_rules.shipped()
    rows = {
        source: {
            "kind": each.kind, "community_id": community_id, "organizer_id": each.organizer_id,
            "leader_id": each.leader_id, "subject_kind": each.subject_kind, "subject_id": each.subject_id,
            "since": each.since, "until": each.until, "figures": dict(each.figures),
            "fact_ids": [str(fact) for fact in each.fact_ids[: book.most_facts]], "rules_version": book.version,
            "source": source, "reply": None, "replied_by": None, "judgement": None, "judged_by": None,
            "judged_at": None,
        }
        for each in found
        for source in (f"{each.kind}:{community_id}:{each.subject_id}:{each.key}",)
    }  # fmt: skip
    told = sa.select(Signal.source).where(Signal.tenant_id == actor.tenant_id, Signal.source.in_(sorted(rows)))
    known = {row.source for row in session.rows(told)} if rows else set()
    for source in sorted(rows.keys() - known):
        changes.create(session, actor, Signal, "signal.create", rows[source], at=community_id)


def _note(session: Session, actor: Actor, community_id: UUID, until: date) -> None:
    run = sa.update(SignalRun).where(SignalRun.tenant_id == actor.tenant_id, SignalRun.community_id == community_id)
    if session.execute(run.values(until=until)).rowcount == 0:
        row = {"id": new_id(), "tenant_id": actor.tenant_id, "community_id": community_id, "until": until}
        session.insert_new(SignalRun, [row])
