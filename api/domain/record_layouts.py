"""How files of the national system and of other platforms are read and written: a layout for each source, as data.

No layout has been published. The columns are the fields of 民政部令第67号 and GB/T 40143 under the names that people
give them, without brackets; where a source's real file is known, its row here changes and nothing else. The first name
of a column is the one that an export writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.domain.rows import Column
from api.errors import Invalid

NATIONAL, OTHER = "national", "other"


class UnknownLayout(Invalid):
    """The file's source has to be named, and there is a layout for those listed."""

    code = "unknown_layout"
    zh, en = "请指明文件来源（platform），可选：{allowed}", "Name the source of the file (platform): one of {allowed}"


@dataclass(frozen=True, slots=True)
class Layout:
    """A source of records: its names and its columns; `named_in_rows` says that each row names its platform."""

    code: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    named_in_rows: bool = False


_WHO = (
    Column("name", ("姓名", "志愿者姓名", "志愿者"), required=True),
    Column("id_number", ("证件号码", "身份证号", "身份证号码", "公民身份号码", "身份证件号码")),
    Column("phone", ("联系电话", "手机", "手机号", "手机号码", "电话")),
)
_SERVED = (
    Column("activity", ("活动名称", "项目名称", "服务名称", "名称"), required=True),
    Column("served_on", ("服务日期", "活动日期", "日期")),
    Column("start", ("开始时间", "服务开始时间", "起始时间")),
    Column("end", ("结束时间", "服务结束时间", "终止时间")),
    Column("place", ("服务地点", "活动地点", "地点")),
    Column("content", ("服务内容", "内容", "活动内容")),
    Column("organizer", ("组织单位", "志愿服务组织", "主办单位", "发布组织")),
    Column("leader", ("负责人", "活动负责人", "联系人")),
    Column("recorder", ("记录单位", "记录人", "录入单位", "录入人")),
    Column("recorded_on", ("记录日期", "录入日期", "录入时间", "登记日期")),
)

LAYOUTS: dict[str, Layout] = {
    layout.code: layout
    for layout in (
        Layout(
            NATIONAL, "全国志愿服务信息系统", "the national system of voluntary service",
            (
                Column("national_number", ("志愿者编号", "全国志愿者编号", "注册编号")),
                *_WHO,
                Column("record_number", ("服务记录编号", "记录编号", "时长编号"), required=True),
                *_SERVED,
                Column("minutes", ("服务时长分钟", "时长分钟", "分钟", "分钟数")),
                Column("hours", ("服务时长小时", "时长小时", "服务时长", "时长", "小时", "工时")),
            ),
        ),
        Layout(
            OTHER, "其他志愿服务平台", "another platform of voluntary service",
            (
                Column("platform", ("平台名称", "来源平台", "平台", "来源"), required=True),
                *_WHO,
                Column("record_number", ("记录编号", "服务记录编号", "编号", "流水号"), required=True),
                *_SERVED,
                Column("minutes", ("服务时长分钟", "时长分钟", "分钟", "分钟数")),
                Column("hours", ("服务时长小时", "时长小时", "服务时长", "时长", "小时", "工时")),
            ),
            named_in_rows=True,
        ),
    )
}  # fmt: skip


def layout_of(code: str | None) -> Layout:
    """Return the layout of a source; UnknownLayout where it is not named or there is none."""
    if code not in LAYOUTS:
        raise UnknownLayout(pointer="/options/platform", allowed=", ".join(LAYOUTS))
    return LAYOUTS[code]


def written_columns(layout: Layout) -> tuple[Column, ...]:
    """Return the columns that an export of this layout writes: all but what only somebody else's file would say."""
    return tuple(column for column in layout.columns if column.name not in ("hours", "phone"))
