"""线索: listed for who judges and who organised, opened down to their facts, answered and judged by people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain import signal_rules
from api.domain.sanctions import OwnSignal
from api.errors import Forbidden
from api.models import Fact, RestrictedPerson, Signal
from api.services import changes
from api.services.activities import HOST, ORGANIZER
from api.services.ledger import undone_fact
from api.visibility import visible

_SHOWN = (
    sa.select(
        Signal.id, Signal.version, Signal.state, Signal.kind, Signal.community_id, Signal.organizer_id,
        Signal.leader_id, Signal.subject_kind, Signal.subject_id, Signal.since, Signal.until, Signal.figures,
        Signal.rules_version, Signal.reply, Signal.judgement, Signal.judged_at, Signal.created_at,
        HOST.name.label("community_name"), HOST.path.label("host_path"), ORGANIZER.name.label("organizer_name"),
        ORGANIZER.path.label("organizer_path"),
    )
    .join(HOST, HOST.id == Signal.community_id)
    .join(ORGANIZER, ORGANIZER.id == Signal.organizer_id)
)  # fmt: skip
_FACTS = sa.select(
    Fact.id, Fact.kind, Fact.account_id, Fact.occurred_at, Fact.recorded_at, Fact.provenance, Fact.shift_id, Fact.pair,
    undone_fact.id.label("reversed_by"),
).outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)  # fmt: skip


def reply(session: Session, actor: Actor, signal_id: UUID, text: str) -> UUID:
    """Say what there is to say to a signal, for who led or organised; the last reply before it is judged stands."""
    row = of(session, actor, signal_id)
    if not speaks_for(actor, row.leader_id, row.organizer_path):
        raise Forbidden(step="signal.reply")
    told = {"reply": text, "replied_by": actor.person_id}
    grant = actor.grant_for("signal.reply", row.organizer_path)
    changes.take(session, actor, Signal, row, "signal.reply", told, at=row.community_id, grant=grant)
    return signal_id


def judge(session: Session, actor: Actor, signal_id: UUID, verdict: str, text: str) -> UUID:
    """Judge a signal as `explained`, `founded` or `dismissed`, in words: an officer above, never who organised.

    Nothing follows from it by itself. Forbidden, OwnSignal, StepNotAllowed where it was judged already.
    """
    row = of(session, actor, signal_id)
    grant = require(actor, "signal.judge", row.host_path)
    if is_own(actor, row._asdict()):
        raise OwnSignal
    told = {"judgement": text, "judged_by": actor.person_id, "judged_at": session.now}
    changes.take(session, actor, Signal, row, "signal.judge", told, at=row.community_id, grant=grant, to=verdict)
    return signal_id


def one(session: Session, actor: Actor, signal_id: UUID) -> dict[str, Any]:
    """Return one signal with its figures and the question that they put."""
    return _view(actor, of(session, actor, signal_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the signals that the actor may see, newest first."""
    statement = _SHOWN.where(visible(actor, Signal))
    for column, wanted in (
        (Signal.state, query.state),
        (Signal.kind, query.kind),
        (Signal.community_id, query.community_id),
        (Signal.organizer_id, query.organizer_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    page = paging.page(session, statement, Signal.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(actor, item) for item in page["items"]]
    return page


def facts(session: Session, actor: Actor, signal_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of the facts that a signal rests on, by pseudonym; those taken back since say so.

    Facts of who was erased are for auditors of the ledger alone and left out.
    """
    rests_on = found(session.first(sa.select(Signal.fact_ids).where(visible(actor, Signal), Signal.id == signal_id)))
    ids = [UUID(fact) for fact in rests_on.fact_ids]
    erased = sa.exists().where(RestrictedPerson.account_id == Fact.account_id)
    statement = _FACTS.where(Fact.tenant_id == actor.tenant_id, Fact.id.in_(ids), ~erased)
    return paging.page(session, statement, Fact.id, limit=query.limit, cursor=query.cursor, newest_first=False)


def of(session: Session, actor: Actor, signal_id: UUID) -> Any:
    """Return a signal's row with the paths of host and organiser; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Signal), Signal.id == signal_id)))


def speaks_for(actor: Actor, leader_id: UUID | None, organizer_path: str) -> bool:
    """Say whether the actor answers for what is asked: as its leader, or for the organiser."""
    return leader_id == actor.person_id or actor.grant_for("signal.reply", organizer_path) is not None


def is_own(actor: Actor, row: Any) -> bool:
    """Say whether a signal asks of what the actor leads, organises or sits over as the organiser's own office."""
    holds = any(reach.organization_id == row["organizer_id"] for reach in actor.reaches_for("signal.judge"))
    return holds or speaks_for(actor, row["leader_id"], row["organizer_path"])


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    rule = signal_rules.shipped().signals[row["kind"]]
    may = {"signal.judge"} if not is_own(actor, row) else set()
    steps = [step for step in allowed(actor, "signal", row["state"], row["host_path"]) if step in may]
    if row["state"] == "open" and speaks_for(actor, row["leader_id"], row["organizer_path"]):
        steps.append("signal.reply")
    return {
        **row, "allowed_actions": steps, "label": {"zh": rule.zh, "en": rule.en},
        "question": {"zh": rule.question_zh, "en": rule.question_en},
    }  # fmt: skip
