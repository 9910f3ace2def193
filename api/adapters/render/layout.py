"""From the frozen content of a document to what is seen: lines, tables and sections in one language.

A template is data (`templates/<name>.<version>.json`): it names places in the content, their headings and how a value
is written. A document keeps the version it was issued with, so a new look is a new file and never changes an old one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from api.errors import NotFound

Language = Literal["zh", "en"]
Cell = str | int | Decimal

TEMPLATES = Path(__file__).parent / "templates"
_UNKNOWN = {"zh": "未知", "en": "unknown"}
_ISSUE = {
    "number": {"zh": "文书编号", "en": "Number"},
    "issued": {"zh": "签发日期", "en": "Issued on"},
    "sha256": {"zh": "内容哈希 SHA-256", "en": "Content SHA-256"},
    "verify": {"zh": "核验网址", "en": "Verify at"},
    "checkpoint": {"zh": "检查点", "en": "Checkpoint"},
}


class NoTemplate(NotFound):
    """No template of this name and version ships with the product."""

    code = "no_template"
    zh, en = "没有文书模板 {template}（版本 {version}）", "There is no template {template}, version {version}"


@dataclass(frozen=True, slots=True)
class Issue:
    """What issuing adds to a content: number, hash, address of verification, time, its checkpoint's size and root."""

    number: str
    sha256: str
    verify_url: str
    issued_at: datetime
    checkpoint: tuple[int, str] | None = None

    @property
    def scanned(self) -> str:
        """Return what the QR code holds: the address, with size and root behind it, which no server is sent."""
        return f"{self.verify_url}#{self.witnessed.replace(' ', '.')}" if self.checkpoint else self.verify_url

    @property
    def witnessed(self) -> str:
        """Return size and root of the checkpoint as they are printed; empty before the first."""
        return f"{self.checkpoint[0]} {self.checkpoint[1]}" if self.checkpoint else ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, its share of the width, and whether it holds numbers."""

    heading: str
    width: float
    numeric: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `own_sheet` says whether it is long enough for a sheet of its own in a workbook."""

    heading: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    own_sheet: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """All that is seen of a document, in order."""

    title: str
    landscape: bool
    lines: list[tuple[str, Cell]]
    tables: list[Table]
    sections: list[tuple[str, list[str]]]
    issue_lines: list[tuple[str, str]]
    paper: str = "a4"
    scan: str | None = None  # what stands below the code, where that leads elsewhere than to verification


def lay_out(content: Mapping[str, Any], issue: Issue, language: Language) -> Layout:
    """Return the document as it is seen; the same input gives the same layout. Raises `NoTemplate`."""
    template = _template(content["template"], content["templateVersion"])
    tables = [
        _table(found, table, language)
        for table in template["tables"]
        if (found := _at(content, table["at"])) is not None
    ]
    issued_on = issue.issued_at.astimezone(ZoneInfo(content["timeZone"])).date()
    values = {
        "number": issue.number, "issued": issued_on.isoformat(), "sha256": issue.sha256, "verify": issue.verify_url,
        "checkpoint": issue.witnessed,
    }  # fmt: skip
    return Layout(
        title=content["title"][language],
        landscape=template["landscape"],
        lines=[
            (line[language], _written(value, line, language))
            for line in template["lines"]
            if (value := _found(content, line)) is not None or not line.get("optional")
        ],
        tables=tables,
        sections=[
            (section[language], paragraphs)
            for section in template["sections"]
            if (paragraphs := _paragraphs(_at(content, section["at"]), language))
        ],
        issue_lines=[(_ISSUE[key][language], text) for key, text in values.items() if text],
        paper=template.get("paper", "a4"),
        scan=template.get("scan", {}).get(language),
    )


@cache
def _template(name: str, version: int) -> dict[str, Any]:
    path = TEMPLATES / f"{name}.{version}.json"
    if not name.isidentifier() or not path.is_file():
        raise NoTemplate(template=name, version=version)
    return json.loads(path.read_bytes())


def _at(content: Any, place: str) -> Any:
    """Return what stands at a dotted place, or None."""
    for key in place.split("."):
        if not isinstance(content, Mapping):
            return None
        content = content.get(key)
    return content


def _found(content: Any, how: dict[str, Any]) -> Any:
    """Return what stands at the place of a line or column, else at the place that it names `instead`."""
    value = _at(content, how["at"])
    return _at(content, how["instead"]) if value is None and "instead" in how else value


def _table(rows: list[dict[str, Any]], table: dict[str, Any], language: Language) -> Table:
    shown = [
        column
        for column in table["columns"]
        if not column.get("optional") or any(_at(row, column["at"]) is not None for row in rows)
    ]
    return Table(
        heading=table[language],
        columns=tuple(Column(one[language], one["width"], one["as"] in ("number", "exact")) for one in shown),
        rows=[[_cell(row, column, language) for column in shown] for row in rows],
        own_sheet=table["sheet"],
    )


def _cell(row: dict[str, Any], column: dict[str, Any], language: Language) -> Cell:
    value = _found(row, column)
    if value is None and row.get("disclosed") is False:
        return column["withheld"][language] if "withheld" in column else "—"
    return _written(value, column, language)


def _written(value: Any, how: dict[str, Any], language: Language) -> Cell:
    if value is None:
        return how.get("none", _UNKNOWN)[language]
    if isinstance(value, Mapping) and "suppressed" in value:
        return value["suppressed"][language]
    return _FORMS[how["as"]](value, language)


def _paragraphs(found: Any, language: Language) -> list[str]:
    words = found if isinstance(found, list) else [found] if found else []
    return [one[language] for one in words]


def _party(value: Any, language: Language) -> str:
    if not value["code"]:
        return value["name"]
    return f"{value['name']}（{value['code']}）" if language == "zh" else f"{value['name']} ({value['code']})"


def _period(value: Any, language: Language) -> str:
    """Write a half-open period as people read it: with its last day."""
    last = date.fromisoformat(value["end"]) - timedelta(days=1)
    return f"{value['start']} {'至' if language == 'zh' else 'to'} {last.isoformat()}"


def _ratio(value: Any, _language: Language) -> str:
    """Write `6/26` as `6/26 ≈ 23.08 %`, rounded half up; the counts beside it say on which side of a gate it lies."""
    part, whole = value.split("/")
    share = Fraction(int(part) * 100, int(whole))
    return f"{value} {'=' if (share * 100).denominator == 1 else '≈'} {_half_up(share)} %"


def _exact(value: Any, _language: Language) -> Cell:
    """Write an exact number; one that has no end as digits is rounded half up, and stands exact in the JSON."""
    return f"≈ {_half_up(Fraction(value))}" if "/" in value else Decimal(value)


def _half_up(value: Fraction) -> str:
    """Write a number with two places, half a hundredth away from nought."""
    hundredths = math.floor(abs(value) * 100 + Fraction(1, 2))
    sign = "-" if value < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02}"


def _flag(value: Any, language: Language) -> str:
    return {"zh": ("否", "是"), "en": ("no", "yes")}[language][value]


_FORMS: dict[str, Callable[[Any, Language], Cell]] = {
    "text": lambda value, _: value,
    "words": lambda value, language: value[language],
    "number": lambda value, _: value,
    "party": _party,
    "period": _period,
    "ratio": _ratio,
    "exact": _exact,
    "flag": _flag,
    "rulebook": lambda value, _: f"{value['id']} {value['version']}",
}
