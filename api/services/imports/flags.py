"""What an import tells somebody to look at again: the codes of all lists with their sentences."""

from __future__ import annotations

from api.domain import list_words, outside_records, past_shifts, roster_people, rosters
from api.domain.rows import RowError

FLAGS: dict[str, tuple[str, str]] = {
    **list_words.FLAGS,
    **rosters.FLAGS,
    **roster_people.FLAGS,
    **past_shifts.FLAGS,
    **outside_records.FLAGS,
    "community_unknown": ("社区名称未能对应", "The community's name fits none"),
    "community_ambiguous": ("有多个同名社区", "Several communities have this name"),
    "covered_unit_unknown": ("覆盖单位未能对应", "A covered unit's name fits none"),
    "covered_unit_ambiguous": ("有多个同名的覆盖单位", "Several units have a covered unit's name"),
    "kind_unknown": ("类型未填写，也不能由代码或名称得知", "Neither list, code nor name tells the kind"),
    "superior_differs": ("上级与系统中不同，未改动", "The superior differs from what stands; nothing was moved"),
    "branch_unknown": ("所在党支部未能对应", "The branch fits none"),
    "branch_ambiguous": ("有多个同名党支部", "Several branches have this name"),
    "person_known": ("该人员已在系统中", "The person was known already"),
    "identity_conflict": (
        "另一单位也登记了该人员，已转交核对",
        "Another employer lists this person; a case was opened",
    ),
    "phone_of_another": ("电话与系统中另一人相同", "Another person has the same phone"),
    "state_not_said": ("清单未写明状态", "The list does not say the state"),
    "category_not_said": ("清单未写明类别", "The list does not say the category"),
    "place_by_default": ("未对应到组织，按默认社区记", "The name fits none; the default community stands"),
    "unit_unknown": ("单位未能对应", "The unit's name fits none"),
    "group_unknown": ("服务团队未能对应，记在社区名下", "The group's name fits none; the community stands for it"),
}
"""Code → (zh-CN, en)."""


def flagged(row: int, code: str, words: tuple[str, str] | None = None) -> RowError:
    """Return one flag of one row in the form of the report; `words` where they name facts of the row."""
    zh, en = words or FLAGS[code]
    return RowError(row, None, code, zh, en)
