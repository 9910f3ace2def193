"""报名: a place in a shift, given in the order of coming; who finds none waits and moves up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain import need_gates
from api.domain import signups as rules
from api.domain.steps import TABLES
from api.errors import NotFound, Problem
from api.models import Activity, Event, Person, Shift, Signup
from api.services import changes, match_ends, qualifications
from api.services.activities import HOST, ORGANIZER, grant_over
from api.visibility import visible

# The lock makes places exact between processes; NO KEY, so that facts may refer to the shift meanwhile.
_HELD = (
    sa.select(
        Shift.id, Shift.tenant_id, Shift.state, Shift.starts_at, Shift.capacity, Shift.confirmed, Shift.community_id,
        Activity.state.label("activity_state"), Activity.policy,
    )
    .join(Activity, Activity.id == Shift.activity_id)
    .where(Shift.id.in_(sa.bindparam("shifts", expanding=True)))
    .order_by(Shift.id)
    .with_for_update(of=Shift, key_share=True)
)  # fmt: skip
_STANDING = sa.select(
    Signup.id, Signup.version, Signup.state, Signup.shift_id, Signup.person_id, Signup.queued_at
).where(
    Signup.shift_id.in_(sa.bindparam("shifts", expanding=True)),
    Signup.person_id.in_(sa.bindparam("people", expanding=True)),
)
_WAITING = (
    sa.select(Signup.shift_id, sa.func.count())
    .where(Signup.shift_id.in_(sa.bindparam("shifts", expanding=True)), Signup.state == "waitlisted")
    .group_by(Signup.shift_id)
)
_QUEUE_AGAIN = (
    sa.update(Signup)
    .where(Signup.id == sa.bindparam("signup"))
    .values(state=sa.bindparam("now_in"), queued_at=sa.bindparam("asked_at"), version=sa.bindparam("next"))
)
_TAKE_PLACES = (
    sa.update(Shift)
    .where(Shift.id == sa.bindparam("shift"), Shift.confirmed + sa.bindparam("count") <= Shift.capacity)
    .values(confirmed=Shift.confirmed + sa.bindparam("count"))
)
_SHOWN = (
    sa.select(
        Signup.id, Signup.version, Signup.state, Signup.shift_id, Signup.person_id, Signup.queued_at, Person.name,
        Person.wrapped_key, Activity.leader_id, HOST.path.label("host_path"), ORGANIZER.path.label("organizer_path"),
        Shift.community_id, Shift.starts_at, Shift.state.label("shift_state"),
        Activity.state.label("activity_state"),
    )
    .join(Person, Person.id == Signup.person_id)
    .join(Shift, Shift.id == Signup.shift_id)
    .join(Activity, Activity.id == Shift.activity_id)
    .join(HOST, HOST.id == Shift.community_id)
    .join(ORGANIZER, ORGANIZER.id == Activity.organizer_id)
)  # fmt: skip


def hold(session: Session, shift_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Return the shifts by id, locked until the transaction ends: nobody else gives or takes their places meanwhile."""
    return {row.id: row for row in session.rows(_HELD, {"shifts": sorted(set(shift_ids))})}


def sign_up(session: Session, calls: Sequence[tuple[Actor, UUID]]) -> list[dict[str, Any] | Problem]:
    """Sign each actor up for a shift, in their order: a place where there is one, else the waiting list.

    A plural service: returns a sign-up or a Problem for each call. A repeat gets the sign-up that stands; one that was
    cancelled queues anew.
    """
    shifts = hold(session, {shift_id for _, shift_id in calls})
    keys: dict[str, Any] = {"shifts": sorted(shifts), "people": sorted({actor.person_id for actor, _ in calls})}
    stands = {(row.shift_id, row.person_id): row._asdict() for row in session.rows(_STANDING, keys)}
    facts = qualifications.asked_of(session, shifts.values(), [actor for actor, _ in calls])
    queues = _Queues(shifts, dict(tuple(row) for row in session.rows(_WAITING, {"shifts": sorted(shifts)})))
    asked: list[tuple[Actor, dict[str, Any]]] = []
    outcomes: list[dict[str, Any] | Problem] = []
    for actor, shift_id in calls:
        standing = stands.get((shift_id, actor.person_id))
        if standing is None or standing["state"] == "cancelled":
            try:
                queues.require_fit(shift_id, facts.get(actor.person_id, {}))
                row = _asked(session, actor, shift_id, queues.next(shift_id, actor.tenant_id, session.now), standing)
            except Problem as why:
                outcomes.append(why)
                continue
            asked.append((actor, row))
            standing = stands[shift_id, actor.person_id] = row
        outcomes.append(standing)
    _write(session, asked, queues)
    waiting = [row for row in outcomes if not isinstance(row, Problem)]
    before = _before(session, waiting)
    return [
        row if isinstance(row, Problem) else _own_view(row, shifts[row["shift_id"]], before.get(row["id"]), session.now)
        for row in outcomes
    ]


def _own_view(row: dict[str, Any], shift: Any, before: int | None, now: datetime) -> dict[str, Any]:
    is_open = shift.state == "open" and shift.activity_state == "published"
    return {**row, "waiting_before": before, "allowed_actions": _own_steps(row["state"], is_open, shift.starts_at, now)}


def _own_steps(state: str, is_open: bool, starts_at: datetime, now: datetime) -> list[str]:
    """Return what somebody may do about their own sign-up now: nothing any more once the shift has begun."""
    mine = {"signup.cancel"} | ({"signup.create"} if is_open else set())
    return [step for step in TABLES["signup"].allowed(state) if step in mine and now < starts_at]


def _before(session: Session, signups: Iterable[dict[str, Any]]) -> dict[UUID, int]:
    """Return how many go first, by sign-up, for those that wait among these; one statement, none where nobody waits."""
    waiting = [row for row in signups if row["state"] == "waitlisted"]
    if not waiting:
        return {}
    place = sa.func.row_number().over(partition_by=Signup.shift_id, order_by=(Signup.queued_at, Signup.id))
    queues = (
        sa.select(Signup.id, place.label("place"))
        .where(Signup.shift_id.in_({row["shift_id"] for row in waiting}), Signup.state == "waitlisted")
        .subquery()
    )
    asked = sa.select(queues.c.id, queues.c.place).where(queues.c.id.in_([row["id"] for row in waiting]))
    return {row.id: row.place - 1 for row in session.rows(asked)}


class _Queues:
    """The places and waiting lists of some shifts while a list of sign-ups is decided."""

    def __init__(self, shifts: dict[UUID, Any], waiting: dict[UUID, int]):
        self.shifts, self.waiting, self.given = shifts, Counter(waiting), Counter[UUID]()

    def require_fit(self, shift_id: UUID, facts: Mapping[str, Any]) -> None:
        """Raise what keeps somebody from a shift whose activity asks for more than they are (`need_gates`)."""
        if shift_id in self.shifts:
            need_gates.require_open(need_gates.of_activity(self.shifts[shift_id].policy.get("safety") or {}), facts)

    def next(self, shift_id: UUID, tenant_id: UUID, now: Any) -> str:
        """Return the state of the next sign-up for a shift of the tenant and count it."""
        shift = self.shifts.get(shift_id)
        if shift is None or shift.tenant_id != tenant_id or shift.activity_state == "draft":
            raise NotFound
        rules.require_open(shift.state if shift.activity_state == "published" else "closed", shift.starts_at, now)
        taken, waiting = shift.confirmed + self.given[shift_id], self.waiting[shift_id]
        state = rules.place(shift.capacity, taken, waiting, shift.policy.get("agrees", False))
        self.given[shift_id] += state == "confirmed"
        self.waiting[shift_id] += state == "waitlisted"
        return state


def _asked(
    session: Session, actor: Actor, shift_id: UUID, state: str, cancelled: dict[str, Any] | None
) -> dict[str, Any]:
    if cancelled is not None:
        TABLES["signup"].next("cancelled", "create", state)
        return {**cancelled, "state": state, "queued_at": session.now, "version": cancelled["version"] + 1}
    values = {"shift_id": shift_id, "person_id": actor.person_id, "queued_at": session.now}
    return changes.born(session, actor, "signup", "create", values, to=state)


def _write(session: Session, asked: list[tuple[Actor, dict[str, Any]]], queues: _Queues) -> None:
    session.insert(Signup, [row for _, row in asked if row["version"] == 1])
    again = [
        {"signup": row["id"], "now_in": row["state"], "asked_at": row["queued_at"], "next": row["version"]}
        for _, row in asked
        if row["version"] > 1
    ]
    if again:
        session.execute(_QUEUE_AGAIN, again)
    for shift_id in sorted(+queues.given):
        take_places(session, shift_id, queues.given[shift_id])
    session.insert(Event, [_event(session, actor, row, queues.shifts) for actor, row in asked])


def _event(session: Session, actor: Actor, row: dict[str, Any], shifts: dict[UUID, Any]) -> dict[str, Any]:
    at = shifts[row["shift_id"]].community_id  # the sign-up's natural key stands for the request's key
    return changes.event(session, actor.aside(), "signup.create", "signup", row["id"], at=at, written=row)


def take_places(session: Session, shift_id: UUID, count: int) -> None:
    """Take so many places of a shift, or none: ShiftFull where the statement itself finds too few left."""
    if session.execute(_TAKE_PLACES, {"shift": shift_id, "count": count}).rowcount != 1:
        raise rules.ShiftFull(capacity=session.scalar(sa.select(Shift.capacity).where(Shift.id == shift_id)))


def cancel(session: Session, actor: Actor, shift_id: UUID) -> UUID:
    """Give the actor's own place back before the shift begins; who waits longest gets it in the same transaction.

    A repeat changes nothing.
    """
    shift = found(hold(session, [shift_id]).get(shift_id))
    row = found(session.first(_STANDING, {"shifts": [shift_id], "people": [actor.person_id]}))
    if row.state == "cancelled":
        return row.id
    if session.now >= shift.starts_at:
        raise rules.TooLateToCancel
    changes.take(session, actor, Signup, row, "signup.cancel", at=shift.community_id)
    if row.state == "confirmed":
        take_places(session, shift_id, -1)
        promote(session, actor, shift_id, shift.community_id)
        match_ends.reopen(session, actor, [shift_id])
    return row.id


def promote(session: Session, actor: Actor, shift_id: UUID, community_id: UUID) -> None:
    """Give the free places of a held shift to who waits longest, as long as it is open and has not begun."""
    shift = session.rows(_HELD, {"shifts": [shift_id]})[0]
    free = shift.capacity - shift.confirmed
    if free <= 0 or shift.state != "open" or session.now >= shift.starts_at:
        return
    queue = sa.select(Signup.id, Signup.state, Signup.version, Signup.queued_at).where(
        Signup.shift_id == shift_id, Signup.state == "waitlisted"
    )
    waiting = {row.id: row for row in session.rows(queue.order_by(Signup.queued_at, Signup.id).limit(free))}
    moving = rules.promoted(
        shift.capacity, shift.confirmed, (rules.Waiting(row.id, row.queued_at) for row in waiting.values())
    )
    for signup_id in moving:
        changes.take(session, actor, Signup, waiting[signup_id], "signup.promote", at=community_id)
    if moving:
        take_places(session, shift_id, len(moving))


def confirm(session: Session, actor: Actor, shift_id: UUID, signup_id: UUID) -> UUID:
    """Agree to a sign-up that waits for the organiser; ShiftFull where no place is left."""
    shift = found(hold(session, [shift_id]).get(shift_id))
    row = _of(session, actor, signup_id)
    if row.shift_id != shift_id:
        raise NotFound
    grant = grant_over(actor, "signup.confirm", row)
    changes.take(session, actor, Signup, row, "signup.confirm", at=shift.community_id, grant=grant)
    rules.require_place(shift.capacity, shift.confirmed)
    take_places(session, shift_id, 1)
    return signup_id


def one(session: Session, actor: Actor, signup_id: UUID) -> dict[str, Any]:
    """Return one sign-up as it stands, with how many go first where it waits."""
    return _shown(session, actor, [_of(session, actor, signup_id)._asdict()])[0]


def listed(session: Session, actor: Actor, shift_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of a shift's sign-ups in the order of coming: all for its leader and host, else one's own."""
    found(session.first(sa.select(Shift.id).where(visible(actor, Shift), Shift.id == shift_id)))
    statement = _SHOWN.where(visible(actor, Signup), Signup.shift_id == shift_id)
    if query.state is not None:
        statement = statement.where(Signup.state == query.state)
    answer = paging.page(session, statement, Signup.id, limit=query.limit, cursor=query.cursor, newest_first=False)
    answer["items"] = _shown(session, actor, answer["items"])
    return answer


def _of(session: Session, actor: Actor, signup_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Signup), Signup.id == signup_id)))


def _shown(session: Session, actor: Actor, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    before = _before(session, items)
    return [{**_view(session, actor, item), "waiting_before": before.get(item["id"])} for item in items]


def _view(session: Session, actor: Actor, item: dict[str, Any]) -> dict[str, Any]:
    is_open = item["shift_state"] == "open" and item["activity_state"] == "published"
    own = item["person_id"] == actor.person_id
    steps = _own_steps(item["state"], is_open, item["starts_at"], session.now) if own else []
    governs = item["leader_id"] == actor.person_id or any(
        actor.grant_for("signup.confirm", item[path]) for path in ("host_path", "organizer_path")
    )
    if governs and "signup.confirm" in TABLES["signup"].allowed(item["state"]):
        steps.append("signup.confirm")
    name = session.vault.open(item["wrapped_key"], item["person_id"], "name", item["name"])
    session.look([item["person_id"]], ["name"], "service", organization_id=item["community_id"])
    return {**item, "name": name, "allowed_actions": steps}
