"""Lists of administrative divisions become nodes of the territory axis, and newer lists rename them by code."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.division_matching import REVIEWS, Standing, is_renamed, review_of
from api.domain.divisions import Division, DivisionList
from api.domain.rows import RowError
from api.errors import Invalid
from api.models import Event, Organization, OrganizationCode, OrganizationLink
from api.services import changes, files, jobs
from api.services.bulk import insert_many, new_ids
from api.services.left_out import LeftOut, left_out, open_reviews
from api.services.organizations import new_short_codes

SCHEME = "statistical"
CHUNK = 5_000  # entries a transaction: a second at most, so that others wait no longer
SHOWN = 100  # refused and reviewed entries that stand in the job's result itself; all of them are in its report


class RowsRefused(Invalid):
    """All or nothing was asked, and a row cannot stand."""

    code, zh = "rows_refused", "有 {refused} 行无法导入，未写入任何内容"
    en = "{refused} rows cannot be brought in; nothing was written"


@dataclass(slots=True)
class Listing:
    """What an import has in hand: the list, the nodes that its issuer's codes stood for before, where parents are."""

    read: DivisionList
    refused: list[RowError]
    standing: dict[str, Standing | None]  # None: the node is as the list says
    places: dict[str, tuple[str, str]] = field(default_factory=dict)  # code above level 5 → (id, path)

    @property
    def parents(self) -> set[str]:
        """The ids of the nodes of which the list names children."""
        codes = {division.parent_code for division in self.read.divisions} - {None}
        return {self.places[code][0] for code in codes if code in self.places}

    def parent_of(self, division: Division) -> str | None:
        """Return the id of the node that an entry hangs under, None where that node is still to be made."""
        above = self.places.get(division.parent_code or "")
        return above and above[0]


def request(session: Session, actor: Actor, file_id: UUID, issuer: str, year: int, mode: str) -> UUID:
    """Queue the import of a kept file as the list that `issuer` published for `year`; return the job's id.

    `mode`: all_or_nothing writes nothing where one row is refused, good_rows passes over refused rows.
    """
    files.one(session, actor, file_id)
    content = {"file_id": str(file_id), "issuer": issuer, "year": year, "mode": mode}
    return jobs.enqueue(session, actor, "organization.import", content)


def standing(session: Session, actor: Actor, issuer: str, year: int) -> dict[str, Standing]:
    """Return code → node for the codes that an issuer has given above communities, whatever the year."""
    return dict(_standing(session, actor, issuer, year, range(1, 5)))


def standing_communities(session: Session, actor: Actor, listing: Listing) -> dict[str, Standing | None]:
    """Return code → node for the communities that the list names: None where nothing about a node differs.

    The nodes themselves would be a hundred megabytes for a whole country.
    """
    read = listing.read
    entries = {entry.code: entry for entry in read.divisions if entry.level == 5}
    nodes: dict[str, Standing | None] = {}
    for code, node in _standing(session, actor, read.issuer, read.year, [5]):
        entry = entries.get(code)
        if entry is not None:
            same = node.listed and node.name == entry.name and not review_of(node, listing.parent_of(entry))
            name = entry.name if node.name == entry.name else node.name  # one text for both, not two
            nodes[entry.code] = None if same else node._replace(name=name, path="")
    return nodes


def _standing(
    session: Session, actor: Actor, issuer: str, year: int, levels: Iterable[int]
) -> Iterator[tuple[str, Standing]]:
    statement = (
        sa.select(
            OrganizationCode.code, OrganizationCode.year, sa.cast(Organization.id, sa.String), Organization.name,
            sa.cast(Organization.parent_id, sa.String), Organization.state, Organization.path,
        )
        .join(Organization, Organization.id == OrganizationCode.organization_id)
        .where(OrganizationCode.tenant_id == actor.tenant_id, OrganizationCode.scheme == SCHEME)
        .where(OrganizationCode.issuer == issuer, OrganizationCode.level.in_(list(levels)))
        .order_by(OrganizationCode.code)
    )  # fmt: skip
    stream = session.execute(statement.execution_options(yield_per=CHUNK))
    last, node = "", None
    for code, issued, *what in stream:
        if node is not None and code == last:  # the same code in a list of another year
            node = node._replace(newest=max(node.newest, issued), listed=node.listed or issued == year)
            continue
        if node is not None:
            yield last, node
        last, node = code, Standing(*what, newest=issued, listed=issued == year)
    if node is not None:
        yield last, node


def write_rows(
    session: Session, actor: Actor, listing: Listing, start: int, stop: int, counts: dict[str, Any]
) -> dict[str, Any]:
    """Write the entries from `start` to `stop`: new nodes, codes of a new year, names; return what to note.

    `counts` are the job's so far; the answer's have this part added, and `places` says where its new nodes are.
    """
    part = listing.read.divisions[start:stop]
    year = listing.read.year
    new = [division for division in part if division.code not in listing.standing]
    known = [(division, node) for division in part if (node := listing.standing.get(division.code)) is not None]
    renamed = [(division, node) for division, node in known if is_renamed(node, division.name, year)]
    coded = [(division.code, division.level, node.id) for division, node in known if not node.listed]
    places = _insert_nodes(session, actor, listing, new)
    fresh = [(division.code, division.level, places[division.code][0]) for division in new]
    _insert_codes(session, actor, listing.read, fresh + coded)
    _rename(session, actor, renamed, year)
    added = {"done": len(part), "created": len(new), "renamed": len(renamed), "coded": len(coded)}
    above = {division.code: places[division.code] for division in new if division.level < 5}
    return {"counts": {name: counts.get(name, 0) + number for name, number in added.items()}, "places": above}


def _insert_nodes(
    session: Session, actor: Actor, listing: Listing, new: Sequence[Division]
) -> dict[str, tuple[str, str]]:
    """Insert nodes and their part_of links, superiors first; return code → (id, path)."""
    places: dict[str, tuple[str, str]] = {}
    nodes: list[tuple[Any, ...]] = []
    links: list[tuple[Any, ...]] = []
    none = (None, "")
    for division, node_id, link_id, short in zip(
        new, new_ids(len(new)), new_ids(len(new)), new_short_codes(len(new)), strict=True
    ):
        above = division.parent_code
        parent_id, path = none if above is None else places.get(above) or listing.places[above]
        path = f"{path}{short}/"
        places[division.code] = (node_id, path)
        flags = json.dumps(division.flags) if division.flags else "[]"
        nodes.append((node_id, division.kind, division.name, short, parent_id, path, flags))
        if parent_id is not None:
            links.append((link_id, node_id, parent_id))
    born = {"tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "state": "active"}
    insert_many(
        session, Organization, ("id", "kind", "name", "short_code", "parent_id", "path", "flags"), nodes,
        axis="territory", disclosure="named", **born,
    )  # fmt: skip
    insert_many(
        session, OrganizationLink, ("id", "from_id", "to_id"), links, kind="part_of", details={},
        basis=f"{listing.read.issuer} {listing.read.year}", valid_from=date(listing.read.year, 1, 1), **born,
    )  # fmt: skip
    return places


def _insert_codes(session: Session, actor: Actor, read: DivisionList, codes: Sequence[tuple[str, int, str]]) -> None:
    rows = [(code_id, *code) for code_id, code in zip(new_ids(len(codes)), codes, strict=True)]
    insert_many(
        session, OrganizationCode, ("id", "code", "level", "organization_id"), rows, tenant_id=actor.tenant_id,
        scheme=SCHEME, issuer=read.issuer, year=read.year, valid_from=date(read.year, 1, 1),
    )  # fmt: skip


def _rename(session: Session, actor: Actor, renamed: Sequence[tuple[Division, Standing]], year: int) -> None:
    """Give standing nodes their new names, each with an event of its own."""
    if not renamed:
        return
    said = {UUID(node.id): division for division, node in renamed}
    current = sa.select(Organization.id, Organization.name).where(Organization.id.in_(said)).with_for_update()
    events, updates = [], []
    for organization_id, name in session.rows(current):
        division = said[organization_id]
        written = {"name": division.name, "kind": division.kind, "flags": list(division.flags)}
        updates.append({"node": organization_id, **{f"new_{column}": value for column, value in written.items()}})
        details = {"from": name, "to": division.name, "code": division.code, "year": year}
        events.append(
            changes.event(
                session, actor, "organization.edit", "organization", organization_id, at=organization_id,
                written=written, details=details,
            )
        )  # fmt: skip
    table = sa.inspect(Organization).local_table
    session.execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("node"))
        .values(
            version=table.c.version + 1, name=sa.bindparam("new_name"), kind=sa.bindparam("new_kind"),
            flags=sa.bindparam("new_flags"),
        ),
        updates,
    )  # fmt: skip
    session.insert(Event, events)


def conclude(
    session: Session,
    actor: Actor,
    job_id: UUID,
    listing: Listing,
    manifest: dict[str, Any],
    missed: Sequence[LeftOut],
    report: bytes | None,
) -> dict[str, Any]:
    """Append the one event of the import with its manifest, keep the report of what was refused or is to review.

    For what the list leaves out and others hang on, cases are opened.
    """
    report_id = None if report is None else str(files.keep(session, actor, "divisions-report.csv", "text/csv", report))
    if manifest["written"]:
        changes.record(
            session, actor, "organization.import", "job", job_id, at=None, written=manifest, details=manifest
        )
    open_reviews(session, actor, missed, listing.read.issuer, listing.read.year)
    flagged = sum(bool(entry.flags) for entry in listing.read.divisions)
    return {"counts": {"concluded": True, "reportFileId": report_id, "flagged": flagged}}


def missed_by(session: Session, actor: Actor, listing: Listing) -> list[LeftOut]:
    """Return the nodes that the list leaves out though it names their siblings; read it when all parts are written."""
    return left_out(session, actor, listing.read.issuer, SCHEME, listing.read.year, listing.parents)


def manifest_of(read: DivisionList, digest: str, written: bool) -> dict[str, Any]:
    """Return what identifies an import: issuer, year, the file's digest, a hash over all entries as they were read."""
    hashed = hashlib.sha256()
    for entry in read.divisions:
        hashed.update(f"{entry.code}\t{entry.name}\t{entry.kind}\t{entry.parent_code or ''}\n".encode())
    return {
        "issuer": read.issuer, "year": read.year, "file": digest, "entries": hashed.hexdigest(),
        "rows": len(read.divisions), "written": written,
    }  # fmt: skip


def reviews_of(listing: Listing) -> list[RowError]:
    """Return the entries that a person must look at, as rows of a report."""
    found = []
    for division in listing.read.divisions:
        node = listing.standing.get(division.code)
        why = node and review_of(node, listing.parent_of(division))
        if why:
            found.append(RowError(division.row, "code", why, *REVIEWS[why], f"{division.code} {division.name}"))
    return found


def summary(listing: Listing, reviews: Sequence[RowError], counts: dict[str, Any]) -> dict[str, Any]:
    """Return the result of an import: what stands, by level and flag, what changed, what was refused and why."""
    read = listing.read
    levels = Counter(str(entry.level) for entry in read.divisions)
    flags = Counter(flag for entry in read.divisions for flag in entry.flags)
    number = {name: counts.get(name, 0) for name in ("created", "renamed", "coded")}
    return {
        "issuer": read.issuer, "year": read.year, "rows": len(read.divisions), **number,
        "unchanged": counts.get("done", 0) - number["created"] - number["renamed"],
        "levels": dict(sorted(levels.items())), "flags": dict(sorted(flags.items())),
        "repeated": read.repeated, "refused": len(listing.refused), "review": len(reviews),
        "refusedRows": [error.as_row() for error in listing.refused[:SHOWN]],
        "reviewRows": [error.as_row() for error in reviews[:SHOWN]],
        "reportFileId": counts.get("reportFileId"),
    }  # fmt: skip
