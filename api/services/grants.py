"""授权: roles given and confirmed, under a grant that is asked again in the same transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, Reach, acting, found, require
from api.db import Session
from api.domain import grants as rules
from api.domain.four_eyes import require_another
from api.domain.steps import TABLES
from api.errors import NotFound
from api.grants import HOLDS
from api.models import NOBODY, Affiliation, Grant, Organization, Person
from api.roles import STEPS_OF_ROLE
from api.services import changes
from api.services.days import today
from api.services.places import place
from api.visibility import visible

_Under = sa.orm.aliased(Grant, name="under")
_Behind = sa.orm.aliased(Affiliation, name="behind")
# Affiliations that a grant can hang on.
JOBS = ("employment", "staff", "posted", "seconded", "committee_seat", "contact")


def _in_force(table: Any, day: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.valid_from <= day, sa.or_(table.valid_to.is_(None), table.valid_to > day))


def _giver_lost(day: Any) -> sa.ColumnElement[bool]:
    """Say of a grant that the one under which it was given holds no more; what a command gave has none."""
    behind = sa.exists().where(_Behind.id == _Under.affiliation_id, _Behind.state.in_(HOLDS), _in_force(_Behind, day))
    holds = sa.exists().where(
        _Under.id == Grant.given_under,
        _Under.state == "active",
        _in_force(_Under, day),
        sa.or_(_Under.affiliation_id.is_(None), behind),
    )
    return sa.and_(Grant.given_under.is_not(None), Grant.given_under != NOBODY, ~holds)


def shown(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the grants that the actor may see."""
    return (
        sa.select(
            Grant.id, Grant.version, Grant.state, Grant.role, Grant.person_id, Grant.client_id, Grant.organization_id,
            Grant.affiliation_id, Grant.given_by, Grant.given_under, Grant.confirmed_by, Grant.confirm_until,
            Grant.valid_from, Grant.valid_to, Grant.reason, Organization.name.label("organization_name"),
            Organization.path, _giver_lost(today(session, actor.tenant_id)).label("giver_lost"),
        )
        .join(Organization, Organization.id == Grant.organization_id)
        .where(visible(actor, Grant))
    )  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Give a person a role at a node under the giver's own grant; proposed where it takes a second person.

    Raises what `api.domain.grants` names: NotYoursToGive, ToOneself, NotHeldHere, OutlastsGiver, RolesApart,
    AlreadyHeld, GiverLost. The receiver's row is held, so that of two givers at once the later sees the earlier.
    """
    role, receiver = values["role"], values["person_id"]
    node = place(session, actor, values["organization_id"], pointer="/organizationId")
    require(actor, "grant.create", node.path)
    now = today(session, actor.tenant_id)
    begins = values["valid_from"] or now
    rules.admit(rules.Offer(role, receiver, node.name, node.kind, begins, values["valid_to"]), actor.person_id, now)
    if not _under(actor, "grant.create", role, node.path):
        raise rules.NotYoursToGive(role=role, place=node.name)
    _hold(session, actor, receiver)
    under, until = _still(session, actor, role, node.path)
    ends = rules.last_day(values["valid_to"], until)
    _admit_receiver(session, actor, role, receiver, node.id)
    state = rules.first_state(role)
    row = {
        "role": role, "person_id": receiver, "client_id": None, "organization_id": node.id, "valid_from": begins,
        "valid_to": ends, "affiliation_id": _hangs_on(session, actor, receiver, values["affiliation_id"], node),
        "given_by": actor.person_id, "given_under": under, "confirmed_by": None, "reason": None,
        "confirm_until": session.now + rules.CONFIRM_WITHIN if state == "proposed" else None,
    }  # fmt: skip
    return changes.create(session, actor, Grant, "grant.create", row, at=node.id, grant=under, to=state)


def confirm(session: Session, actor: Actor, grant_id: UUID) -> UUID:
    """Let a proposed grant hold, as a second person who may give it; GiverLost where the first may no longer."""
    row = find(session, actor, grant_id)
    under = _second(actor, row, "grant.confirm")
    TABLES["grant"].next(row.state, "grant.confirm")
    if row.confirm_until is not None and row.confirm_until <= session.now:
        raise rules.ProposalExpired
    if row.person_id is not None:
        _hold(session, actor, row.person_id)
        _admit_receiver(session, actor, row.role, row.person_id, row.organization_id, but=row.id)
    _still(session, actor, row.role, row.path)
    if session.scalar(sa.select(_giver_lost(today(session, actor.tenant_id))).where(Grant.id == grant_id)):
        raise rules.GiverLost
    more = {"confirmed_by": actor.person_id, "confirm_until": None}
    changes.take(session, actor, Grant, row, "grant.confirm", more, at=row.organization_id, grant=under)
    return grant_id


def decline(session: Session, actor: Actor, grant_id: UUID, reason: str) -> UUID:
    """Refuse a proposed grant as somebody who might have confirmed it."""
    row = find(session, actor, grant_id)
    under = _second(actor, row, "grant.decline")
    changes.take(session, actor, Grant, row, "grant.decline", {"reason": reason}, at=row.organization_id, grant=under)
    return grant_id


def expire_due(session: Session, actor: Actor, limit: int = 1000) -> int:
    """Let proposals expire that nobody confirmed in time; return how many. A repeat finds none."""
    due = sa.select(Grant.id, Grant.state, Grant.version, Grant.organization_id).where(
        Grant.tenant_id == actor.tenant_id, Grant.state == "proposed", Grant.confirm_until <= session.now
    )
    rows = session.rows(due.order_by(Grant.id).limit(limit))
    for row in rows:
        changes.take(session, actor, Grant, row, "grant.expire", {"confirm_until": None}, at=row.organization_id)
    return len(rows)


def find(session: Session, actor: Actor, grant_id: UUID) -> Any:
    """Return a grant that the actor may know of; NotFound otherwise."""
    return found(session.first(shown(session, actor).where(Grant.id == grant_id)))


def one(session: Session, actor: Actor, grant_id: UUID) -> dict[str, Any]:
    """Return one grant as it stands for this actor."""
    return _view(actor, find(session, actor, grant_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of grants, newest first."""
    statement = shown(session, actor)
    for column, wanted in (
        (Grant.person_id, query.person_id), (Grant.client_id, query.client_id), (Grant.role, query.role),
        (Grant.organization_id, query.organization_id), (Grant.state, query.state),
    ):  # fmt: skip
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.on is not None:
        statement = statement.where(Grant.state == "active", _in_force(Grant, query.on))
    if query.giver_lost is not None:
        lost = sa.and_(Grant.state == "active", _giver_lost(today(session, actor.tenant_id)))
        statement = statement.where(lost if query.giver_lost else ~lost)
    answer = paging.page(session, statement, Grant.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def governs(actor: Actor, step: str, role: str, path: str) -> UUID | None:
    """Return the grant under which the actor decides on grants of this role at this path, or None."""
    return next((reach.grant_id for reach in _under(actor, step, role, path)), None)


def _under(actor: Actor, step: str, role: str, path: str) -> list[Reach]:
    return [
        reach
        for reach in actor.reaches
        if path.startswith(reach.path) and step in STEPS_OF_ROLE[reach.role] and rules.gives(role, [reach.role])
    ]


def _still(session: Session, actor: Actor, role: str, path: str) -> tuple[UUID, Any]:
    """Hold the giver's grants and ask the door once more: what ended since it opened gives nothing any longer."""
    held = sa.select(Grant.id, Grant.valid_to).where(Grant.person_id == actor.person_id).order_by(Grant.id)
    until = {row.id: row.valid_to for row in session.rows(held.with_for_update(read=True))}
    try:
        now = acting(session, actor.tenant_id, actor.person_id, actor.step)
    except KeyError as why:  # the giver is no longer here
        raise rules.GiverLost from why
    reaches = _under(now, "grant.create", role, path)
    if not reaches:
        raise rules.GiverLost
    best = max(reaches, key=lambda reach: (until[reach.grant_id] is None, str(until[reach.grant_id] or "")))
    return best.grant_id, until[best.grant_id]


def _second(actor: Actor, row: Any, step: str) -> UUID:
    if row.person_id == actor.person_id:
        raise rules.ToOneself
    require(actor, step, row.path)
    under = governs(actor, step, row.role, row.path)
    if under is None:
        raise rules.NotYoursToGive(role=row.role, place=row.organization_name)
    require_another(row.given_by, actor.person_id)
    return under


def _hold(session: Session, actor: Actor, person_id: UUID) -> None:
    person = sa.select(Person.id).where(
        Person.tenant_id == actor.tenant_id, Person.id == person_id, Person.state == "active"
    )
    if session.first(person.with_for_update(key_share=True)) is None:
        raise NotFound(pointer="/personId")


def _admit_receiver(
    session: Session, actor: Actor, role: str, person_id: UUID, node_id: UUID, *, but: UUID | None = None
) -> None:
    now = today(session, actor.tenant_id)
    held = session.rows(
        sa.select(Grant.id, Grant.role, Grant.organization_id).where(
            Grant.tenant_id == actor.tenant_id,
            Grant.person_id == person_id,
            Grant.state.in_(("active", "proposed")),
            sa.or_(Grant.valid_to.is_(None), Grant.valid_to > now),
        )
    )
    others = [one for one in held if one.id != but]
    rules.keep_apart(role, (one.role for one in others))
    if any(one.role == role and one.organization_id == node_id for one in others):
        raise rules.AlreadyHeld


def _hangs_on(session: Session, actor: Actor, person_id: UUID, wanted: UUID | None, node: Any) -> UUID | None:
    """Return the affiliation with which a grant ends: the one named, else the nearest job, else the only one."""
    jobs = session.rows(
        sa.select(Affiliation.id, Organization.path)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == person_id,
            Affiliation.kind.in_(JOBS), Affiliation.state.in_(HOLDS),
            _in_force(Affiliation, today(session, actor.tenant_id)),
        )
        .order_by(Affiliation.id)
    )  # fmt: skip
    if wanted is not None:
        if wanted not in {job.id for job in jobs}:
            raise NotFound(pointer="/affiliationId")
        return wanted
    near = [job for job in jobs if node.path.startswith(job.path) or job.path.startswith(node.path)]
    if near:
        return max(near, key=lambda job: len(job.path) if node.path.startswith(job.path) else -len(job.path)).id
    return jobs[0].id if len(jobs) == 1 else None


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    own, steps = row["person_id"] == actor.person_id, []
    for step in TABLES["grant"].allowed(row["state"]):
        may = governs(actor, step, row["role"], row["path"]) is not None
        if step == "grant.end":
            may = may or own
        elif own or row["given_by"] == actor.person_id:
            may = False
        if may and step != "grant.expire":
            steps.append(step)
    return {**row, "allowed_actions": steps}
