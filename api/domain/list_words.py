"""The words that lists of needs, resources, projects, posts and micro-wishes use, with their codes and labels."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    """What an item is about: labels and the words that lists use for it."""

    zh: str
    en: str
    words: tuple[str, ...]


CATEGORIES: dict[str, Category] = {
    "infrastructure": Category("基础设施", "Infrastructure", ("基础设施", "设施", "改造", "维修")),
    "environment": Category("环境整治", "Environment", ("环境整治", "环境", "环保", "卫生", "绿化")),
    "elderly_care": Category("为老服务", "Care for the elderly", ("养老", "为老", "助老", "敬老")),
    "children": Category("儿童关爱", "Children", ("儿童", "未成年人", "托管", "一小")),
    "disability_support": Category("助残", "Support for disabled people", ("助残", "残疾人")),
    "hardship_relief": Category("帮困", "Relief of hardship", ("帮困", "帮扶", "救助", "济困")),
    "health": Category("医疗健康", "Health", ("医疗健康", "医疗", "健康", "义诊")),
    "epidemic_control": Category("疫情防控", "Epidemic control", ("疫情防控", "防疫")),
    "education": Category("教育助学", "Education", ("教育", "助学", "培训")),
    "culture": Category("文化体育", "Culture and sport", ("文化", "文体", "体育")),
    "safety": Category("平安建设", "Safety", ("安全", "平安", "治安", "消防")),
    "civility": Category("文明创建", "Civility", ("文明劝导", "文明创建", "文明", "公益服务", "志愿服务")),
    "governance": Category("基层治理", "Governance", ("治理", "议事", "调解")),
    "publicity": Category("宣传", "Publicity", ("宣传", "宣讲")),
    "business": Category("营商就业", "Business and work", ("营商环境", "就业", "创业")),
    "general": Category("综合", "General", ("综合",)),
    "other": Category("其他", "Other", ("其他", "其它")),
}
"""Categories of needs, micro-wishes, projects and posts."""

RESOURCE_KINDS: dict[str, Category] = {
    "venue": Category("场地", "Venue", ("场地", "场所", "阵地")),
    "fund": Category("资金", "Fund", ("资金", "经费", "善款")),
    "skill": Category("技能", "Skill", ("技能", "专业", "技术", "师资")),
    "service": Category("服务", "Service", ("服务", "人力", "志愿者")),
    "goods": Category("物资", "Goods", ("物资", "实物", "设备")),
    "information": Category("信息", "Information", ("信息", "政策", "资讯")),
}
"""Kinds of resources; people who offer their work are a service."""

WISH_KINDS: dict[str, Category] = {
    "goods": Category("实物", "Goods", ("实物", "物资", "物品")),
    "service": Category("服务", "Service", ("服务",)),
    "companionship": Category("陪伴", "Companionship", ("陪伴", "关爱")),
}
"""What a micro-wish asks for."""

EVERYDAY = ("environment", "civility", "publicity", "general", "other", "goods", "companionship")
"""What anybody who has time can do: a need of these categories asks for no declared skill."""

WANTED: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "adults": ({"ageFrom": 18}, ("18+", "must be 18", "at least 18", "18 and older", "年满18周岁", "仅限成年人")),
    "elders": ({"ageFrom": 55}, ("55+", "aged 55", "over 55", "55 and older", "55岁以上", "五十五岁以上")),
    "units": (
        {"groups": ["unit"]}, ("corporate", "company volunteer", "employee volunteer", "企业共建", "单位共建"),
    ),
}  # fmt: skip
"""Words of lists that say whom an item asks for, as gates (`need_gates`), the higher age last.

Whoever takes a list over looks at them.
"""


def gates_of(text: str) -> dict[str, object]:
    """Return the gates that the words of an item declare, those of several together; none where it says nothing."""
    said, found = text.casefold(), dict[str, object]()
    for gates, words in WANTED.values():
        if any(word in said for word in words):
            found |= gates
    return found


STATES: dict[str, tuple[str, ...]] = {
    "draft": ("草稿",),
    "submitted": ("提案", "待审核", "已受理", "已提交", "征集中"),
    "published": ("已发布", "待认领", "通过", "常态", "长期"),
    "declined": ("不通过", "未通过", "不予受理"),
    "matched": ("已认领", "已对接"),
    "in_progress": ("办理中", "进行中", "实施中"),
    "done": ("已办结", "已完成", "已实现", "已兑现", "完成"),
    "confirmed": ("已确认", "居民已确认"),
    "withdrawn": ("已撤回", "撤销"),
    "expired": ("已过期", "过期"),
}
"""States of a need and the words that lists use; what a list calls finished is `done`: `confirmed` is for who asked."""

FLAGS: dict[str, tuple[str, str]] = {
    "thin_row": ("信息很少：没有说明、人数、时间和数量", "A thin row: no description, head-count, time or quantity"),
    "unknown_status": ("状态无法对应", "The status fits no state"),
    "unknown_category": ("类别无法对应", "The category fits none"),
    "standing": ("常态化事项", "A standing item"),
    "headcount_not_a_number": ("人数不是数字", "The head-count is not a number"),
    "quantity_not_a_number": ("数量不是数字", "The quantity is not a number"),
    "quantity_is_money": ("数量是金额", "The quantity is an amount of money"),
    "time_not_a_date": ("时间不是确定的日期", "The time is no definite date"),
    "budget_not_a_number": ("预算不是金额", "The budget is not an amount"),
    "duplicate_item": ("与文件内另一行相同", "Another row of the file says the same"),
    "several_offerers": ("由多个单位共同提供", "Several units offer it together"),
    "approximate": ("数量为约数", "The number is approximate"),
}
"""What makes somebody look at an item again: code → (zh-CN, en)."""


def code_of(table: dict[str, Category], said: str) -> str | None:
    """Return the code whose label, code or words are what is said; None where none is."""
    for code, category in table.items():
        if said in (code, category.zh, *category.words):
            return code
    return None


def state_of(said: str) -> str | None:
    """Return the state that a status text means, None where it means none."""
    return next((state for state, words in STATES.items() if said == state or said in words), None)
