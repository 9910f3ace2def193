"""Safety of an activity: stated risks, insurance where there is bodily danger, qualifications before sign-up.

志愿服务条例 第十二条 (tell the risks), 第十五条 and 第十六条 (fit for the task, qualified where the law asks for it),
第十七条 (insurance before an activity with bodily danger).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.errors import Conflict


class RisksNotStated(Conflict):
    """An activity with bodily danger says so to whom it asks to come."""

    code = "risks_not_stated"
    zh = "活动可能发生人身危险，发布前须写明风险（risks）"
    en = "The activity may be dangerous; state its risks before it is published (risks)"


class NotInsured(Conflict):
    """An activity with bodily danger needs accident insurance for its volunteers before it is published."""

    code = "not_insured"
    zh = "活动可能发生人身危险，发布前须为志愿者购买人身意外伤害保险并填写保险信息（policy.safety.insurance）"
    en = "The activity may be dangerous; insure its volunteers and say how before it is published"


class QualificationMissing(Conflict):
    """The activity asks for qualifications that the person's record does not show."""

    code = "qualification_missing"
    zh = "该活动要求具备以下资格：{missing}；请先由社区登记"
    en = "This activity asks for qualifications that are not on record: {missing}"


class AdultsOnly(Conflict):
    """The activity asks for adults, and the person's profile says that they are under 18."""

    code = "adults_only"
    zh, en = "该活动只面向成年人", "This activity is for adults only"


def require_stated(safety: Mapping[str, Any], risks: str) -> None:
    """Raise RisksNotStated or NotInsured where an activity with bodily danger is about to be published without them."""
    if not safety.get("danger"):
        return
    if not risks.strip():
        raise RisksNotStated
    if not (safety.get("insurance") or "").strip():
        raise NotInsured
