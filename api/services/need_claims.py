"""认领: a wish is claimed by a person or a unit directly, seen through or let go; only they learn where to bring it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain import need_gates
from api.domain import needs as rules
from api.errors import Forbidden
from api.models import Activity, MatchProposal, Need, Organization, Project, ProjectParty, ProjectPerson, Shift, Signup
from api.services import changes, files, match_answers, needs, project_steps, projects, qualifications
from api.services.days import today
from api.services.places import place
from api.visibility import visible

_HELD = needs.SHOWN.add_columns(Need.tenant_id)
_UNDER_WAY = ("agreed", "in_progress")


def claim(session: Session, actor: Actor, need_id: UUID, organization_id: UUID | None) -> UUID:
    """Claim a wish for oneself, or for a unit that one speaks for; of many at once one has it.

    Its row is locked until the transaction ends. NeedNotOpen, NeedClaimed, ReplyOver, ClaimedByProject, OwnWish, and
    what `need_gates.require_open` raises.
    """
    need = _held(session, actor, need_id)
    if need.kind != rules.WISH:
        raise rules.ClaimedByProject
    if need.asked_by == actor.person_id:
        raise rules.OwnWish
    day = today(session, actor.tenant_id)
    if need.state != "published" or (need.expires_on is not None and day >= need.expires_on):
        raise projects.NeedNotOpen(needId=str(need_id), state=need.state)
    rules.require_answers_taken(need.reply_by, day)
    if projects.claiming(session, need_id) is not None or match_answers.places_taken(session, need_id) > 0:
        raise projects.NeedClaimed(needId=str(need_id))
    grant = None
    if organization_id is not None:
        unit = place(session, actor, organization_id, pointer="/organizationId")
        grant = require(actor, "need.claim", unit.path)
        need_gates.require_open(need.gates, {"groups": {need_gates.UNIT}})
    else:
        require_fit(session, actor, need.gates)
    values = {"claimed_by": actor.person_id, "claimed_for": organization_id, "claimed_at": session.now, "reason": None}
    changes.take(session, actor, Need, need, "need.claim", values, at=need.community_id, grant=grant)
    return need_id


def require_fit(session: Session, actor: Actor, gates: dict[str, Any]) -> None:
    """Raise the first gate that the actor does not pass (`need_gates.require_open`)."""
    told = qualifications.facts(session, actor.tenant_id, {actor.person_id: actor.account_id}, [gates])
    need_gates.require_open(gates, told.get(actor.person_id, {}))


def start(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Say that it is on its way to the recipient: from now on there is no way back."""
    return _own_step(session, actor, need_id, "need.start")


def deliver(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Say that it has been brought; who asked or the community confirms it. Where it went is shown no longer."""
    return _own_step(session, actor, need_id, "need.complete")


def release(session: Session, actor: Actor, need_id: UUID, reason: str | None) -> UUID:
    """Let a claim go, and the wish is open again; it costs nothing and needs no reason. UnderWay once it is on its way.

    The community takes a need back with a reason, also what is under way, lest a wish wait for ever for who vanished;
    of a need that a project serves that project is called off. ReasonNeeded.
    """
    need = _held(session, actor, need_id)
    nobody = {"claimed_by": None, "claimed_for": None, "claimed_at": None}
    if _holds(session, actor, need):
        if need.state == "in_progress":
            raise rules.UnderWay
        changes.take(session, actor, Need, need, "need.release", nobody, at=need.community_id)
        return need_id
    if reason is None:
        require(actor, "need.release", need.path)
        raise rules.ReasonNeeded(pointer="/reason")
    if need.claimed_by is None:
        return project_steps.release_need(session, actor, need_id, reason)
    grant = require(actor, "need.release", need.path)
    values = {**nobody, "reason": reason}
    changes.take(session, actor, Need, need, "need.release", values, at=need.community_id, grant=grant)
    return need_id


def let_go_of(session: Session, actor: Actor) -> None:
    """Let every claim of a person go who leaves the platform, also what is under way."""
    held = sa.select(Need.id, Need.state, Need.version, Need.community_id).where(
        Need.tenant_id == actor.tenant_id, Need.claimed_by == actor.person_id, Need.claimed_for.is_(None),
        Need.state.in_(rules.HELD),
    )  # fmt: skip
    nobody = {"claimed_by": None, "claimed_at": None}
    for row in session.rows(held.order_by(Need.id)):
        changes.take(session, actor, Need, row, "need.release", nobody, at=row.community_id)


def contact(session: Session, actor: Actor, need_id: UUID) -> dict[str, Any]:
    """Return where and for whom a need is, to who serves it while they do, to who asked and to the community; logged.

    Forbidden for everybody else, and for who served once it is brought.
    """
    need = needs.find(session, actor, need_id)
    mine = need.asked_by == actor.person_id or actor.grant_for("need.contact", need.path) is not None
    if (
        not mine
        and not (need.state in rules.HELD and _holds(session, actor, need))
        and not _serves(session, actor, need)
    ):
        raise Forbidden(step="need.contact")
    told = found(session.first(sa.select(Need.place, Need.recipient).where(Need.id == need_id)))
    if need.asked_by is not None:
        session.look([need.asked_by], ["place", "recipient"], "contact", organization_id=need.community_id)
    return {"need_id": need_id, "place": told.place, "recipient": told.recipient}


def attachment(session: Session, actor: Actor, need_id: UUID, file_id: UUID) -> dict[str, Any]:
    """Return a file of a need that the actor may see, with its bytes under `content`."""
    need = needs.find(session, actor, need_id)
    return files.brought(session, actor, file_id) if str(file_id) in need.attachments else found(None)


def _held(session: Session, actor: Actor, need_id: UUID) -> Any:
    """Return a need, its row locked until the transaction ends: of many who claim one is heard after the other."""
    statement = _HELD.where(visible(actor, Need), Need.id == need_id)
    return found(session.first(statement.with_for_update(of=Need)))


def _holds(session: Session, actor: Actor, need: Any) -> bool:
    path = need.claimed_for and session.scalar(sa.select(Organization.path).where(Organization.id == need.claimed_for))
    return needs.holds(actor, need.claimed_by, path)


def _own_step(session: Session, actor: Actor, need_id: UUID, step: str) -> UUID:
    need = _held(session, actor, need_id)
    if not _holds(session, actor, need):
        raise Forbidden(step=step)
    changes.take(session, actor, Need, need, step, at=need.community_id)
    return need_id


def _serves(session: Session, actor: Actor, need: Any) -> bool:
    """Say whether the actor serves a need now: as a party of its project, or at a shift that came of it."""
    live = sa.select(Project.id).where(Project.need_id == need.id, Project.state.in_(_UNDER_WAY))
    sides = sa.select(Organization.path).join(ProjectParty, ProjectParty.organization_id == Organization.id)
    paths = session.rows(sides.where(ProjectParty.project_id.in_(live)))
    if any(actor.grant_for("need.contact", row.path) is not None for row in paths):
        return True
    mine = sa.exists().where(
        ProjectPerson.project_id.in_(live), ProjectPerson.person_id == actor.person_id, ProjectPerson.state == "agreed"
    )
    came_of_it = sa.select(MatchProposal.shift_id).where(MatchProposal.need_id == need.id)
    planned = sa.select(Shift.id).join(Activity, Activity.id == Shift.activity_id).where(Activity.project_id.in_(live))
    place_held = sa.exists().where(
        Signup.person_id == actor.person_id, Signup.state == "confirmed", Signup.shift_id == Shift.id,
        Shift.state == "open", sa.or_(Shift.id.in_(came_of_it), Shift.id.in_(planned)),
    )  # fmt: skip
    return bool(session.scalar(sa.select(sa.or_(mine, place_held))))
