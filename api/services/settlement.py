"""结算: brings what is posted to what a person's presences are worth; a repeat posts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session, new_id
from api.domain import settlement as rules
from api.domain.presence import PresenceRow
from api.models import Activity, Entry, Fact, Person, Shift

POLICY = rules.SettlementPolicy()
CONFIRMED = "presence_confirmed"
MINUTE = timedelta(minutes=1)
MINUTES = ("volunteer_minutes", "participation")
# Two shifts of at most a day that overlap, and one more that overlaps either, with check-in and check-out around them.
_AROUND = timedelta(days=4)

_undone = aliased(Fact, name="undone")
_FACTS = (
    sa.select(
        Fact.id, Fact.kind, Fact.account_id, Fact.occurred_at, Fact.served_on, Fact.provenance, Fact.shift_id,
        Fact.pair, Fact.community_id, Fact.employer_id, Fact.recorded_at, _undone.id.label("undone_by"),
        Shift.starts_at, Shift.ends_at, Shift.lapsed_at, Shift.imported, Shift.activity_id,
        Shift.breaks, Activity.nature, Activity.voluntary, Activity.policy,
    )
    .join(Shift, Shift.id == Fact.shift_id)
    .join(Activity, Activity.id == Shift.activity_id)
    .outerjoin(_undone, _undone.reverses_id == Fact.id)
    .where(
        Fact.tenant_id == sa.bindparam("tenant"),
        Fact.account_id.in_(sa.bindparam("accounts", expanding=True)),
        Fact.occurred_at >= sa.bindparam("since"),
        # a voice may come long after what it confirms
        sa.or_(Fact.occurred_at < sa.bindparam("until"), Fact.kind == CONFIRMED),
        Fact.kind.in_(("check_in", "check_out", CONFIRMED)),
        Fact.reverses_id.is_(None),
    )
)  # fmt: skip
_ENTRIES = sa.select(
    Entry.id, Entry.account_id, Entry.source_id, Entry.unit, Entry.amount, Entry.revision, Entry.reverses_id,
    Entry.started_at, Entry.ended_at, Entry.served_on, Entry.nature, Entry.activity_id, Entry.shift_id,
    Entry.community_id, Entry.employer_id, Entry.provenance, Entry.kind,
).where(
    Entry.tenant_id == sa.bindparam("tenant"),
    Entry.account_id.in_(sa.bindparam("accounts", expanding=True)),
    Entry.served_on >= sa.bindparam("first_day"),
    Entry.served_on <= sa.bindparam("last_day"),
    Entry.unit.in_(MINUTES),
)  # fmt: skip
_LOCK = (
    sa.select(Person.id)
    .where(Person.account_id.in_(sa.bindparam("accounts", expanding=True)))
    .order_by(Person.id)
    .with_for_update(key_share=True)
)

Key = tuple[UUID, UUID, int]  # account, shift, pair


@dataclass(slots=True)
class Worth:
    """What stands after a settlement: (account, shift, pair) → unit and minutes; and what waits for a person."""

    credited: dict[Key, tuple[str, int]] = field(default_factory=dict)
    in_review: set[Key] = field(default_factory=set)


def hold(session: Session, accounts: Iterable[UUID]) -> None:
    """Lock these people until the transaction ends, so that nobody else settles or records them meanwhile."""
    session.rows(_LOCK, {"accounts": sorted(set(accounts))})


def settle(
    session: Session,
    tenant_id: UUID,
    zone: ZoneInfo,
    affected: Mapping[UUID, tuple[Actor, Sequence[tuple[datetime, datetime]]]],
) -> Worth:
    """Post target minus posted for the pairs of held people at and around the affected windows; three statements.

    `affected` maps each account to who causes it and to the windows of the shifts whose presences changed.
    """
    if not affected:
        return Worth()
    windows = [window for _, these in affected.values() for window in these]
    since, until = min(start for start, _ in windows) - _AROUND, max(end for _, end in windows) + _AROUND
    people = _people(session, tenant_id, zone, sorted(affected), since, until)
    worth, rows = Worth(), []
    for account, person in people.items():
        actor, these = affected[account]
        rows += person.post(session, actor, zone, these, worth)
    session.insert_new(Entry, rows)
    return worth


def unposted(session: Session, actor: Actor, zone: ZoneInfo, accounts: Iterable[UUID]) -> list[dict[str, Any]]:
    """Return the entries that a settlement of everything would still post for these accounts; writes nothing."""
    always = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC))
    people = _people(session, actor.tenant_id, zone, sorted(accounts), *always)
    return [row for each in people.values() for row in each.post(session, actor, zone, [always], Worth())]


def _people(
    session: Session, tenant_id: UUID, zone: ZoneInfo, accounts: Sequence[UUID], since: datetime, until: datetime
) -> dict[UUID, _Person]:
    asked: dict[str, Any] = {"tenant": tenant_id, "accounts": accounts}
    facts: dict[UUID, list[Any]] = {account: [] for account in accounts}
    for row in session.rows(_FACTS, {**asked, "since": since, "until": until}):
        facts[row.account_id].append(row)
    entries: dict[UUID, list[Any]] = {account: [] for account in accounts}
    days = {"first_day": since.astimezone(zone).date(), "last_day": until.astimezone(zone).date()}
    for row in session.rows(_ENTRIES, {**asked, **days}):
        entries[row.account_id].append(row)
    return {account: _Person(account, facts[account], entries[account]) for account in accounts}


class _Person:
    """One person's facts and entries around some windows."""

    def __init__(self, account: UUID, facts: Sequence[Any], entries: Sequence[Any]):
        self.account = account
        self.pair_of = {row.id: (row.shift_id, row.pair) for row in facts if row.kind == "check_in"}
        standing = [row for row in facts if row.undone_by is None]
        self.came = {(row.shift_id, row.pair): row for row in standing if row.kind == "check_in"}
        self.left = {(row.shift_id, row.pair): row for row in standing if row.kind == "check_out"}
        self.voices: dict[rules.Pair, set[str]] = {}
        for row in standing:
            if row.kind == CONFIRMED:
                self.voices.setdefault((row.shift_id, row.pair), set()).add(row.provenance)
        reversed_ids = {row.reverses_id for row in entries}
        mine = [row for row in entries if row.reverses_id is None]
        self.already = [
            (row.started_at, row.ended_at)
            for row in mine
            if row.source_id not in self.pair_of and row.id not in reversed_ids and row.started_at and row.ended_at
        ]
        self.latest: dict[rules.Pair, Any] = {}
        self.posted: dict[rules.Pair, rules.Posted] = {}
        for row in sorted(mine, key=lambda row: (row.id not in reversed_ids, row.revision)):
            pair = self.pair_of.get(row.source_id)
            if pair is not None:
                stands = row.id not in reversed_ids
                revision = max(row.revision, self.posted[pair].revision if pair in self.posted else 0)
                self.latest[pair] = row
                self.posted[pair] = rules.Posted(
                    row.unit, row.amount, row.started_at, row.ended_at, revision, stands, row.provenance
                )
        # What a merge carried over to another account is posted there and here no more.
        over = {row.reverses_id for row in entries if row.kind == "transfer"}
        self.carried = {pair for pair, row in self.latest.items() if not self.posted[pair].stands and row.id in over}

    def post(
        self,
        session: Session,
        actor: Actor,
        zone: ZoneInfo,
        windows: Sequence[tuple[datetime, datetime]],
        worth: Worth,
    ) -> list[dict[str, Any]]:
        """Return the entries still missing, and note in `worth` what stands with them."""
        ripe = [self._presence(pair) for pair in sorted(self.came) if self._is_ripe(pair, worth)]
        target = rules.credits_of(ripe, zone, POLICY, self.already)
        touched = {pair for pair in self.came.keys() | self.posted.keys() if self._touches(pair, windows)}
        touched -= self.carried  # they had the time that they had, and leave it to none of the others
        target = {pair: credit for pair, credit in target.items() if pair in touched}
        posted = {pair: each for pair, each in self.posted.items() if pair in touched}
        for pair, credit in target.items():
            worth.credited[self.account, *pair] = (credit.unit, credit.minutes)
        return [self._entry(session, actor, posting) for posting in rules.postings(target, posted)]

    def _is_ripe(self, pair: rules.Pair, worth: Worth) -> bool:
        came, left = self.came[pair], self.left.get(pair)
        lapsed = came.lapsed_at is not None or came.imported  # history stands as it was taken over
        by_host = rules.waits_for_host(came.policy, {came.provenance, left.provenance if left else came.provenance})
        confirmed = rules.is_confirmed(self._voiced(pair), by_host=by_host)
        verdict = rules.ripeness(
            _row(came), _row(left) if left else None, confirmed=confirmed, lapsed=lapsed, by_host=by_host
        )
        if verdict == "review":
            worth.in_review.add((self.account, *pair))
        return verdict == "settle"

    def _voiced(self, pair: rules.Pair) -> set[str]:
        """Return the provenances of those who confirmed a pair."""
        return self.voices.get(pair, set())

    def _presence(self, pair: rules.Pair) -> rules.Presence:
        came, left = self.came[pair], self.left[pair]
        provenance = rules.class_of((came.provenance, left.provenance), self._voiced(pair))
        return rules.Presence(
            *pair, came.occurred_at, left.occurred_at, came.starts_at, came.ends_at, came.nature, came.voluntary,
            provenance, _breaks(came),
        )  # fmt: skip

    def _touches(self, pair: rules.Pair, windows: Sequence[tuple[datetime, datetime]]) -> bool:
        came = self.came.get(pair)
        entry = self.latest.get(pair)
        start, end = (came.starts_at, came.ends_at) if came else (entry.started_at, entry.ended_at)
        return any(start < until and since < end for since, until in windows)

    def _entry(self, session: Session, actor: Actor, posting: rules.Posting) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
            "grant_id": None, **actor.take_key(), "account_kind": "person", "account_id": self.account,
            "unit": posting.unit, "amount": posting.minutes, "kind": posting.kind, "revision": posting.revision,
        }  # fmt: skip
        if posting.reverses is not None:
            return entry | reversal_of(self.latest[posting.pair])
        came, credit = self.came[posting.pair], posting.credit
        assert credit is not None  # noqa: S101 - an earning has its credit
        return entry | {
            "nature": came.nature, "served_on": credit.served_on, "started_at": credit.started_at,
            "ended_at": credit.ended_at, "provenance": credit.provenance, "source_id": came.id,
            "reverses_id": None, "activity_id": came.activity_id, "shift_id": came.shift_id,
            "community_id": came.community_id, "employer_id": came.employer_id,
        }  # fmt: skip


def _breaks(came: Any) -> tuple[tuple[datetime, datetime], ...]:
    """Return the stretches of a presence's shift that credit nothing: its breaks, unless its activity's count."""
    if not came.breaks or came.policy.get("breaks_count"):
        return ()
    return tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in came.breaks)


def reversal_of(entry: Any) -> dict[str, Any]:
    """Return the columns of a reversal that it has in common with the entry it takes back."""
    kept = ("nature", "served_on", "started_at", "ended_at", "provenance", "source_id", "activity_id", "shift_id")
    return {name: getattr(entry, name) for name in (*kept, "community_id", "employer_id")} | {"reverses_id": entry.id}


def _row(fact: Any) -> PresenceRow:
    return PresenceRow(
        fact.account_id, fact.shift_id, fact.pair, fact.kind, fact.occurred_at, fact.recorded_at, fact.provenance,
        fact.account_id,
    )  # fmt: skip
