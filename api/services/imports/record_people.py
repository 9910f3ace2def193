"""Whose a record of another platform is: found by ID number, national number, or phone and name together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.domain.outside_records import OutsideRow
from api.domain.rows import RowError, row_error
from api.models import Affiliation, Person, Profile
from api.services.imports.shared import slices
from api.services.people import index_of
from api.visibility import DISPUTED, JOBS


class Volunteer(NamedTuple):
    """Somebody on record, with the blind indexes by which they are known."""

    id: UUID
    account_id: UUID
    name_index: str | None
    phone_index: str | None
    id_number_index: str | None
    national_number_index: str | None


def find(session: Session, actor: Actor, rows: Sequence[OutsideRow]) -> dict[int, Volunteer | RowError]:
    """Return for each row the one person whom it tells of and the actor may import for, else why there is none.

    Names are compared and never opened. Whom several people fit is nobody; nobody takes over their own record.
    """
    found: dict[int, Volunteer | RowError] = {}
    for part in slices(rows):
        asked = {row.row: _indexes(session, actor, row) for row in part}
        known = _known(session, actor, asked.values())
        found |= {row.row: _one(actor, row, asked[row.row], known) for row in part}
    return found


def _indexes(session: Session, actor: Actor, row: OutsideRow) -> dict[str, str | None]:
    plain = {"name": row.name, "phone": row.phone, "id_number": row.id_number}
    indexes = {name: text and index_of(session, actor.tenant_id, name, text) for name, text in plain.items()}
    return {**indexes, "national_number": national_index(session, actor, row)}


def national_index(session: Session, actor: Actor, row: OutsideRow) -> str | None:
    """Return the blind index of the national number that a row tells, None where it tells none."""
    number = row.national_number
    return session.vault.index(actor.tenant_id, "profiles.national_number", number) if number else None


def _known(session: Session, actor: Actor, asked: Any) -> list[Volunteer]:
    told = {
        name: sorted({each[name] for each in asked if each[name]}) for name in ("phone", "id_number", "national_number")
    }
    reached = sa.select(Affiliation.person_id).where(
        Affiliation.tenant_id == actor.tenant_id, within(actor, "record.import", Affiliation.organization_id),
        Affiliation.kind.not_in(JOBS), Affiliation.valid_to.is_(None), Affiliation.state != DISPUTED,
    )  # fmt: skip
    statement = (
        sa.select(
            Person.id, Person.account_id, Person.name_index, Person.phone_index, Person.id_number_index,
            Profile.national_number_index,
        )
        .outerjoin(Profile, Profile.person_id == Person.id)
        .where(
            Person.tenant_id == actor.tenant_id, Person.state == "active", Person.id.in_(reached),
            sa.or_(
                Person.id_number_index.in_(told["id_number"]), Person.phone_index.in_(told["phone"]),
                Profile.national_number_index.in_(told["national_number"]),
            ),
        )
        .order_by(Person.id)
    )  # fmt: skip
    return [Volunteer(*row) for row in session.rows(statement)]


def _one(
    actor: Actor, row: OutsideRow, asked: dict[str, str | None], known: Sequence[Volunteer]
) -> Volunteer | RowError:
    column = next(name for name in ("id_number", "national_number", "phone") if asked[name])
    fitting = _fitting(asked, known)
    if len(fitting) != 1:
        return row_error(row.row, column, "person_ambiguous" if fitting else "person_unknown")
    person = fitting[0]
    if person.id == actor.person_id:
        return row_error(row.row, column, "own_hours")
    if person.name_index != asked["name"]:
        return row_error(row.row, "name", "person_differs")
    holder = [
        each for each in known if asked["national_number"] and each.national_number_index == asked["national_number"]
    ]
    if holder and holder[0].id != person.id:
        return row_error(row.row, "national_number", "person_differs")
    return person


def _fitting(asked: dict[str, str | None], known: Sequence[Volunteer]) -> list[Volunteer]:
    """Return who fits by the strongest sign that fits anybody; who has another ID number is somebody else."""
    if asked["id_number"]:
        same = [each for each in known if each.id_number_index == asked["id_number"]]
        if same:
            return same
        known = [each for each in known if each.id_number_index is None]
    if asked["national_number"]:
        same = [each for each in known if each.national_number_index == asked["national_number"]]
        if same:
            return same
    phone, name = asked["phone"], asked["name"]
    return [each for each in known if phone and (each.phone_index, each.name_index) == (phone, name)]
