"""需求清单 a month ahead: where a district keeps one, next month's needs are frozen and published on a day of this one.

R-09 (梨树县): the list of needs is published a month ahead. What is published later is a supplement.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import month_lists as rules
from api.domain.documents import Head
from api.domain.matching.times import windows_of
from api.models import Document, Need, Organization
from api.services import documents, match_rules
from api.services.days import today, zone_of
from api.services.parties import parties

_ISSUED = sa.select(Document.id, Document.source).where(
    Document.tenant_id == sa.bindparam("tenant"), Document.source.in_(sa.bindparam("sources", expanding=True))
)
_LISTED = sa.select(
    Need.id, Need.title, Need.category, Need.target_group, Need.headcount, Need.quantity, Need.when_text, Need.windows,
    Need.reply_by, Need.kind,
)  # fmt: skip


def of(session: Session, actor: Actor, need: Any, day: date) -> dict[str, Any]:
    """Return the month and flags of a need that is published on a day; nothing where no list is kept a month ahead."""
    _, standing = match_rules.holding(session, actor, need.path)
    if standing.terms.list_day is None:
        return {}
    windows = windows_of(need.windows) or []
    zone = zone_of(session, actor.tenant_id)
    first = min((window.starts_at.astimezone(zone).date() for window in windows), default=None)
    month, late = rules.month_of(day, standing.terms.list_day, first)
    asked = {"tenant": actor.tenant_id, "sources": [_source(need.community_id, month)]}
    late = late or session.first(_ISSUED, asked) is not None
    flags = [flag for flag in need.flags if flag != rules.SUPPLEMENT]
    return {"for_month": month, "flags": [*flags, rules.SUPPLEMENT] if late else flags}


def freeze_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Freeze and publish the lists of next month whose day has come; return how many. A repeat finds none.

    A community without a need for the month publishes nothing.
    """
    day = today(session, actor.tenant_id)
    month = rules.next_month(day)
    waiting = (
        sa.select(Need.community_id, Organization.path)
        .join(Organization, Organization.id == Need.community_id)
        .where(Need.tenant_id == actor.tenant_id, Need.for_month == month, Need.state == "published")
        .distinct()
        .order_by(Need.community_id)
    )
    places = session.rows(waiting)
    sources = {_source(row.community_id, month): row for row in places}
    asked = {"tenant": actor.tenant_id, "sources": list(sources)}
    standing = {row.source for row in session.rows(_ISSUED, asked)} if sources else set()
    issued = 0
    for source, row in sources.items():
        if source in standing or issued == limit:
            continue
        _, terms = match_rules.holding(session, actor, row.path)
        if terms.terms.list_day is not None and day.day >= terms.terms.list_day:
            _freeze(session, actor, row.community_id, month, day)
            issued += 1
    return issued


def _freeze(session: Session, actor: Actor, community_id: UUID, month: date, day: date) -> UUID:
    listed = _LISTED.where(
        Need.tenant_id == actor.tenant_id, Need.community_id == community_id, Need.for_month == month,
        Need.state == "published",
    )  # fmt: skip
    zone = zone_of(session, actor.tenant_id)
    items = []
    for row in session.rows(listed.order_by(Need.id)):
        windows = [rules.told(window, zone) for window in windows_of(row.windows) or []]
        items.append(
            rules.Item(
                title=row.title, kind=row.kind, category=row.category, target_group=row.target_group,
                headcount=row.headcount, quantity=row.quantity, when=row.when_text or "；".join(windows) or None,
                reply_by=row.reply_by,
            )
        )  # fmt: skip
    head = Head(parties(session, actor, [community_id], day)[community_id], None, month, rules.next_month(month))
    content = rules.month_list(head, items)
    return documents.issue(
        session, actor, kind="notice", issuer_id=community_id, recipient_id=None, title=content["title"]["zh"],
        content=content, circle="public", source=_source(community_id, month),
    )  # fmt: skip


def _source(community_id: UUID, month: date) -> str:
    return f"needs:{community_id}:{month.isoformat()}"
