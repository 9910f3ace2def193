"""Which words a rulebook reads of a fact beside its kind, and so may be recorded with it (model: Fact)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.domain.bundle_rows import DAY_COLUMNS
from api.domain.rulebook.looks import looks
from api.domain.rulebook.measure import PresenceMeasure, RowMeasure
from api.domain.rulebook.schema import Rulebook
from api.errors import Invalid

HELD = DAY_COLUMNS | {
    "key", "kind", "activity", "community", "employer", "provenance", "occurredOn", "amount", "count", "value", "until",
    "code", "start", "end", "reason", "reverses", "caseId", "projectId",
}  # fmt: skip
"""Columns that the record fills by itself or that have a field of their own."""


class ColumnUnasked(Invalid):
    """A fact says what a rulebook in force there reads of its kind, and nothing else."""

    code = "column_unasked"
    zh = "现行规则不看“{kind}”的“{column}”一项，不必记录"
    en = "No rulebook in force there reads “{column}” of “{kind}”; it is not recorded"


class ReasonUnknown(Invalid):
    """Days are exempt for a reason that everybody knows, or that a rulebook in force there names."""

    code = "reason_unknown"
    zh = "“{reason}”不是通用的免除事由，现行规则也没有列出"
    en = "“{reason}” is no common reason of an exemption, and no rulebook in force there names it"


def reasons_named(books: Iterable[Rulebook]) -> set[str]:
    """Return the kinds of exemption that rulebooks name."""
    found: set[str] = set()
    for measure in (each for book in books for each in book.measures):
        spans = (measure.cadence, measure.series, measure.deadline) if isinstance(measure, RowMeasure) else ()
        own = [measure] if isinstance(measure, PresenceMeasure) else []
        found.update(kind for by in (*own, *spans) if by is not None for kind in by.exempt)
    return found


def read_of_facts(books: Iterable[Rulebook]) -> dict[str | None, set[str]]:
    """Return for each kind of fact the columns that rulebooks read of it; those under None they read of any kind."""
    found: dict[str | None, set[str]] = {}
    for look in (look for book in books for measure in book.measures for look in looks(measure)):
        if look.source == "facts":
            for kind in look.where.get("kind") or (None,):
                found.setdefault(kind, set()).update(look.columns - HELD)
    return found


def read_of_groups(books: Iterable[tuple[Rulebook, bool]]) -> dict[str | None, set[str]]:
    """Return the same of facts about the organisations of a quota's groups.

    Of each rulebook it is told whether it was in force on the day of the fact; else it has to look back.
    """
    found: dict[str | None, set[str]] = {}
    for share, then in ((quota.share_by, then) for book, then in books for quota in book.quotas):
        if share is not None and share.source == "facts" and (then or share.years_back):
            for kind in share.where["kind"]:
                found.setdefault(kind, set()).update({share.column, *share.where} - HELD)
    return found


def require_asked(kind: str, told: Mapping[str, Any], asked: Mapping[str | None, set[str]]) -> None:
    """Raise ColumnUnasked for a column that no rulebook reads of facts of this kind."""
    for column in sorted(told):
        if column not in asked.get(kind, set()) | asked.get(None, set()):
            raise ColumnUnasked(kind=kind, column=column, pointer=f"/columns/{column}")
