"""Rules for the rows of 清单: needs, resources, projects, posts and micro-wishes, thin as real lists are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from api.domain import cell_values
from api.domain.cell_values import UnreadableError
from api.domain.list_words import CATEGORIES, RESOURCE_KINDS, WISH_KINDS, code_of, state_of
from api.domain.row_reader import RowReader
from api.domain.rows import Column, Reading, find_columns, ignored, narrow

LISTS = ("needs", "resources", "projects", "posts", "micro_wishes")
"""The lists that can be read, by the names of the things they hold."""

_NOUN = {"needs": "need", "micro_wishes": "need", "resources": "resource", "projects": "project", "posts": "project"}
_KIND = {"needs": "need", "micro_wishes": "micro_wish", "projects": "project", "posts": "duty_post"}
_COMMON = (
    Column("key", ("id", "编号", "序号")),
    Column("title", ("名称", "标题", "内容", "心愿", "岗位名称", "项目名称", "需求名称", "资源名称"), required=True),
    Column("description", ("description", "说明", "描述", "详情")),
    Column("headcount", ("headcount", "人数", "需要人数")),
    Column("time", ("time", "时间", "服务时间")),
    Column("quantity", ("quantity", "数量")),
    Column("target_group", ("target_group", "服务对象", "对象")),
    Column("status", ("status", "状态")),
    Column("claimed_by", ("claimed_by", "认领单位", "认领人")),
    Column("budget_yuan", ("budget_yuan", "预算", "预算（元）", "金额")),
    Column("source_title", ("source_title", "来源")),
    Column("source_date", ("source_date", "来源日期", "日期")),
)
_PLACE = Column("place", ("community", "社区", "所属社区", "单位或社区"), required=True)
_CATEGORY = Column("category", ("category", "类别", "类型", "分类"))
_UNIT = Column("unit", ("unit", "承办单位", "实施单位"))
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "needs": (*_COMMON, _PLACE, _CATEGORY),
    "micro_wishes": (*_COMMON, _PLACE, Column("category", ("kind", "类别", "类型"))),
    "posts": (*_COMMON, _PLACE, Column("scheme", ("scheme", "岗位类别", "方案"))),
    "projects": (*_COMMON, Column("place", ("owner", "社区", "发起单位", "所属社区"), required=True), _CATEGORY, _UNIT),
    "resources": (*_COMMON, Column("place", ("unit", "单位", "提供单位", "单位名称"), required=True), _CATEGORY),
}
_TABLE = {"resources": RESOURCE_KINDS, "micro_wishes": WISH_KINDS}
_MONEY = ("元", "块", "元人民币")
_ANY_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One item of a list; None is "the list does not say", never 0.

    `noun` is need, resource or project; `kind` its kind there. `place` is the community that asks, the unit that
    offers or the owner of a project, as written. `amount_fen` is money where the quantity or budget is money.
    """

    row: int
    key: str | None
    noun: str
    kind: str | None
    title: str
    description: str | None
    place: str
    category: str | None
    scheme: str | None
    target_group: str | None
    headcount: int | None
    quantity: int | None
    quantity_of: str | None
    amount_fen: int | None
    time_text: str | None
    on: date | None
    state: str | None
    claimed_by: str | None
    unit: str | None
    source_title: str | None
    source_date: str | None
    flags: tuple[str, ...]


def read_list(which: str, headers: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> Reading[ListRow]:
    """Read one of `LISTS`; pure, a repeat gives the same. Raises `MissingColumns`, `RepeatedColumns`.

    Only an item without title or place, or with control characters, is refused. What the list does not say stays
    unknown; what it says in words that fit no code is flagged and kept.
    """
    at = find_columns(headers, _COLUMNS[which])
    reading: Reading[ListRow] = Reading(ignored_columns=ignored(headers, at))
    seen: set[tuple[str, ...]] = set()
    for number, cells in rows:
        reader = RowReader(number, cells, at)
        title, place = reader.text("title", 200, required=True), reader.text("place", 200, required=True)
        item = _item(reader, which, title or "", place or "", seen)
        if reader.errors:
            reading.refused.extend(reader.errors)
        else:
            reading.rows.append(item)
    return reading


def _item(reader: RowReader, which: str, title: str, place: str, seen: set[tuple[str, ...]]) -> ListRow:
    flags: list[str] = []
    description, time_text = reader.text("description", 2000), reader.text("time", 100)
    scheme, target = reader.text("scheme", 100), reader.text("target_group", 100)
    headcount = _headcount(reader, flags)
    quantity, quantity_of, fen = _quantity(reader, flags)
    budget = _budget(reader, flags)
    category = _category(reader, which, flags)
    state = _state(reader, flags)
    on = _on(time_text, flags)
    if not any((description, headcount, time_text, quantity, quantity_of)):
        flags.append("thin_row")
    if which == "resources" and re.search(r"[、；]|等$", place):
        flags.append("several_offerers")
    same = (title, place, description or "", scheme or "", target or "", time_text or "")
    flags.extend(["duplicate_item"] * (same in seen))
    seen.add(same)
    kind = category if which == "resources" else _KIND[which]
    return ListRow(
        reader.row, reader.text("key", 60), _NOUN[which], kind, title, description, place, category, scheme, target,
        headcount, quantity, quantity_of, fen if fen is not None else budget, time_text, on, state,
        reader.text("claimed_by", 200), reader.text("unit", 200) if which == "projects" else None,
        reader.text("source_title", 200), reader.text("source_date", 20), tuple(dict.fromkeys(flags)),
    )  # fmt: skip


def _headcount(reader: RowReader, flags: list[str]) -> int | None:
    try:
        number, about = cell_values.count(reader.raw("headcount"))
    except UnreadableError:
        flags.append("headcount_not_a_number")
        return None
    flags.extend(["approximate"] * about)
    return number


def _quantity(reader: RowReader, flags: list[str]) -> tuple[int | None, str | None, int | None]:
    """Return how many, of what, and the amount in fen where it is money; words that are no number stay as words."""
    said = reader.text("quantity", 100)
    if not said:
        return None, None, None
    told = cell_values.amount(said)
    if told is None:
        flags.append("quantity_not_a_number")
        return None, said, None
    flags.extend(["approximate"] * told.approximate)
    if told.of in _MONEY:
        flags.append("quantity_is_money")
        return None, None, told.number * 100
    return told.number, told.of or None, None


def _budget(reader: RowReader, flags: list[str]) -> int | None:
    said = narrow(reader.raw("budget_yuan")).replace(",", "").removesuffix("元")
    if not said:
        return None
    try:
        fen = Decimal(said) * 100
    except InvalidOperation:
        fen = Decimal("NaN")
    if not fen.is_finite() or fen < 0 or fen != int(fen) or fen > 10**15:
        flags.append("budget_not_a_number")
        return None
    return int(fen)


def _category(reader: RowReader, which: str, flags: list[str]) -> str | None:
    said = reader.raw("category")
    code = code_of(_TABLE.get(which, CATEGORIES), said) if said else None
    flags.extend(["unknown_category"] * bool(said and code is None))
    return code


def _state(reader: RowReader, flags: list[str]) -> str | None:
    said = reader.raw("status")
    state = state_of(said) if said else None
    flags.extend(["unknown_status"] * bool(said and state is None) + ["standing"] * (said in ("常态", "长期")))
    return state


def _on(said: str | None, flags: list[str]) -> date | None:
    """Return the day that a time text begins with; a weekday, a season or a day without a year is none."""
    found = _ANY_DATE.match(said) if said else None
    try:
        if found:
            return cell_values.day(found.group())[0]
    except UnreadableError:
        pass
    flags.extend(["time_not_a_date"] * bool(said))
    return None
