"""Every kind that the tables take has a label in both languages."""

from __future__ import annotations

import pytest
from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

import api.models.judgement
import api.models.lists
import api.models.people
import api.models.record
import api.models.service  # noqa: F401
from api.domain.kind_labels import KINDS, kind_label

TABLES = {
    "activity.kind": "activities",
    "activity.nature": "activities",
    "need.kind": "needs",
    "resource.kind": "resources",
    "project.kind": "projects",
    "entry.unit": "entries",
    "case.kind": "cases",
    "document.kind": "documents",
}


def allowed(table: str, column: str) -> set[str]:
    """The values that a table's check takes for a column; empty where it has no such check."""
    for check in SQLModel.metadata.tables[table].constraints:
        text = str(check.sqltext) if isinstance(check, CheckConstraint) else ""
        if text.startswith(f"{column} IN ("):
            return set(text.split("(")[1].rstrip(")").replace("'", "").split(", "))
    return set()


@pytest.mark.parametrize("key", TABLES)
def test_what_a_table_takes_has_a_label(key: str) -> None:
    assert allowed(TABLES[key], key.split(".")[1]) <= set(KINDS[key])


def test_the_tables_do_restrict_kinds() -> None:
    assert allowed("activities", "nature") == set(KINDS["activity.nature"])


def test_labels_are_chinese_and_english() -> None:
    for column, kinds in KINDS.items():
        for kind in kinds:
            label = kind_label(column, kind)
            assert any("\u4e00" <= sign <= "\u9fff" for sign in label["zh"])
            assert label["en"].isascii()
