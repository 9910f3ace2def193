"""更正: a person says what the roster has wrong of them; its keeper decides, and what is accepted stands at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session
from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.errors import Conflict, Invalid
from api.models import Affiliation, Person
from api.services import cases, changes
from api.services.registrations import lock

OUTCOMES = frozenset({"accepted", "declined"})
_READ = {"name": cell_values.name, "phone": cell_values.phone, "id_number": cell_values.id_number}


class NoKeeper(Conflict):
    """The person stands on nobody's roster and in no community that could decide."""

    code, zh, en = "no_keeper", "您尚无单位或报到社区，无人可办理", "No unit or community keeps a record of you yet"


class ValueUnreadable(Invalid):
    """What should stand there is no value of that field."""

    code, zh, en = "value_unreadable", "内容不符合该项的格式", "This is no value for that field"


def request(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Ask the keeper of the roster (the employer's liaison, else the community) to correct a field; return the case.

    The proposed value lies sealed in the case and leaves it with the answer (PIPL §46). NoKeeper, ValueUnreadable.
    """
    try:
        value = _READ[values["field"]](values["value"])
    except UnreadableError as why:
        raise ValueUnreadable(pointer="/value") from why
    keeper = session.first(_KEEPERS, {"tenant": actor.tenant_id, "person": actor.person_id})
    if keeper is None:
        raise NoKeeper
    return cases.open_case(
        session, actor, kind="data_request", organization_id=keeper.organization_id, reason=values["reason"],
        facts={"correction": {"field": values["field"], "value": value}}, subject_kind="person",
        subject_id=actor.person_id,
    )  # fmt: skip


def settle(session: Session, actor: Actor, case: Any, grant: UUID, told: dict[str, Any]) -> dict[str, Any]:
    """Do what the answer to a correction says; return what the case remembers: the field, no longer the value.

    An accepted value is sealed under the person's own key and found by its index from now on; the event remains.
    """
    asked = case.facts["correction"]
    if told["outcome"] == "accepted" and "value" in asked:
        lock(session, case.subject_id)
        person = found(session.first(_PERSON.where(Person.tenant_id == actor.tenant_id, Person.id == case.subject_id)))
        column, value = asked["field"], asked["value"]
        changed = {
            column: session.vault.seal(person.wrapped_key, person.id, column, value),
            f"{column}_index": session.vault.index(actor.tenant_id, column, value),
            "version": person.version + 1,
        }
        session.execute(sa.update(Person).where(Person.id == person.id).values(**changed))
        changes.record(
            session, actor.aside(), "person.correct", "person", person.id, at=case.organization_id, grant=grant,
            written=changed, details={"field": column, "caseId": str(case.id)},
        )  # fmt: skip
    return {"correction": {"field": asked["field"]}}


_PERSON = sa.select(Person.id, Person.version, Person.wrapped_key).where(Person.state == "active")
# The employer's roster comes before the community's list.
_KEEPERS = (
    sa.select(Affiliation.organization_id)
    .where(
        Affiliation.tenant_id == sa.bindparam("tenant"),
        Affiliation.person_id == sa.bindparam("person"),
        Affiliation.valid_to.is_(None),
        sa.or_(
            sa.and_(Affiliation.kind == "employment", Affiliation.state == "active"),
            sa.and_(Affiliation.kind == "registration", Affiliation.state == "accepted"),
        ),
    )
    .order_by(Affiliation.kind, Affiliation.principal.desc(), Affiliation.valid_from.desc(), Affiliation.id.desc())
    .limit(1)
)
