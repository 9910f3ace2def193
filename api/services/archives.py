"""服务档案: all that somebody served with what is on record of them, shown to themselves and issued as a paper."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.documents import Head, Label, Noted, Party, Told, archive, archive_json
from api.domain.kind_labels import kind_label
from api.models import Fact
from api.services import certificates, days, profile_rows, served
from api.services.ledger import undone_fact
from api.services.parties import parties
from api.visibility import visible

_EVER = date(1949, 10, 1)
SEXES = {"male": Label("male", "男", "male"), "female": Label("female", "女", "female")}
_NOTED = ("training", "qualification", "award")


def mine(session: Session, actor: Actor) -> dict[str, Any]:
    """Return the actor's own archive as the ledger is sealed now: holder, services, sums, trainings and awards."""
    record, blocks = _blocks(session, actor)
    return {"issuable": bool(record.home_id or record.last_place_id), **archive_json(*blocks, record.position)}


def issue(session: Session, actor: Actor) -> UUID:
    """Issue the actor's archive as a paper and return the document's id; NoIssuer.

    As long as the record stays as it is, a repeat on the same day returns the same paper.
    """
    record, (holder, told, services, noted) = _blocks(session, actor)
    issuer = certificates.issuer_of(session, record)
    day = days.today(session, actor.tenant_id)
    zone = days.zone_of(session, actor.tenant_id)
    since = min([one.served_on for one in services] + [one.on for one in noted], default=day)
    head = Head(record.named[issuer], None, since, day + timedelta(days=1), zone.key)
    content = archive(
        head, holder=holder, told=told, served=services, noted=noted, position=record.position,
        connected_by=certificates.connected_by(session, actor, issuer),
    )  # fmt: skip
    return certificates.issue_paper(session, actor, issuer, content, record.entries)


def _blocks(session: Session, actor: Actor) -> tuple[served.Record, tuple[Any, Told, Any, list[Noted]]]:
    record = served.served(session, actor, _EVER, days.today(session, actor.tenant_id) + timedelta(days=1))
    holder = served.holder(session, actor, record.home)
    return record, (holder, _told(session, actor), record.services, _noted(session, actor))


def _told(session: Session, actor: Actor) -> Told:
    row = profile_rows.row_of(session, actor, actor.person_id)
    if row is None:
        return Told()
    born = date.fromisoformat(row.birth_date) if row.birth_date else None
    sex = SEXES.get(row.sex) if row.sex else None
    return Told(sex, born, row.residence, row.contact, tuple(row.skills), tuple(row.service_kinds))


def _noted(session: Session, actor: Actor) -> list[Noted]:
    statement = (
        sa.select(Fact.id, Fact.tenant_id, Fact.kind, Fact.served_on, Fact.community_id, Fact.details)
        .outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)
        .where(
            visible(actor, Fact), Fact.account_id == actor.account_id, Fact.kind.in_(_NOTED),
            Fact.reverses_id.is_(None), undone_fact.id.is_(None),
        )
        .order_by(Fact.served_on, Fact.id)
    )  # fmt: skip
    rows = session.rows(statement)
    at = {row.community_id for row in rows if row.community_id is not None}
    named: dict[UUID, Party] = parties(session, actor, at, days.today(session, actor.tenant_id))
    return [
        Noted(
            Label(row.kind, **kind_label("fact.kind", row.kind)), row.served_on, row.details.get("code"),
            date.fromisoformat(row.details["end"]) if row.details.get("end") else None, named.get(row.community_id),
        )
        for row in rows
    ]  # fmt: skip
