"""服务记录证明: what somebody served, as sealed in the ledger, on a numbered paper that anybody can verify.

民政部令第67号: free of charge, on request, with time, content and who recorded it; 志愿服务条例 第十九条. Where an
entry that a paper counts is taken back, the paper no longer stands; the next one of its period takes its place.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.documents import Head, certificate, content_hash
from api.domain.periods import EndsBeforeItBegins
from api.errors import Conflict, Invalid
from api.models import CertifiedEntry, Document
from api.services import days, document_states, documents, served, switches

CONNECTION = "national_connection"


class NothingServed(Conflict):
    """There is no sealed volunteer service in the period; what was recorded a moment ago is sealed within seconds."""

    code, zh, en = "nothing_served", "该期间没有已封存的志愿服务记录", "No sealed volunteer service in this period"


class NoIssuer(Conflict):
    """A community issues the paper: the one of registration, else the one served last."""

    code, zh, en = "no_issuer", "没有可以出具证明的社区", "There is no community to issue it"


class NotYetOver(Invalid):
    """A paper tells of days that have come; what is served later would be missing from it."""

    code, zh, en = "not_yet_over", "结束日期不能晚于明天（期间不含该日）", "The period cannot reach beyond today"


def issue(session: Session, actor: Actor, since: date, until: date) -> UUID:
    """Issue the actor's own certificate of what they served on the days `[since, until)`; return the document's id.

    As long as the record of the period stands as it is, a repeat returns the paper that was issued for it; one that it
    corrects is superseded. Raises EndsBeforeItBegins, NotYetOver, NothingServed and NoIssuer.
    """
    if until <= since:
        raise EndsBeforeItBegins(pointer="/until")
    if until > days.today(session, actor.tenant_id) + timedelta(days=1):
        raise NotYetOver(pointer="/until")
    record = served.served(session, actor, since, until)
    if not record.services:
        raise NothingServed
    issuer = issuer_of(session, record)
    head = Head(record.named[issuer], None, since, until, days.zone_of(session, actor.tenant_id).key)
    content = certificate(
        head, holder=served.holder(session, actor, record.home), served=record.services, position=record.position or 0,
        connected_by=connected_by(session, actor, issuer),
    )  # fmt: skip
    return issue_paper(session, actor, issuer, content, record.entries)


def issuer_of(session: Session, record: served.Record) -> UUID:
    """Return the community that issues a paper: the one of registration, else the one served last; NoIssuer."""
    for place in (record.home_id, record.last_place_id):
        if place is not None and served.is_active(session, place):
            return place
    raise NoIssuer


def connected_by(session: Session, actor: Actor, issuer_id: UUID) -> str | None:
    """Return the basis on which the issuer is connected to the national system, None while it is not."""
    told = next(one for one in switches.listed(session, actor, issuer_id)["items"] if one["code"] == CONNECTION)
    return told["basis"] if told["on"] else None


def issue_paper(session: Session, actor: Actor, issuer_id: UUID, content: dict[str, Any], entries: list[UUID]) -> UUID:
    """Issue the actor's own certificate or archive, which rests on these entries; return its id, the same for a repeat.

    A paper of the same kind and period that no longer stands, since an entry of it was taken back, is superseded.
    """
    kind = content["kind"]
    source = f"{kind}:{actor.account_id}:{content_hash(content)}"
    standing = session.scalar(
        sa.select(Document.id).where(Document.tenant_id == actor.tenant_id, Document.source == source)
    )
    if standing is not None:
        return standing
    document_id = documents.issue(
        session, actor, kind=kind, issuer_id=issuer_id, recipient_id=actor.person_id, title=content["title"]["zh"],
        content=content, source=source, supersedes_id=_corrected(session, actor, content), rests_on=entries,
    )  # fmt: skip
    same = {"tenant_id": actor.tenant_id, "document_id": document_id, "person_id": actor.person_id}
    session.insert(CertifiedEntry, [{**same, "entry_id": entry} for entry in entries])
    return document_id


def _corrected(session: Session, actor: Actor, content: dict[str, Any]) -> UUID | None:
    """Return the paper of the same kind and period in which an entry was taken back, and which nothing replaced yet."""
    papers = sa.select(Document.id, Document.tenant_id, Document.content).where(
        Document.tenant_id == actor.tenant_id, Document.recipient_id == actor.person_id,
        Document.kind == content["kind"], Document.state == "issued", document_states.corrected_at().is_not(None),
    )  # fmt: skip
    same = [row.id for row in session.rows(papers.order_by(Document.id)) if _period(row.content) == _period(content)]
    return same[-1] if same else None


def _period(content: dict[str, Any]) -> Any:
    """Return the period that a paper tells of; an archive tells of all there is, until whichever day."""
    return None if content["kind"] == "archive" else content["period"]
