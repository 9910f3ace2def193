"""答复: a yes becomes a sign-up or a project through the services of those, a no costs nothing, silence lapses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, Reach
from api.db import Session
from api.domain.ledger import SelfApproval
from api.domain.list_words import CATEGORIES
from api.domain.needs import require_answers_taken
from api.errors import Conflict, Forbidden, Invalid, Problem
from api.models import NOBODY, Activity, MatchProposal, Need, Organization, Shift, Signup
from api.services import (
    activities,
    agreements,
    changes,
    match_gates,
    match_inputs,
    match_proposals,
    match_teams,
    projects,
    proposing,
    shifts,
    signups,
)
from api.services.days import day_of, today

_LONGEST = timedelta(days=92)  # a project for a need that does not say until when


class NeedFilled(Conflict):
    """Others were faster; nothing is promised twice."""

    code, zh, en = "need_filled", "该需求名额已满，感谢您的意愿", "Others have filled this need; thank you for offering"


class TooLateToAnswer(Conflict):
    """The proposal waited for its answer until then."""

    code, zh, en = "too_late_to_answer", "该建议的答复时间已过", "The time to answer this proposal is over"


class TimeTaken(Conflict):
    """The person has a place at another shift at that time."""

    code, zh, en = "time_taken", "您在该时间已有其他报名", "You are due at another shift at that time"


class TimeToBeNamed(Invalid):
    """The need names no time: who accepts says when it suits them, and the community can still change it."""

    code, zh, en = (
        "time_to_be_named",
        "该需求未定时间，请填写您方便的起止时间",
        "The need names no time; say when it suits you",
    )


class NotOverYet(Conflict):
    """Only what has taken place is rated."""

    code, zh, en = "not_over_yet", "服务尚未结束，暂不能评价", "It has not taken place yet and cannot be rated"


@dataclass(frozen=True, slots=True)
class _Side:
    """A party of a project as `projects.propose` takes it."""

    organization_id: UUID
    side: str
    duties: list[str]

    def values(self) -> dict[str, Any]:
        return {"organization_id": self.organization_id, "side": self.side, "duties": self.duties}


def accept(session: Session, actor: Actor, proposal_id: UUID, when: tuple[datetime | None, datetime | None]) -> UUID:
    """Say yes: a person is signed up for the need's shift, a unit's project is proposed and confirmed for its side.

    A team's yes asks each of its people, and signs nobody up.

    The need is locked, so of many at once each finds what those before left: NeedFilled, or NeedClaimed for a unit.
    `when` is asked for where the need names no time: TimeToBeNamed. TimeTaken, TooLateToAnswer, NeedNotOpen.
    """
    row = _answerable(session, actor, proposal_id)
    need = _held(session, actor, row.need_id)
    if need.state != "published":
        raise projects.NeedNotOpen(needId=str(need.id), state=need.state)
    require_answers_taken(need.reply_by, today(session, actor.tenant_id))
    begins, ends = when
    if row.resource_id is None:
        begins, ends = (row.starts_at, row.ends_at) if row.starts_at else _named(session, when)
    if row.team_id is not None and row.person_id is None:
        values: dict[str, Any] = {"starts_at": begins, "ends_at": ends}
        match_teams.ask(session, actor, row, need, (begins, ends))
    elif row.person_id is not None:
        shift_id = _sign_up(session, actor, need, begins, ends)
        values = {"shift_id": shift_id, "starts_at": begins, "ends_at": ends}
    else:
        values = {"project_id": _propose(session, actor, row, need)}
    values["answered_at"] = session.now
    changes.take(session, actor, MatchProposal, row, "match_proposal.accept", values, at=row.community_id)
    if row.person_id is not None:
        _note_when_full(session, actor, need)
    return row.id


def decline(session: Session, actor: Actor, proposal_id: UUID, reason: str | None) -> UUID:
    """Say no, with or without a reason that nobody else reads: it stands in no record and no assessment."""
    row = _answerable(session, actor, proposal_id)
    values = {"reason": reason, "answered_at": session.now}
    changes.take(session, actor, MatchProposal, row, "match_proposal.decline", values, at=row.community_id)
    return row.id


def rate(session: Session, actor: Actor, proposal_id: UUID, stars: int) -> UUID:
    """Say for the community how it was, once it is over; the next run learns from it. NotOverYet, SelfApproval."""
    row = match_proposals.of(session, actor, proposal_id)
    if row.person_id == actor.person_id:
        raise SelfApproval
    grant = actor.grant_for("match_proposal.rate", row.path)
    if grant is None:
        raise Forbidden(step="match_proposal.rate")
    if row.state == "accepted" and not match_proposals.is_over(session, row._asdict()):
        raise NotOverYet
    changes.take(
        session, actor, MatchProposal, row, "match_proposal.rate", {"rating": stars}, at=row.community_id, grant=grant
    )
    return row.id


def lapse_due(session: Session, actor: Actor, limit: int = 500) -> int:
    """Let proposals lapse that nobody answered in time, or whose need is not open any more; return how many."""
    waiting = sa.select(
        MatchProposal.id, MatchProposal.state, MatchProposal.version, MatchProposal.community_id
    ).join(Need, Need.id == MatchProposal.need_id).where(
        # As a word: the index of those that wait is not chosen by a value that is told later.
        MatchProposal.tenant_id == actor.tenant_id, MatchProposal.state == sa.literal_column("'proposed'"),
        sa.or_(MatchProposal.answer_by <= session.now, Need.state != "published"),
    )  # fmt: skip
    rows = session.rows(waiting.order_by(MatchProposal.id).limit(limit))
    for row in rows:
        changes.take(session, actor, MatchProposal, row, "match_proposal.lapse", at=row.community_id)
    return len(rows)


def _answerable(session: Session, actor: Actor, proposal_id: UUID) -> Any:
    row = match_proposals.of(session, actor, proposal_id)
    unit = row.organization_id and session.scalar(
        sa.select(Organization.path).where(Organization.id == row.organization_id)
    )
    if not match_proposals.speaks(actor, row._asdict(), unit):
        raise Forbidden(step=actor.step)
    if row.state == "proposed" and session.now >= row.answer_by:
        raise TooLateToAnswer
    return row


def _held(session: Session, actor: Actor, need_id: UUID) -> Any:
    """Return a need, its row locked until the transaction ends: of many who say yes one is heard after the other."""
    statement = (
        sa.select(
            Need.id, Need.tenant_id, Need.state, Need.version, Need.title, Need.description, Need.category,
            Need.headcount, Need.community_id, Need.expires_on, Need.gates, Need.reply_by, Need.risks,
            Organization.path,
        )
        .join(Organization, Organization.id == Need.community_id)
        .where(Need.tenant_id == actor.tenant_id, Need.id == need_id)
        .with_for_update(of=Need)
    )  # fmt: skip
    return session.first(statement)


def _named(session: Session, when: tuple[datetime | None, datetime | None]) -> tuple[datetime, datetime]:
    begins, ends = when
    if begins is None or ends is None or not session.now < begins < ends:
        raise TimeToBeNamed(pointer="/startsAt")
    return begins, ends


def _sign_up(session: Session, actor: Actor, need: Any, begins: datetime, ends: datetime) -> UUID:
    wanted = need.headcount or 1
    if places_taken(session, need.id) >= wanted or projects.claiming(session, need.id) is not None:
        raise NeedFilled
    if session.first(_OVERLAPPING, {"person": actor.person_id, "begins": begins, "ends": ends}) is not None:
        raise TimeTaken
    shift_id = standing_shift(session, need.id, begins, ends) or _plan(session, need, begins, ends, wanted)
    (outcome,) = signups.sign_up(session, [(actor, shift_id)])
    if isinstance(outcome, Problem):
        raise outcome
    if outcome["state"] == "waitlisted":
        raise NeedFilled
    return shift_id


def places_taken(session: Session, need_id: UUID) -> int:
    """Return how many places of a need people hold at the shifts that came of it."""
    return match_inputs.taken(session, MatchProposal.need_id == need_id).get(need_id, 0)


def standing_shift(session: Session, need_id: UUID, begins: datetime, ends: datetime) -> UUID | None:
    """Return the open shift that came of a need for a window; None where nobody has accepted it there before."""
    statement = (
        sa.select(Shift.id)
        .join(MatchProposal, MatchProposal.shift_id == Shift.id)
        .join(Activity, Activity.id == Shift.activity_id)
        .where(
            MatchProposal.need_id == need_id, Shift.starts_at == begins, Shift.ends_at == ends, Shift.state == "open",
            Activity.state == "published",
        )
    )  # fmt: skip
    return session.scalar(statement.order_by(Shift.id).limit(1))


_OVERLAPPING = (
    sa.select(Signup.id)
    .join(Shift, Shift.id == Signup.shift_id)
    .where(
        Signup.person_id == sa.bindparam("person"), Signup.state.in_(("confirmed", "signed_up")),
        Shift.state == "open", Shift.starts_at < sa.bindparam("ends", type_=Shift.starts_at.type),
        Shift.ends_at > sa.bindparam("begins", type_=Shift.starts_at.type),
    )
    .limit(1)
)  # fmt: skip


def _community(need: Any) -> Actor:
    """Return who acts for the community that published a need, in what a yes brings along."""
    hand = Reach("community_worker", NOBODY, need.community_id, need.path)
    return Actor(NOBODY, NOBODY, need.tenant_id, (hand,), "match_proposal.accept")


def _plan(session: Session, need: Any, begins: datetime, ends: datetime, places: int) -> UUID:
    """Plan what a need asks for, hosted by its community, with as many places as it wants people."""
    host = _community(need)
    about = CATEGORIES[need.category].zh if need.category in CATEGORIES else "综合"
    values = {
        # A need's own words may tell of who needs it: they go into what is kept sealed.
        "kind": "service", "nature": "volunteer_service", "voluntary": True, "title": f"需求服务：{about}",
        "description": f"{need.title}\n{need.description}".strip(), "risks": need.risks or "",
        "category": need.category, "place": "", "point": None, "community_id": need.community_id,
        "organizer_id": need.community_id,
        "leader_id": None, "project_id": None, "policy": {"safety": {"gates": match_gates.carried(need.gates)}},
    }  # fmt: skip
    activity_id = activities.create(session, host, values)
    window = {"activity_id": activity_id, "starts_at": begins, "ends_at": ends, "capacity": places}
    shift_id = shifts.create(session, host, window)
    activities.publish(session, host, activity_id)
    return shift_id


def _note_when_full(session: Session, actor: Actor, need: Any) -> None:
    """Match a need whose last place was taken; what else was proposed for it lapses."""
    if places_taken(session, need.id) < (need.headcount or 1):
        return
    host = _community(need)
    changes.take(session, host, Need, need, "need.match", at=need.community_id)
    _lapse_others(session, host, need)


def _lapse_others(session: Session, host: Actor, need: Any) -> None:
    others = sa.select(
        MatchProposal.id, MatchProposal.state, MatchProposal.version, MatchProposal.community_id
    ).where(MatchProposal.need_id == need.id, MatchProposal.state == "proposed")  # fmt: skip
    for row in session.rows(others.order_by(MatchProposal.id)):
        changes.take(session, host, MatchProposal, row, "match_proposal.lapse", at=row.community_id)


def _propose(session: Session, actor: Actor, row: Any, need: Any) -> UUID:
    if places_taken(session, need.id) > 0:
        raise NeedFilled
    begins = today(session, actor.tenant_id)
    ends = need.expires_on if need.expires_on is not None and need.expires_on > begins else begins + _LONGEST
    booked = []
    if row.starts_at is not None:  # the window that was matched, not every hour at which the resource is open
        booked = [SimpleNamespace(starts_at=row.starts_at, ends_at=row.ends_at, every=None, until=None, quantity=None)]
        ends = max(ends, day_of(session, actor.tenant_id, row.ends_at) + timedelta(days=1))
    told = match_proposals.reasons(row.reasons)
    values = {
        "kind": "project", "category": "livelihood", "title": f"需求对接：{need.category}",
        "community_id": need.community_id, "need_id": need.id, "resource_id": row.resource_id, "quantity": 1,
        "budget_fen": None, "starts_on": begins, "ends_on": ends, "bookings": booked,
        "parties": [
            _Side(need.community_id, "asks", ["说明需求，做好现场对接"]),
            _Side(row.organization_id, "offers", ["提供所列资源，按约定完成"]),
        ],
        "reasons": [SimpleNamespace(code="match", text=line) for line in told["lines"]["zh"][:10]],
    }  # fmt: skip
    project_id = proposing.propose(session, actor.aside(), values)
    return agreements.accept(session, actor.aside(), project_id)
