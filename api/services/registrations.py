"""报到 as it stands: registrations of members and units, found, listed and shown to who may know of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found
from api.db import Session
from api.domain import registration as rules
from api.models import Affiliation, Organization, OrganizationLink, Person, PersonStatus
from api.visibility import visible

_Unit = sa.orm.aliased(Organization, name="unit")
_NONE = sa.cast(sa.null(), sa.Uuid)

COMMUNITIES = frozenset({"community", "building_community"})


def members(actor: Actor) -> sa.Select[Any]:
    """Select the registrations of members that the actor may see."""
    return (
        sa.select(
            Affiliation.id, Affiliation.version, Affiliation.state, Affiliation.person_id, Affiliation.basis,
            Affiliation.principal, Affiliation.reason, Affiliation.valid_from, Affiliation.valid_to,
            Affiliation.replaces_id, Affiliation.details, Affiliation.organization_id.label("community_id"),
            _NONE.label("plan_id"), _NONE.label("unit_id"), sa.null().label("unit_name"), sa.null().label("unit_path"),
            Organization.name.label("community_name"), Organization.path, Organization.parent_id, Organization.capacity,
            Person.name, Person.wrapped_key, visible(actor, Person).label("is_known"),
        )
        .join(Organization, Organization.id == Affiliation.organization_id)
        .join(Person, Person.id == Affiliation.person_id)
        .where(visible(actor, Affiliation), Affiliation.kind == "registration")
    )  # fmt: skip


def units(actor: Actor) -> sa.Select[Any]:
    """Select the registrations of units that the actor may see."""
    return (
        sa.select(
            OrganizationLink.id, OrganizationLink.version, OrganizationLink.state, _NONE.label("person_id"),
            OrganizationLink.basis, sa.true().label("principal"), OrganizationLink.reason, OrganizationLink.valid_from,
            OrganizationLink.valid_to, _NONE.label("replaces_id"), OrganizationLink.details,
            OrganizationLink.to_id.label("community_id"), OrganizationLink.document_id.label("plan_id"),
            OrganizationLink.from_id.label("unit_id"), _Unit.name.label("unit_name"), _Unit.path.label("unit_path"),
            Organization.name.label("community_name"), Organization.path, Organization.parent_id, Organization.capacity,
        )
        .join(Organization, Organization.id == OrganizationLink.to_id)
        .join(_Unit, _Unit.id == OrganizationLink.from_id)
        .where(visible(actor, OrganizationLink), OrganizationLink.kind == "registration")
    )  # fmt: skip


def find(session: Session, actor: Actor, registration_id: UUID) -> Any:
    """Return a registration of a member or a unit; NotFound where the actor may not know of it."""
    row = session.first(members(actor).where(Affiliation.id == registration_id))
    return row or found(session.first(units(actor).where(OrganizationLink.id == registration_id)))


def table_of(row: Any) -> Any:
    """Return the table in which a registration stands."""
    return Affiliation if row.unit_id is None else OrganizationLink


def one(session: Session, actor: Actor, registration_id: UUID) -> dict[str, Any]:
    """Return one registration as it stands for this actor, with what the rules say where the actor may decide on it."""
    row = find(session, actor, registration_id)
    view = _without_pending(session, [_view(session, actor, row._asdict())])[0]
    if row.unit_id is None and "registration.accept" in view["allowed_actions"]:
        view["advice"] = _advice(session, actor, row)
    return view


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of registrations, newest first: one's own, the community's, the unit's people or the unit's."""
    of_members = query.subject == "member"
    table = Affiliation if of_members else OrganizationLink
    statement = members(actor) if of_members else units(actor)
    if query.state is not None:
        statement = statement.where(table.state == query.state)
    if query.community_id is not None:
        statement = statement.where(Organization.id == query.community_id)
    if query.unit_id is not None:
        statement = statement.where(_works_at(actor, query.unit_id) if of_members else _Unit.id == query.unit_id)
    answer = paging.page(session, statement, table.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _without_pending(session, [_view(session, actor, item) for item in answer["items"]])
    return answer


def standing(session: Session, actor: Actor, person_id: UUID) -> list[rules.Standing]:
    """Return the person's submitted and accepted registrations, whoever may see them."""
    rows = session.rows(
        sa.select(Affiliation.id, Affiliation.organization_id, Affiliation.state, Affiliation.principal).where(
            Affiliation.tenant_id == actor.tenant_id,
            Affiliation.person_id == person_id,
            Affiliation.kind == "registration",
            Affiliation.state.in_(sorted(rules.STANDING)),
        )
    )
    return [rules.Standing(*row) for row in rows]


def lock(session: Session, person_id: UUID) -> None:
    """Hold the person's row until the transaction ends: of two requests at once the later one sees the earlier."""
    session.execute(sa.select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def paired(session: Session, actor: Actor, person_id: UUID) -> list[UUID]:
    """Return the communities in which the person's employer, or what it is part of, is registered; nearest first."""
    employer = sa.orm.aliased(Organization, name="employer")
    links = (
        sa.select(OrganizationLink.to_id)
        .join(_Unit, _Unit.id == OrganizationLink.from_id)
        .join(employer, sa.func.substr(employer.path, 1, sa.func.length(_Unit.path)) == _Unit.path)
        .join(Affiliation, Affiliation.organization_id == employer.id)
        .where(
            Affiliation.tenant_id == actor.tenant_id,
            Affiliation.person_id == person_id,
            Affiliation.kind == "employment",
            Affiliation.valid_to.is_(None),
            _Unit.tenant_id == actor.tenant_id,
            OrganizationLink.kind == "registration",
            OrganizationLink.state == "accepted",
        )
        .order_by(sa.func.length(_Unit.path).desc(), OrganizationLink.valid_from, OrganizationLink.id)
    )
    return list(dict.fromkeys(row.to_id for row in session.rows(links)))


def home_of(session: Session, actor: Actor, person_id: UUID, basis: str | None = None) -> rules.Home:
    """Return what the employer's roster knows of where a person is due; who asks for the fallback says that they
    live outside the city.

    A roster that names a community and says "outside the city" contradicts itself and is not believed.
    """
    job = session.first(_ROSTER, {"tenant": actor.tenant_id, "person": person_id})
    told = job.details if job is not None else {}
    community, outside = told.get("residence_community_id"), told.get("outside_city")
    if community is not None and outside:
        community = outside = None
    if community is None and outside is None and basis == "paired_fallback":
        outside = True
    lives_in_city = True if community is not None else None if outside is None else not outside
    return rules.Home(
        lives_in_city,
        UUID(community) if community is not None else None,
        session.scalar(_CLASS, {"tenant": actor.tenant_id, "person": person_id}),
        paired(session, actor, person_id) if lives_in_city is False else (),
    )


_ROSTER = (
    sa.select(Affiliation.details)
    .where(
        Affiliation.tenant_id == sa.bindparam("tenant"),
        Affiliation.person_id == sa.bindparam("person"),
        Affiliation.kind == "employment",
        Affiliation.valid_to.is_(None),
    )
    .order_by(Affiliation.valid_from.desc(), Affiliation.id.desc())
    .limit(1)
)
_CLASS = (
    sa.select(PersonStatus.value)
    .where(
        PersonStatus.tenant_id == sa.bindparam("tenant"),
        PersonStatus.person_id == sa.bindparam("person"),
        PersonStatus.kind == "member_class",
        PersonStatus.valid_to.is_(None),
    )
    .order_by(PersonStatus.valid_from.desc(), PersonStatus.id.desc())
    .limit(1)
)


def _works_at(actor: Actor, unit_id: UUID) -> sa.ColumnElement[bool]:
    job = sa.orm.aliased(Affiliation, name="job")
    held = sa.select(job.person_id).where(
        job.tenant_id == actor.tenant_id,
        job.organization_id == unit_id,
        job.kind == "employment",
        job.valid_to.is_(None),
    )
    return Affiliation.person_id.in_(held)


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    own = row["person_id"] == actor.person_id
    steps = allowed(actor, "registration", row["state"], row["path"], own=own)
    if row["unit_id"] is not None:
        steps += [step for step in allowed(actor, "registration", row["state"], row["unit_path"]) if step not in steps]
        steps = [step for step in steps if step != "registration.transfer"]  # a unit moves by the plan alone
    name = None
    if row["unit_id"] is None and (row["is_known"] or actor.grant_for("person.read", row["path"]) is not None):
        name = session.vault.open(row["wrapped_key"], row["person_id"], "name", row["name"])
        session.look([row["person_id"]], ["name"], "registration")
    return {
        **row,
        "subject": "member" if row["unit_id"] is None else "unit",
        "person_name": name,
        "successor_id": row["details"].get("successor_id"),
        "advice": None,
        "allowed_actions": steps,
    }


def _without_pending(session: Session, views: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take `transfer` from the registrations for which another community has yet to decide on one; one statement."""
    open_to = [view for view in views if "registration.transfer" in view["allowed_actions"]]
    pending = pending_transfers(session, [(view["id"], view["person_id"]) for view in open_to])
    for view in open_to:
        if view["id"] in pending:
            view["allowed_actions"].remove("registration.transfer")
    return views


def pending_transfers(session: Session, registrations: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
    """Return which of these registrations, each with its person, another one that is undecided would replace."""
    if not registrations:
        return set()
    asked = sa.select(Affiliation.replaces_id).where(
        Affiliation.person_id.in_({person for _, person in registrations}),
        Affiliation.replaces_id.in_([standing for standing, _ in registrations]),
        Affiliation.kind == "registration",
        Affiliation.state == "submitted",
    )
    return {row.replaces_id for row in session.rows(asked)}


def _advice(session: Session, actor: Actor, row: Any) -> dict[str, Any]:
    """Say what the rules point to; communities to redirect to are those of the same street that have room."""
    request = rules.Request(row.community_id, row.basis, row.principal, row.replaces_id)
    others = [old for old in standing(session, actor, row.person_id) if old.id != row.id]
    room = _room(session, actor, row.parent_id)
    nearby = sorted((place for place in room), key=lambda place: (-room[place], place))
    ruling = rules.judge(request, home_of(session, actor, row.person_id, row.basis), others, room, nearby)
    return {"step": ruling.step, "reason": ruling.reason, "community_id": ruling.community}


def _room(session: Session, actor: Actor, street_id: UUID | None) -> dict[UUID, int]:
    """Return how many more members the communities of a street take on, for those that said so."""
    taken = (
        sa.select(sa.func.count())
        .where(
            Affiliation.tenant_id == actor.tenant_id,
            Affiliation.organization_id == Organization.id,
            Affiliation.kind == "registration",
            Affiliation.state == "accepted",
        )
        .scalar_subquery()
    )
    rows = session.rows(
        sa.select(Organization.id, Organization.capacity, taken.label("taken")).where(
            Organization.tenant_id == actor.tenant_id,
            Organization.parent_id == street_id,
            Organization.state == "active",
            Organization.capacity.is_not(None),
        )
    )
    return {row.id: row.capacity - row.taken for row in rows}
