"""Rules for the rows of a plan of contacts (联系安排) that comes as a table: unit, community, period, members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.row_reader import RowReader
from api.domain.rows import Column, Reading, find_columns, ignored, narrow

_COLUMNS = (
    Column("unit", ("单位", "单位名称", "在职党员所在单位", "报到单位"), required=True),
    Column("credit_code", ("统一社会信用代码", "信用代码")),
    Column("street", ("街道", "街道（镇）", "街镇", "镇街", "乡镇")),
    Column("community", ("社区", "联系社区", "报到社区", "社区名称"), required=True),
    Column("starts_on", ("开始日期", "起始日期", "开始", "自")),
    Column("ends_on", ("截止日期", "结束日期", "结束", "至")),
    Column("members", ("在职党员数", "党员数", "人数", "在职党员人数")),
)


@dataclass(frozen=True, slots=True)
class ArrangedRow:
    """One row as it was written; None is unknown. `ends_on` is the last day itself, as people write it."""

    row: int
    unit: str
    credit_code: str | None
    street: str | None
    community: str
    starts_on: date | None
    ends_on: date | None
    members: int | None


def read_plan(headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> Reading[ArrangedRow]:
    """Read a plan's table; pure, a repeat gives the same. Rows with an error are refused with every reason.

    Raises `MissingColumns`, `RepeatedColumns`.
    """
    at = find_columns(headers, _COLUMNS)
    reading: Reading[ArrangedRow] = Reading(ignored_columns=ignored(headers, at))
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        row = ArrangedRow(
            number,
            reader.text("unit", 120, required=True) or "",
            narrow(reader.raw("credit_code")).upper() or None,
            reader.text("street", 60),
            reader.text("community", 60, required=True) or "",
            reader.value("starts_on", _day),
            reader.value("ends_on", _day),
            reader.value("members", _members),
        )
        if reader.errors:
            reading.refused += reader.errors
        else:
            reading.rows.append(row)
    return reading


def _day(text: str) -> date:
    found, only_month = cell_values.day(text)
    if only_month:
        raise UnreadableError("not_a_date")
    return found


def _members(text: str) -> int:
    found, _ = cell_values.count(text)
    if found is None or found < 1:
        raise UnreadableError("not_a_count")
    return found
