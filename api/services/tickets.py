"""Tickets: what a client carries from one request to the next, sealed, short-lived and good for one use."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from api.db import Session, new_id
from api.errors import Unauthenticated
from api.models import SpentTicket

LONGEST = 4096


class TicketRefused(Unauthenticated):
    """The ticket is not ours, was altered, has expired or was used; which of them is nobody's business."""

    code = "ticket_refused"
    zh = "凭条无效、已使用或已过期，请从头再来"
    en = "The ticket is not valid, was used or has expired; begin again"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says: for which tenant it was made, until when it holds, and what it carries."""

    id: UUID
    tenant_id: UUID
    expires_at: datetime
    content: Mapping[str, str | None]


def issue(session: Session, purpose: str, tenant_id: UUID, content: Mapping[str, str | None], *, seconds: int) -> str:
    """Return a new ticket for a purpose; nothing is stored, its bearer can neither read nor alter it."""
    expires_at = session.now + timedelta(seconds=seconds)
    inner = {"id": new_id().hex, "tenant": tenant_id.hex, "until": expires_at.isoformat(), "content": dict(content)}
    sealed = session.vault.seal_bytes(f"ticket:{purpose}", json.dumps(inner).encode())
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def opened(session: Session, purpose: str, text: str) -> Ticket:
    """Return what a ticket says without spending it; TicketRefused where it does not hold for this purpose now."""
    try:
        if len(text) > LONGEST or not text.isascii():
            raise ValueError("not a ticket's shape")
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        inner = json.loads(session.vault.open_bytes(f"ticket:{purpose}", sealed))
    except Exception as why:  # unreadable, altered, of another purpose: none of them is more than "no"
        raise TicketRefused from why
    expires_at = datetime.fromisoformat(inner["until"])
    if expires_at <= session.now:
        raise TicketRefused
    return Ticket(UUID(inner["id"]), UUID(inner["tenant"]), expires_at, inner["content"])


def spend(session: Session, purpose: str, text: str) -> Ticket:
    """Return what a ticket says and let nobody use it again; of two at the same time one is refused."""
    ticket = opened(session, purpose, text)
    ours = sa.and_(SpentTicket.tenant_id == ticket.tenant_id, SpentTicket.expires_at <= session.now)
    session.execute(sa.delete(SpentTicket).where(ours))
    if session.scalar(sa.select(SpentTicket.id).where(SpentTicket.id == ticket.id)) is not None:
        raise TicketRefused
    # Of two that come at once the later meets the key, runs again and finds it spent.
    session.insert(SpentTicket, [{"id": ticket.id, "tenant_id": ticket.tenant_id, "expires_at": ticket.expires_at}])
    return ticket
