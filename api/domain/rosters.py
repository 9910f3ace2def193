"""Rules for the rows of unit and branch lists: what is normalised, what is flagged for a look, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.credit_codes import BadCreditCode, agrees, body_of, check_credit_code
from api.domain.row_reader import RowReader
from api.domain.rows import Column, Reading, find_columns, ignored, row_error

FLAGS: dict[str, tuple[str, str]] = {
    "several_units_in_one_cell": ("一格填写了多个单位", "Several units in one cell"),
    "abbreviated_name": ("简称，未写明所属地区", "An abbreviation that does not name its place"),
    "generic_name": ("统称，不是具体单位", "A class of units, not one"),
    "bracketed_count": ("名称中带有人数", "A count in brackets inside the name"),
    "duplicate_name": ("与文件内另一行同名", "Another row of the file has the same name"),
    "kind_guessed_from_name": ("类型按名称推定", "The kind is guessed from the name"),
    "kind_contradicts_credit_code": ("类型与信用代码不符", "The kind contradicts the credit code"),
    "joint_branch": ("联合支部", "A joint branch"),
    **cell_values.FLAGS,
}
"""What makes somebody look at a row again: code → (zh-CN, en)."""

UNIT_KINDS: dict[str, tuple[str, ...]] = {
    "agency": ("机关", "党政机关", "行政机关", "机关单位", "agency"),
    "public_institution": ("事业单位", "事业", "public_institution"),
    "state_enterprise": ("国有企业", "国企", "央企", "state_enterprise"),
    "private_enterprise": ("民营企业", "非公企业", "非公有制企业", "私营企业", "企业", "private_enterprise"),
    "social_organization": ("社会组织", "社会团体", "社团", "民办非企业单位", "social_organization"),
    "individual_business": ("个体工商户", "个体户", "individual_business"),
}
PARTY_KINDS: dict[str, tuple[str, ...]] = {
    "working_committee": ("党工委", "工委", "工作委员会", "working_committee"),
    "leading_group": ("党组", "leading_group"),
    "general_branch": ("党总支", "总支", "总支部", "总支部委员会", "general_branch"),
    "branch": ("党支部", "支部", "支部委员会", "branch"),
    "group": ("党小组", "小组", "group"),
    "committee": ("党委", "委员会", "committee"),
}
_ENDINGS: dict[str, tuple[str, ...]] = {
    "private_enterprise": ("公司", "厂", "集团", "合作社", "商场", "超市", "银行"),
    "social_organization": ("协会", "学会", "商会", "基金会", "联合会", "促进会", "服务队", "志愿队"),
    "agency": ("局", "委", "办", "办公室", "政府", "法院", "检察院", "委员会", "纪委", "党委", "街道办事处"),
    "public_institution": (
        *("校", "小学", "中学", "一中", "二中", "三中", "大学", "院", "园", "中心", "站", "所", "馆", "台", "队", "社"),
        *("团", "林场", "处", "宫", "库"),
    ),
}
_ANY_ENDING = (*(ending for endings in _ENDINGS.values() for ending in endings), "部", "会", "组")
_NO_PLACE = re.compile(r"(?:县|市|区|镇|乡)(?![中])(?![一-龥]{1,2}[县市区])[一-龥]+")
_GENERIC = re.compile(
    r"(?:乡镇|城区|各[一-龥]{0,4}|县直|市直|区直|镇街|部分)"
    r"(?:学校|小学|中学|幼儿园|卫生院|医院|便民服务中心|单位|部门|机关)"
)
_COUNT = re.compile(r"[（(](\d{1,5})[人名个位][）)]")
_BRACKETS = re.compile(r"[（(]([^）)]*)[）)]")
_AND_OTHERS = re.compile(r"等(?:\d*[家个]?单位)?$")
_SPLIT = re.compile(r"[、；;，,/\n]|" + _AND_OTHERS.pattern)

_UNIT_COLUMNS = (
    Column("name", ("单位名称", "单位", "名称", "单位全称"), required=True),
    Column("credit_code", ("统一社会信用代码", "信用代码", "社会信用代码", "uscc")),
    Column("kind", ("单位类型", "单位性质", "类型", "性质")),
    Column("region", ("地区", "区域", "所属地区")),
    Column("community", ("驻区社区", "所在社区", "社区", "located_in")),
    Column("in_service_members", ("在职党员数", "在职党员人数", "在职党员", "党员数", "members")),
    Column("liaison_name", ("联络员", "联系人", "联络员姓名", "liaison")),
    Column("liaison_phone", ("联系电话", "联络员电话", "电话", "手机", "phone")),
    Column("superior", ("上级单位", "主管单位", "主管部门")),
)
_BRANCH_COLUMNS = (
    Column("name", ("党组织名称", "支部名称", "名称", "党支部"), required=True),
    Column("code", ("党组织代码", "代码")),
    Column("kind", ("党组织类型", "类型", "类别")),
    Column("superior", ("上级党组织", "上级", "上级党组织名称")),
    Column("covers", ("覆盖单位", "所在单位", "所属单位", "units", "unit")),
)


class UnitPart(NamedTuple):
    """One of the units that a cell seems to name, with the count in its brackets."""

    name: str
    members: int | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit of a list. `parts` has the units that one cell names where they are several; None is unknown."""

    row: int
    name: str
    credit_code: str | None
    kind: str | None
    region: str | None
    community: str | None
    in_service_members: int | None
    liaison_name: str | None
    liaison_phone: str | None
    parts: tuple[UnitPart, ...]
    flags: tuple[str, ...]
    superior: str | None


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One Party organisation of a list, the name of its superior and of the units it covers."""

    row: int
    name: str
    code: str | None
    kind: str
    superior: str | None
    covers: tuple[str, ...]
    flags: tuple[str, ...]


def read_units(headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> Reading[UnitRow]:
    """Read a list of units; pure, a repeat gives the same. Raises `MissingColumns`, `RepeatedColumns`.

    A row is refused for a wrong credit code, count, phone or kind; odd names are flagged and kept.
    """
    at = find_columns(headers, _UNIT_COLUMNS)
    reading: Reading[UnitRow] = Reading(ignored_columns=ignored(headers, at))
    names: set[tuple[str, str | None]] = set()
    codes: dict[str, tuple[int, str]] = {}
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        unit = _unit(reader, names, codes)
        if reader.errors:
            reading.refused.extend(reader.errors)
        elif unit:
            reading.rows.append(unit)
    return reading


def _unit(reader: RowReader, names: set[tuple[str, str | None]], codes: dict[str, tuple[int, str]]) -> UnitRow | None:
    name = reader.text("name", 200, required=True)
    region = reader.text("region", 100)
    code = reader.value("credit_code", _credit_code)
    members, about = reader.value("in_service_members", cell_values.count) or (None, False)
    kind, basis_flags = _kind(reader, name or "", code)
    community = reader.text("community", 100)
    liaison = reader.value("liaison_name", cell_values.name, sensitive=True)
    phone = reader.value("liaison_phone", cell_values.phone, sensitive=True)
    superior = reader.text("superior", 200)
    if code and name and codes.setdefault(code, (reader.row, name))[1] != name:
        reader.errors.append(row_error(reader.row, "credit_code", "duplicate_credit_code", code, first=codes[code][0]))
    if reader.errors or not name:
        return None
    parts, flags = name_flags(name)
    if (name, region) in names:
        flags.append("duplicate_name")
    names.add((name, region))
    flags.extend(basis_flags + ["approximate"] * about)
    return UnitRow(
        reader.row, name, code, kind, region, community, members, liaison, phone, parts, tuple(flags), superior
    )  # fmt: skip


def _credit_code(text: str) -> str:
    try:
        return check_credit_code(text)
    except BadCreditCode as why:
        raise UnreadableError(why.facts["reason"]) from None


def _kind(reader: RowReader, name: str, code: str | None) -> tuple[str | None, list[str]]:
    """Return the kind of a unit: what the row says, else what its code tells, else what its name suggests."""
    said = reader.choice("kind", UNIT_KINDS, "unknown_kind")
    if said:
        return said, ["kind_contradicts_credit_code"] if code and not agrees(code, said) else []
    if code and (told := body_of(code)):
        return told, []
    bare = _BRACKETS.sub("", name)
    for kind, endings in _ENDINGS.items():
        if bare.endswith(endings):
            return kind, ["kind_guessed_from_name"]
    return None, []


def name_flags(name: str) -> tuple[tuple[UnitPart, ...], list[str]]:
    """Return the units that a name seems to hold (empty where it is one) and the flags of its wording."""
    flags: list[str] = []
    counts = _COUNT.findall(name)
    hidden = _BRACKETS.sub(lambda found: re.sub(r"[、；;，,/]", "\0", found.group()), name)
    pieces = [piece.replace("\0", "、") for piece in _SPLIT.split(hidden) if piece and piece.strip()]
    bare = [_BRACKETS.sub("", piece).strip() for piece in pieces]
    several = len(pieces) > 1 and all(len(p) > 2 and p.endswith(_ANY_ENDING) for p in bare)
    listed = any("、" in inside for inside in _BRACKETS.findall(name))
    parts: tuple[UnitPart, ...] = ()
    if several or listed or _AND_OTHERS.search(hidden):
        flags.append("several_units_in_one_cell")
        parts = tuple(_part(piece) for piece in pieces) if several else ()
    if _GENERIC.fullmatch(name):
        flags.append("generic_name")
    elif _NO_PLACE.match(name):
        flags.append("abbreviated_name")
    if counts:
        flags.append("bracketed_count")
    return parts, flags


def _part(piece: str) -> UnitPart:
    found = _COUNT.search(piece)
    return UnitPart(_COUNT.sub("", piece).strip(), int(found[1]) if found else None)


def read_branches(headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> Reading[BranchRow]:
    """Read a list of Party organisations; the kind stands in a column or at the end of the name.

    Raises `MissingColumns`, `RepeatedColumns`. A row is refused where its kind cannot be known.
    """
    at = find_columns(headers, _BRANCH_COLUMNS)
    reading: Reading[BranchRow] = Reading(ignored_columns=ignored(headers, at))
    names: set[tuple[str, str | None]] = set()
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        name, code = reader.text("name", 200, required=True), reader.text("code", 40)
        superior, covers = reader.text("superior", 200), reader.text("covers", 2000)
        kind = reader.choice("kind", PARTY_KINDS, "unknown_kind") or _party_kind(name or "")
        if kind is None and not reader.errors:
            reader.errors.append(row_error(number, "kind", "unknown_kind"))
        if reader.errors or not name or not kind:
            reading.refused.extend(reader.errors)
            continue
        units = tuple(dict.fromkeys(u.strip() for u in re.split(r"[、；;\n]", covers or "") if u.strip()))
        flags = ["duplicate_name"] * ((name, superior) in names) + ["joint_branch"] * (len(units) > 1)
        names.add((name, superior))
        reading.rows.append(BranchRow(number, name, code, kind, superior, units, tuple(flags)))
    return reading


def _party_kind(name: str) -> str | None:
    for kind, endings in PARTY_KINDS.items():
        if name.endswith(endings):
            return kind
    return None
