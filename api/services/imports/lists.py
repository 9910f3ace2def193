"""Imports of 清单: needs, resources, projects, posts and micro-wishes, in the state that the list says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.lists import ListRow
from api.domain.rows import row_error
from api.models import Event, Project, ProjectParty
from api.services import changes, search
from api.services.imports.list_items import TABLES, claim_values, item_values
from api.services.imports.shared import Checked, Named, Options, Place, record_bulk, resolve, slices

_DEFAULT = "\0default"  # no cell can be this name


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list with its names resolved; `offers` are the units that implement or claim it."""

    row: int
    source: str
    noun: str
    title: str
    values: dict[str, Any]
    place_id: UUID
    offers: tuple[UUID, ...] = ()
    claim: dict[str, Any] | None = field(default=None)


def check(session: Session, actor: Actor, rows: Sequence[ListRow], options: Options) -> Checked:
    """Resolve the places of a list by the mapping, then by exact name, then by the default; refuse what has none."""
    axes = ["territory", "employer", "party", "body"] if options.kind == "resources" else ["territory"]
    given = {**options.units, **options.communities}
    places = resolve(session, actor, [row.place for row in rows], axes, given, "list.import")
    units = resolve(session, actor, [name for row in rows for name in (row.unit, row.claimed_by)], ["employer"], given)
    fallback = _default(session, actor, options)
    checked = Checked()
    seen: dict[str, str] = {}
    for row in rows:
        place = places[row.place] or fallback
        if place is None:
            checked.refused.append(row_error(row.row, "place", "place_unknown", row.place, name=row.place))
            continue
        item = _item(row, place, units, options)
        if seen.setdefault(item.source, item.title) != item.title:
            checked.refused.append(row_error(row.row, "key", "key_of_another", row.key))
            continue
        if places[row.place] is None:
            places.places[row.place] = place
            checked.flag(row.row, "place_by_default")
        elif place is fallback:
            checked.flag(row.row, "place_by_default")
        missing = [name for name in (row.unit, row.claimed_by) if name and units[name] is None]
        checked.flag(row.row, *item.values["flags"], *(["unit_unknown"] if missing else []))
        checked.ready.append(item)
    checked.told = {"communities": places.as_table(), "units": units.as_table()}
    return _without_taken_keys(session, actor, checked)


def write(session: Session, actor: Actor, items: Sequence[Item], options: Options) -> dict[str, int]:
    """Write checked items; a repeat changes nothing, and the state of what stands is never changed by a list."""
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    for part in slices(items):
        table = TABLES[part[0].noun]
        known = _standing(session, actor, table, [item.source for item in part])
        new: dict[str, dict[str, Any]] = {}
        events: list[dict[str, Any]] = []
        for item in part:
            if item.source in new:
                counts["unchanged"] += 1
            elif item.source not in known:
                new[item.source] = _born(session, actor, item)
                counts["accepted"] += 1
            elif (event := _change(session, actor, table, item, known[item.source], options)) is not None:
                events.append(event)
                counts["changed"] += 1
            else:
                counts["unchanged"] += 1
        written = _insert(session, actor, table, part, new)
        session.insert(Event, events)
        record_bulk(session, actor, "list.import", options, written, created=len(new))
    return counts


def _default(session: Session, actor: Actor, options: Options) -> Place | None:
    given = {_DEFAULT: options.community_id} if options.community_id else {}
    return resolve(session, actor, given, ["territory"], given, "list.import")[_DEFAULT]


def _item(row: ListRow, place: Place, units: Named, options: Options) -> Item:
    key = row.key
    if key is None:
        said = (row.title, row.description, row.scheme, row.target_group, row.time_text)
        key = hashlib.sha256("\0".join(part or "" for part in said).encode()).hexdigest()[:16]
    source = f"list:{options.kind}:{place.id}:{key}"
    offers = [found.id for name in (row.unit, row.claimed_by) if (found := units[name]) is not None]
    values = item_values(row, place.id)
    claim = claim_values(row, values) if row.noun == "need" else None
    return Item(row.row, source, row.noun, row.title, values, place.id, tuple(dict.fromkeys(offers)), claim)


def _standing(session: Session, actor: Actor, table: Any, sources: Sequence[str]) -> dict[str, Any]:
    statement = sa.select(*table.__table__.c).where(table.tenant_id == actor.tenant_id, table.source.in_(sources))
    return {row.source: row for row in session.rows(statement)}


def _without_taken_keys(session: Session, actor: Actor, checked: Checked) -> Checked:
    """Refuse rows whose key stands for an item of another title: a list that is numbered anew is another list."""
    good = []
    for part in slices(checked.ready):
        known = _standing(session, actor, TABLES[part[0].noun], [item.source for item in part])
        for item in part:
            if item.source in known and known[item.source].title != item.title:
                checked.refused.append(row_error(item.row, "key", "key_of_another"))
            else:
                good.append(item)
    checked.ready = good
    return checked


def _born(session: Session, actor: Actor, item: Item) -> dict[str, Any]:
    """Return a new row in the state that the list says, which no step leads to: it is history taken over."""
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "source": item.source,
        **item.values,
    }  # fmt: skip


def _insert(
    session: Session, actor: Actor, table: Any, part: Sequence[Item], new: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Insert new rows with their parties, and for needs that somebody claimed the project that came of it."""
    session.insert(table, list(new.values()))
    search.learn_rows(session, actor.tenant_id, part[0].noun, new.values())
    projects: list[dict[str, Any]] = []
    parties: list[dict[str, Any]] = []
    for item in {item.source: item for item in reversed(part) if item.source in new}.values():
        project = new[item.source] if table is Project else None
        if item.claim is not None:
            project = _claimed(session, actor, item, new[item.source])
            projects.append(project)
        if project is not None:
            parties += _parties(actor, project, item)
    session.insert(Project, projects)
    session.insert(ProjectParty, parties)
    return [*new.values(), *projects, *parties]


def _claimed(session: Session, actor: Actor, item: Item, need: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "need_id": need["id"],
        "source": f"{item.source}:claim", **(item.claim or {}),
    }  # fmt: skip


def _parties(actor: Actor, project: dict[str, Any], item: Item) -> list[dict[str, Any]]:
    sides = [(item.place_id, "asks"), *((unit, "offers") for unit in item.offers if unit != item.place_id)]
    return [
        {
            "id": new_id(), "tenant_id": actor.tenant_id, "project_id": project["id"], "organization_id": organization,
            "side": side, "duties": [], "confirmed_at": None, "confirmed_by": None,
        }
        for organization, side in sides
    ]  # fmt: skip


def _change(
    session: Session, actor: Actor, table: Any, item: Item, stands: Any, options: Options
) -> dict[str, Any] | None:
    """Bring the content of a standing item to what the list says now; return the event, None where nothing differs."""
    kept = {"state", "category", "kind"}
    new = {name: value for name, value in item.values.items() if name not in kept and getattr(stands, name) != value}
    if not new:
        return None
    new = session.sealed(table, new, stands.id, actor.tenant_id)
    session.execute(
        sa.update(table)
        .where(table.id == stands.id, table.version == stands.version)
        .values(**new, version=stands.version + 1)
    )
    details = {"import": str(options.run_id), "changed": sorted(new)}
    return changes.event(
        session, actor, "list.import", item.noun, stands.id, at=item.place_id, written=new, details=details
    )
