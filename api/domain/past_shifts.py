"""Rules for rows of past shifts: a day, the hours of all who attended together, and who they were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.past_stretches import shares
from api.domain.row_reader import RowReader
from api.domain.rows import Column, Reading, find_columns, ignored, narrow, row_error

_COLUMNS = (
    Column("key", ("shift_id", "班次编号", "编号"), required=True),
    Column("day", ("date", "日期", "服务日期"), required=True),
    Column("hours", ("volunteer_hours", "总时长", "总小时数"), required=True),
    Column("attended", ("attended", "到场人数"), required=True),
    Column("people", ("people", "参加人", "参加人员编号"), required=True),
    Column("demand", ("demand", "需要人数", "招募人数")),
    Column("activity", ("event_id", "活动编号")),
    Column("title", ("event_name", "活动名称", "名称")),
    Column("place", ("postcode", "地点", "活动地点")),
    Column("community", ("社区", "所属社区")),
    Column("group", ("团队", "服务队", "组织单位")),
)
_HOURS = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_BETWEEN = re.compile(r"[;；、\s]+")
MOST_PEOPLE = 2000
"""People of one shift; a cell with more is no shift of volunteers."""

FLAGS: dict[str, tuple[str, str]] = {
    "over_capacity": ("到场人数超过需要人数，按历史记录保留", "More people came than were wanted; kept as history"),
    "over_daily_tier": ("人均超过 8 小时", "More than 8 hours for each person"),
    "same_day_again": ("有人当日已在另一班次", "Somebody was at another shift on the same day"),
}
"""What is told about a row: code → (zh-CN, en)."""


@dataclass(frozen=True, slots=True)
class PastShiftRow:
    """One past shift: `minutes` are those of all its people together, exact; `people` are roster numbers, each once."""

    row: int
    key: str
    day: date
    minutes: Fraction
    people: tuple[str, ...]
    demand: int | None
    activity: str
    title: str
    place: str
    places: tuple[str, ...]
    group: str | None


def read_past_shifts(
    headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], today: date
) -> Reading[PastShiftRow]:
    """Read past shifts; pure. Raises `MissingColumns`, `RepeatedColumns`.

    A row is refused whose hours are no number above nought, or whose people are not as many as attended: hours of
    nobody are nobody's. The demand may be missing; that more came than were wanted is history and no error.
    """
    at = find_columns(headers, _COLUMNS)
    reading: Reading[PastShiftRow] = Reading(ignored_columns=ignored(headers, at))
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        row = _row(reader, today)
        if reader.errors or row is None:
            reading.refused.extend(reader.errors)
        else:
            reading.rows.append(row)
    return reading


def whole_minutes(exact: Sequence[Fraction]) -> list[int]:
    """Return each as a whole number so that together they are the sum rounded half up: the largest remainder.

    Among equal remainders the earlier one is rounded up.
    """
    least = [value.numerator // value.denominator for value in exact]
    short = (sum(exact, Fraction(0)) + Fraction(1, 2)).__floor__() - sum(least)
    by_remainder = sorted(range(len(exact)), key=lambda at: (least[at] - exact[at], at))
    up = set(by_remainder[:short])
    return [floor + (at in up) for at, floor in enumerate(least)]


def minutes_of_each(minutes: int, people: int) -> list[int]:
    """Return the minutes of a shift for each of its people in the order of the row: equal but for the remainder."""
    return shares(minutes, people)


def _row(reader: RowReader, today: date) -> PastShiftRow | None:
    key = reader.text("key", 60, required=True)
    day = reader.value("day", lambda cell: cell_values.day(cell, today), required=True)
    minutes = reader.value("hours", _minutes, required=True)
    attended = reader.value("attended", cell_values.count, required=True)
    demand = reader.value("demand", cell_values.count)
    people = tuple(dict.fromkeys(number for number in _BETWEEN.split(narrow(reader.raw("people"))) if number))
    title, place, community, group = (reader.text(name, 200) for name in ("title", "place", "community", "group"))
    if reader.errors or key is None or day is None or minutes is None or attended is None:
        return None
    if len(people) != attended[0] or not 0 < len(people) <= MOST_PEOPLE:
        facts = {"attended": attended[0], "named": len(people)}
        reader.errors.append(row_error(reader.row, "people", "attendees_differ", **facts))
    activity = reader.text("activity", 60) or key
    names = tuple(name for name in (community, place) if name)
    wanted = demand[0] if demand else None
    return PastShiftRow(
        reader.row, key, day[0], minutes, people, wanted, activity, title or key, place or "", names, group
    )


def _minutes(cell: str) -> Fraction:
    text = narrow(cell)
    if not text.isascii() or not _HOURS.fullmatch(text) or not Fraction(text):
        raise UnreadableError("not_hours")
    return Fraction(text) * 60
