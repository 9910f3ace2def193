"""注销: a person is erased at once, as the law lets; what it keeps is restricted until its ten years end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session, new_id
from api.domain import erasing as rules
from api.models import Entry, Erasure, Fact, Person, RestrictedPerson
from api.services import changes, erasure_steps
from api.services.days import today
from api.services.registrations import lock
from api.visibility import GONE

_LAST_SERVED = [
    sa.select(sa.func.max(table.served_on)).where(
        table.tenant_id == sa.bindparam("tenant"), table.account_id == sa.bindparam("account")
    )
    for table in (Fact, Entry)
]
_SHOWN = sa.select(Erasure.id, Erasure.receipt, Erasure.erased_at, Erasure.kept_until)


def preview(session: Session, actor: Actor) -> dict[str, Any]:
    """Return what an erasure would take from the actor, what the law keeps, and the word that confirms it today."""
    until = _kept_until(session, actor)
    return {**_told(until), "confirm": _word(session, actor, 0)}


def erase(session: Session, actor: Actor, confirm: str) -> UUID:
    """Erase the actor at once and return the erasure's id; NotConfirmed, AlreadyErased.

    The word is the preview's of today or yesterday, and becomes the number of the receipt.
    """
    if confirm not in (_word(session, actor, 0), _word(session, actor, 1)):
        raise rules.NotConfirmed(pointer="/confirm")
    lock(session, actor.person_id)
    state = session.scalar(sa.select(Person.state).where(Person.id == actor.person_id))
    if state in GONE:
        raise rules.AlreadyErased
    erasure = {
        "id": new_id(), "tenant_id": actor.tenant_id, "person_id": actor.person_id, "receipt": confirm,
        "erased_at": session.now, "kept_until": _kept_until(session, actor),
    }  # fmt: skip
    return _carry_out(session, actor, erasure)


def reapply(session: Session, actor: Actor, erasure: dict[str, Any]) -> bool:
    """Erase again whom a restored backup brought back; say whether there was anything to do.

    `erasure` is a row of the ledger that is kept outside the database. A repeat does nothing, nor does a backup that
    is older than the person.
    """
    lock(session, erasure["person_id"])
    row = session.first(
        sa.select(Person.account_id, Person.state).where(
            Person.tenant_id == actor.tenant_id, Person.id == erasure["person_id"]
        )
    )
    if row is None or row.state in GONE:
        return False
    subject = Actor(erasure["person_id"], row.account_id, actor.tenant_id, (), "erasure.reapply")
    kept = _kept_until(session, subject)
    _carry_out(session, subject, {**erasure, "kept_until": kept}, step="erasure.reapply")
    return True


def _carry_out(session: Session, actor: Actor, erasure: dict[str, Any], step: str = "erasure.create") -> UUID:
    session.insert_new(Erasure, [erasure])
    changes.record(session, actor, step, "erasure", erasure["id"], at=None, written=erasure)
    aside = actor.aside()
    aside.step = step
    erasure_steps.end_what_runs(session, aside)
    erasure_steps.restrict_or_forget(session, aside, erasure["kept_until"])
    merged = sa.select(Person.id).where(Person.tenant_id == actor.tenant_id, Person.merged_into == actor.person_id)
    for person_id in [actor.person_id, *(row.id for row in session.rows(merged))]:
        erasure_steps.shred(session, actor.tenant_id, person_id)
    return erasure["id"]


def one(session: Session, actor: Actor, erasure_id: UUID) -> dict[str, Any]:
    """Return the evidence of an erasure with what went and what was kept, to whom it concerns."""
    row = found(session.first(_SHOWN.where(Erasure.id == erasure_id, Erasure.person_id == actor.person_id)))
    return {**row._asdict(), **_told(row.kept_until)}


def receipt(session: Session, _actor: Actor, number: str) -> dict[str, Any]:
    """Return that an erasure with this number took place, when, and until when a record is kept; of nobody's name."""
    row = found(session.first(_SHOWN.where(Erasure.receipt == number)))
    return {**row._asdict(), **_told(row.kept_until)}


def restricted(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the erasures with who stands behind the records kept, for auditors; each look is logged."""
    statement = (
        sa.select(
            *_SHOWN.selected_columns, Erasure.person_id, Person.account_id, Person.wrapped_key, RestrictedPerson.name
        )
        .join(Person, Person.id == Erasure.person_id)
        .outerjoin(RestrictedPerson, RestrictedPerson.person_id == Erasure.person_id)
        .where(Erasure.tenant_id == actor.tenant_id)
    )
    answer = paging.page(session, statement, Erasure.id, limit=query.limit, cursor=query.cursor)
    opened = session.vault.open
    for item in answer["items"]:
        item["name"] = opened(item["wrapped_key"], item["person_id"], erasure_steps.RESTRICTED_NAME, item["name"])
    session.look([item["person_id"] for item in answer["items"] if item["name"]], ["name"], "audit")
    return answer


def recorded(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return a tenant's erasures as the ledger outside the database keeps them: ids and a number, no name."""
    columns = (Erasure.id, Erasure.tenant_id, Erasure.person_id, Erasure.receipt, Erasure.erased_at)
    statement = sa.select(*columns).where(Erasure.tenant_id == actor.tenant_id).order_by(Erasure.id)
    return [row._asdict() for row in session.rows(statement)]


def end_due(session: Session, actor: Actor, limit: int = 100) -> int:
    """Let key and link die of those whose ten years ended; return how many. What they served stays, of nobody."""
    due = (
        sa.select(RestrictedPerson.id, RestrictedPerson.person_id, RestrictedPerson.account_id, Erasure.id.label("of"))
        .join(Erasure, Erasure.person_id == RestrictedPerson.person_id)
        .where(RestrictedPerson.tenant_id == actor.tenant_id, RestrictedPerson.until <= today(session, actor.tenant_id))
    )
    rows = session.rows(due.order_by(RestrictedPerson.id).limit(limit))
    for row in rows:
        erasure_steps.let_die(session, row)
        changes.record(session, actor, "erasure.end", "erasure", row.of, at=None)
    return len(rows)


def _kept_until(session: Session, actor: Actor) -> Any:
    whose = {"tenant": actor.tenant_id, "account": actor.account_id}
    served = [day for each in _LAST_SERVED if (day := session.scalar(each, whose)) is not None]
    return rules.kept_until(max(served, default=None))


def _word(session: Session, actor: Actor, days_ago: int) -> str:
    day = today(session, actor.tenant_id) - timedelta(days=days_ago)
    return rules.confirmation(session.vault.index(actor.tenant_id, "erasures.receipt", f"{actor.person_id}:{day}"))


def _told(until: Any) -> dict[str, Any]:
    kept = [_as_view(rules.KEPT_TRACE, None)]
    if until is not None:
        kept.insert(0, _as_view(rules.KEPT_RECORD, until))
    return {"shredded": [_as_view(each, None) for each in rules.SHREDDED], "kept": kept}


def _as_view(told: rules.Told, until: Any) -> dict[str, Any]:
    return {
        "data": {"zh": told.zh, "en": told.en}, "why": {"zh": told.why_zh, "en": told.why_en}, "until": until,
    }  # fmt: skip
