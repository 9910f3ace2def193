"""匹配规则: weights, limits and memory as offices declare them, by edition; the nearest decision above holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.matching.rules import Rules, rules_of
from api.domain.switches import SEATS, NotASeat
from api.models import MatchRule, Organization
from api.services import changes
from api.services.places import governed, place
from api.visibility import visible

_SHOWN = sa.select(
    MatchRule.id, MatchRule.organization_id, MatchRule.edition, MatchRule.content, MatchRule.basis, MatchRule.set_at,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == MatchRule.organization_id)  # fmt: skip


def declare(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Declare the rules of a district and all below it as a new edition; return its id. WeightsInvalid, NotASeat.

    What is left out stays as shipped; earlier editions stay readable, and runs keep the one that they were made by.
    """
    at, grant = governed(
        session, actor, "match_rule.set", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    if at.kind not in SEATS:
        raise NotASeat(pointer="/organizationId")
    content = rules_of({name: values[name] for name in ("weights", "terms", "memory")}).document()
    session.execute(sa.select(Organization.id).where(Organization.id == at.id).with_for_update())
    last = session.scalar(sa.select(sa.func.max(MatchRule.edition)).where(MatchRule.organization_id == at.id)) or 0
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "organization_id": at.id, "edition": last + 1, "content": content,
        "basis": values["basis"], "set_by": actor.person_id, "set_at": session.now,
    }  # fmt: skip
    session.insert(MatchRule, [row])
    details = {"edition": last + 1}
    changes.record(
        session, actor, "match_rule.set", "match_rule", row["id"], at=at.id, grant=grant, written=row, details=details
    )
    return row["id"]


def one(session: Session, actor: Actor, rule_id: UUID) -> dict[str, Any]:
    """Return one edition."""
    return _view(session.first(_SHOWN.where(visible(actor, MatchRule), MatchRule.id == rule_id)))


def listed(session: Session, actor: Actor, organization_id: UUID) -> dict[str, Any]:
    """Return the rules that hold at an organisation, and every edition that was declared on the way down to it."""
    at = place(session, actor, organization_id, pointer="?organizationId")
    told = _told(session, actor, at.path)
    rule_id, rules = holding(session, actor, at.path)
    return {"standing": {"rule_id": rule_id, **rules.document()}, "items": [_view(row) for row in told[::-1]]}


def holding(session: Session, actor: Actor, path: str) -> tuple[UUID | None, Rules]:
    """Return the edition that holds at a path, and its rules; None and what is shipped where nobody declared any."""
    told = _told(session, actor, path)
    if not told:
        return None, rules_of({})
    nearest = max(told, key=lambda row: (len(row.path), row.edition))
    return nearest.id, rules_of(nearest.content)


def _told(session: Session, actor: Actor, path: str) -> list[Any]:
    rows = session.rows(_SHOWN.where(visible(actor, MatchRule)).order_by(MatchRule.id))
    return [row for row in rows if path.startswith(row.path)]


def _view(row: Any) -> dict[str, Any]:
    return {**row._asdict(), **rules_of(row.content).document()}
