"""Finding a person by what they say of themselves: exact, within the actor's reach, counted and on record."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.trials import Limit
from api.models import Person
from api.services import changes, people
from api.visibility import visible

AN_HOUR = Limit("person.search", 60, 3600)
"""So many searches an hour serve a counter; who tries numbers one after another needs more."""
_SHOWN = 20


def search(session: Session, actor: Actor, wanted: dict[str, str]) -> dict[str, Any]:
    """Return up to 20 people of the actor's reach with this exact name, phone or ID number, however it is typed.

    Who is beyond the reach and who does not exist give the same answer. Each search leaves an event that says by what
    was searched and how many were found, never the value.
    """
    columns = {"name": Person.name_index, "phone": Person.phone_index, "id_number": Person.id_number_index}
    same = [columns[name] == people.index_of(session, actor.tenant_id, name, value) for name, value in wanted.items()]
    found = session.rows(
        sa.select(Person.id)
        .where(visible(actor, Person), Person.state == "active", *same)
        .order_by(Person.id.desc())
        .limit(_SHOWN)
    )
    changes.record(
        session, actor, "person.search", "person", actor.person_id, at=None, written=sorted(wanted),
        details={"by": sorted(wanted), "found": len(found)},
    )  # fmt: skip
    return {"items": [people.one(session, actor, row.id) for row in found], "next_cursor": None}
