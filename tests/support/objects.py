"""One row of every noun, near (桃园社区, 第一中学), far (远山社区, 供水公司) and between, past the services."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import models
from api.access import Actor, Reach
from api.db import Session, new_id
from api.domain.steps import TABLES
from api.security import Sealed
from api.services import documents, files, plans, rulebooks
from tests.support import papers
from tests.support.world import World

# Where a path names an object by another name than that of its table, or a row needs more than its columns say.
TABLE_OF = {
    "registration": models.Affiliation,
    "link": models.OrganizationLink,
    "unit": models.Organization,
    "slip": models.ConfirmationSlip,
    "community": models.Organization,
}
NO_MATCH: dict[str, Any] = {
    "method": "flow", "needs": 0, "places": 0, "filled": 0, "served": 0, "newly_served": 0, "helpers": 0, "idle": 0,
    "concentration": 0, "unserved": 0, "communities": [], "units": [],
}  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    "affiliations": {"kind": "registration", "state": "submitted", "basis": "residence"},
    "organization_links": {"kind": "registration", "state": "submitted"},
    "activities": {"state": "published", "point": None},
    "shifts": {"capacity": 5, "secret": b"0" * 20},
    "signups": {"state": "confirmed"},
    "cycles": {"state": "published"},
    "facts": {"kind": "check_in"},
    "entries": {"unit": "volunteer_minutes"},
    "jobs": {"kind": "divisions.import"},
    "match_proposals": {"state": "proposed"},
    "match_runs": {"kind": "people", "state": "done", "as_of": datetime(2026, 3, 2, tzinfo=UTC), "figures": NO_MATCH},
    "needs": {"windows": None},
    "payments": {"kind": "donation"},
    "resources": {"kind": "fund", "windows": None},
    "bookings": {"state": "held"},
    "projects": {"taken": 1},
    "emergencies": {"basis": "decision", "permits": ["location_check_in"]},
    "signals": {"kind": "recipients_deny", "figures": {"people": 5}},
    "grants": {"role": "community_worker", "state": "proposed"},
    "opinions": {"procedure": "member_development", "state": "drafted", "disclosed": True, "draft": None},
}
PLACES = {
    "near": {"territory": "community", "unit": "unit", "person": "member"},
    "same_unit": {"territory": "community", "unit": "unit", "person": "member2"},
    "same_community": {"territory": "community", "unit": "unit2", "person": "member4"},
    "same_street": {"territory": "community2", "unit": "unit2", "person": "member5"},
    "far": {"territory": "far_community", "unit": "unit2", "person": "member3"},
    "another_tenant": {"territory": "community", "unit": "unit", "person": "member"},
}
PERSONS = {"person_id", "asked_by", "opened_by", "owner_id", "actor_id", "account_id", "subject_id"}
AT_UNIT = {"organizer_id", "recipient_id", "employer_id", "from_id"}


class Objects:
    """Makes rows for a relation of PLACES, each noun once; what a row refers to is made with it."""

    def __init__(self, session: Session, world: World, relation: str, mark: str = "") -> None:
        self._session, self._world, self._mark = session, world, mark
        self._tenant = world.operator.tenant_id
        self.person = world.people[PLACES[relation]["person"]]
        self.community = world.places[PLACES[relation]["territory"]]
        self.unit = world.places[PLACES[relation]["unit"]]
        self.above = "far_street" if relation == "far" else "street"
        self._relation, self._made = relation, {models.Organization: self.community, models.Person: self.person}
        account = sa.select(models.Person.account_id).where(models.Person.id == self.person)
        self.account = session.scalar(account)
        self._actor = Actor(self.person, self.account, self._tenant, world.operator.reaches)

    def named(self, parameter: str) -> UUID | str | None:
        """Return what a parameter of a path such as `need_id` stands for; None where no noun has that name."""
        if parameter == "code":
            return "points_ranking"
        if parameter == "position":
            return "1"  # the sealed order of each tenant begins there
        if parameter == "number":
            numbers = sa.select(models.Document.number).where(models.Document.id == self.of(models.Document))
            return self._session.scalar(numbers)
        noun = parameter.removesuffix("_id")
        if noun == "unit":
            return self.unit
        if noun == "plan":
            return self._drafted()
        if noun == "pairing":
            return self._paired()
        table = TABLE_OF.get(noun) or getattr(models, "".join(part.title() for part in noun.split("_")), None)
        return None if table is None else self.of(table)

    def of(self, table: Any) -> UUID:
        """Return the id of this relation's row of a table."""
        if table is models.File and table not in self._made:
            self._made[table] = files.keep(self._session, self._actor, "a.csv", "text/csv", b"a,b")
        if table is models.Document and table not in self._made:
            self._made[table] = self._issued()
        if table is models.Rulebook and table not in self._made:
            self._made[table] = self._installed()
        if table is models.Delivery:
            sent = sa.select(models.Delivery.id).where(models.Delivery.document_id == self.of(models.Document))
            return self._session.scalar(sent)
        if table not in self._made:
            row = {name: self._value(table, column) for name, column in table.__table__.columns.items()}
            self._session.insert(table, [row])
            self._made[table] = row["id"]
            if table is models.Project:
                self._sides(row["id"])
        return self._made[table]

    def _paired(self) -> UUID:
        """Pair the person of this relation with a household of the community."""
        row = {name: self._value(models.Project, column) for name, column in models.Project.__table__.columns.items()}
        self._session.insert(models.Project, [{**row, "kind": "pairing", "state": "open", "headcount": 1, "taken": 1}])
        of = {"tenant_id": self._tenant, "project_id": row["id"]}
        by = {"organization_id": self.community, "side": "asks", "duties": [], "confirmed_at": None}
        self._session.insert(models.ProjectParty, [{"id": new_id(), **of, **by, "confirmed_by": None}])
        part = {"person_id": self.person, "side": "offers", "state": "agreed", "starts_on": date(2026, 3, 2)}
        own = {"id": new_id(), "version": 1, "created_at": self._session.now, **of, **part}
        self._session.insert(models.ProjectPerson, [own])
        told = {"name": f"{self._mark}{self._relation}", "address": None, "contact": None, "situation": ""}
        agreed = {"consented_on": date(2026, 3, 1), "consent": {"given_by": "x", "means": "spoken"}}
        household = {"id": new_id(), **of, "told": told, **agreed, "recorded_by": self.person}
        self._session.insert(models.Household, [household])
        return row["id"]

    def _sides(self, project_id: UUID) -> None:
        """Let the community and the unit be the parties of a project."""
        sides = {"asks": self.community, "offers": self.unit}
        more = {"tenant_id": self._tenant, "project_id": project_id, "duties": [], "confirmed_at": None}
        self._session.insert(models.ProjectParty, [
            {"id": new_id(), **more, "confirmed_by": None, "side": side, "organization_id": place}
            for side, place in sides.items()
        ])  # fmt: skip

    def _installed(self) -> UUID:
        """Install a rulebook in the community; one that another relation installed there is this one's too."""
        there = sa.select(models.Rulebook.id).where(models.Rulebook.organization_id == self.community)
        return self._session.scalar(there) or rulebooks.install(
            self._session, self._actor, "basic-member", self.community
        )

    def _drafted(self) -> UUID:
        """Draft a plan at the unit; it is a document of another shape than the receipt."""
        officer = replace(self._actor, reaches=(Reach("work_committee_officer", models.NOBODY, models.NOBODY, ""),))
        values = {
            "issuer_id": self.unit, "title": "联系安排", "reference": None, "starts_on": date(2026, 1, 1),
            "ends_on": date(2027, 1, 1), "measure": "units", "capacities": [], "rows": None, "supersedes_id": None,
        }  # fmt: skip
        return plans.create(self._session, officer, values)

    def _issued(self) -> UUID:
        content = papers.a_receipt()
        more = {"title": content["title"]["zh"], "content": content, "source": f"matrix:{self._relation}"}
        return documents.issue(
            self._session, self._actor, kind=content["kind"], issuer_id=self.community, recipient_id=self.unit, **more
        )

    def _value(self, table: Any, column: Any) -> Any:
        given = MORE.get(table.__tablename__, {})
        field = table.model_fields[column.key]
        if column.key in given:
            return given[column.key]
        if column.key == "tenant_id":
            return self._tenant
        if table is models.Case and column.key == "facts":
            return {"claim": {"fileId": str(self.of(models.File))}}
        if column.key in ("file_ids", "attachments"):
            return [str(self.of(models.File))]
        if column.key == "round_id" or (table is models.Payment and column.key == "resource_id"):
            return self.of(models.Cycle if column.key == "round_id" else models.Resource)
        if column.key == "state":
            return TABLES[_noun(table)].start[0]
        if isinstance(column.type, Sealed):
            text = None if column.nullable else f"{self._mark}{self._relation}-{column.key}"
            return {"text": text, "dict": {}, "list": [], "bytes": b"x"}[column.type.kind]
        if isinstance(column.type, sa.JSON):
            return field.default_factory() if field.default_factory else {}
        if column.key in PERSONS or (table is models.Team and column.key == "leader_id"):
            return self.account if column.key in ("account_id", "subject_id") else self.person
        if column.key in ("community_id", "organization_id") or (column.foreign_keys and not column.nullable):
            return self._referred(column)
        if not field.is_required():
            return field.default
        return None if column.nullable else self._plain(table, column)

    def _referred(self, column: Any) -> UUID:
        if column.key in AT_UNIT or column.table.name == "resources":
            return self.unit
        if not column.foreign_keys:
            return self.community
        wanted = next(iter(column.foreign_keys)).column.table
        mappers = models.Need._sa_registry.mappers
        return self.of(next(mapper.class_ for mapper in mappers if mapper.local_table is wanted))

    def _plain(self, table: Any, column: Any) -> Any:
        kind = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
        for check in table.__table__.constraints:
            words = re.fullmatch(rf"{column.key} IN \('(\w+)'.*\)", str(getattr(check, "sqltext", "")))
            if words:
                return words[1]
        if isinstance(kind, sa.DateTime):
            later = column.key == "ends_at"
            return self._session.now.replace(hour=3) if later else self._session.now
        if isinstance(kind, sa.Uuid):
            return new_id() if column.key != "recipient_id" else self.unit
        if isinstance(kind, sa.String):
            return f"{self._mark}{self._relation}-{column.key}"
        if isinstance(kind, sa.LargeBinary):
            return f"{self._mark}{self._relation}".encode()
        return {sa.Date: date(2026, 3, 2), sa.Boolean: False}.get(type(kind), 1)


def _noun(table: Any) -> str:
    return next(noun for noun in TABLES if noun == re.sub(r"(?<!^)([A-Z])", r"_\1", table.__name__).lower())
