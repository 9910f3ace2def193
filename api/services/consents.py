"""同意 as people give, refuse and withdraw it; what rests on a word taken back stops in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain import consents as rules
from api.domain.profiles import GUARDIAN
from api.domain.steps import TABLES
from api.models import NOBODY, Affiliation, Consent, Organization
from api.services import changes, deliveries, profile_rows
from api.services.places import place
from api.services.registrations import lock
from api.visibility import visible

_SHOWN = sa.select(
    Consent.id, Consent.version, Consent.state, Consent.purpose, Consent.recipient_id, Consent.text_version,
    Consent.created_at, Consent.ended_at, Organization.name.label("recipient_name"),
).outerjoin(Organization, Organization.id == Consent.recipient_id)  # fmt: skip


def give(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Agree to a purpose for a recipient in the words of a version; return the consent's id, the standing one's again.

    UnknownPurpose, RecipientUnfit, TextOutdated.
    """
    purpose = rules.purpose_of(values["purpose"])
    rules.require_current(purpose, values["version"])
    recipient = _recipient(session, actor, purpose, values["recipient_id"])
    lock(session, actor.person_id)
    row = _newest(session, actor, purpose.code, recipient)
    if row is not None and row.state == "given":
        if row.text_version == purpose.current.version:
            return row.id
        changes.take(session, actor.aside(), Consent, row, "consent.replace", {"ended_at": session.now}, at=None)
    return _say(session, actor, "consent.give", purpose, recipient)


def refuse(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Say no to a purpose, also where it was never agreed to; return the id of what stands, the same for a repeat."""
    purpose = rules.purpose_of(values["purpose"])
    recipient = _recipient(session, actor, purpose, values["recipient_id"])
    lock(session, actor.person_id)
    row = _newest(session, actor, purpose.code, recipient)
    if row is not None and row.state == "given":
        return _withdraw(session, actor, row)
    if row is not None:
        return row.id
    said = _say(session, actor, "consent.refuse", purpose, recipient)
    deliveries.withhold(session, actor, actor.person_id, purpose.code, recipient)
    return said


def withdraw(session: Session, actor: Actor, consent_id: UUID) -> UUID:
    """Take a consent back with effect at once; a repeat changes nothing."""
    statement = _SHOWN.where(visible(actor, Consent), Consent.id == consent_id)
    lock(session, actor.person_id)
    row = found(session.first(statement))
    return row.id if row.state == "withdrawn" else _withdraw(session, actor, row)


def withdraw_all(session: Session, actor: Actor, person_id: UUID) -> None:
    """Take back whatever a person still agrees to, for who is being erased."""
    given = _SHOWN.where(Consent.tenant_id == actor.tenant_id, Consent.person_id == person_id, Consent.state == "given")
    for row in session.rows(given.order_by(Consent.id)):
        changes.take(session, actor, Consent, row, "consent.withdraw", {"ended_at": session.now}, at=None)


def one(session: Session, actor: Actor, consent_id: UUID) -> dict[str, Any]:
    """Return one word of the actor's as it stands."""
    return _view(found(session.first(_SHOWN.where(visible(actor, Consent), Consent.id == consent_id)))._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of what the actor said, newest first, and beside it what may be asked and whether it holds now."""
    statement = _SHOWN.where(visible(actor, Consent))
    answer = paging.page(session, statement, Consent.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(item) for item in answer["items"]]
    answer["purposes"] = _asked(session, actor)
    return answer


def withheld(session: Session, tenant_id: UUID, people: Iterable[UUID], purpose: str, recipient_id: UUID) -> set[UUID]:
    """Return those of these people of whom nothing may be told to the recipient for the purpose; one statement.

    A purpose that nobody is asked about rests on another ground and is withheld from no one.
    """
    what = rules.PURPOSES.get(purpose)
    asked = set(people) if what is not None else set()
    statement = (
        sa.select(Consent.person_id, Consent.state, Consent.text_version)
        .where(
            Consent.tenant_id == tenant_id, Consent.purpose == purpose, Consent.recipient_id == recipient_id,
            Consent.person_id.in_(asked),
        )
        .order_by(Consent.id)
    )  # fmt: skip
    newest = {row.person_id: row for row in session.rows(statement)} if asked else {}
    said = {person: (row.state, row.text_version) for person, row in newest.items()}
    return {person for person in asked if what and not rules.stands(what, *said.get(person, (None, None)))}


def _asked(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return each purpose with its words, and for the actor's employers whether it holds."""
    employers = session.rows(
        sa.select(Organization.id, Organization.name)
        .join(Affiliation, Affiliation.organization_id == Organization.id)
        .where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == actor.person_id,
            Affiliation.kind == "employment", Affiliation.valid_to.is_(None),
        )
        .order_by(Organization.id)
    )  # fmt: skip
    return [
        {
            "purpose": purpose.code, "recipient": purpose.recipient, "title": {"zh": purpose.zh, "en": purpose.en},
            "version": purpose.current.version, "ground": {"zh": purpose.ground_zh, "en": purpose.ground_en},
            "text": {"zh": purpose.current.zh, "en": purpose.current.en}, "unless_refused": purpose.unless_refused,
            "holds": _holds(session, actor, purpose, employers),
        }
        for purpose in rules.PURPOSES.values()
    ]  # fmt: skip


def _holds(session: Session, actor: Actor, purpose: rules.Purpose, employers: Sequence[Any]) -> list[dict[str, Any]]:
    said = sa.select(Consent.recipient_id).where(visible(actor, Consent), Consent.purpose == purpose.code).distinct()
    recipients = {row.recipient_id: None for row in session.rows(said)}
    if purpose.recipient == "employer":
        recipients |= dict.fromkeys(row.id for row in employers)
    return [
        {
            "recipient_id": None if recipient == NOBODY else recipient,
            "holds": not withheld(session, actor.tenant_id, [actor.person_id], purpose.code, recipient),
        }
        for recipient in sorted(recipients)
    ]


def _recipient(session: Session, actor: Actor, purpose: rules.Purpose, recipient_id: UUID | None) -> UUID:
    if purpose.recipient in rules.NAMELESS:
        if recipient_id is not None:
            raise rules.RecipientUnfit(pointer="/recipientId", kind=purpose.recipient)
        return NOBODY
    if recipient_id is None:
        raise rules.RecipientUnfit(pointer="/recipientId", kind=purpose.recipient)
    axis = "employer" if purpose.recipient == "employer" else None
    return place(session, actor, recipient_id, axis=axis, pointer="/recipientId").id


def _newest(session: Session, actor: Actor, purpose: str, recipient_id: UUID) -> Any:
    said = _SHOWN.where(visible(actor, Consent), Consent.purpose == purpose, Consent.recipient_id == recipient_id)
    return session.first(said.order_by(Consent.id.desc()).limit(1))


def _say(session: Session, actor: Actor, step: str, purpose: rules.Purpose, recipient_id: UUID) -> UUID:
    values = {
        "person_id": actor.person_id, "purpose": purpose.code, "recipient_id": recipient_id,
        "text_version": purpose.current.version, "ended_at": None,
    }  # fmt: skip
    return changes.create(session, actor, Consent, step, values, at=None)


def _withdraw(session: Session, actor: Actor, row: Any) -> UUID:
    changes.take(session, actor, Consent, row, "consent.withdraw", {"ended_at": session.now}, at=None)
    deliveries.withhold(session, actor, actor.person_id, row.purpose, row.recipient_id)
    if row.purpose in (rules.VOLUNTEER_PROFILE, GUARDIAN):
        profile_rows.clear(session, actor, actor.person_id)
    return row.id


def _view(row: dict[str, Any]) -> dict[str, Any]:
    recipient = None if row["recipient_id"] == NOBODY else row["recipient_id"]
    steps = TABLES["consent"].allowed(row["state"])
    own = [step for step in steps if step == "consent.withdraw"]
    return {**row, "recipient_id": recipient, "allowed_actions": own}
