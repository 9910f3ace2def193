"""民意: residents back a livelihood project or proposal, vote in a meeting, rate what came of it; nobody is named."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain import backing as rules
from api.domain import hearing
from api.errors import Forbidden
from api.models import NOBODY, Need, Organization, Panel, PanelMember, Person, Review
from api.services import changes, funding_rules, panels, projects, reviews
from api.visibility import visible

ROUND = "project"
_YES, _NO = "1", "0"


def support(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Back a livelihood project or proposal as a resident of its community; return the voice. A repeat is one voice.

    Raises NothingToBack, OwnProposal, NotOfThisCommunity.
    """
    need = _held(session, actor, need_id)
    if need.asked_by == actor.person_id:
        raise rules.OwnProposal
    _require_resident(session, actor, need.path)
    _require_open(need)
    last = _last(session, actor, need_id)
    if last is not None and last.amount == _YES:
        return last.id
    return _say(session, actor, need, "need.support", "support", _YES, last.id if last else NOBODY)


def withdraw_support(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Back it no longer; the voice stays in the record and counts no more. A repeat changes nothing. NotBacked."""
    need = _held(session, actor, need_id)
    last = _last(session, actor, need_id)
    if last is None:
        _require_resident(session, actor, need.path)
        raise rules.NotBacked
    _require_open(need)
    if last.amount == _NO:
        return last.id
    return _say(session, actor, need, "need.withdraw_support", "support", _NO, last.id)


def convene(session: Session, actor: Actor, need_id: UUID, people: list[UUID]) -> UUID:
    """Fix who sits in the residents' meeting (居民议事会) on a project; more than half of them make its quorum.

    Raises NothingToBack, NotAResident for who does not belong there or holds office, PanelStands.
    """
    need = _held(session, actor, need_id)
    grant = require(actor, "need.convene", need.path)
    _require_open(need)
    roster = sorted(set(people))
    details = {"people": len(roster)}
    changes.record(session, actor, "need.convene", "need", need_id, at=need.community_id, grant=grant, details=details)
    quorum = len(roster) // 2 + 1
    panel = {"organization_id": need.community_id, "round_kind": ROUND, "round_id": need_id, "quorum": quorum}
    panel_id = panels.set_up(session, actor.aside(), panel, grant)
    panels.set_roster(session, actor.aside(), panel_id, roster, quorum)
    panels.fix(session, actor.aside(), panel_id)
    return need_id


def vote(session: Session, actor: Actor, need_id: UUID, choice: str) -> UUID:
    """Vote for, against or abstain in the meeting on a project, once. NothingToBack, VotedAlready.

    NotFound where no meeting is held, Forbidden for who does not sit in it.
    """
    need = _held(session, actor, need_id)
    panel = found(_panel(session, need_id))
    seat = sa.select(PanelMember.id).where(
        PanelMember.panel_id == panel.id, PanelMember.person_id == actor.person_id
    )  # fmt: skip
    if session.first(seat) is None:
        raise Forbidden(step="need.vote")
    _require_open(need)
    row = _voice(session, actor, "need", need_id, "vote") | {"panel_id": panel.id, "marks": {"vote": choice}}
    at = need.community_id
    return reviews.keep(session, actor, row, "need.vote", at=at, again=rules.VotedAlready)


def rate(session: Session, actor: Actor, project_id: UUID, values: dict[str, Any]) -> UUID:
    """Rate a delivered project as a resident of its community, once: accepted or not, stars, a remark.

    Raises NotDelivered, NotOfThisCommunity, RatedAlready.
    """
    project = projects.find(session, actor, project_id)
    _require_resident(session, actor, project.path)
    if project.state not in rules.RATED_IN:
        raise rules.NotDelivered(state=project.state)
    row = _voice(session, actor, "project", project_id, "rating") | {
        "marks": {"stars": values["stars"], "accepted": values["accepted"]}, "amount": str(values["stars"]),
        "comment": values["remark"] or None,
    }  # fmt: skip
    at = project.community_id
    return reviews.keep(session, actor, row, "project.review", at=at, again=rules.RatedAlready)


def of_need(session: Session, actor: Actor, subject_id: UUID) -> dict[str, Any]:
    """Return how residents stand to a need, by its id or that of a voice on it: counts, and what the actor said."""
    need_id = _round_of(session, actor, subject_id)
    need = found(session.first(_NEED.where(visible(actor, Need), Need.id == need_id)))
    _, declared = funding_rules.holding(session, actor, need.path)
    meeting, last = meeting_of(session, need_id), _last(session, actor, need_id)
    told = None
    if meeting is not None:
        told = {
            "roster": meeting.roster, "quorum": meeting.quorum, "voted": meeting.voted, "quorate": meeting.quorate,
            "carried": rules.carried(meeting), "votes": dict(meeting.counts) if meeting.quorate else None,
        }  # fmt: skip
    return {
        "need_id": need_id, "supporters": supporters(session, need_id), "wanted": declared.supporters,
        "mine": last is not None and last.amount == _YES, "meeting": told,
    }  # fmt: skip


def of_project(session: Session, actor: Actor, subject_id: UUID) -> dict[str, Any]:
    """Return how residents rate a project, by its id or that of a voice on it; remarks to its community alone."""
    project_id = _round_of(session, actor, subject_id)
    project = projects.find(session, actor, project_id)
    said = session.rows(ratings((project_id,)))
    mine = {row.reviewer_id for row in said} & set(_accounts(session, actor))
    office = actor.grant_for("project.rate", project.path) is not None
    told = rules.summary((row.marks["stars"] for row in said), (row.marks["accepted"] for row in said))
    remarks = sorted(row.comment for row in said if row.comment) if office else None
    return {"project_id": project_id, **told, "mine": bool(mine), "remarks": remarks}


def ratings(project_ids: Any) -> sa.Select[Any]:
    """Select the ratings of projects, in no order that tells who was first."""
    columns = (Review.id, Review.tenant_id, Review.round_id, Review.reviewer_id, Review.marks, Review.comment)
    return sa.select(*columns).where(
        Review.round_kind == ROUND, Review.kind == "rating", Review.round_id.in_(project_ids)
    )


def supporters(session: Session, need_id: UUID) -> int:
    """Return how many residents back a need now; records that were merged into one are one person with one voice.

    Of all that a person said, by whichever record, the last counts: who withdraws after a merge withdraws both.
    """
    person = sa.func.coalesce(Person.merged_into, Person.id, Review.reviewer_id)
    age = sa.func.row_number().over(partition_by=person, order_by=Review.id.desc())
    said = (
        sa.select(Review.amount.label("amount"), age.label("age"))
        .select_from(Review)
        .outerjoin(Person, Person.account_id == Review.reviewer_id)
        .where(Review.round_kind == ROUND, Review.round_id == need_id, Review.kind == "support")
        .subquery()
    )
    stands = sa.select(sa.func.count()).select_from(said).where(said.c.age == 1, said.c.amount == _YES)
    return session.scalar(stands) or 0


def meeting_of(session: Session, need_id: UUID) -> hearing.Tally | None:
    """Return how the residents' meeting on a need voted; None where none was convened."""
    panel = _panel(session, need_id)
    if panel is None:
        return None
    said = sa.select(Review.id, Review.tenant_id, Review.marks).where(
        Review.panel_id == panel.id, Review.kind == "vote"
    )  # fmt: skip
    return hearing.tally(panel.roster, panel.quorum, (row.marks["vote"] for row in session.rows(said)))


_NEED = sa.select(
    Need.id, Need.kind, Need.state, Need.community_id, Need.asked_by, Organization.path
).join(Organization, Organization.id == Need.community_id)  # fmt: skip


def _held(session: Session, actor: Actor, need_id: UUID) -> Any:
    """Return a need, and hold its state until the commit; NotFound where the actor may not know of it."""
    seen = _NEED.where(visible(actor, Need), Need.id == need_id)
    return found(session.first(seen.with_for_update(read=True, of=Need)))


def _require_open(need: Any) -> None:
    if need.kind not in rules.BACKED or need.state not in rules.OPEN_IN:
        raise rules.NothingToBack(kind=need.kind, state=need.state)


def _require_resident(session: Session, actor: Actor, path: str) -> None:
    if not panels.residents(session, actor, path, [actor.person_id]):
        raise rules.NotOfThisCommunity


def _accounts(session: Session, actor: Actor) -> list[UUID]:
    """Return the actor's account and those of records that were merged into theirs: one person, one voice."""
    merged = sa.select(Person.account_id).where(Person.merged_into == actor.person_id, Person.state == "merged")
    return [actor.account_id, *(row.account_id for row in session.rows(merged))]


def _last(session: Session, actor: Actor, need_id: UUID) -> Any:
    said = sa.select(Review.id, Review.amount).where(
        Review.round_kind == ROUND, Review.round_id == need_id, Review.kind == "support",
        Review.reviewer_id.in_(_accounts(session, actor)),
    )  # fmt: skip
    return session.first(said.order_by(Review.id.desc()).limit(1))


def _voice(session: Session, actor: Actor, subject_kind: str, subject_id: UUID, kind: str) -> dict[str, Any]:
    return reviews.voice_row(
        session, actor, round_kind=ROUND, round_id=subject_id, subject_kind=subject_kind, subject_id=subject_id,
        party="resident", kind=kind, reviewer_id=actor.account_id,
    )  # fmt: skip


def _say(session: Session, actor: Actor, need: Any, step: str, kind: str, amount: str, answers: UUID) -> UUID:
    row = _voice(session, actor, "need", need.id, kind) | {"amount": amount, "answers_id": answers}
    return reviews.keep(session, actor, row, step, at=need.community_id, again=rules.BackedMeanwhile)


def _round_of(session: Session, actor: Actor, subject_id: UUID) -> UUID:
    """Return the need or project that a voice is about, or the id itself where it is no voice."""
    voice = sa.select(Review.round_id).where(Review.tenant_id == actor.tenant_id, Review.id == subject_id)
    return session.scalar(voice) or subject_id


def _panel(session: Session, need_id: UUID) -> Any:
    return session.first(
        sa.select(Panel.id, Panel.quorum, sa.func.count(PanelMember.id).label("roster"))
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .where(Panel.round_kind == ROUND, Panel.round_id == need_id)
        .group_by(Panel.id, Panel.quorum)
    )
