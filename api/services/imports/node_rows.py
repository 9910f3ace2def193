"""The rows that a part of a list of organisations writes, gathered and inserted table by table."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.models import Event, Organization, OrganizationCode, OrganizationCount, OrganizationLink
from api.services import changes
from api.services.imports.flags import FLAGS
from api.services.imports.shared import Options
from api.services.imports.standing_nodes import Standing
from api.services.organizations import new_short_codes


class Created(NamedTuple):
    """An organisation that is about to be inserted."""

    id: UUID
    path: str


class Batch:
    """Gathers new organisations and changes to standing ones; `insert` writes them all."""

    def __init__(self, session: Session, actor: Actor, options: Options):
        self._session, self._actor, self._options = session, actor, options
        self._rows: dict[Any, list[dict[str, Any]]] = {
            Organization: [], OrganizationCode: [], OrganizationCount: [], OrganizationLink: [], Event: [],
        }  # fmt: skip

    def create(self, node: Any, above: Any) -> Created:
        """Add a new organisation under `above` with its code, head-count and links; return its id and path."""
        short = new_short_codes(1)[0]
        values = {
            "axis": node.axis, "kind": node.kind, "name": node.name, "short_code": short, "parent_id": above.id,
            "path": f"{above.path}{short}/", "community_class": None, "disclosure": "named", "capacity": None,
            "flags": list(node.flags),
        }  # fmt: skip
        row = changes.born(self._session, self._actor, "organization", "organization.create", values)
        if node.in_review:
            row["state"] = "in_review"
        self._rows[Organization].append(row)
        self._link("part_of", row["id"], above.id)
        if node.code:
            self._code(row["id"], node)
        if node.members is not None:
            self._count(row["id"], node.members)
        if node.located_in:
            self._link("located_in", row["id"], node.located_in)
        for unit in node.covers:
            self._link("covers", row["id"], unit)
        return Created(row["id"], row["path"])

    def change(self, node: Any, stands: Standing) -> bool:
        """Bring a standing organisation to what the list says now; return whether anything differs.

        What the list does not say stays; where it lies in the tree is changed only by a person.
        """
        values: dict[str, Any] = {}
        if node.name != stands.name:
            values["name"] = node.name
        if node.kind_is_said and node.kind != stands.kind:
            values["kind"] = node.kind
        flags = [flag for flag in stands.flags if flag not in FLAGS] + list(node.flags)
        if set(flags) != set(stands.flags):
            values["flags"] = flags
        written: dict[str, Any] = dict(values)
        if node.code and stands.code is None:
            written["code"] = self._code(stands.id, node)
        if node.members is not None and node.members != stands.members:
            written["members"] = self._recount(stands.id, node.members)
        if node.located_in and (stands.located_in is None or stands.located_in[1] != node.located_in):
            if stands.located_in is not None:
                self._end_link(stands.located_in[0])
            written["located_in"] = self._link("located_in", stands.id, node.located_in)
        added = [self._link("covers", stands.id, unit) for unit in node.covers if unit not in stands.covers]
        if added:
            written["covers"] = added
        if written:
            self._edit(stands, values, written)
        return bool(written)

    def insert(self) -> list[dict[str, Any]]:
        """Write everything; return the rows of the new organisations, which the import's one event stands for."""
        for table in (Organization, OrganizationCode, OrganizationLink, Event):
            self._session.insert(table, self._rows[table])
        self._session.insert_new(OrganizationCount, self._rows[OrganizationCount])
        return self._rows[Organization]

    def _edit(self, stands: Standing, values: dict[str, Any], written: dict[str, Any]) -> None:
        self._session.execute(
            sa.update(Organization)
            .where(Organization.id == stands.id, Organization.version == stands.version)
            .values(**values, version=stands.version + 1)
        )
        event = changes.event(
            self._session, self._actor, "organization.edit", "organization", stands.id, at=stands.id, written=written,
            details={"import": str(self._options.run_id), "changed": sorted(written)},
        )  # fmt: skip
        self._rows[Event].append(event)

    def _code(self, organization_id: UUID, node: Any) -> dict[str, Any]:
        row = {
            "id": new_id(), "tenant_id": self._actor.tenant_id, "organization_id": organization_id,
            "scheme": node.scheme, "code": node.code, "level": None, "issuer": node.issuer,
            "year": self._options.as_of.year, "valid_from": self._options.as_of, "valid_to": None,
        }  # fmt: skip
        self._rows[OrganizationCode].append(row)
        return row

    def _count(self, organization_id: UUID, value: int) -> dict[str, Any]:
        as_of = self._options.as_of
        row = {
            "id": new_id(), "tenant_id": self._actor.tenant_id, "organization_id": organization_id,
            "kind": "in_service_members", "as_of": as_of, "value": value, "source": f"import:{self._options.run_id}",
        }  # fmt: skip
        self._rows[OrganizationCount].append(row)
        return row

    def _recount(self, organization_id: UUID, value: int) -> dict[str, Any]:
        """Count anew; a second count of one day corrects the first, and the insert then passes over it."""
        row = self._count(organization_id, value)
        same_day = sa.and_(
            OrganizationCount.organization_id == organization_id,
            OrganizationCount.kind == row["kind"],
            OrganizationCount.as_of == row["as_of"],
        )
        self._session.execute(sa.update(OrganizationCount).where(same_day).values(value=value, source=row["source"]))
        return row

    def _link(self, kind: str, from_id: UUID, to_id: UUID) -> dict[str, Any]:
        row = {
            "id": new_id(), "tenant_id": self._actor.tenant_id, "version": 1, "created_at": self._session.now,
            "kind": kind, "from_id": from_id, "to_id": to_id, "basis": "import", "state": "active", "reason": None,
            "document_id": None, "details": {}, "valid_from": self._options.as_of, "valid_to": None,
        }  # fmt: skip
        self._rows[OrganizationLink].append(row)
        return row

    def _end_link(self, link_id: UUID) -> None:
        ended = {"valid_to": self._options.as_of, "state": "ended", "version": OrganizationLink.version + 1}
        self._session.execute(sa.update(OrganizationLink).where(OrganizationLink.id == link_id).values(**ended))
