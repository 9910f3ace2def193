"""活动: people are due somewhere, come, and it counts; planned by a unit or community, hosted by a community."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor, allowed, found
from api.db import Session
from api.domain import hosting, need_gates, safety
from api.domain.shifts import ShiftsAhead
from api.errors import Forbidden, Invalid
from api.models import Activity, Need, Organization, Person, Project, Shift
from api.roles import STEPS_OF_ROLE
from api.services import changes, finding, match_ends, match_gates, search, standing_sanctions
from api.services.places import governed, place
from api.visibility import visible


class CannotLead(Invalid):
    """Nobody of this id may be named as leader here."""

    code, zh, en = "cannot_lead", "没有可以指定为负责人的该人员", "There is no such person to lead it"


class NoSuchProject(Invalid):
    """There is no project of this id."""

    code, zh, en = "no_such_project", "没有该项目", "There is no such project"


HOST = aliased(Organization, name="host")
ORGANIZER = aliased(Organization, name="organizer")

_SHOWN = (
    sa.select(
        Activity.id, Activity.version, Activity.state, Activity.kind, Activity.nature, Activity.voluntary,
        Activity.title, Activity.description, Activity.risks, Activity.category, Activity.place, Activity.community_id,
        Activity.organizer_id, Activity.leader_id, Activity.project_id, Activity.reason, Activity.policy,
        Activity.flags, Activity.point, HOST.name.label("community_name"), HOST.path.label("host_path"),
        ORGANIZER.name.label("organizer_name"), ORGANIZER.path.label("organizer_path"),
    )
    .join(HOST, HOST.id == Activity.community_id)
    .join(ORGANIZER, ORGANIZER.id == Activity.organizer_id)
)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Write a draft of an activity; who may do so at the organising unit or community may."""
    organizer, grant = governed(session, actor, "activity.create", values["organizer_id"], pointer="/organizerId")
    row = {**_checked(session, actor, values), "reason": None, "flags": []}
    return changes.create(session, actor, Activity, "activity.create", row, at=organizer.id, grant=grant)


def edit(session: Session, actor: Actor, activity_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew; the organiser stays."""
    row = of(session, actor, activity_id)
    if values["organizer_id"] != row.organizer_id:
        governed(session, actor, "activity.create", values["organizer_id"], pointer="/organizerId")
    return _step(session, actor, row, "activity.edit", _checked(session, actor, values))


def publish(session: Session, actor: Actor, activity_id: UUID) -> UUID:
    """Show a draft to everybody, so that people can sign up; RisksNotStated, NotInsured where it is dangerous.

    OrganizerSanctioned while the organiser may publish nothing new, HostNotAsked before the community agreed to host.
    Of what somebody organises as a guest, hours of a roll that is called count once the host confirms them.
    """
    row = of(session, actor, activity_id)
    grant_over(actor, "activity.publish", row)
    hosting.require_hosted(row.state, actor.grant_for("activity.host", row.host_path) is not None)
    safety.require_stated(row.policy.get("safety") or {}, row.risks)
    standing_sanctions.require_free(session, actor.tenant_id, row.organizer_id, row.host_path)
    search.learn(session, actor.tenant_id, "activity", {row.id: (row.title, row.description, row.place)})
    guest = not row.host_path.startswith(row.organizer_path)
    values = {"policy": {**row.policy, "host_confirms": True}} if guest else None
    return _step(session, actor, row, "activity.publish", values)


def complete(session: Session, actor: Actor, activity_id: UUID) -> UUID:
    """Close an activity after its last shift; ShiftsAhead while one has not ended."""
    row = of(session, actor, activity_id)
    grant_over(actor, "activity.complete", row)
    if _with_shifts_ahead(session, [row.id]):
        raise ShiftsAhead
    _step(session, actor, row, "activity.complete")
    match_ends.complete(session, actor, row.id)
    return row.id


def cancel(session: Session, actor: Actor, activity_id: UUID, reason: str) -> UUID:
    """Call an activity off with its open shifts; presences that stand go on to count."""
    row = of(session, actor, activity_id)
    _step(session, actor, row, "activity.cancel", {"reason": reason})
    shifts = sa.select(Shift.id, Shift.state, Shift.version).where(Shift.activity_id == row.id, Shift.state == "open")
    off = session.rows(shifts.order_by(Shift.id))
    for shift in off:
        changes.take(session, actor, Shift, shift, "shift.cancel", {"cancelled_at": session.now}, at=row.community_id)
    match_ends.reopen(session, actor, [shift.id for shift in off])
    return activity_id


def one(session: Session, actor: Actor, activity_id: UUID) -> dict[str, Any]:
    """Return one activity as it stands for this actor; NotFound where they may not know of it."""
    return _views(session, actor, [of(session, actor, activity_id)._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the activities that the actor may see, as `finding.page` orders and refuses them."""
    statement = _SHOWN.where(visible(actor, Activity))
    for column, wanted in ((Activity.state, query.state), (Activity.nature, query.nature)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.organizer_id is not None:
        statement = statement.where(finding.in_subtree(session, actor, Activity.organizer_id, query.organizer_id))
    answer = finding.page(session, actor, "activity", Activity, statement, query)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def of(session: Session, actor: Actor, activity_id: UUID) -> Any:
    """Return an activity's row with the paths of host and organiser; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Activity), Activity.id == activity_id)))


def grant_over(actor: Actor, step: str, row: Any) -> UUID | None:
    """Return the grant under which the actor may take a step on an activity or what belongs to it; None for its leader.

    `row` has `leader_id`, `host_path` and `organizer_path`. The community that hosts and the body that
    organises may both act. Raises Forbidden where neither grant nor leadership allows it.
    """
    if row.leader_id == actor.person_id and step in STEPS_OF_ROLE["organiser"]:
        return None
    grant = actor.grant_for(step, row.host_path) or actor.grant_for(step, row.organizer_path)
    if grant is None:
        raise Forbidden(step=step)
    return grant


def actions(actor: Actor, noun: str, state: str, row: Any) -> list[str]:
    """Return the steps that the actor may take now on an activity, or what belongs to it, in this state."""
    leads = row["leader_id"] == actor.person_id
    at_host = allowed(actor, noun, state, row["host_path"], own=leads)
    return at_host + [step for step in allowed(actor, noun, state, row["organizer_path"]) if step not in at_host]


def _checked(session: Session, actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of an activity, with the gates of the need that its project serves."""
    place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    leader, project = values["leader_id"], values["project_id"]
    if leader is not None and leader != actor.person_id:
        known = sa.select(Person.id).where(visible(actor, Person), Person.id == leader, Person.state == "active")
        if session.first(known) is None:
            raise CannotLead(pointer="/leaderId")
    if project is not None:
        known = sa.select(Project.id, Need.gates).outerjoin(Need, Need.id == Project.need_id)
        serves = session.first(known.where(visible(actor, Project), Project.id == project))
        if serves is None:
            raise NoSuchProject(pointer="/projectId")
        asked = values["policy"].get("safety") or {}
        gates = need_gates.joined(asked.get("gates") or {}, match_gates.carried(serves.gates or {}))
        return {**values, "policy": {**values["policy"], "safety": {**asked, "gates": gates}}}
    return values


def _step(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any] | None = None) -> UUID:
    grant = grant_over(actor, step, row)
    changes.take(session, actor, Activity, row, step, values, at=row.community_id, grant=grant)
    return row.id


def _views(session: Session, actor: Actor, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return activities as they are shown; one is completed only when its last shift has ended."""
    views = [{**item, "allowed_actions": actions(actor, "activity", item["state"], item)} for item in items]
    running = [view for view in views if "activity.complete" in view["allowed_actions"]]
    ahead = _with_shifts_ahead(session, [view["id"] for view in running])
    for view in running:
        if view["id"] in ahead:
            view["allowed_actions"].remove("activity.complete")
    return views


def _with_shifts_ahead(session: Session, activities: Sequence[UUID]) -> set[UUID]:
    """Return which of these activities have an open shift that has not ended."""
    if not activities:
        return set()
    ahead = sa.select(Shift.activity_id).where(
        Shift.activity_id.in_(activities), Shift.state == "open", Shift.ends_at > session.now
    )
    return {row.activity_id for row in session.rows(ahead)}
