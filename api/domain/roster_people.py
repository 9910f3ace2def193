"""Rules for the rows of people rosters: members with their unit, branch, home and standing in the Party."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from api.domain import cell_values
from api.domain.row_reader import RowReader
from api.domain.rows import Column, Reading, find_columns, ignored, row_error

FLAGS: dict[str, tuple[str, str]] = {
    "shared_phone": ("与文件内另一人电话相同", "Another person of the file has the same phone"),
    "residence_contradicts": ("填写了居住社区，又注明居住在市外", "A community and “outside the city” are both given"),
    "no_residence": ("未填写居住社区", "No community of residence is given"),
    **cell_values.FLAGS,
}
"""What makes somebody look at a row again: code → (zh-CN, en)."""

POLITICAL_STATUS: dict[str, tuple[str, ...]] = {
    "full": ("中共党员", "党员", "正式党员", "中共正式党员"),
    "probationary": ("预备党员", "中共预备党员"),
    "development_target": ("发展对象",),
    "applicant": ("入党申请人", "申请人", "入党积极分子", "积极分子"),
    "none": ("群众", "非党员", "共青团员", "团员", "无党派人士", "民主党派"),
}
MEMBER_CLASSES: dict[str, tuple[str, ...]] = {
    "in_service": ("在职", "在职党员", "在岗"),
    "retired": ("退休", "离退休", "离退休党员", "退休党员"),
    "laid_off": ("下岗", "失业", "下岗失业"),
    "floating_in": ("流入", "流入党员", "流动党员（流入）"),
    "floating_out": ("流出", "流出党员"),
    "no_post": ("无职", "无职党员"),
    "two_new": ("两新", "两新党员", "两新组织党员"),
}

_COLUMNS = (
    Column("roster_number", ("编号", "名册编号", "工号", "人员编号"), required=True),
    Column("name", ("姓名",), required=True),
    Column("phone", ("手机", "手机号", "联系电话", "电话", "手机号码")),
    Column("id_number", ("身份证号", "身份证号码", "公民身份号码")),
    Column("political_status", ("政治面貌",)),
    Column("member_class", ("党员类别", "人员类别", "类别")),
    Column("unit", ("单位", "工作单位", "单位名称")),
    Column("branch", ("党支部", "所在支部", "支部", "所在党支部")),
    Column("residence_community", ("居住社区", "居住地社区", "现居住社区", "社区")),
    Column("outside_city", ("市外居住", "居住在市外", "是否市外居住")),
    Column("joined_on", ("入党日期", "入党时间")),
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person of a roster; None is unknown. `phone` is E.164."""

    row: int
    roster_number: str
    name: str
    phone: str | None
    id_number: str | None
    political_status: str | None
    member_class: str | None
    unit: str | None
    branch: str | None
    residence_community: str | None
    outside_city: bool | None
    joined_on: date | None
    flags: tuple[str, ...]


def read_people(
    headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], today: date | None = None
) -> Reading[PersonRow]:
    """Read a roster; pure, a repeat gives the same. `today` (in the tenant's zone) refuses later dates of joining.

    A roster number said twice in one unit refuses the later row. No error carries a name, phone or ID number.
    Raises `MissingColumns`, `RepeatedColumns`.
    """
    at = find_columns(headers, _COLUMNS)
    reading: Reading[PersonRow] = Reading(ignored_columns=ignored(headers, at))
    numbers: dict[tuple[str | None, str], int] = {}
    phones: set[str] = set()
    for row, cells in rows:
        reader = RowReader(row, cells, at)
        person = _person(reader, today, phones)
        number = (person.unit, person.roster_number)
        first = numbers.setdefault(number, row) if person.roster_number else row
        if first != row:
            reader.errors.append(row_error(row, "roster_number", "duplicate_roster_number", first=first))
        if reader.errors:
            reading.refused.extend(reader.errors)
        else:
            reading.rows.append(person)
    return reading


def _person(reader: RowReader, today: date | None, phones: set[str]) -> PersonRow:
    number = reader.text("roster_number", 40, required=True) or ""
    name = reader.value("name", cell_values.name, sensitive=True, required=True) or ""
    phone = reader.value("phone", cell_values.phone, sensitive=True)
    identity = reader.value("id_number", cell_values.id_number, sensitive=True)
    status = reader.choice("political_status", POLITICAL_STATUS, "unknown_political_status")
    member_class = reader.choice("member_class", MEMBER_CLASSES, "unknown_member_class")
    home, outside = reader.text("residence_community", 100), reader.value("outside_city", cell_values.yes)
    joined = reader.value("joined_on", lambda cell: cell_values.day(cell, today))
    flags = ["month_only"] if joined and joined[1] else []
    if phone and phone in phones:
        flags.append("shared_phone")
    if home and outside:
        flags.append("residence_contradicts")
    if not home and not outside:
        flags.append("no_residence")
    phones.update([phone] if phone else [])
    unit, branch = reader.text("unit", 200), reader.text("branch", 200)
    return PersonRow(
        reader.row, number, name, phone, identity, status, member_class, unit, branch, home, outside,
        joined[0] if joined else None, tuple(flags),
    )  # fmt: skip
