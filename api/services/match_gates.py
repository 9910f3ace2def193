"""门槛: which gates of open needs are shut to which helpers; a run keeps the answer and its reason, no age or paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.canonical import digest
from api.domain.need_gates import PERSON, TEAM, UNIT, refusals
from api.models import Person
from api.services import qualifications
from api.services.match_helpers import Area, Helper

AGE_UNKNOWN = "age_unknown"
"""Nobody is asked who may be too young or too old for it; they can say how old they are."""
_AT_ONCE = 1000


def named(gates: Mapping[str, Any] | None) -> str | None:
    """Return a name for what a need asks of who serves: the same gates, the same name; None where it asks nothing."""
    return digest(dict(gates))[:12] if gates else None


def close(session: Session, area: Area, gates: Sequence[Mapping[str, Any]], helpers: Sequence[Helper]) -> None:
    """Note on each helper which of the gates it does not pass, and the first reason of each.

    What no gate asks for is not read. Who passes but for an age that is not on record is shut out as `age_unknown`.
    """
    asked = {name: each for each in gates if (name := named(each)) is not None}
    if not asked:
        return
    for start in range(0, len(helpers), _AT_ONCE):
        some = helpers[start : start + _AT_ONCE]
        people = {UUID(one.whose["person"]): UUID(one.key) for one in some if one.sort == PERSON}
        told = qualifications.facts(session, area.tenant_id, people, asked.values()) if people else {}
        for helper in some:
            facts = told[UUID(helper.whose["person"])] if helper.sort == PERSON else {"groups": {helper.sort}}
            shut = ((name, _first(each, facts)) for name, each in sorted(asked.items()))
            helper.values["shut"] = tuple((name, why) for name, why in shut if why is not None)


def carried(gates: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gates that an activity keeps which came of a need: those of people, since a team's come one by one."""
    groups = [each for each in gates.get("groups") or () if each not in (TEAM, UNIT)]
    kept = {name: value for name, value in gates.items() if name != "groups"}
    return kept | {"groups": groups} if groups else kept


def _first(gates: Mapping[str, Any], facts: Mapping[str, Any]) -> str | None:
    shut = refusals(gates, facts)
    if shut:
        return shut[0]
    bounded = gates.get("ageFrom") or gates.get("ageTo") is not None
    return AGE_UNKNOWN if bounded and "qualifications" in facts and facts.get("age") is None else None


def passing(session: Session, tenant_id: UUID, gates: Mapping[str, Any], people: Sequence[UUID]) -> list[UUID]:
    """Return who of these people passes the gates, in their order; whose age is not on record passes no gate of age."""
    if not any(gates.values()) or not people:
        return list(people)
    accounts = sa.select(Person.id, Person.account_id).where(Person.tenant_id == tenant_id, Person.id.in_(people))
    of = {row.id: row.account_id for row in session.rows(accounts)}
    told = qualifications.facts(session, tenant_id, of, [gates])
    return [person for person in people if _first(gates, told[person]) is None]
