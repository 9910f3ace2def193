"""Rows that become organisations in the employer or party tree: checked as a whole, written part by part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from api.access import Actor
from api.db import Session
from api.domain.rows import RowError, row_error
from api.errors import Conflict
from api.services.imports import node_rows
from api.services.imports.shared import Checked, Named, Options, record_bulk, resolve, slices
from api.services.imports.standing_nodes import Standing, standing_nodes
from api.services.places import place


class SuperiorGone(Conflict):
    """An organisation that was there when the import was checked is not there any more."""

    code, zh, en = "superior_gone", "上级“{name}”已停用，请重新导入", "The superior “{name}” has ended; import again"


@dataclass(frozen=True, slots=True)
class Node:
    """One organisation of a list, known by its code, else by name and superior (None is the import's organisation).

    `qualifier` tells rows of one name apart (region, covered units); `kind_is_said` unless the name suggested it.
    """

    row: int
    axis: str
    kind: str
    kind_is_said: bool
    name: str
    qualifier: str | None
    code: str | None
    scheme: str
    issuer: str
    superior: str | None
    flags: tuple[str, ...]
    in_review: bool = False
    members: int | None = None
    located_in: UUID | None = None
    covers: tuple[UUID, ...] = ()

    @property
    def key(self) -> tuple[str | None, ...]:
        """What makes two rows of a file the same organisation."""
        return (self.code,) if self.code else (self.name, self.superior, self.qualifier)


def check(session: Session, actor: Actor, nodes: Sequence[Node], options: Options, checked: Checked) -> Checked:
    """Complete a check: refuse doubles, unknown superiors and contradicting codes; put superiors before the others."""
    superiors = _superiors(session, actor, nodes, options)
    listed = {node.name for node in nodes}
    refused = {error.row: error for error in _doubles(nodes)}
    for node in nodes:
        error = _superior_error(node, superiors, listed)
        if error is not None:
            refused.setdefault(node.row, error)
    order = _in_order([node for node in nodes if node.row not in refused])
    for node in nodes:
        if node.row not in refused and node.row not in order:
            refused[node.row] = row_error(node.row, "superior", "superior_circular", node.superior)
    good = sorted((node for node in nodes if node.row in order), key=lambda node: (order[node.row], node.row))
    said: dict[tuple[str | None, ...], Node] = {}  # of two rows for one organisation the first speaks, at every import
    good = [replace(said.setdefault(node.key, node), row=node.row) for node in good]
    parents = {node.row: _parent_id(node, superiors, options) for node in good}
    known = standing_nodes(session, actor, good, parents)
    for node in good:
        stands = known.get(node.row)
        if stands is not None and node.code and stands.code not in (None, node.code):
            refused[node.row] = row_error(node.row, "credit_code", "credit_code_differs", node.code)
        elif stands is not None and parents[node.row] not in (None, stands.parent_id):
            checked.flag(node.row, "superior_differs")
    checked.ready = [node for node in good if node.row not in refused]
    checked.refused += [refused[row] for row in sorted(refused)]
    return checked


def write(session: Session, actor: Actor, nodes: Sequence[Node], options: Options) -> dict[str, int]:
    """Write checked nodes in their order; one event for what is created and one for each that changes."""
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    top = place(session, actor, options.organization_id)
    for part in slices(nodes):
        for outcome, count in _write_part(session, actor, part, options, top).items():
            counts[outcome] += count
    return counts


def _write_part(session: Session, actor: Actor, nodes: Sequence[Node], options: Options, top: Any) -> dict[str, int]:
    superiors = _superiors(session, actor, nodes, options)
    known = standing_nodes(session, actor, nodes, {node.row: _parent_id(node, superiors, options) for node in nodes})
    made: set[tuple[str | None, ...]] = set()
    by_name: dict[str, Any] = {}
    batch = node_rows.Batch(session, actor, options)
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    for node in nodes:
        stands: Standing | None = known.get(node.row)
        if stands is not None:
            counts["changed" if batch.change(node, stands) else "unchanged"] += 1
        elif node.key in made:
            counts["unchanged"] += 1
        else:
            above = top if node.superior is None else by_name.get(node.superior) or superiors[node.superior]
            if above is None:
                raise SuperiorGone(name=node.superior)
            by_name[node.name] = batch.create(node, above)
            made.add(node.key)
            counts["accepted"] += 1
    written = batch.insert()
    record_bulk(session, actor, "unit.import", options, written, created=counts["accepted"])
    return counts


def _superiors(session: Session, actor: Actor, nodes: Sequence[Node], options: Options) -> Named:
    axes = sorted({node.axis for node in nodes})
    return resolve(session, actor, [node.superior for node in nodes], axes, options.units, "unit.import")


def _parent_id(node: Node, superiors: Named, options: Options) -> UUID | None:
    """Return the superior's id, None while it is only in the file."""
    if node.superior is None:
        return options.organization_id
    found = superiors[node.superior]
    return found.id if found else None


def _doubles(nodes: Iterable[Node]) -> list[RowError]:
    """Return an error for each row that nothing tells apart from an earlier one of another place."""
    first: dict[tuple[str, str | None], Node] = {}
    errors = []
    for node in nodes:
        if node.code is None:
            other = first.setdefault((node.name, node.superior), node)
            if other.qualifier != node.qualifier and node.axis == "employer":
                errors.append(row_error(node.row, "name", "duplicate_unit", node.name, first=other.row))
    return errors


def _superior_error(node: Node, superiors: Named, listed: set[str]) -> RowError | None:
    if node.superior is None or superiors[node.superior] is not None:
        return None
    if node.superior in superiors.ambiguous:
        return row_error(node.row, "superior", "superior_ambiguous", node.superior, name=node.superior)
    if node.superior in listed:
        return None
    return row_error(node.row, "superior", "superior_unknown", node.superior, name=node.superior)


def _in_order(nodes: Sequence[Node]) -> dict[int, int]:
    """Return row → how many superiors of the file stand above it; rows of a circle have none."""
    by_name = {node.name: node for node in reversed(nodes)}
    depth: dict[int, int] = {}
    waiting = list(nodes)
    while waiting:
        rest = []
        for node in waiting:
            above = by_name.get(node.superior) if node.superior else None
            if above is None:
                depth[node.row] = 0
            elif above.row in depth:
                depth[node.row] = depth[above.row] + 1
            else:
                rest.append(node)
        if len(rest) == len(waiting):
            break
        waiting = rest
    return depth
