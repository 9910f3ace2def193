"""The voice of a recipient without an account: a slip that they confirmed says that they were there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain.confirmations import OwnPresence
from api.domain.reviews import IN_STATE, ReviewedAlready, worth
from api.errors import NotFound
from api.models import NOBODY, Assessment, Cycle, Person
from api.services import round_books
from api.services.confirmations import of_code
from api.services.reviews import keep, voice_row


def give(session: Session, _actor: Actor, values: Mapping[str, Any], bearer: UUID | None) -> dict[str, Any]:
    """Keep the voice of a slip's bearer on the volunteer, in the newest cycle whose public round asks for it; once.

    All slips of one need are one voice: that of who asked for the service, where an account did. Raises NotFound for
    no slip, one that was not confirmed, and where no cycle asks; OwnPresence for the volunteer and who made it out;
    PartyNotAsked, RubricNotFilled, ReviewedAlready.
    """
    slip = found(session.first(of_code(session, values["code"])))
    if slip.state != "confirmed":
        raise NotFound
    if bearer is not None and bearer in (slip.person_id, slip.issued_by):
        raise OwnPresence
    actor = Actor(NOBODY, NOBODY, slip.tenant_id)
    subject = found(session.first(_subject(slip)))
    name, rubrics = round_books.asking(
        round_books.books_of(session, actor, [subject.cycle_id])[subject.cycle_id], subject.judgement
    )
    row = voice_row(
        session, actor, round_kind="cycle", round_id=subject.cycle_id, subject_kind="member",
        subject_id=subject.subject_id, party="resident", kind="rating", reviewer_id=_whose(session, slip),
        rubric=name, marks=dict(values["marks"]), amount=worth(rubrics.get("resident"), values["marks"]),
        comment=values["comment"],
    )  # fmt: skip
    keep(session, actor, row, "review.by_slip", at=subject.organization_id, again=ReviewedAlready)
    return {"given_on": row["given_on"], "amount": row["amount"]}


def _subject(slip: Any) -> Any:
    """Select the volunteer among the subjects of the newest public round whose period holds the day of the slip."""
    day = slip.starts_at.astimezone(ZoneInfo(slip.zone)).date()
    return (
        sa.select(Assessment.cycle_id, Assessment.subject_id, Assessment.judgement, Cycle.organization_id)
        .join(Cycle, sa.and_(Cycle.id == Assessment.cycle_id, Cycle.revision == Assessment.revision))
        .where(
            Assessment.tenant_id == slip.tenant_id, Assessment.subject_id == slip.account_id,
            Cycle.state == IN_STATE["resident"], Cycle.period_start <= day, Cycle.period_end > day,
        )
        .order_by(Cycle.id.desc())
        .limit(1)
    )  # fmt: skip


def _whose(session: Session, slip: Any) -> UUID:
    """Return the account of who asked for the service, so that they are not heard twice; else the slip itself."""
    asker = sa.select(Person.account_id).where(Person.tenant_id == slip.tenant_id, Person.id == slip.asked_by)
    return (session.scalar(asker) if slip.asked_by else None) or slip.id
