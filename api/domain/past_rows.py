"""Rules for the rows of past activity records: what they say of place, group, time and hours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.row_reader import RowReader
from api.domain.rows import Column, Reading, find_columns, ignored, narrow
from api.domain.supplementary import PastService

_COLUMNS = (
    Column("key", ("page_id", "编号", "id", "记录编号")),
    Column("number", ("activity_no", "活动编号")),
    Column("title", ("名称", "活动名称", "标题"), required=True),
    Column("area", ("街道", "区域", "地区")),
    Column("place", ("地点", "活动地点")),
    Column("community", ("社区", "所属社区")),
    Column("group", ("团队", "服务队", "组织单位", "志愿团体")),
    Column("hours", ("credited_hours", "时长", "服务时长", "小时")),
    Column("start", ("开始", "开始时间"), required=True),
    Column("end", ("结束", "结束时间"), required=True),
    Column("participants", ("人数", "参加人数")),
    Column("registered", ("登记日期", "录入日期")),
    Column("flags", ("标记",)),
    Column("note", ("备注", "说明")),
)
_NUMBERED = re.compile(r"(20\d{2})\d{4,}")  # the year of registration, then a running number


@dataclass(frozen=True, slots=True)
class PastRow:
    """One record of a past activity; `places` are the names it may be found by, the nearest first."""

    row: int
    key: str
    places: tuple[str, ...]
    place: str
    group: str | None
    service: PastService


def read_past_services(
    headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], zone: ZoneInfo
) -> Reading[PastRow]:
    """Read records of past activities, whose clock is the zone's; pure. Raises `MissingColumns`, `RepeatedColumns`.

    Refused is only a row without title or times; what its hours are worth is judged, not refused. A missing head-count
    is None, never nought. An activity's number begins with the year in which it was registered.
    """
    at = find_columns(headers, _COLUMNS)
    reading: Reading[PastRow] = Reading(ignored_columns=ignored(headers, at))
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        row = _row(reader, zone)
        if reader.errors or row is None:
            reading.refused.extend(reader.errors)
        else:
            reading.rows.append(row)
    return reading


def _row(reader: RowReader, zone: ZoneInfo) -> PastRow | None:
    title = reader.text("title", 200, required=True)
    start = reader.value("start", lambda cell: _time(cell, zone), required=True)
    end = reader.value("end", lambda cell: _time(cell, zone), required=True)
    number = reader.text("number", 60)
    hours = reader.text("hours", 60) or ""
    participants = _participants(reader.raw("participants"))
    registered = reader.value("registered", lambda cell: cell_values.day(cell)[0])
    community, area, place = (reader.text(name, 200) for name in ("community", "area", "place"))
    if reader.errors or title is None or start is None or end is None:
        return None
    key = reader.text("key", 60) or number or f"{start.isoformat()} {title}"
    service = PastService(
        title, start, end, narrow(hours), participants, reader.raw("flags"),
        reader.text("note", 2000) or "", registered or _year(number),
    )  # fmt: skip
    names = tuple(name for name in (community, place, area) if name)
    return PastRow(reader.row, key, names, place or "", reader.text("group", 200), service)


def _time(cell: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(cell.strip().replace("/", "-"))
    except ValueError:
        raise UnreadableError("not_a_time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _participants(cell: str) -> int | None:
    """Return a head-count; what is no number is as good as missing, which sends the record to review."""
    try:
        return cell_values.count(cell)[0]
    except UnreadableError:
        return None


def _year(number: str | None) -> date | int | None:
    found = _NUMBERED.fullmatch(number or "")
    return int(found[1]) if found else None
