"""撤销文书: void from then on, with a reason; a paper about a person's service needs a second look before."""

from __future__ import annotations

from uuid import UUID

from api.access import Actor
from api.db import Session
from api.domain.four_eyes import require_another
from api.errors import Conflict
from api.models import Document
from api.services import changes, documents, unit_registrations

SECOND_LOOK = frozenset({"certificate", "archive", "opinion"})
"""Kinds that one person alone does not revoke: what rests on somebody's record, and what follows from a hearing."""


class NotProposed(Conflict):
    """Somebody proposes the revocation with a reason first, and another confirms it."""

    code = "revocation_not_proposed"
    zh = "撤销该类文书须先由一人提议（propose-revocation），再由另一人办理"
    en = "Somebody proposes it first (propose-revocation), and another revokes"


class ProposedAlready(Conflict):
    """A revocation waits for a second person."""

    code = "revocation_proposed"
    zh, en = "已有人提议撤销，待另一人办理", "A revocation is proposed already and waits for a second person"


def propose(session: Session, actor: Actor, document_id: UUID, reason: str) -> UUID:
    """Propose to revoke an issued document, with the reason; it stands until another person revokes it.

    ProposedAlready; StepNotAllowed for what is not in force.
    """
    row, grant = documents.governed(session, actor, document_id, "document.propose_revocation")
    if row.state == "issued" and row.proposed_by is not None:
        raise ProposedAlready
    values = {"reason": reason, "proposed_by": actor.person_id}
    step = "document.propose_revocation"
    changes.take(session, actor, Document, row, step, values, at=row.issuer_id, grant=grant)
    return document_id


def keep(session: Session, actor: Actor, document_id: UUID) -> UUID:
    """Let a document stand whose revocation was proposed; NotProposed where nobody has."""
    row, grant = documents.governed(session, actor, document_id, "document.keep")
    if row.state == "issued" and row.proposed_by is None:
        raise NotProposed
    values = {"reason": None, "proposed_by": None}
    changes.take(session, actor, Document, row, "document.keep", values, at=row.issuer_id, grant=grant)
    return document_id


def revoke(session: Session, actor: Actor, document_id: UUID, reason: str) -> UUID:
    """Declare an issued document void with a reason; its page of verification says so from then on.

    A paper about a person's service needs a proposal by somebody else: NotProposed, NeedsSecondPerson. What a plan
    proposed and nobody took up goes with it; units that reported in stay.
    """
    row, grant = documents.governed(session, actor, document_id, "document.revoke")
    if row.kind in SECOND_LOOK and row.state == "issued":
        if row.proposed_by is None:
            raise NotProposed
        require_another(row.proposed_by, actor.person_id)
    values = {"reason": reason, "ended_at": session.now}
    changes.take(session, actor, Document, row, "document.revoke", values, at=row.issuer_id, grant=grant)
    if row.kind == "plan":
        unit_registrations.withdraw(session, actor.aside(), document_id, grant)
    return document_id
