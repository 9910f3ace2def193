"""Pairs of check-in and check-out as they stand at shifts, and the rows that close one or take a fact of it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session, new_id
from api.domain.forgotten import PROVISIONAL, ForgottenPolicy, policy_of
from api.domain.presence import PresencePolicy
from api.domain.settlement import ONLINE, is_confirmed, waits_for_host
from api.models import Activity, Fact, Person, Shift
from api.services import settlement

STATED = "stated_left"
_KEPT = ("kind", "account_kind", "account_id", "occurred_at", "served_on", "provenance", "shift_id", "pair", "revision")
_undone = aliased(Fact, name="undone")
_FACTS = (
    sa.select(
        Fact.id, Fact.kind, Fact.account_kind, Fact.account_id, Fact.occurred_at, Fact.served_on, Fact.provenance,
        Fact.shift_id, Fact.pair, Fact.revision, Fact.community_id, Fact.employer_id,
        _undone.id.label("undone_by"), Person.id.label("person_id"),
    )
    .outerjoin(Person, Person.account_id == Fact.account_id)
    .outerjoin(_undone, _undone.reverses_id == Fact.id)
    .where(
        Fact.shift_id.in_(sa.bindparam("shifts", expanding=True)),
        Fact.kind.in_(("check_in", "check_out", settlement.CONFIRMED, STATED)),
        Fact.reverses_id.is_(None),
    )
    .order_by(Fact.revision)
)  # fmt: skip
_OF = _FACTS.where(Fact.account_id.in_(sa.bindparam("accounts", expanding=True)))
SHIFTS = sa.select(
    Shift.id, Shift.version, Shift.state, Shift.community_id, Shift.starts_at, Shift.ends_at, Shift.cancelled_at,
    Shift.lapsed_at, Activity.policy,
).join(Activity, Activity.id == Shift.activity_id)  # fmt: skip

Key = tuple[UUID, UUID, int]  # shift, account, pair


@dataclass(slots=True)
class Pair:
    """A check-in that stands with what stands beside it; `presumed` is what a rule once took the end to be."""

    came: Any
    left: Any = None
    stated: Any = None
    presumed: Any = None
    voices: frozenset[str] = frozenset()
    revisions: dict[str, int] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        """Say whether anybody confirmed the pair."""
        return bool(self.voices)

    def waits_for_host(self, policy: Mapping[str, Any]) -> bool:
        """Say whether the host of its activity, of this policy, has yet to confirm the pair."""
        provenances = {fact.provenance for fact in (self.came, self.left) if fact is not None}
        return waits_for_host(policy, provenances) and not is_confirmed(self.voices, by_host=True)

    @property
    def provisional(self) -> bool:
        """Say whether a check-out stands that is only presumed or told, and nobody has confirmed it."""
        return self.left is not None and self.left.provenance in PROVISIONAL and not self.confirmed

    @property
    def waits(self) -> bool:
        """Say whether somebody has yet to close or to confirm the pair."""
        if self.left is None:
            return True
        return not self.confirmed and not {self.came.provenance, self.left.provenance} <= ONLINE


def at_shifts(session: Session, shifts: Iterable[UUID], accounts: Iterable[UUID] | None = None) -> dict[Key, Pair]:
    """Return the pairs whose check-in stands at these shifts, of these accounts or of all; one statement."""
    asked: dict[str, Any] = {"shifts": sorted(set(shifts))}
    if accounts is None:
        rows = session.rows(_FACTS, asked)
    else:
        rows = session.rows(_OF, {**asked, "accounts": sorted(set(accounts))})
    found: dict[Key, dict[str, Any]] = {}
    for row in rows:
        known = found.setdefault((row.shift_id, row.account_id, row.pair), {"revisions": {}})
        known["revisions"][row.kind] = row.revision
        if row.kind == "check_out" and row.provenance == "watermark":
            known["presumed"] = row
        if row.undone_by is None:
            known[row.kind] = row
            if row.kind == settlement.CONFIRMED:
                known.setdefault("voices", set()).add(row.provenance)
    return {
        key: Pair(
            known["check_in"], known.get("check_out"), known.get(STATED), known.get("presumed"),
            frozenset(known.get("voices", ())), known["revisions"],
        )
        for key, known in sorted(found.items()) if "check_in" in known
    }  # fmt: skip


def closes_at(ends_at: datetime, policy: Mapping[str, Any]) -> datetime:
    """Return when check-out by code ends at a shift that ends at `ends_at`, by its activity's policy."""
    minutes = policy.get("check_out_minutes", PresencePolicy().check_out_minutes)
    return ends_at + minutes * settlement.MINUTE


def presumed_end(shift: Any, pair: Pair) -> tuple[datetime, ForgottenPolicy]:
    """Return when the person is taken to have left, and by which policy: of the fact that once said so, else now's."""
    policy = policy_of(shift.policy)
    if pair.presumed is not None:
        return pair.presumed.occurred_at, policy
    return policy.presumed_end(pair.came.occurred_at, shift.ends_at, shift.cancelled_at), policy


def leaving(
    session: Session,
    actor: Actor,
    pair: Pair,
    at: datetime,
    provenance: str,
    *,
    kind: str = "check_out",
    grant: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the row of a fact that says when the person of a pair left, of the next revision of its kind."""
    came = pair.came
    return _appended(session, actor, grant) | {
        "kind": kind, "account_kind": "person", "account_id": came.account_id, "occurred_at": at,
        "served_on": came.served_on, "provenance": provenance, "shift_id": came.shift_id, "pair": came.pair,
        "revision": pair.revisions.get(kind, -1) + 1, "community_id": came.community_id,
        "employer_id": came.employer_id, "reverses_id": None, "details": details or {},
    }  # fmt: skip


def taking_back(session: Session, actor: Actor, fact: Any, grant: UUID | None = None) -> dict[str, Any]:
    """Return the row that reverses a fact of a pair because a better one comes in its place."""
    kept = {name: getattr(fact, name) for name in (*_KEPT, "community_id", "employer_id")}
    return _appended(session, actor, grant) | kept | {"reverses_id": fact.id, "details": {"reason": "wrong_time"}}


def _appended(session: Session, actor: Actor, grant: UUID | None) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": grant, **actor.take_key(),
    }  # fmt: skip
