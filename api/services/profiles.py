"""志愿者基本信息: filled in, changed and taken back by the volunteer; the community records a guardian's consent."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain import profiles as rules
from api.domain.consents import VOLUNTEER_PROFILE
from api.domain.ledger import SelfApproval
from api.models import NOBODY, Affiliation, Consent, Organization, Person
from api.services import changes, consents, profile_rows
from api.services.days import today
from api.services.registrations import lock
from api.visibility import DISPUTED, visible


def fill_in(session: Session, actor: Actor, told: dict[str, Any]) -> UUID:
    """Keep what the actor tells of themselves in place of what stood; return the person's id, a repeat too.

    What is left out is empty. ProfileNotAgreed, GuardianNeeded, NotBornYet, Stale.
    """
    lock(session, actor.person_id)
    refused = consents.withheld(session, actor.tenant_id, [actor.person_id], VOLUNTEER_PROFILE, NOBODY)
    guarded = profile_rows.guarded(session, actor.tenant_id, actor.person_id)
    rules.require_fit(told, today(session, actor.tenant_id), agreed=not refused, guarded=guarded)
    day = told["birth_date"]
    values = {**{name: told[name] for name in rules.TOLD}, "birth_date": day and day.isoformat()}
    profile_rows.write(session, actor, actor.person_id, "profile.edit", values)
    return actor.person_id


def mine(session: Session, actor: Actor, person_id: UUID | None = None) -> dict[str, Any]:
    """Return what the actor's archive says of who they are: the person's own record and what they told besides."""
    person = found(session.first(_PERSON.where(Person.id == (person_id or actor.person_id))))
    row = profile_rows.row_of(session, actor, person.id)
    opened = {
        name: session.vault.open(person.wrapped_key, person.id, name, getattr(person, name))
        for name in ("name", "phone", "id_number")
    }
    told = {name: getattr(row, name, None) for name in (*rules.TOLD, "national_number")}
    birth_date = told["birth_date"] and date.fromisoformat(told["birth_date"])
    day = today(session, actor.tenant_id)
    return {
        **opened, **told, "person_id": person.id, "version": row.version if row else 0, "birth_date": birth_date,
        "skills": told["skills"] or [], "service_kinds": told["service_kinds"] or [],
        "minor": rules.is_minor(birth_date, day),
        "guardian_consent": profile_rows.guarded(session, actor.tenant_id, person.id),
        "agreed": not consents.withheld(session, actor.tenant_id, [person.id], VOLUNTEER_PROFILE, NOBODY),
    }  # fmt: skip


def record_guardian(session: Session, actor: Actor, person_id: UUID, values: dict[str, Any]) -> UUID:
    """Record that a guardian consented for a child, as the community has it on paper; return the consent's id.

    A repeat returns the one that stands. NotFound, Forbidden; SelfApproval for one's own record.
    """
    at, grant = _keeper(session, actor, person_id, "consent.record_guardian")
    lock(session, person_id)
    standing = session.scalar(_GIVEN.with_only_columns(Consent.id).where(Consent.person_id == person_id))
    if standing is not None:
        return standing
    guardian = {name: values[name] for name in ("name", "contact", "relation", "basis")}
    row = {
        "person_id": person_id, "purpose": rules.GUARDIAN, "recipient_id": NOBODY, "text_version": 1, "ended_at": None,
        "guardian": guardian, "recorded_by": actor.person_id,
    }  # fmt: skip
    return changes.create(session, actor, Consent, "consent.record_guardian", row, at=at, grant=grant)


def withdraw_guardian(session: Session, actor: Actor, person_id: UUID) -> UUID:
    """Record that the guardian takes the consent back: what was kept of the child goes at once. NotFound."""
    at, grant = _keeper(session, actor, person_id, "consent.withdraw_guardian")
    lock(session, person_id)
    row = found(session.first(_GIVEN.where(Consent.person_id == person_id)))
    ended = {"ended_at": session.now, "guardian": None}
    changes.take(session, actor, Consent, row, "consent.withdraw_guardian", ended, at=at, grant=grant)
    profile_rows.clear(session, actor, person_id)
    return row.id


def guardian(session: Session, actor: Actor, consent_id: UUID) -> dict[str, Any]:
    """Return a guardian's consent as its keeper sees it."""
    row = found(session.first(_SHOWN.where(Consent.tenant_id == actor.tenant_id, Consent.id == consent_id)))
    step = ["consent.withdraw_guardian"] if row.state == "given" else []
    session.look([row.person_id], ["guardian"], "service")
    told = dict.fromkeys(("name", "contact", "relation", "basis")) | (row.guardian or {})
    return {**row._asdict(), **told, "allowed_actions": step}


_PERSON = sa.select(Person.id, Person.name, Person.phone, Person.id_number, Person.wrapped_key)
_SHOWN = sa.select(
    Consent.id, Consent.tenant_id, Consent.version, Consent.state, Consent.person_id, Consent.guardian,
    Consent.created_at, Consent.ended_at,
).where(Consent.purpose == rules.GUARDIAN)  # fmt: skip
_GIVEN = _SHOWN.where(Consent.state == "given")


def _keeper(session: Session, actor: Actor, person_id: UUID, step: str) -> tuple[UUID, UUID]:
    """Return the community of the person under which the actor takes the step, and the grant."""
    found(session.first(sa.select(Person.id).where(visible(actor, Person), Person.id == person_id)))
    if person_id == actor.person_id:
        raise SelfApproval
    held = session.rows(
        sa.select(Organization.id, Organization.path)
        .join(Affiliation, Affiliation.organization_id == Organization.id)
        .where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == person_id,
            Affiliation.valid_to.is_(None), Affiliation.state != DISPUTED,
        )
        .order_by(Affiliation.id)
    )  # fmt: skip
    for one in held:
        grant = actor.grant_for(step, one.path)
        if grant is not None:
            return one.id, grant
    return NOBODY, require(actor, step, "")
