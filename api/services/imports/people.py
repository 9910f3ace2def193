"""Imports of rosters: people with their employer, branch and standing. No import ever gives power or reports in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.roster_people import PersonRow
from api.domain.rows import RowError, row_error
from api.models import Affiliation
from api.services.imports import person_rows
from api.services.imports.shared import Checked, Named, Options, Place, record_bulk, resolve, slices
from api.services.imports.standing_people import Lookup, standing_people
from api.services.places import place


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of a roster with its names resolved; `plain` is what is kept encrypted."""

    row: int
    roster_number: str
    plain: dict[str, str | None]
    unit_id: UUID
    branch_id: UUID | None
    statuses: dict[str, str]
    details: dict[str, Any]


def check(session: Session, actor: Actor, rows: Sequence[PersonRow], options: Options) -> Checked:
    """Resolve units, branches and communities of a roster; refuse doubles and numbers that belong to somebody else."""
    home = place(session, actor, options.organization_id)
    is_unit = home.axis == "employer" and home.parent_id is not None
    own = Place(home.id, home.name, home.path, home.kind, home.disclosure) if is_unit else None
    units = resolve(session, actor, [row.unit for row in rows], ["employer"], options.units, "person.import")
    if own is not None:
        units.places.setdefault(own.name, own)
    branches = resolve(session, actor, [row.branch for row in rows], ["party"])
    communities = resolve(session, actor, [row.residence_community for row in rows], ["territory"], options.communities)
    checked = Checked(told={"units": units.as_table(), "communities": communities.as_table()})
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        unit = units[row.unit] if row.unit else own
        error = _refusal(row, unit, first)
        if error is not None or unit is None:
            checked.refused += [error] if error else []
            continue
        checked.flag(row.row, *row.flags, *_missing(row.branch, branches, "branch"))
        checked.flag(row.row, *_missing(row.residence_community, communities, "community"))
        checked.ready.append(_listed(row, unit, branches, communities))
    return _without_reused_numbers(session, actor, checked)


def write(session: Session, actor: Actor, rows: Sequence[Listed], options: Options) -> dict[str, int]:
    """Write checked people; a repeat changes nothing. One event for who is new, one for each who changes."""
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    for part in slices(rows):
        before = counts["accepted"]
        known = standing_people(session, actor, part)
        batch = person_rows.Batch(session, actor, options)
        for row in part:
            employment = known.employment(row)
            if employment is None:
                batch.accept(row, known)
                counts["accepted"] += 1
            elif batch.update(row, employment, known):
                counts["changed"] += 1
            else:
                counts["unchanged"] += 1
        written, created = batch.insert(), counts["accepted"] - before
        if created:
            record_bulk(session, actor, "person.import", options, written, created=created)
    return counts


def after(session: Session, actor: Actor, rows: Sequence[Listed], options: Options) -> Checked:
    """Say what only shows when all is written: conflicts of identity, shared phones, and who is on the list no more."""
    told = Checked()
    for part in slices(rows):
        known = standing_people(session, actor, part)
        for row in part:
            told.flag(row.row, *known.oddities(row))
    listed = {(row.unit_id, row.roster_number) for row in rows}
    held = sa.select(Affiliation.organization_id, Affiliation.roster_number).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.kind == "employment", Affiliation.valid_to.is_(None),
        Affiliation.organization_id.in_(sorted({row.unit_id for row in rows})), Affiliation.roster_number.is_not(None),
    )  # fmt: skip
    gone = [row for row in session.rows(held) if tuple(row) not in listed] if rows else []
    told.told["vanished"] = [
        {"organizationId": str(unit), "rosterNumber": number} for unit, number in sorted(gone, key=str)
    ]
    return told


def _refusal(row: PersonRow, unit: Place | None, first: dict[tuple[Any, ...], int]) -> RowError | None:
    if unit is None:
        return row_error(row.row, "unit", "unit_unknown", row.unit)
    if unit.disclosure != "named":
        return row_error(row.row, "unit", "roster_not_allowed", unit.name)
    keys = [(unit.id, row.id_number)] if row.id_number else []
    keys += [(unit.id, row.phone, row.name)] if row.phone else []
    before = [first[key] for key in keys if key in first]
    if before:
        return row_error(row.row, "name", "duplicate_person", first=min(before))
    first.update(dict.fromkeys(keys, row.row))
    return None


def _listed(row: PersonRow, unit: Place, branches: Named, communities: Named) -> Listed:
    branch, home = branches[row.branch], communities[row.residence_community]
    details = {
        "residence_community": row.residence_community,
        "residence_community_id": str(home.id) if home else None,
        "outside_city": row.outside_city,
        "joined_on": row.joined_on.isoformat() if row.joined_on else None,
    }
    statuses = {"political_status": row.political_status, "member_class": row.member_class}
    return Listed(
        row.row,
        row.roster_number,
        {"name": row.name, "phone": row.phone, "id_number": row.id_number},
        unit.id,
        branch.id if branch else None,
        {kind: value for kind, value in statuses.items() if value},
        {name: value for name, value in details.items() if value is not None},
    )


def _without_reused_numbers(session: Session, actor: Actor, checked: Checked) -> Checked:
    """Refuse rows whose roster number stands for somebody who differs in name and in all else that both tell."""
    good: list[Listed] = []
    for part in slices(checked.ready):
        known: Lookup = standing_people(session, actor, part)
        for row in part:
            if known.is_another(row):
                checked.refused.append(row_error(row.row, "roster_number", "roster_number_of_another"))
            else:
                good.append(row)
    checked.ready = good
    return checked


def _missing(name: str | None, named: Named, what: str) -> list[str]:
    if not name or named[name] is not None:
        return []
    return [f"{what}_ambiguous" if name in named.ambiguous else f"{what}_unknown"]
