"""No column is forgotten: what may hold personal data is annotated, what leads to a person has a way on erasure."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString
from typer.testing import CliRunner

import api.models  # noqa: F401 - declares the tables
from api import cli
from api.domain.erasing import WAYS
from api.domain.person_columns import ABOUT, ACTING, ELSEWHERE, is_secret
from api.domain.privacy import GROUNDS, KINDS
from api.models.personal import annotated
from api.security import Sealed
from api.services import privacy
from tests.support.guards import ROOT

TABLES = SQLModel.metadata.sorted_tables
# Names that speak of people wherever they stand.
TELLING = re.compile(
    r"(^|_)(phone|mobile|email|mail|address|id_number|openid|unionid|birth|sex|gender|contact|account|device|password|"
    r"totp|residence|roster_number|description|remark|answer|evidence|reason|text)($|_)|^(name|subject|facts|title)$"
)
# Of organisations, rules and the installation, or in words that the law asks to be public: told here one by one.
NOT_OF_PEOPLE = {
    "activities.title", "activities.place", "consents.text_version", "cycles.title", "emergencies.reason",
    "entries.account_kind", "facts.account_kind", "grants.reason", "organizations.name", "projects.reasons",
    "projects.title", "resources.title", "resources.quantity_text", "rulebooks.subject", "tenants.name",
    "api_clients.name", "emergencies.title", "people.phone_state", "sign_ins.end_reason", "witnesses.name",
    "cycle_rulebooks.subject", "teams.name",
}  # fmt: skip


def is_text(column: sa.Column) -> bool:
    kind = column.type
    return isinstance(kind, sa.String | AutoString | sa.LargeBinary | sa.JSON | Sealed)


def unannotated(tables) -> list[str]:
    """Return the columns that tell of people by their name or hold bytes, and say neither whose nor why."""
    found = []
    for table in tables:
        for column in table.columns:
            place = f"{table.name}.{column.name}"
            if "personal" in column.info or place in NOT_OF_PEOPLE or not is_text(column):
                continue
            is_bytes = isinstance(column.type, sa.LargeBinary) and not is_known_secret(column.name)
            if is_bytes or (TELLING.search(column.name) and not column.name.endswith(("_hash", "_kind", "_version"))):
                found.append(place)
    return found


def is_known_secret(name: str) -> bool:
    return is_secret(name) or name in ("leaf", "wrapped")


def leading_somewhere(tables) -> list[str]:
    """Return the columns that hold an id of which nothing says whether it leads to a person."""
    return [
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if isinstance(column.type, sa.Uuid)
        and column.name not in {"id", "tenant_id", *ABOUT, *ACTING, *ELSEWHERE}
        and not any(key.column.table.name != "people" for key in column.foreign_keys)
    ]


def without_a_way(tables) -> list[str]:
    """Return the columns that lead to a person and have no way on erasure."""
    about = [f"{table.name}.{name}" for table in tables for name in ABOUT if name in table.c]
    return sorted(set(about) - set(WAYS))


def test_what_may_be_personal_says_what_it_is_whose_and_why():
    assert unannotated(TABLES) == []


def test_every_id_is_told_to_lead_to_a_person_or_elsewhere():
    assert leading_somewhere(TABLES) == []


def test_every_column_about_a_person_has_a_way_on_erasure_and_every_way_a_column():
    assert without_a_way(TABLES) == []
    columns = {f"{table.name}.{column.name}" for table in TABLES for column in table.columns}
    assert set(WAYS) - columns == set()


def test_what_an_erasure_deletes_leaves_nothing_behind_that_refers_to_it():
    deleted = {place.split(".")[0]: way.children for place, way in WAYS.items() if way.act == "delete"}
    referring = {
        (table.name, key.parent.name, key.column.table.name)
        for table in TABLES
        for key in table.foreign_keys
        if key.column.table.name in deleted
    }
    assert {(child, column) for child, column, _ in referring} == {
        child for children in deleted.values() for child in children
    }


def test_what_an_erasure_empties_is_there_to_be_emptied():
    for place, way in WAYS.items():
        assert set(way.clear) <= set(SQLModel.metadata.tables[place.split(".")[0]].c.keys()), place


@pytest.mark.parametrize("column", ["phone", "home_address", "open_text", "openid", "description"])
def test_a_column_without_annotation_fails_the_build(column):
    """Control."""
    table = sa.Table("new_things", sa.MetaData(), sa.Column(column, sa.String), sa.Column("person_id", sa.Uuid))
    assert unannotated([table]) == [f"new_things.{column}"]
    assert without_a_way([table]) == ["new_things.person_id"]
    odd = sa.Table("odd", sa.MetaData(), sa.Column("helper", sa.Uuid), sa.Column("blob", sa.LargeBinary))
    assert (leading_somewhere([odd]), unannotated([odd])) == (["odd.helper"], ["odd.blob"])


def test_the_registry_has_words_for_every_kind_and_every_ground():
    assert {personal.what for _, personal in annotated()} == set(KINDS)
    assert {personal.ground for _, personal in annotated()} <= set(GROUNDS)
    for held in privacy.registry()["holdings"]:
        for told in ("title", "purpose", "ground", "keep", "erasure"):
            assert any("\u4e00" <= sign <= "\u9fff" for sign in held[told]["zh"])
            assert held[told]["en"]


def test_the_command_prints_the_registry_for_people_and_for_programs():
    plain, as_json, page = (
        CliRunner().invoke(cli.app, ["privacy", "report", *more]) for more in ([], ["--json"], ["--markdown"])
    )
    assert [each.exit_code for each in (plain, as_json, page)] == [0, 0, 0]
    assert "身份证号" in plain.output
    assert json.loads(as_json.output) == privacy.registry()
    assert page.output == privacy.page()


def test_the_page_in_the_docs_says_what_the_columns_say():
    assert (ROOT / "docs/privacy.md").read_text(encoding="utf-8") == privacy.page()
