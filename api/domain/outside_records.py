"""Records of service kept by the national system or another platform: how a row is read, and what of it may count.

A record counts from its start for the minutes that it states, never for more than its window, and only where nothing
else of the same person covers that time; so the order in which files come makes no difference to anybody's sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.overlap import Span
from api.domain.record_layouts import Layout
from api.domain.row_reader import RowReader
from api.domain.rows import Reading, find_columns, ignored, narrow, row_error
from api.domain.supplementary import LATE_AFTER, PARENT_TIER
from api.domain.workdays import WorkCalendar, workdays_between

DETAILS = ("activity", "place", "content", "organizer", "leader", "recorder")
"""What a record tells in its platform's own words."""

REVIEWED: Mapping[str, tuple[str, str]] = {
    "times_missing": ("缺少开始或结束时间", "the start or the end is missing"),
    "duration_unreadable": ("时长不是正数", "the duration is no positive number"),
    "durations_differ": ("分钟数与小时数不一致", "minutes and hours say different things"),
    "not_whole_minutes": ("时长不是整分钟", "the duration is no whole minutes"),
    "ends_before_start": ("结束不晚于开始", "it does not end after it starts"),
    "longer_than_a_day": ("起止跨度超过一天", "its window is longer than a day"),
    "more_than_window": ("时长超过起止跨度", "more is stated than its window holds"),
    "over_day_tier": ("单次超过 8 小时，须核定", "over 8 h at once has to be settled by a person"),
    "recorded_years_later": ("记录晚于服务一年以上", "it was recorded more than a year later"),
    "record_changed": ("同一编号的记录内容已变化", "the record of this number says something else than before"),
}
"""Why a record waits for a person: code → (zh-CN, en)."""

FLAGS: dict[str, tuple[str, str]] = {
    **{code: (f"转入待核：{zh}", f"Waits for review: {en}") for code, (zh, en) in REVIEWED.items()},
    "time_covered": ("该时段已全部计时，未重复计入", "All of its time is credited already; nothing was added"),
    "partly_covered": ("部分时段已计时，只计其余", "Part of its time is credited already; only the rest was added"),
    "less_than_window": ("时长少于起止跨度，自开始时起计", "Less is stated than the window; it counts from its start"),
    "recorded_late": ("活动后 10 个工作日以后才记录", "It was recorded after 10 working days"),
    "own_export": ("本平台导出的记录，无需转入", "This platform's own record; there is nothing to take over"),
    "same_record": ("与文件内另一行为同一记录", "Another row of the file is the same record"),
    "national_number_differs": (
        "志愿者编号与已登记的不同，未改动",
        "The national number differs from the one on record; nothing was changed",
    ),
}
"""What makes somebody look at a record again: code → (zh-CN, en)."""

_DAY, _YEAR = 24 * 60, 365
_CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})(?:[:：]\d{2})?")
_DAY_ALONE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{8}")
_DATED = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]+(\d{1,2})[:：](\d{2})(.*)")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_ORIGIN = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """One record as its platform tells it; None is "not told". `stated` is minutes, `doubts` why they are unclear."""

    row: int
    platform: str
    number: str
    name: str
    id_number: str | None
    phone: str | None
    national_number: str | None
    served_on: date
    starts_at: datetime | None
    ends_at: datetime | None
    stated: Fraction | None
    recorded_on: date | None
    details: Mapping[str, str]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What of a record may count: a span of minutes since 1970, None where a person has to look, with the reasons."""

    span: Span | None
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]


def read_records(
    layout: Layout, headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], zone: ZoneInfo, today: date
) -> Reading[OutsideRow]:
    """Read a file of a layout, whose clock is the zone's; pure. Raises `MissingColumns`, `RepeatedColumns`.

    Refused is a row without activity, number or day, one that no person can be found by, and one of a day to come. No
    error carries a name, phone or ID number.
    """
    at = find_columns([_with_unit(header) for header in headers], layout.columns)
    reading: Reading[OutsideRow] = Reading(ignored_columns=ignored(headers, at))
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        row = _row(reader, layout, zone, today)
        if reader.errors or row is None:
            reading.refused.extend(reader.errors)
        else:
            reading.rows.append(row)
    return reading


def judge(row: OutsideRow, calendar: WorkCalendar, today: date) -> Judgement:
    """Return what of a record may count; pure. Any reason sends the whole record to a person.

    Where the record does not say when it was recorded, it is as late as today.
    """
    remarks = ("recorded_late",) if is_late(row.served_on, row.recorded_on or today, calendar) else ()
    if row.starts_at is None or row.ends_at is None:
        return Judgement(None, ("times_missing", *row.doubts), remarks)
    start, end = minute_of(row.starts_at), minute_of(row.ends_at)
    window = end - start
    stated = Fraction(window) if row.stated is None and not row.doubts else row.stated
    reasons = [
        *row.doubts,
        *(["not_whole_minutes"] if stated is not None and stated.denominator != 1 else []),
        *(["ends_before_start"] if window <= 0 else []),
        *(["longer_than_a_day"] if window > _DAY else []),
        *(["more_than_window"] if stated is not None and 0 < window < stated else []),
        *(["over_day_tier"] if stated is not None and stated > PARENT_TIER else []),
        *(["recorded_years_later"] if row.recorded_on and (row.recorded_on - row.served_on).days > _YEAR else []),
    ]
    if reasons or stated is None:
        return Judgement(None, tuple(reasons), remarks)
    remarks += ("less_than_window",) if stated < window else ()
    return Judgement((start, start + int(stated)), (), remarks)


def is_late(served_on: date, recorded_on: date, calendar: WorkCalendar) -> bool:
    """Say whether a service was recorded more than ten working days after it (民政部令第67号)."""
    if recorded_on <= served_on:
        return False
    return workdays_between(served_on, recorded_on, calendar) > LATE_AFTER


def minute_of(at: datetime) -> int:
    """Return the number of the minute since 1970 in which an aware instant lies."""
    return (at - _ORIGIN) // timedelta(minutes=1)


def instant_of(minute: int) -> datetime:
    """Return the aware instant at which a minute begins."""
    return _ORIGIN + timedelta(minutes=minute)


def _with_unit(header: str) -> str:
    """Keep the unit that stands in brackets behind a duration: a header loses what stands in brackets."""
    return re.sub(r"[（(]\s*(分钟|小时)\s*[）)]", r"\1", header)


def _row(reader: RowReader, layout: Layout, zone: ZoneInfo, today: date) -> OutsideRow | None:
    name = reader.value("name", cell_values.name, sensitive=True, required=True)
    identity = reader.value("id_number", cell_values.id_number, sensitive=True)
    phone = reader.value("phone", cell_values.phone, sensitive=True)
    national, number = reader.text("national_number", 60), reader.text("record_number", 80, required=True)
    platform = reader.text("platform", 60, required=True) if layout.named_in_rows else layout.code
    reader.text("activity", 200, required=True)
    recorded = reader.value("recorded_on", lambda cell: _day(cell, today))
    day = reader.value("served_on", lambda cell: _day(cell, today)) or _day_alone(reader.raw("start"), today)
    if any(error.column == "served_on" for error in reader.errors):
        return None
    start = reader.value("start", lambda cell: _moment(cell, day, zone))
    end = reader.value("end", lambda cell: _moment(cell, day, zone))
    details = {what: told for what in DETAILS if (told := reader.text(what, 500))}
    if start and end and end <= start and _CLOCK.fullmatch(narrow(reader.raw("end"))):
        end += timedelta(days=1)  # a clock alone that runs backwards is over midnight
    served_on = start.astimezone(zone).date() if start else day
    if served_on is None:
        reader.errors.append(row_error(reader.row, "served_on", "missing_value"))
    elif served_on > today:
        reader.errors.append(row_error(reader.row, "start", "date_in_future"))
    if not (identity or phone or national or reader.errors):
        reader.errors.append(row_error(reader.row, "id_number", "person_not_named"))
    if reader.errors or name is None or number is None or platform is None or served_on is None:
        return None
    stated, doubts = _duration(reader)
    return OutsideRow(
        reader.row, platform, number, name, identity, phone, national, served_on, start, end, stated, recorded, details,
        doubts,
    )  # fmt: skip


def _duration(reader: RowReader) -> tuple[Fraction | None, tuple[str, ...]]:
    """Return the minutes that a row states in either unit, and why they are unclear."""
    said = {unit: narrow(reader.raw(unit)).removesuffix("分钟").removesuffix("小时") for unit in ("minutes", "hours")}
    told = {unit: text for unit, text in said.items() if text}
    if any(not (_NUMBER.fullmatch(text) and Fraction(text)) for text in told.values()):
        return None, ("duration_unreadable",)
    minutes = {Fraction(text) * (60 if unit == "hours" else 1) for unit, text in told.items()}
    if len(minutes) > 1:
        return None, ("durations_differ",)
    return next(iter(minutes), None), ()


def _day(cell: str, today: date) -> date:
    """Return the day of a date or of a moment."""
    return cell_values.day(re.split(r"[T\s]", cell.strip())[0], today)[0]


def _day_alone(cell: str, today: date) -> date | None:
    """Return the day that a cell tells without any clock; a later one is left to the moment's own reading."""
    try:
        return cell_values.day(cell, today)[0] if cell else None
    except UnreadableError:
        return None


def _moment(cell: str, day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a cell tells: with its day, or a clock on the day of service; None for a day alone."""
    clock = _CLOCK.fullmatch(narrow(cell))
    try:
        if clock and day is not None:
            return datetime.combine(day, time(int(clock[1]), int(clock[2])), zone)
        moment = None if _DAY_ALONE.fullmatch(cell) else datetime.fromisoformat(_padded(cell))
    except ValueError:
        raise UnreadableError("not_a_time") from None
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _padded(cell: str) -> str:
    """Write a moment as the standard does: 2026/3/1 9:00 → 2026-03-01T09:00."""
    found = _DATED.fullmatch(cell)
    if found is None:
        return cell
    year, month, day, hour, minute, rest = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}{rest}"
