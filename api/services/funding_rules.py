"""民生项目规则: limits and conditions of livelihood projects as districts declare them; the nearest above holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.access import Actor
from api.db import Session
from api.domain.funds import Rules, rules_of
from api.models import FundingRule
from api.services import editions
from api.services.places import place
from api.visibility import visible


def declare(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Declare the rules of a district and all below it as a new edition; return its id. RulesInvalid, NotASeat.

    Earlier editions stay readable; what was allotted or started under them stands.
    """
    content = rules_of({name: values[name] for name in Rules.__dataclass_fields__}).document()
    at, basis = values["organization_id"], values["basis"]
    return editions.declare(session, actor, FundingRule, "funding_rule", at, content, basis)


def one(session: Session, actor: Actor, rule_id: UUID) -> dict[str, Any]:
    """Return one edition."""
    return _view(
        session.first(editions.shown(FundingRule).where(visible(actor, FundingRule), FundingRule.id == rule_id))
    )


def listed(session: Session, actor: Actor, organization_id: UUID) -> dict[str, Any]:
    """Return the rules that hold at an organisation, and every edition that was declared on the way down to it."""
    at = place(session, actor, organization_id, pointer="?organizationId")
    told = editions.told(session, actor, FundingRule, at.path)
    rule_id, rules = holding(session, actor, at.path)
    return {"standing": {"rule_id": rule_id, **rules.document()}, "items": [_view(row) for row in told[::-1]]}


def holding(session: Session, actor: Actor, path: str) -> tuple[UUID | None, Rules]:
    """Return the edition that holds at a path, and its rules; None and what is shipped where nobody declared any."""
    nearest = editions.nearest(editions.told(session, actor, FundingRule, path))
    return (None, rules_of({})) if nearest is None else (nearest.id, rules_of(nearest.content))


def _view(row: Any) -> dict[str, Any]:
    return {**row._asdict(), **rules_of(row.content).document()}
