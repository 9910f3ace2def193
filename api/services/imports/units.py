"""Imports of units (条) and Party organisations: what a row becomes, and what its names stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.access import Actor
from api.db import Session
from api.domain.rosters import BranchRow, UnitRow
from api.services.imports import nodes
from api.services.imports.nodes import Node
from api.services.imports.shared import Checked, Named, Options, resolve

_TO_REVIEW = {"several_units_in_one_cell", "generic_name"}
_ISSUERS = {"1": "机构编制部门", "5": "民政部门", "9": "市场监督管理部门"}  # GB 32100 table 1: who registers


def check_units(session: Session, actor: Actor, rows: Sequence[UnitRow], options: Options) -> Checked:
    """Resolve communities and superiors of units; a community that nobody knows is flagged and stays unknown."""
    communities = resolve(session, actor, [row.community for row in rows], ["territory"], options.communities)
    checked = Checked(told={"communities": communities.as_table()})
    found: list[Node] = []
    for row in rows:
        place = communities[row.community]
        checked.flag(row.row, *row.flags, *_unresolved(row.community, communities, "community"))
        flags = list(row.flags) + ([] if row.kind else ["kind_unknown"])
        found.append(
            Node(
                row=row.row,
                axis="employer",
                kind=row.kind or "unknown",
                kind_is_said=row.kind is not None and "kind_guessed_from_name" not in flags,
                name=row.name,
                qualifier=row.region,
                code=row.credit_code,
                scheme="credit",
                issuer=_ISSUERS.get((row.credit_code or " ")[0], "其他登记管理部门"),
                superior=row.superior,
                in_review=bool(_TO_REVIEW.intersection(flags)),
                flags=tuple(flags),
                members=row.in_service_members,
                located_in=place.id if place else None,
            )
        )
        if row.parts:
            parts = [{"name": part.name, "members": part.members} for part in row.parts]
            checked.told.setdefault("parts", []).append({"row": row.row, "units": parts})
    return nodes.check(session, actor, found, options, checked)


def check_branches(session: Session, actor: Actor, rows: Sequence[BranchRow], options: Options) -> Checked:
    """Resolve superiors and covered units of Party organisations; a unit that nobody knows is flagged."""
    names = [name for row in rows for name in row.covers]
    units = resolve(session, actor, names, ["employer"], options.units)
    checked = Checked(told={"units": units.as_table()})
    found: list[Node] = []
    for row in rows:
        covered = [units[name] for name in row.covers]
        missing = sorted({code for name in row.covers for code in _unresolved(name, units, "covered_unit")})
        checked.flag(row.row, *row.flags, *missing)
        found.append(
            Node(
                row=row.row,
                axis="party",
                kind=row.kind,
                kind_is_said=True,
                name=row.name,
                qualifier="、".join(row.covers) or None,
                code=row.code,
                scheme="roster",
                issuer="党组织代码",
                superior=row.superior,
                flags=row.flags,
                covers=tuple(sorted(place.id for place in covered if place)),
            )
        )
    return nodes.check(session, actor, found, options, checked)


def write(session: Session, actor: Actor, rows: Sequence[Any], options: Options) -> dict[str, int]:
    """Write checked units or Party organisations; a repeat changes nothing."""
    return nodes.write(session, actor, rows, options)


def _unresolved(name: str | None, named: Named, what: str) -> list[str]:
    if not name or named[name] is not None:
        return []
    return [f"{what}_ambiguous" if name in named.ambiguous else f"{what}_unknown"]
