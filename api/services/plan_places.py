"""The organisations that a plan names: looked up in sets, checked, and written into the content of its document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain import documents as papers
from api.domain import plan as rules
from api.domain.arrangement import Arrangement, Line
from api.domain.plan_rows import ArrangedRow
from api.domain.rows import RowError
from api.errors import Invalid
from api.models import Organization, OrganizationCode, OrganizationCount
from api.services.parties import parties
from api.services.registrations import COMMUNITIES

WORDS = {
    "unknown_unit": ("找不到该单位，或不在管理范围内", "There is no such unit within reach"),
    "ambiguous_unit": ("有多个同名单位，请填写统一社会信用代码", "Several units have this name; give the credit code"),
    "unknown_community": ("找不到该社区", "There is no such community"),
    "ambiguous_community": ("有多个同名社区，请填写街道", "Several communities have this name; give the street"),
    "members_missing": ("按人数安排时须填写在职党员数", "Where members are counted their number is required"),
}
_SHOWN = 200  # places that a refusal names

_Street = sa.orm.aliased(Organization, name="street")
_NODES = (
    sa.select(
        Organization.id, Organization.name, Organization.axis, Organization.kind, Organization.state, Organization.path,
        Organization.parent_id, Organization.capacity, _Street.name.label("street"),
    )
    .outerjoin(_Street, _Street.id == Organization.parent_id)
    .where(Organization.tenant_id == sa.bindparam("tenant"))
)  # fmt: skip


class TableRefused(Invalid):
    """Rows of the table cannot be read; nothing of it was taken."""

    code = "plan_table_refused"
    zh, en = "表格中有 {count} 处错误，未导入任何行", "The table has {count} mistakes; nothing was taken from it"


def nodes(session: Session, actor: Actor, ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Return these organisations with the name of what they are part of; one statement."""
    wanted = sorted(set(ids))
    rows = session.rows(_NODES.where(Organization.id.in_(wanted)), {"tenant": actor.tenant_id}) if wanted else ()
    return {row.id: row for row in rows}


def check(actor: Actor, arrangement: Arrangement, known: dict[UUID, Any]) -> None:
    """Raise PlanUnsound with every row that cannot stand: its period, its community, a unit out of reach."""
    communities = {place for place, node in known.items() if _takes_members(node)}
    by_units = [rules.PlanRow(row.unit, row.community, row.starts_on, row.ends_on) for row in arrangement.rows()]
    rules.require_sound(by_units, communities)
    errors = []
    for number, line in enumerate(arrangement.lines):
        unit = known.get(line.unit)
        if unit is None or unit.axis != "employer" or unit.state != "active" or not _reaches(actor, unit):
            errors.append(_place(f"/rows/{number}", "unknown_unit"))
        if arrangement.measure == "members" and line.members is None:
            errors.append(_place(f"/rows/{number}", "members_missing"))
    errors += [
        _place("/capacities", "unknown_community") for place in arrangement.capacities if place not in communities
    ]
    if errors:
        raise rules.PlanUnsound(count=len(errors), errors=errors[:_SHOWN])


def capacities(arrangement: Arrangement, known: dict[UUID, Any]) -> dict[UUID, int | None]:
    """Return what each community of the plan can take; where members count, what it said of itself stands in."""
    places = {line.community for line in arrangement.lines} | set(arrangement.capacities)
    own = {place: known[place].capacity for place in places} if arrangement.measure == "members" else {}
    return {place: arrangement.capacities.get(place, own.get(place)) for place in sorted(places)}


def near(places: Iterable[UUID], known: dict[UUID, Any]) -> dict[UUID, list[UUID]]:
    """Return community → the others of its street, to which a row is moved first."""
    ordered = sorted(places)
    return {
        place: [other for other in ordered if other != place and known[other].parent_id == known[place].parent_id]
        for place in ordered
    }


def content(
    session: Session, actor: Actor, issuer_id: UUID, arrangement: Arrangement, known: dict[UUID, Any]
) -> dict[str, Any]:
    """Return the plan as the document says it: names, codes, periods, and the number of units a community takes."""
    named = parties(session, actor, [issuer_id, *arrangement.organizations], arrangement.starts_on)
    head = papers.Head(
        named[issuer_id],
        None,
        arrangement.starts_on,
        arrangement.ends_on,
        title=papers.Words(arrangement.title, arrangement.title),
    )
    rows = [
        papers.PlanRow(
            named[line.unit], known[line.community].street or "", named[line.community], line.starts_on, line.ends_on,
            line.members,
        )
        for line in arrangement.lines
    ]  # fmt: skip
    taken = arrangement.capacities if arrangement.measure == "units" else {}
    told = {(known[place].street or "", known[place].name): capacity for place, capacity in taken.items()}
    return papers.plan(head, reference=arrangement.reference, rows=rows, capacities=told)


def members_of(session: Session, actor: Actor, units: Iterable[UUID]) -> dict[UUID, int]:
    """Return the latest known number of in-service members of these units; who said none is absent. One statement."""
    wanted = sorted(set(units))
    counts = sa.select(OrganizationCount.organization_id, OrganizationCount.value).where(
        OrganizationCount.tenant_id == actor.tenant_id,
        OrganizationCount.organization_id.in_(wanted),
        OrganizationCount.kind == "in_service_members",
        OrganizationCount.value > 0,
    )
    rows = session.rows(counts.order_by(OrganizationCount.as_of, OrganizationCount.id)) if wanted else ()
    return {row.organization_id: row.value for row in rows}


def resolve(
    session: Session, actor: Actor, rows: list[ArrangedRow], refused: list[RowError], starts_on: date, ends_on: date
) -> tuple[Line, ...]:
    """Return the table's rows as lines: units by credit code or name, communities by street and name.

    Two statements whatever the number of rows. Raises TableRefused with every row and cell that is to blame.
    """
    errors = [_row_place(error) for error in refused]
    units, places = _units(session, actor, rows), _communities(session, actor, rows)
    lines = []
    for row in rows:
        found = units.get(row.credit_code or row.unit, [])
        where = [node for node in places.get(row.community, []) if row.street in (None, node.street)]
        for column, hits, noun in (("unit", found, "unit"), ("community", where, "community")):
            if len(hits) != 1:
                code = f"{'ambiguous' if hits else 'unknown'}_{noun}"
                errors.append(_place(f"/rows/{row.row}/{column}", code))
        if len(found) == len(where) == 1:
            end = row.ends_on + timedelta(days=1) if row.ends_on else ends_on
            lines.append(Line(found[0].id, where[0].id, row.starts_on or starts_on, end, row.members))
    if errors:
        raise TableRefused(count=len(errors), errors=errors[:_SHOWN])
    return tuple(lines)


def _units(session: Session, actor: Actor, rows: list[ArrangedRow]) -> dict[str, list[Any]]:
    names = sorted({row.unit for row in rows if row.credit_code is None})
    codes = sorted({row.credit_code for row in rows if row.credit_code})
    coded = sa.select(OrganizationCode.organization_id).where(
        OrganizationCode.tenant_id == actor.tenant_id,
        OrganizationCode.scheme == "credit",
        OrganizationCode.code.in_(codes),
    )
    statement = _NODES.add_columns(OrganizationCode.code).outerjoin(
        OrganizationCode,
        sa.and_(OrganizationCode.organization_id == Organization.id, OrganizationCode.scheme == "credit"),
    )
    found = session.rows(
        statement.where(
            Organization.axis == "employer",
            Organization.state == "active",
            sa.or_(Organization.name.in_(names), Organization.id.in_(coded)),
        ),
        {"tenant": actor.tenant_id},
    )
    by_key: dict[str, dict[UUID, Any]] = {}
    for node in found:
        for key in (node.name, node.code):
            by_key.setdefault(key, {})[node.id] = node
    return {key: [node for node in hits.values() if _reaches(actor, node)] for key, hits in by_key.items()}


def _communities(session: Session, actor: Actor, rows: list[ArrangedRow]) -> dict[str, list[Any]]:
    names = sorted({row.community for row in rows})
    found = session.rows(
        _NODES.where(
            Organization.axis == "territory",
            Organization.kind.in_(sorted(COMMUNITIES)),
            Organization.state == "active",
            Organization.name.in_(names),
        ),
        {"tenant": actor.tenant_id},
    )
    by_name: dict[str, list[Any]] = {}
    for node in found:
        by_name.setdefault(node.name, []).append(node)
    return by_name


def _takes_members(node: Any) -> bool:
    return node.axis == "territory" and node.kind in COMMUNITIES and node.state == "active"


def _reaches(actor: Actor, unit: Any) -> bool:
    return actor.grant_for("document.create", unit.path) is not None


def _place(pointer: str, code: str) -> dict[str, Any]:
    zh, en = WORDS[code]
    return {"pointer": pointer, "code": code, "detail": {"zh": zh, "en": en}}


def _row_place(error: RowError) -> dict[str, Any]:
    detail = {"zh": error.zh, "en": error.en}
    return {"pointer": f"/rows/{error.row}/{error.column or ''}".rstrip("/"), "code": error.code, "detail": detail}
