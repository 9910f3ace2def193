"""应急状态: proposed by one, confirmed by another, ended by the clock; while one holds it permits what it names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain import emergencies as rules
from api.domain.four_eyes import require_another
from api.domain.switches import SEATS, NotASeat
from api.models import Affiliation, Emergency, Fact, Organization, Person
from api.services import changes
from api.services.places import governed
from api.visibility import visible

_SHOWN = sa.select(
    Emergency.id, Emergency.version, Emergency.state, Emergency.organization_id, Emergency.title, Emergency.basis,
    Emergency.decision_number, Emergency.permits, Emergency.starts_at, Emergency.ends_at, Emergency.proposed_by,
    Emergency.confirmed_by, Emergency.created_at, Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Emergency.organization_id)  # fmt: skip
_IN_FORCE = _SHOWN.where(
    Emergency.tenant_id == sa.bindparam("tenant"), Emergency.state == "declared",
    Emergency.starts_at <= sa.bindparam("now"), Emergency.ends_at > sa.bindparam("now"),
).order_by(Emergency.id)  # fmt: skip


def propose(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Propose an emergency for a district or above, from now on unless a later beginning is named; return its id.

    Nothing is permitted before somebody else confirms. TooLong, NotASeat, Forbidden.
    """
    where, grant = governed(
        session, actor, "emergency.propose", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    if where.kind not in SEATS:
        raise NotASeat(pointer="/organizationId")
    starts_at = max(values["starts_at"] or session.now, session.now)
    rules.require_bounded(starts_at, values["ends_at"])
    row = {
        **values, "starts_at": starts_at, "permits": sorted(set(values["permits"])), "proposed_by": actor.person_id,
        "confirmed_by": None,
    }  # fmt: skip
    return changes.create(session, actor, Emergency, "emergency.propose", row, at=where.id, grant=grant)


def confirm(session: Session, actor: Actor, emergency_id: UUID) -> UUID:
    """Declare what another proposed; it holds from its beginning until its end. NeedsSecondPerson, ItIsOver."""
    row, grant = _governed(session, actor, emergency_id, "emergency.confirm")
    require_another(row.proposed_by, actor.person_id)
    if row.state == "proposed" and session.now >= row.ends_at:
        raise rules.ItIsOver
    return _take(session, actor, row, "emergency.confirm", {"confirmed_by": actor.person_id}, grant)


def decline(session: Session, actor: Actor, emergency_id: UUID) -> UUID:
    """Refuse what was proposed."""
    row, grant = _governed(session, actor, emergency_id, "emergency.decline")
    return _take(session, actor, row, "emergency.decline", {}, grant)


def end(session: Session, actor: Actor, emergency_id: UUID) -> UUID:
    """End an emergency before its time; one pair of eyes is enough for less power."""
    row, grant = _governed(session, actor, emergency_id, "emergency.end")
    return _take(session, actor, row, "emergency.end", {"ends_at": min(row.ends_at, session.now)}, grant)


def one(session: Session, actor: Actor, emergency_id: UUID) -> dict[str, Any]:
    """Return one emergency as it stands now."""
    row = found(session.first(_SHOWN.where(visible(actor, Emergency), Emergency.id == emergency_id)))
    return _view(session, actor, row._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the emergencies of the tenant, the newest first; everybody may know of each."""
    statement = _SHOWN.where(visible(actor, Emergency))
    page = paging.page(session, statement, Emergency.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


def in_force(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return the emergencies that hold now in the actor's tenant; the clock alone decides. One statement."""
    return [_view(session, actor, row._asdict()) for row in _holding(session, actor.tenant_id)]


def standing(session: Session, tenant_id: UUID) -> list[tuple[str, list[str]]]:
    """Return the scope's path of each emergency that holds now, and what it permits."""
    return [(row.path, row.permits) for row in _holding(session, tenant_id)]


def called(session: Session, actor: Actor, emergency_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of the members registered in the scope, each with when they first came since it began.

    Only while it holds and permits a compulsory check-in (NotPermitted); for who keeps the registrations there, whose
    look is logged for the purpose of an emergency.
    """
    row, _ = _governed(session, actor, emergency_id, "emergency.roll")
    now = session.now
    if not rules.in_force(row.state, row.starts_at, row.ends_at, now) or "compulsory_check_in" not in row.permits:
        raise rules.NotPermitted
    came = (
        sa.select(sa.func.min(Fact.occurred_at))
        .where(
            Fact.tenant_id == actor.tenant_id, Fact.account_id == Person.account_id, Fact.kind == "check_in",
            Fact.occurred_at >= row.starts_at,
        )
        .scalar_subquery()
    )  # fmt: skip
    statement = (
        sa.select(
            Affiliation.id, Affiliation.person_id, Affiliation.organization_id.label("community_id"),
            Organization.name.label("community_name"), Person.wrapped_key, Person.name, came.label("came_at"),
        )
        .join(Person, Person.id == Affiliation.person_id)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.kind == "registration",
            Affiliation.state == "accepted", Affiliation.principal, Person.state == "active",
            Organization.path >= row.path, Organization.path < f"{row.path[:-1]}0",
        )
    )  # fmt: skip
    page = paging.page(session, statement, Affiliation.id, limit=query.limit, cursor=query.cursor, newest_first=False)
    session.look(
        [item["person_id"] for item in page["items"]], ["name"], "emergency", organization_id=row.organization_id
    )
    for item in page["items"]:
        item["name"] = session.vault.open(item["wrapped_key"], item["person_id"], "name", item["name"])
    return page


def _holding(session: Session, tenant_id: UUID) -> Any:
    return session.rows(_IN_FORCE, {"tenant": tenant_id, "now": session.now})


def _governed(session: Session, actor: Actor, emergency_id: UUID, step: str) -> tuple[Any, UUID]:
    row = found(session.first(_SHOWN.where(visible(actor, Emergency), Emergency.id == emergency_id)))
    return row, require(actor, step, row.path)


def _take(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID) -> UUID:
    changes.take(session, actor, Emergency, row, step, values, at=row.organization_id, grant=grant)
    return row.id


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    times = (row["starts_at"], row["ends_at"], session.now)
    state = rules.stands(row["state"], *times)
    steps = allowed(actor, "emergency", state, row["path"])
    if row["proposed_by"] == actor.person_id:
        steps = [step for step in steps if step != "emergency.confirm"]
    basis = rules.BASES[row["basis"]]
    return {
        **row, "state": state, "in_force": rules.in_force(row["state"], *times), "allowed_actions": steps,
        "basis_label": {"zh": basis.zh, "en": basis.en},
        "permits": [
            {"code": code, "zh": rules.PERMITS[code].zh, "en": rules.PERMITS[code].en} for code in row["permits"]
        ],
    }  # fmt: skip
