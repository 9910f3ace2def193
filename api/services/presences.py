"""签到签退: presences are written for a list; one arrival is a list of one. What stands is the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session, new_id
from api.domain.belonging import Belonging, Span
from api.domain.codes import verify_code
from api.domain.consents import LOCATION
from api.domain.hosting import UNPUBLISHED
from api.domain.presence import Arrival, Key, PresencePolicy, PresenceRow, SelfRecorded, ShiftFacts, admit
from api.domain.settlement import HOST as HOSTS
from api.errors import NotFound, Problem
from api.models import NOBODY, Activity, Affiliation, Fact, Person, Shift, Signup, Tenant
from api.services import consents, member_codes, presence_ways, settlement, standing_sanctions, switches, voices
from api.services.activities import HOST, ORGANIZER, grant_over
from api.services.affiliations import IN_FORCE_ONCE
from api.services.presence_ways import Presented, Scanned
from api.services.voices import Voice

_PRESENCE = ("early_minutes", "late_minutes", "check_out_minutes", "walk_in", "pairs")

_SHIFTS = (
    sa.select(
        Shift.id, Shift.state, Shift.starts_at, Shift.ends_at, Shift.secret, Shift.community_id, Activity.policy,
        Activity.leader_id, HOST.path.label("host_path"), ORGANIZER.path.label("organizer_path"), Tenant.zone,
        Shift.short_code, Shift.cancelled_at, Activity.point,
    )
    .join(Activity, Activity.id == Shift.activity_id)
    .join(HOST, HOST.id == Shift.community_id)
    .join(ORGANIZER, ORGANIZER.id == Activity.organizer_id)
    .join(Tenant, Tenant.id == Shift.tenant_id)
    .where(
        Shift.id.in_(sa.bindparam("shifts", expanding=True)),
        Shift.tenant_id == sa.bindparam("tenant"),
        Activity.state.not_in(UNPUBLISHED),
    )
)  # fmt: skip
# What a roll call asks besides; whoever scans is spared it.
_CALLED = _SHIFTS.add_columns(
    standing_sanctions.second_roll_until(Shift.tenant_id, Activity.organizer_id, HOST.path).label("second_until")
)
# The lock on the person makes one after the other of whatever records or settles this person, in all processes.
_PEOPLE = (
    sa.select(
        Person.id, Person.account_id, Signup.shift_id, Signup.state, Affiliation.id.label("affiliation_id"),
        Affiliation.organization_id, Affiliation.valid_from, Affiliation.valid_to, Affiliation.principal,
    )
    .outerjoin(
        Signup, sa.and_(Signup.person_id == Person.id, Signup.shift_id.in_(sa.bindparam("shifts", expanding=True)))
    )
    .outerjoin(
        Affiliation,
        sa.and_(
            Affiliation.person_id == Person.id,
            Affiliation.tenant_id == sa.bindparam("tenant"),
            Affiliation.kind == "employment",
            Affiliation.state.in_(IN_FORCE_ONCE),
        ),
    )
    .where(Person.id.in_(sa.bindparam("people", expanding=True)), Person.tenant_id == sa.bindparam("tenant"))
    .order_by(Person.id)
    .with_for_update(of=Person, key_share=True)
)  # fmt: skip
_undone = aliased(Fact, name="undone")
STANDING = (
    sa.select(
        Fact.id, Fact.kind, Fact.account_id, Fact.shift_id, Fact.pair, Fact.revision, Fact.occurred_at,
        Fact.recorded_at, Fact.served_on, Fact.provenance, Fact.community_id, Fact.employer_id,
        _undone.id.label("undone_by"),
    )
    .outerjoin(_undone, _undone.reverses_id == Fact.id)
    .where(
        Fact.shift_id.in_(sa.bindparam("shifts", expanding=True)),
        Fact.kind.in_(("check_in", "check_out")),
        Fact.reverses_id.is_(None),
    )
    .order_by(Fact.revision)
)  # fmt: skip
_STANDING_OF = STANDING.where(Fact.account_id.in_(sa.bindparam("accounts", expanding=True)))


@dataclass(slots=True)
class Board:
    """What is known while a list is decided; new rows join what stands."""

    shifts: dict[UUID, Any]
    accounts: dict[UUID, UUID] = field(default_factory=dict)
    signups: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    belonging: Belonging = field(default_factory=Belonging)
    standing: dict[Key, PresenceRow] = field(default_factory=dict)
    facts: dict[Key, Any] = field(default_factory=dict)
    revisions: dict[Key, int] = field(default_factory=dict)
    new: list[dict[str, Any]] = field(default_factory=list)
    days: dict[UUID, date] = field(default_factory=dict)
    rules: dict[UUID, ShiftFacts] = field(default_factory=dict)
    located: set[UUID] = field(default_factory=set)  # communities where check-in by location is on
    unagreed: set[UUID] = field(default_factory=set)  # people who sent a location and have not agreed to it
    scanned: Scanned = field(default_factory=dict)  # whose codes an organiser shows to have scanned
    said: list[tuple[Actor, Voice]] = field(default_factory=list)  # of those who vouch for what stands

    def day(self, shift_id: UUID) -> date:
        """Return the tenant's day on which a shift starts: what is served there belongs to it."""
        if shift_id not in self.days:
            shift = self.shifts[shift_id]
            self.days[shift_id] = shift.starts_at.astimezone(ZoneInfo(shift.zone)).date()
        return self.days[shift_id]

    def rule(self, shift_id: UUID) -> ShiftFacts:
        """Return what the rules have to know of a shift."""
        if shift_id not in self.rules:
            shift = self.shifts[shift_id]
            policy = PresencePolicy(**{name: shift.policy[name] for name in _PRESENCE if name in shift.policy})
            self.rules[shift_id] = ShiftFacts(
                shift.id, shift.starts_at, shift.ends_at, shift.state, shift.cancelled_at, policy
            )
        return self.rules[shift_id]

    def take(self, rows: Sequence[Any]) -> None:
        """Note the facts that stand, and of those taken back the last revision."""
        for row in rows:
            key = (row.account_id, row.shift_id, row.pair, row.kind)
            self.revisions[key] = row.revision
            if row.undone_by is None:
                self.facts[key] = row._asdict()
                self.standing[key] = PresenceRow(
                    row.account_id, row.shift_id, row.pair, row.kind, row.occurred_at, row.recorded_at, row.provenance,
                    row.account_id,
                )  # fmt: skip

    def write(
        self,
        session: Session,
        actor: Actor,
        row: PresenceRow,
        grant: UUID | None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a decided row stand, and keep it as a fact to be inserted; its natural key stands for the request's."""
        told = {**({"walk_in": True} if row.walk_in else {}), **(details or {})}
        served_on = self.day(row.shift_id)
        fact = {
            "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
            "grant_id": grant, "request_key": None, "fingerprint": None, "kind": row.kind, "account_kind": "person",
            "account_id": row.person_id, "occurred_at": row.at, "served_on": served_on, "provenance": row.provenance,
            "shift_id": row.shift_id, "pair": row.pair, "revision": self.revisions.get(row.key, -1) + 1,
            "community_id": self.shifts[row.shift_id].community_id,
            "employer_id": self.belonging.employer(row.person_id, served_on), "reverses_id": None,
            "details": told,
        }  # fmt: skip
        self.standing[row.key], self.facts[row.key] = row, fact
        self.new.append(fact)


def check_in(session: Session, calls: Sequence[tuple[Actor, Presented]]) -> list[dict[str, Any] | Problem]:
    """Record check-ins and check-outs, one's own and those of a roll call, and settle the pairs that they close.

    A plural service: an outcome for each call, as if each had come alone, in their order. What stands is looked at
    before any rule, so that a repeat, however late, gets what stands and is never refused by its own first success.
    """
    board = read(session, calls)
    outcomes: list[Key | Problem] = []
    for actor, presented in calls:
        try:
            outcomes.append(_record(session, board, actor, presented))
        except Problem as why:
            outcomes.append(why)
    session.insert_new(Fact, sorted(board.new, key=lambda fact: fact["id"]))
    voices.say_all(session, board.said)
    closed = [(actor, key) for (actor, _), key in zip(calls, outcomes, strict=True) if not isinstance(key, Problem)]
    worth = settle(session, board, closed)
    return [outcome if isinstance(outcome, Problem) else view(board, outcome, worth) for outcome in outcomes]


def read(session: Session, calls: Sequence[tuple[Actor, Presented]]) -> Board:
    """Return what is known of the shifts and people of these wishes; the people stay locked until the end."""
    tenant = calls[0][0].tenant_id
    scanned = member_codes.opened(session, tenant, ((each.shift_id, each.member_code) for _, each in calls))
    keys: dict[str, Any] = {
        "shifts": sorted({presented.shift_id for _, presented in calls}),
        "people": sorted({presence_ways.whom(scanned, actor, presented) for actor, presented in calls}),
        "tenant": tenant,
    }
    found = _CALLED if any(presented.person_id is not None for _, presented in calls) else _SHIFTS
    board = Board({row.id: row for row in session.rows(found, keys)}, scanned=scanned)
    spans: dict[UUID, Span] = {}
    for row in session.rows(_PEOPLE, keys):
        board.accounts[row.id] = row.account_id
        if row.shift_id is not None:
            board.signups[row.account_id, row.shift_id] = row.state
        if row.affiliation_id is not None:
            spans[row.affiliation_id] = Span(
                row.affiliation_id, row.account_id, row.organization_id, "employment", row.valid_from, row.valid_to,
                row.principal,
            )  # fmt: skip
    board.belonging = Belonging.of(spans.values())
    accounts = sorted(board.accounts.values())
    senders = {actor.person_id for actor, presented in calls if presented.location is not None}
    if senders:
        places = {row.community_id for row in board.shifts.values()}
        board.located = switches.on_at(session, tenant, "location_check_in", places)
        board.unagreed = consents.withheld(session, tenant, senders, LOCATION, NOBODY)
    board.take(session.rows(_STANDING_OF, {"shifts": keys["shifts"], "accounts": accounts}))
    return board


def _record(session: Session, board: Board, actor: Actor, presented: Presented) -> Key:
    """Return the key under which a presence stands, written now where it did not; raise what stands in its way."""
    shift = board.shifts.get(presented.shift_id)
    account = board.accounts.get(presence_ways.whom(board.scanned, actor, presented))
    if shift is None:
        raise NotFound
    way = presence_ways.way(actor, presented)
    grant = None if way == "code" else grant_over(actor, "shift.roll_call", shift)
    if way == "organiser":
        presence_ways.of_scanned(board.scanned, presented)
    if account is None:
        raise NotFound
    key: Key = (account, shift.id, presented.pair, presented.direction)
    barred = standing_sanctions.barred(actor, shift, session.now) if way == "roll_call" else None
    if key in board.standing:
        voice = None if way == "code" or barred else voices.on_offline(board.facts[key], way, session.now, grant)
        board.said += [(actor, voice)] if voice else []
        board.said += _hosted(actor, shift, key, way)
        return key
    if barred:
        raise barred
    if way == "code":
        require_shown_by_another(actor, shift)
        verify_code(shift.secret, presented.code, session.now)
    shown = presence_ways.proved(
        board.scanned, shift, presented, session.now,
        located=shift.community_id in board.located, agreed=actor.person_id not in board.unagreed,
    )  # fmt: skip
    at = session.now if way != "roll_call" or presented.at is None else presented.at
    arrival = Arrival(account, shift.id, presented.direction, presented.pair, at, session.now, way, actor.account_id)
    row = admit(board.rule(shift.id), arrival, board.signups.get((account, shift.id)), board.standing)
    board.write(session, actor, row, grant, shown)
    board.said += _hosted(actor, shift, key, way)
    return key


def _hosted(actor: Actor, shift: Any, key: Key, way: str) -> list[tuple[Actor, Voice]]:
    """Return the voice of the host where it calls the roll itself of what a unit organises there."""
    grant = actor.grant_for("shift.roll_call", shift.host_path) if way == "roll_call" else None
    if grant is None or not shift.policy.get("host_confirms"):
        return []
    return [(actor, Voice(key[0], shift.id, key[2], HOSTS, grant=grant))]


def require_shown_by_another(actor: Actor, shift: Any) -> None:
    """Let the code prove the presence of those alone who cannot show it themselves; SelfRecorded."""
    paths = (shift.host_path, shift.organizer_path)
    if shift.leader_id == actor.person_id or any(actor.grant_for("shift.show_code", path) for path in paths):
        raise SelfRecorded


def settle(session: Session, board: Board, stands: Sequence[tuple[Actor, Key]]) -> settlement.Worth:
    """Settle the pairs that are closed among keys that stand, each caused by an actor; return what they are worth."""
    affected: dict[UUID, tuple[Actor, list[tuple[datetime, datetime]]]] = {}
    for actor, key in stands:
        if (*key[:3], "check_out") in board.standing:
            shift = board.shifts[key[1]]
            _, windows = affected.setdefault(key[0], (actor.aside(), []))
            windows.append((shift.starts_at, shift.ends_at))
    if not affected:
        return settlement.Worth()
    zone = ZoneInfo(next(iter(board.shifts.values())).zone)
    return settlement.settle(session, stands[0][0].tenant_id, zone, affected)


def view(board: Board, key: Key, worth: settlement.Worth) -> dict[str, Any]:
    """Return a presence that stands as it is shown, with the minutes of its pair where they are credited."""
    fact = board.facts[key]
    unit, minutes = worth.credited.get(key[:3], (None, None))
    return {**fact, "direction": fact["kind"], "at": fact["occurred_at"], "unit": unit, "minutes": minutes}
