"""签退待确认: what people say of when they left, and the lists of pairs that nobody has closed or confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api import paging
from api.access import Actor, found, within
from api.db import Session
from api.domain.forgotten import PROVISIONAL, WATERMARK, CheckedOut, PresenceFinal, judge_left
from api.domain.presence import NotCheckedIn
from api.domain.settlement import ONLINE
from api.domain.steps import TABLES
from api.models import Activity, Fact, Person, RestrictedPerson, Shift
from api.services import pairs, settlement, shifts
from api.services.activities import HOST, ORGANIZER, actions
from api.services.pairs import STATED, Pair
from api.visibility import visible

_came, _left, _said = aliased(Fact, name="came"), aliased(Fact, name="gone"), aliased(Fact, name="said")
_voice, _reversal = aliased(Fact, name="voice"), aliased(Fact, name="reversal")


def _stands(fact: Any) -> sa.ColumnElement[bool]:
    return sa.and_(fact.reverses_id.is_(None), ~sa.exists().where(_reversal.reverses_id == fact.id).correlate(fact))


def _beside(fact: Any, kind: str) -> sa.ColumnElement[bool]:
    same = (fact.shift_id == _came.shift_id, fact.account_id == _came.account_id, fact.pair == _came.pair)
    return sa.and_(*same, fact.kind == kind, _stands(fact))


PAIRS = (
    sa.select(
        _came.id, _came.shift_id, _came.pair, _came.served_on, _came.occurred_at.label("checked_in_at"),
        _came.provenance.label("came_by"), _left.occurred_at.label("left_at"), _left.provenance,
        _said.occurred_at.label("claimed_at"), Shift.state.label("shift_state"), Shift.ends_at, Shift.community_id,
        Shift.lapsed_at, Activity.title, Activity.policy, Activity.leader_id, Person.id.label("person_id"), Person.name,
        Person.wrapped_key, HOST.name.label("community_name"), HOST.path.label("host_path"),
        ORGANIZER.path.label("organizer_path"),
    )
    .select_from(_came)
    .join(Shift, Shift.id == _came.shift_id)
    .join(Activity, Activity.id == Shift.activity_id)
    .join(HOST, HOST.id == Shift.community_id)
    .join(ORGANIZER, ORGANIZER.id == Activity.organizer_id)
    .join(Person, Person.account_id == _came.account_id)
    .outerjoin(_left, _beside(_left, "check_out"))
    .outerjoin(_said, _beside(_said, STATED))
    .where(_came.kind == "check_in", _stands(_came))
)  # fmt: skip
_WAITS = sa.and_(
    Shift.lapsed_at.is_(None),
    Shift.imported.is_(False),
    sa.or_(_left.id.is_(None), _left.provenance.not_in(ONLINE), _came.provenance.not_in(ONLINE)),
    ~sa.exists().where(_beside(_voice, settlement.CONFIRMED)).correlate(_came),
)
_ASKED = sa.or_(_left.id.is_(None), _left.provenance.in_(PROVISIONAL))


def state(session: Session, actor: Actor, shift_id: UUID, said: dict[str, Any]) -> UUID:
    """Take the actor's word on when they left a shift (`at`, `pair`) once check-out by code has ended.

    What is not later than presumed stands at once in its place, provisional as before; a later time is kept beside it
    until the leader confirms it. A repeat returns what stands. NotCheckedIn, CheckedOut, PresenceFinal, and what
    `judge_left` raises.
    """
    shifts.of_shift(session, actor, shift_id)
    (shift,) = session.rows(pairs.SHIFTS.where(Shift.id == shift_id))
    settlement.hold(session, [actor.account_id])
    pair = pairs.at_shifts(session, [shift_id], [actor.account_id]).get((shift_id, actor.account_id, said["pair"]))
    if pair is None:
        raise NotCheckedIn
    for stands in (pair.stated, pair.left):
        if stands is not None and stands.provenance == "self_stated" and stands.occurred_at == said["at"]:
            return stands.id
    _require_open(shift, pair)
    presumed, _ = pairs.presumed_end(shift, pair)
    closes = pairs.closes_at(shift.ends_at, shift.policy)
    verdict = judge_left(
        said["at"], came_at=pair.came.occurred_at, presumed=presumed, closes_at=closes, now=session.now
    )  # fmt: skip
    kind = "check_out" if verdict == "taken" else STATED
    row = pairs.leaving(session, actor, pair, said["at"], "self_stated", kind=kind)
    before = [pair.stated, pair.left if verdict == "taken" else None]
    session.insert(Fact, [*(pairs.taking_back(session, actor, fact) for fact in before if fact is not None), row])
    return row["id"]


def stated(session: Session, actor: Actor, fact_id: UUID) -> dict[str, Any]:
    """Return the pair that a fact of the actor is about, as it stands."""
    fact = found(session.first(sa.select(Fact.shift_id, Fact.pair).where(visible(actor, Fact), Fact.id == fact_id)))
    own = PAIRS.where(_came.account_id == actor.account_id, _came.shift_id == fact.shift_id, _came.pair == fact.pair)
    return _view(session, actor, found(session.first(own))._asdict())


def mine(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the actor's own pairs that end at a presumed or told time, newest first."""
    return _listed(session, actor, query, asked(actor, session.now))


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the pairs that nobody has confirmed at shifts that the actor leads, hosts or organises.

    The daily list: what stays on it becomes final 72 hours after its shift. The newest come first.
    """
    gone = sa.select(RestrictedPerson.person_id).where(RestrictedPerson.tenant_id == actor.tenant_id)
    led = sa.or_(
        Activity.leader_id == actor.person_id,
        within(actor, "shift.settle", Shift.community_id),
        within(actor, "shift.settle", Activity.organizer_id),
    )
    over = sa.and_(_WAITS, Shift.ends_at <= session.now, visible(actor, Shift))
    return _listed(session, actor, query, sa.and_(over, led, Person.id.not_in(gone)))


def asked(actor: Actor, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition of the pairs of `PAIRS` of which the actor may still say when they ended."""
    own = sa.and_(visible(actor, Shift), _came.tenant_id == actor.tenant_id, _came.account_id == actor.account_id)
    return sa.and_(own, _WAITS, _ASKED, Shift.ends_at <= now)


def presumed_of(actor: Actor, now: datetime) -> sa.Select[Any]:
    """Return the statement that finds the shifts at which a rule presumed when the actor left."""
    presumed = PAIRS.where(asked(actor, now), _left.provenance == "watermark", _said.id.is_(None))
    return presumed.with_only_columns(_came.shift_id)


def _listed(session: Session, actor: Actor, query: Any, condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    statement = PAIRS.where(condition)
    if query.shift_id is not None:
        statement = statement.where(Shift.id == query.shift_id)
    if query.community_id is not None:
        statement = statement.where(Shift.community_id == query.community_id)
    page = paging.page(session, statement, _came.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


def _require_open(shift: Any, pair: Pair) -> None:
    if pair.confirmed or shift.lapsed_at is not None:
        raise PresenceFinal
    if pair.left is not None and pair.left.provenance not in PROVISIONAL:
        raise CheckedOut(at=pair.left.occurred_at.isoformat(timespec="seconds"))


def _view(session: Session, actor: Actor, item: dict[str, Any]) -> dict[str, Any]:
    own, state = item["person_id"] == actor.person_id, _state(item)
    closed = pairs.closes_at(item["ends_at"], item["policy"])
    steps = []
    if own and session.now >= closed:
        steps = [step for step in TABLES["presence"].allowed(state) if actor.for_self(step)]
    elif not own and state != "complete":
        steps = [step for step in actions(actor, "shift", item["shift_state"], item) if step == "shift.settle"]
    name = None
    if not own:
        name = session.vault.open(item["wrapped_key"], item["person_id"], "name", item["name"])
        session.look([item["person_id"]], ["name"], "service", organization_id=item["community_id"])
    return {
        **item, "name": name, "state": state, "check_out_closed_at": closed, "final_at": item["ends_at"] + WATERMARK,
        "allowed_actions": steps,
    }  # fmt: skip


def _state(item: dict[str, Any]) -> str:
    if item["lapsed_at"] is not None or {item["provenance"], item["came_by"]} <= ONLINE:
        return "complete"
    if item["left_at"] is None:
        return "inside"
    if item["claimed_at"] is not None:
        return "claimed"
    return {"watermark": "presumed", "self_stated": "stated"}.get(item["provenance"], "unconfirmed")
