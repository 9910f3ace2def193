"""需求清单: needs are submitted, published, withdrawn; who asks is hidden."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain.matching import times
from api.models import Need, Organization
from api.services import changes, finding, search
from api.services.days import today, zone_of
from api.services.places import place
from api.visibility import visible

SHOWN = sa.select(
    Need.id, Need.version, Need.state, Need.kind, Need.title, Need.description, Need.category, Need.target_group,
    Need.headcount, Need.quantity, Need.when_text, Need.budget_fen, Need.community_id, Need.reason, Need.published_at,
    Need.expires_on, Need.windows, Need.flags, Need.asked_by, Need.verify_by, Need.reply_by, Need.for_month, Need.gates,
    Need.risks, Need.attachments, Need.claimed_at, Need.claimed_for, Need.claimed_by, Need.thanks, Organization.name.label("community_name"),
    Organization.path,
).join(Organization, Organization.id == Need.community_id)  # fmt: skip


OWN = ("need.edit", "need.submit", "need.confirm")  # what who asks may do about their own need


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Write a draft of a need in a community; anyone of the tenant may ask. WindowContradicts."""
    community = place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    asked = {**values, "windows": _windows(session, actor, values), "asked_by": actor.person_id}
    return changes.create(session, actor, Need, "need.create", asked, at=community.id)


def edit(session: Session, actor: Actor, need_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew; WindowContradicts."""
    place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    return _step(session, actor, need_id, "need.edit", {**values, "windows": _windows(session, actor, values)})


def submit(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Hand a draft to the community."""
    return _step(session, actor, need_id, "need.submit")


def publish(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Put a submitted need on the public list, where its words find it."""
    _step(session, actor, need_id, "need.publish", {"published_at": session.now})
    told = sa.select(Need.title, Need.description, Need.windows).where(visible(actor, Need), Need.id == need_id)
    need = found(session.first(told))
    search.learn(session, actor.tenant_id, "need", {need_id: need[:2]})
    search.learn_times(session, actor.tenant_id, {need_id: need.windows})
    return need_id


def decline(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Refuse a submitted need with a reason."""
    return _step(session, actor, need_id, "need.decline", {"reason": reason})


def withdraw(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Take a published need off the list."""
    return _step(session, actor, need_id, "need.withdraw", {"reason": reason})


def confirm(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Say that a need is met; the community does so, or who asked."""
    return _step(session, actor, need_id, "need.confirm")


def expire_due(session: Session, actor: Actor, limit: int = 1000) -> int:
    """Let the published needs expire whose last day has passed; return how many. A repeat finds none."""
    due = sa.select(Need.id, Need.state, Need.version, Need.community_id).where(
        Need.tenant_id == actor.tenant_id,
        Need.state == "published",
        Need.expires_on <= today(session, actor.tenant_id),
    )
    rows = session.rows(due.order_by(Need.id).limit(limit))
    for row in rows:
        changes.take(session, actor, Need, row, "need.expire", at=row.community_id)
    return len(rows)


def one(session: Session, actor: Actor, need_id: UUID) -> dict[str, Any]:
    """Return one need as it stands for this actor; NotFound where they may not know of it."""
    return _view(actor, found(session.first(SHOWN.where(visible(actor, Need), Need.id == need_id)))._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the needs that the actor may see, as `finding.page` orders and refuses them."""
    statement = SHOWN.where(visible(actor, Need))
    for column, wanted in ((Need.state, query.state), (Need.kind, query.kind)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = finding.page(session, actor, "need", Need, statement, query)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def _windows(session: Session, actor: Actor, values: dict[str, Any]) -> list[dict[str, Any]] | None:
    windows = values.get("windows")
    if windows is None:
        return None
    times.require_windows(windows, zone_of(session, actor.tenant_id))
    return [times.plain(window) for window in windows]


def _step(session: Session, actor: Actor, need_id: UUID, step: str, values: dict[str, Any] | None = None) -> UUID:
    need = found(session.first(SHOWN.where(visible(actor, Need), Need.id == need_id)))
    own = need.asked_by == actor.person_id and step in OWN
    grant = None if own else require(actor, step, need.path)
    changes.take(session, actor, Need, need, step, values, at=need.community_id, grant=grant)
    return need_id


def _view(actor: Actor, need: dict[str, Any]) -> dict[str, Any]:
    own = need["asked_by"] == actor.person_id
    return {**need, "allowed_actions": allowed(actor, "need", need["state"], need["path"], own=own)}
