"""门槛: which gates of open needs are shut to which helpers; a run keeps the answer and its reason, no age, no papers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.db import Session
from api.domain.canonical import digest
from api.domain.need_gates import PERSON, refusals
from api.domain.profiles import age_on
from api.models import PersonStatus
from api.services import qualifications
from api.services.match_offers import Area, Helper

AGE_UNKNOWN = "age_unknown"
"""Nobody is asked who may be too young or too old for it; they can say how old they are."""
_ON_RECORD = ("qualifications", "trained", "insurance")
_AT_ONCE = 1000
Shut = tuple[tuple[str, str], ...]


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
    people = [helper for helper in helpers if helper.sort == PERSON]
    told = _on_record(session, area, asked.values(), people)
    groups = _groups(session, area, asked.values(), people)
    seen: dict[tuple[Any, ...], Shut] = {}
    for helper in helpers:
        facts: dict[str, Any] = {"groups": sorted({helper.sort, *groups.get(helper.whose.get("person", ""), ())})}
        if helper.sort == PERSON:
            facts["qualifications"] = sorted(told.get(UUID(helper.key), ()))
            facts["age"] = helper.born and age_on(helper.born, area.today)
        alike = (helper.sort, facts.get("age"), *facts["groups"], *facts.get("qualifications", ()))
        if alike not in seen:
            found = ((name, _first(each, facts)) for name, each in sorted(asked.items()))
            seen[alike] = tuple((name, why) for name, why in found if why is not None)
        helper.values["shut"] = seen[alike]


def _first(gates: Mapping[str, Any], facts: Mapping[str, Any]) -> str | None:
    shut = refusals(gates, facts)
    if shut:
        return shut[0]
    bounded = gates.get("ageFrom") is not None or gates.get("ageTo") is not None
    return AGE_UNKNOWN if bounded and "age" in facts and facts["age"] is None else None


def _on_record(
    session: Session, area: Area, gates: Collection[Mapping[str, Any]], people: Sequence[Helper]
) -> dict[UUID, set[str]]:
    if not any(each.get(name) for each in gates for name in _ON_RECORD):
        return {}
    return qualifications.on_record(session, area.tenant_id, [UUID(helper.key) for helper in people], area.today)


def _groups(
    session: Session, area: Area, gates: Collection[Mapping[str, Any]], people: Sequence[Helper]
) -> dict[str, set[str]]:
    """Return the political status and member class of each person today, where a gate asks for groups."""
    if not any(each.get("groups") for each in gates):
        return {}
    found: dict[str, set[str]] = {}
    wanted = sorted(UUID(helper.whose["person"]) for helper in people)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.rows(
            sa.select(PersonStatus.person_id, PersonStatus.value).where(
                PersonStatus.tenant_id == area.tenant_id, PersonStatus.valid_from <= area.today,
                sa.or_(PersonStatus.valid_to.is_(None), PersonStatus.valid_to > area.today),
                PersonStatus.person_id.in_(wanted[start : start + _AT_ONCE]),
            )
        )  # fmt: skip
        for row in rows:
            found.setdefault(str(row.person_id), set()).add(row.value)
    return found
