"""Claims: a way in comes to speak for a person, by a phone its provider vouches for or by a code handed over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.claims import (
    TRIES,
    Holder,
    IdentityTaken,
    NotAName,
    PhoneNotVouched,
    PowerNeedsMore,
    has_power,
    typed,
    verdict,
)
from api.models import NOBODY, ClaimCode, Grant, Identity, Person, SignIn
from api.services import cases, changes, people, sign_ins, tickets
from api.services.claim_codes import secret_hash
from api.services.days import today
from api.services.homes import home_of
from api.services.organizations import root_of
from api.services.places import place

TICKET_SECONDS = 15 * 60
_TICKET = "claim"


def by_phone(
    session: Session,
    actor: Actor,
    tenant_id: UUID,
    phone: str,
    *,
    provider: str | None = None,
    name: str | None = None,
) -> UUID | None:
    """Return the one person whom a phone proves that a provider vouched for just now; None where it proves nobody.

    `phone` in any spelling; `name` where the provider tells one. Where the number may have changed hands the holder's
    phone is marked as doubted and a case opened, once; then only a code links. Writes nothing else.
    """
    owner = replace(actor.aside(), tenant_id=tenant_id)
    holders = _holders(session, tenant_id, phone, name)
    said, person_id = verdict(holders, provider, session.now)
    if said == "doubt" and person_id is not None:
        _doubt(session, owner, person_id, phone)
    return person_id if said == "link" else None


def ticket(session: Session, tenant_id: UUID, *, provider: str, subject: str, phone: str | None) -> str:
    """Return a sealed ticket for an identity that speaks for nobody yet: 15 minutes, good for one claim."""
    told = {"provider": provider, "subject": subject, "phone": phone}
    return tickets.issue(session, _TICKET, tenant_id, told, seconds=TICKET_SECONDS)


def link(session: Session, actor: Actor, tenant_id: UUID, person_id: UUID, *, provider: str, subject: str) -> None:
    """Let an identity speak for a person; a repeat changes nothing. IdentityTaken where it speaks for another."""
    owner = replace(actor.aside(), tenant_id=tenant_id)
    people.claim(session, owner, person_id, provider, subject)
    of = sa.select(Identity.id, Identity.person_id, Identity.created_at).where(
        Identity.tenant_id == tenant_id,
        Identity.provider == provider,
        Identity.subject_index == people.subject_index(session, tenant_id, subject),
    )
    stands = session.rows(of)[0]
    if stands.person_id != person_id:
        raise IdentityTaken
    changes.record(
        session, owner, "identity.claim", "person", person_id, at=None, written=stands.id,
        details={"provider": provider},
    )  # fmt: skip


def redeem(session: Session, actor: Actor, told: str, code: str, device: str | None) -> dict[str, Any] | None:
    """Link the identity of a ticket to the person of a claim code and sign them in.

    Returns what `sign_ins.begin` returns, or None for a code that does not hold: a wrong try is counted, which an
    exception would take back, and five lock a code. An unknown code costs the same statements as a wrong one. Another
    identity of the same provider is replaced and all devices are signed out. TicketRefused, IdentityTaken,
    PowerNeedsMore.
    """
    came = tickets.opened(session, _TICKET, told)
    owner = replace(actor.aside(), tenant_id=came.tenant_id)
    row = _matching(session, owner, came.id, code)
    if row is None:
        return None
    roles = sa.select(Grant.role).where(
        Grant.person_id == row.person_id, sa.or_(Grant.valid_to.is_(None), Grant.valid_to > session.now.date())
    )
    if has_power([each.role for each in session.rows(roles)]):
        raise PowerNeedsMore
    tickets.spend(session, _TICKET, told)
    changes.take(session, owner, ClaimCode, row, "claim_code.redeem", at=row.organization_id)
    provider, subject = str(came.content["provider"]), str(came.content["subject"])
    _replace(session, owner, row.person_id, provider, subject)
    link(session, owner, came.tenant_id, row.person_id, provider=provider, subject=subject)
    if came.content["phone"]:
        _vouch(session, owner, row.person_id, came.content["phone"])
    return sign_ins.begin(
        session, owner, tenant_id=came.tenant_id, person_id=row.person_id, provider=provider, device=device
    )


def register(
    session: Session, actor: Actor, told: str, name: str, community_id: UUID | None, device: str | None
) -> dict[str, Any]:
    """Keep somebody who stands on no roster as a resident, and sign them in; their phone has to be vouched for.

    Nothing is linked to any roster: where its phone stands on one already an office is asked, and the answer to who
    registers is the same. TicketRefused, PhoneNotVouched, NotAName, IdentityTaken, what `place` raises.
    """
    came = tickets.spend(session, _TICKET, told)
    owner = replace(actor.aside(), tenant_id=came.tenant_id)
    phone = came.content["phone"]
    if not phone:
        raise PhoneNotVouched
    try:
        plain: dict[str, str | None] = {"name": cell_values.name(name), "phone": cell_values.phone(phone)}
    except UnreadableError as why:
        raise NotAName(pointer="/name") from why
    home = place(session, owner, community_id, axis="territory", pointer="/communityId") if community_id else None
    day = today(session, owner.tenant_id)
    before = [holder.person_id for holder in _holders(session, owner.tenant_id, phone, None)]
    person_id = people.add(session, owner, plain, since=day)
    session.execute(sa.update(Person).where(Person.id == person_id).values(phone_state="vouched"))
    changes.record(
        session, owner, "identity.register", "person", person_id, at=home.id if home else None, written=person_id
    )
    if home is not None:
        people.grant(session, owner, person_id, "resident", home.id)
    provider, subject = str(came.content["provider"]), str(came.content["subject"])
    link(session, owner, owner.tenant_id, person_id, provider=provider, subject=subject)
    for other in before:
        _ask(session, owner, other, "phone_of_another", {"registered": str(person_id)}, f"registered:{person_id}")
    return sign_ins.begin(
        session, owner, tenant_id=owner.tenant_id, person_id=person_id, provider=provider, device=device
    )


def _holders(session: Session, tenant_id: UUID, phone: str, name: str | None) -> list[Holder]:
    """Return who stands with this phone, with the ways by which they come; two statements, whoever is found."""
    index = session.vault.index
    try:
        wanted = index(tenant_id, "phone", cell_values.phone(phone))
    except UnreadableError:
        return []
    named = None if name is None else index(tenant_id, "name", name)
    held = session.rows(
        sa.select(Person.id, Person.phone_state, Person.name_index)
        .where(Person.tenant_id == tenant_id, Person.phone_index == wanted, Person.state == "active")
        .order_by(Person.id)
    )
    last = (
        sa.select(SignIn.person_id, sa.func.max(SignIn.last_used_at).label("came"))
        .where(SignIn.tenant_id == tenant_id, SignIn.person_id.in_([row.id for row in held]))
        .group_by(SignIn.person_id)
        .subquery()
    )
    ways = sa.select(Identity.person_id, Identity.provider, last.c.came).outerjoin(
        last, last.c.person_id == Identity.person_id
    )
    found = session.rows(ways.where(Identity.person_id.in_([row.id for row in held])))
    return [
        Holder(
            row.id, row.phone_state == "doubted", frozenset(way.provider for way in found if way.person_id == row.id),
            next((way.came for way in found if way.person_id == row.id), None),
            named is not None and row.name_index is not None and row.name_index != named,
        )
        for row in held
    ]  # fmt: skip


def _doubt(session: Session, owner: Actor, person_id: UUID, phone: str) -> None:
    """Mark a holder's phone as doubted and ask an office, once."""
    marked = sa.update(Person).where(Person.id == person_id, Person.phone_state != "doubted")
    session.execute(marked.values(phone_state="doubted", version=Person.version + 1))
    changes.record(session, owner, "identity.doubt", "person", person_id, at=None, written="doubted")
    mark = session.vault.index(owner.tenant_id, "phone", cell_values.phone(phone))[:16]
    _ask(session, owner, person_id, "phone_vouched_for_another", {}, f"phone:{person_id}:{mark}:{session.now:%Y%m%d}")


def _ask(session: Session, owner: Actor, person_id: UUID, reason: str, facts: dict[str, Any], source: str) -> None:
    """Open a case about somebody's identity where they report in, else at the office of all employers."""
    office = home_of(session, owner.tenant_id, person_id) or root_of(session, owner.tenant_id, "employer")
    cases.open_case(
        session, owner, kind="identity_conflict", organization_id=office, reason=reason, facts=facts,
        subject_kind="person", subject_id=person_id, source=source,
    )  # fmt: skip


def _matching(session: Session, owner: Actor, ticket_id: UUID, text: str) -> Any:
    """Return the code that was typed, where it holds; else count the try and return None.

    What is no code at all is looked for like any other, so that neither answer nor work tells them apart.
    """
    code = typed(text)
    row = session.first(
        sa.select(
            ClaimCode.id, ClaimCode.version, ClaimCode.state, ClaimCode.person_id, ClaimCode.organization_id,
            ClaimCode.secret_hash, ClaimCode.tries, ClaimCode.expires_at,
        ).where(
            ClaimCode.tenant_id == owner.tenant_id, ClaimCode.state == "active",
            ClaimCode.selector == (code.selector if code else ""),
        )
    )  # fmt: skip
    given = secret_hash(session, owner.tenant_id, code.secret if code else "")
    if row is not None and row.secret_hash == given and row.expires_at > session.now:
        return row
    tried = sa.case((ClaimCode.tries + 1 >= TRIES, "locked"), else_=ClaimCode.state)
    session.execute(
        sa.update(ClaimCode)
        .where(ClaimCode.id == (row.id if row else NOBODY), ClaimCode.state == "active")
        .values(tries=ClaimCode.tries + 1, version=ClaimCode.version + 1, state=tried)
    )
    subject = ("claim_code", row.id) if row else ("identity", ticket_id)
    changes.record(
        session, owner, "identity.refuse", *subject, at=row.organization_id if row else None, written=str(ticket_id),
        details={"tries": row.tries + 1 if row else 0},
    )  # fmt: skip
    return None


def _replace(session: Session, owner: Actor, person_id: UUID, provider: str, subject: str) -> None:
    """End the other identity of the same provider and what it signed in: the person has a new one."""
    others = sa.and_(
        Identity.tenant_id == owner.tenant_id, Identity.person_id == person_id, Identity.provider == provider,
        Identity.subject_index != people.subject_index(session, owner.tenant_id, subject),
    )  # fmt: skip
    if session.execute(sa.delete(Identity).where(others)).rowcount:
        sign_ins.end_others(session, owner, person_id, "credential_changed")


def _vouch(session: Session, owner: Actor, person_id: UUID, phone: str) -> None:
    """Keep the phone that the provider vouched for; the roster's may be years old."""
    person = session.rows(sa.select(Person.wrapped_key, Person.version).where(Person.id == person_id))[0]
    number = cell_values.phone(phone)
    values = {
        "phone": session.vault.seal(person.wrapped_key, person_id, "phone", number), "phone_state": "vouched",
        "phone_index": session.vault.index(owner.tenant_id, "phone", number), "version": person.version + 1,
    }  # fmt: skip
    session.execute(sa.update(Person).where(Person.id == person_id).values(**values))
    changes.record(
        session, owner, "person.edit", "person", person_id, at=None, written=values, details={"changed": ["phone"]}
    )
