"""What a row of a brought-in list may say wrong, and how its columns are found by their usual names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from api.errors import Invalid

T = TypeVar("T")

REASONS: dict[str, tuple[str, str]] = {
    "missing_value": ("必填项为空", "A required value is empty"),
    "too_long": ("内容过长（最多 {limit} 个字符）", "The text is too long (at most {limit} characters)"),
    "control_character": ("含有控制字符", "The text holds a control character"),
    "nul_character": ("含有空字符（NUL）", "The row holds a NUL character"),
    "ragged_row": ("列数为 {found}，应为 {expected}", "The row has {found} cells where {expected} are expected"),
    "broken_quotes": ("引号使用有误", "The quotes of this row are broken"),
    "lost_precision": (
        "数字已被表格软件改写，丢失位数；请将该列设为文本后重新填写",
        "The number lost digits in a spreadsheet; format the column as text and enter it again",
    ),
    "bad_code_shape": ("区划代码形式不正确", "The division code has the wrong shape"),
    "unknown_level": ("层级不正确（应为 1–5）", "The level is unknown (1 to 5 are expected)"),
    "parent_missing": ("找不到上级区划 {parent}", "The parent division {parent} is missing"),
    "duplicate_code": ("同一代码已用于另一名称（第 {first} 行）", "The code stands for another name in row {first}"),
    "credit_code_length": ("统一社会信用代码应为 18 位", "A credit code has 18 characters"),
    "credit_code_characters": ("统一社会信用代码含有不允许的字符", "A character of the credit code is not allowed"),
    "credit_code_check_sign": ("统一社会信用代码校验位不正确", "The check sign of the credit code is wrong"),
    "duplicate_credit_code": (
        "同一信用代码已用于第 {first} 行的另一单位",
        "Another unit has this credit code (row {first})",
    ),
    "not_a_count": ("应为整数人数", "A whole number is expected"),
    "not_a_date": ("日期无法识别", "The date cannot be read"),
    "date_in_future": ("日期晚于今天", "The date lies in the future"),
    "bad_phone": ("电话号码不正确", "The phone number is not valid"),
    "unknown_kind": ("类型无法识别", "The kind is unknown"),
    "unknown_political_status": ("政治面貌无法识别", "The political status is unknown"),
    "unknown_member_class": ("党员类别无法识别", "The member class is unknown"),
    "not_yes_or_no": ("应填“是”或“否”", "Yes or no is expected"),
    "duplicate_roster_number": ("名册编号已用于第 {first} 行", "Row {first} has this roster number"),
    "bad_name": ("姓名含有不允许的字符", "The name holds characters that no name has"),
    "id_number_length": ("居民身份证号应为 18 位", "An ID number has 18 characters"),
    "id_number_characters": ("居民身份证号含有不允许的字符", "The ID number holds characters that are not allowed"),
    "id_number_component": ("居民身份证号的地区或出生日期不正确", "Region or birth date of the ID number is not valid"),
    "id_number_check_sign": ("居民身份证号校验位不正确", "The check sign of the ID number is wrong"),
    "unit_unknown": (
        "单位无法确定，或不在可导入的范围内",
        "The unit is not known, or not one that may be imported here",
    ),
    "superior_unknown": ("上级“{name}”无法确定", "The superior “{name}” is not known"),
    "superior_ambiguous": ("有多个名为“{name}”的上级", "Several organisations are called “{name}”"),
    "superior_circular": ("上级关系成环", "The superiors form a circle"),
    "duplicate_unit": (
        "与第 {first} 行重名而无信用代码可区分，请在名称中写明地区",
        "Row {first} has the same name and no code tells them apart; write the place into the name",
    ),
    "credit_code_differs": (
        "同名单位已登记另一信用代码",
        "The unit of this name bears another credit code",
    ),
    "roster_not_allowed": ("该单位不上传实名名册", "This unit does not upload names"),
    "duplicate_person": ("与第 {first} 行为同一人", "Row {first} lists the same person"),
    "roster_number_of_another": (
        "名册编号已属于另一人，请先核对",
        "The roster number belongs to another person; look into it first",
    ),
    "place_unknown": (
        "“{name}”未对应到可导入的组织，请在对照表中指定",
        "“{name}” is no organisation to import to; name one in the mapping",
    ),
    "key_of_another": ("编号已用于另一事项", "The key stands for another item"),
    "not_hours": ("时长缺失或不是正数", "The hours are no number above nought"),
    "attendees_differ": (
        "到场 {attended} 人，列出 {named} 人，无法记到个人",
        "{attended} attended and {named} are named; hours of nobody are nobody's",
    ),
    "attendee_unknown": (
        "有 {count} 个编号未对应到唯一的人员",
        "{count} of the numbers stand for nobody, or for several people",
    ),
    "own_hours": ("不能导入自己的时长，请由他人办理", "You cannot bring in hours of your own; somebody else must"),
    "person_not_named": (
        "须有证件号码、志愿者编号或联系电话之一",
        "An ID number, a national number or a phone is needed to find the person",
    ),
    "person_unknown": ("找不到该人员，或不在可导入的范围内", "The person is not known, or not within reach"),
    "person_ambiguous": ("有多人符合，请补充证件号码", "Several people fit; add the ID number"),
    "person_differs": ("姓名或编号与系统中的人员不符", "Name or number belongs to somebody else here"),
    "not_a_time": ("时间无法识别", "The time cannot be read"),
}
"""Why a row is refused: code → (zh-CN, en)."""


class MissingColumns(Invalid):
    """A table lacks columns without which no row can be read."""

    code = "columns_missing"
    zh, en = "缺少必需的列：{columns}", "Required columns are missing: {columns}"


class RepeatedColumns(Invalid):
    """Two columns of a table mean the same."""

    code = "columns_repeated"
    zh, en = "列重复：{columns}", "Columns are repeated: {columns}"


@dataclass(frozen=True, slots=True)
class RowError:
    """One reason why one row is refused; `value` is never filled for columns that hold personal data."""

    row: int
    column: str | None
    code: str
    zh: str
    en: str
    value: str | None = None

    def as_row(self) -> dict[str, Any]:
        """Return it as a row of a report: row (the header is row 1), column, code, both sentences and value."""
        said: dict[str, Any] = {"row": self.row, "column": self.column, "code": self.code}
        said["detail"] = {"zh": self.zh, "en": self.en}
        if self.value is not None:
            said["value"] = self.value
        return said


def row_error(row: int, column: str | None, code: str, value: str | None = None, **facts: Any) -> RowError:
    """Return the error with the sentences of `REASONS` filled with the facts.

    A value is cut at 60 characters, and one with control characters is not repeated.
    """
    zh, en = REASONS[code]
    value = None if value is not None and holds_control(value) else value
    shown = value if value is None or len(value) <= 60 else value[:60] + "…"
    return RowError(row, column, code, zh.format_map(facts), en.format_map(facts), shown)


@dataclass(slots=True)
class Reading(Generic[T]):
    """What a list gave: rows that can stand, reasons for those that cannot, and columns nobody asked for."""

    rows: list[T] = field(default_factory=list)
    refused: list[RowError] = field(default_factory=list)
    ignored_columns: tuple[str, ...] = ()


class Column(NamedTuple):
    """A column that a list may have: its name in code and the headers people give it."""

    name: str
    headers: tuple[str, ...]
    required: bool = False


_REMARK = re.compile(r"[（(【\[][^）)】\]]*[）)】\]]|[*＊:：\s_\-\ufeff\u200b]")
_UNSEEN = re.compile("[\ufeff\u200b-\u200f\u2060\u00ad]")
_WRAP = re.compile(r"\s*[\r\n]+\s*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def header_key(header: str) -> str:
    """Return a header without remarks in brackets, marks, spaces, width and case: 联系电话（必填） → 联系电话."""
    return _REMARK.sub("", unicodedata.normalize("NFKC", header)).lower()


def find_columns(headers: Sequence[str], columns: Iterable[Column]) -> dict[str, int]:
    """Return name → position for the columns that the table has.

    Raises `MissingColumns` naming every required one it lacks, `RepeatedColumns` where two mean the same.
    """
    wanted = list(columns)
    names = {header_key(h): c.name for c in wanted for h in (c.name, *c.headers)}
    found: dict[str, int] = {}
    repeated: list[str] = []
    for position, header in enumerate(headers):
        name = names.get(header_key(header))
        if name is None:
            continue
        if name in found:
            repeated.append(header)
        else:
            found[name] = position
    if repeated:
        raise RepeatedColumns(columns="、".join(repeated))
    missing = [c for c in wanted if c.required and c.name not in found]
    if missing:
        shown = "、".join(c.headers[0] if c.headers else c.name for c in missing)
        raise MissingColumns(columns=shown, missing=[c.name for c in missing])
    return found


def ignored(headers: Sequence[str], found: Mapping[str, int]) -> tuple[str, ...]:
    """Return the headers that no known column took."""
    taken = set(found.values())
    return tuple(h for i, h in enumerate(headers) if i not in taken and h)


def tidy(text: str) -> str:
    """Return a cell as it was meant: no outer space, no invisible signs, wrapped lines joined.

    A line wrapped inside a Chinese word loses the break, one between Latin words keeps a space.
    """
    text = _UNSEEN.sub("", text).strip()
    if "\n" in text or "\r" in text:
        text = _WRAP.sub(_joint, text)
    return text


def _joint(wrap: re.Match[str]) -> str:
    around = wrap.string[wrap.start() - 1 : wrap.start()] + wrap.string[wrap.end() : wrap.end() + 1]
    return " " if around.isascii() else ""


def holds_control(text: str) -> bool:
    """Tell whether a text holds control, direction-override or unpaired surrogate characters."""
    return _CONTROL.search(text) is not None


def narrow(text: str) -> str:
    """Return a code, number or date with full-width signs made narrow and all space removed."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", _UNSEEN.sub("", text)))
