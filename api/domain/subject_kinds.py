"""考核对象: what kinds of subjects a cycle may judge, under which authority, and what each needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.domain.rulebook.choose import Class, Rule
from api.domain.rulebook.seats import NO_GRADE
from api.errors import Conflict, Forbidden, Invalid

LABELS = {
    "member": ("党员", "member"),
    "unit": ("单位", "unit"),
    "branch": ("党支部", "Party branch"),
    "community": ("社区", "community"),
    "street": ("街道", "street"),
}
"""Kinds of subjects that a cycle judges: code → (zh-CN, en)."""

STREETS = frozenset({"street", "town", "township", "functional_zone"})
"""Kinds of organisation that hold communities and alone judge them."""

COMMUNITIES = frozenset({"community", "building_community"})
DISTRICTS = frozenset({"district", "county"})
BRANCHES = frozenset({"branch", "general_branch"})


class RulebookDoesNotFit(Conflict):
    """The rulebook is not in force for this authority, kind and class of subject, and period."""

    code = "rulebook_does_not_fit"
    zh = "所选规则不适用：须为本级或上级已启用、适用于{subjectZh}及所列类别、且在周期开始之日有效的规则"
    en = "This rulebook does not fit: it must be active here or above, judge a {subject} of this class and hold then"

    @classmethod
    def of(cls, asked: Asked) -> RulebookDoesNotFit:
        """Return the refusal of one rulebook."""
        zh, en = LABELS[asked.subject]
        return cls(pointer=asked.pointer, subject=en, subjectZh=zh)


class CommunityJudgedByStreet(Conflict):
    """Communities are assessed by their street alone: no department and no unit judges them."""

    code = "community_judged_by_street"
    zh = "社区只由所属街道（乡镇）考核，其他部门和单位不得考核社区"
    en = "Communities are assessed by the street that holds them, and by nobody else"


class JudgedByOwnStreet(Forbidden):
    """The offices above a street read how it assesses its communities; every step is that of its own people."""

    code = "judged_by_own_street"
    zh = "社区只由其街道考核，须由该街道（乡镇）的人员进行：{step}"
    en = "Communities are assessed only by their street: this step needs a grant held at the street itself: {step}"


class StreetJudgedByDistrict(Conflict):
    """Streets are assessed by their district or county."""

    code = "street_judged_by_district"
    zh, en = "街道只由所属县（区）考核", "Streets are assessed by the district or county that holds them"


class NoRulebookNamed(Invalid):
    """A cycle judges somebody."""

    code = "no_rulebook_named"
    zh, en = "请至少指定一个规则", "Name at least one rulebook"


class QuotaWithoutGrade(Conflict):
    """A share hangs on a grade of units, branches or communities that the cycle gives to none."""

    code = "quota_without_grade"
    zh = "规则 {rulebook} 的名额比例取决于{withinZh}的等次“{grade}”，但本周期没有评定该等次的规则"
    en = "A share in {rulebook} hangs on the grade {grade} of a {within}, and no rulebook of this cycle gives it"


class MembersNotJudged(Conflict):
    """A rulebook counts the judgements of members, whom this cycle does not judge."""

    code = "members_not_judged"
    zh = "规则 {rulebook} 依据党员的评价结果，请同时指定党员规则"
    en = "{rulebook} counts how members are judged; name a rulebook for members too"


@dataclass(frozen=True, slots=True)
class Asked:
    """A rulebook named for a kind of subject; without a class it judges whom its text says."""

    subject: str
    rulebook_id: UUID
    applies_to: Class | None = None
    pointer: str = ""


def require_authority(kind: str, asked: Sequence[tuple[str, str]]) -> None:
    """Raise what keeps an authority of this kind from judging such subjects; each is a kind and a JSON pointer."""
    if not asked:
        raise NoRulebookNamed(pointer="/rulebooks")
    for subject, pointer in asked:
        if subject == "community" and kind not in STREETS:
            raise CommunityJudgedByStreet(pointer=pointer)
        if subject == "street" and kind not in DISTRICTS:
            raise StreetJudgedByDistrict(pointer=pointer)


def require_grades(rules: Iterable[Rule[Any]]) -> None:
    """Raise QuotaWithoutGrade where a share hangs on a grade that no other rule of the cycle gives to its groups."""
    listed = list(rules)
    for rule in listed:
        for quota in rule.ruled.content.get("quotas", ()):
            share = quota.get("shareBy")
            if share is None or share.get("source") == "facts":
                continue
            given = {
                grade["id"]
                for other in listed
                if other.subject == quota.get("within")
                for grade in other.ruled.content.get("grades", ())
            }
            for grade in share["shares"]:
                if grade not in given | {NO_GRADE} or not given:
                    within = quota["within"]
                    raise QuotaWithoutGrade(rulebook=rule.name, grade=grade, within=within, withinZh=LABELS[within][0])


def require_members(rules: Iterable[Rule[Any]]) -> None:
    """Raise MembersNotJudged where a rule of units or branches reads members and none judges them."""
    listed = list(rules)
    if any(rule.subject == "member" for rule in listed):
        return
    for rule in listed:
        if any(measure["source"] == "members" for measure in rule.ruled.content["measures"]):
            raise MembersNotJudged(rulebook=rule.name)
