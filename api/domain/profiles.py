"""志愿者基本信息: each field optional, kept by consent alone; a child under 14 only with a guardian's consent.

民政部令第67号 names the fields; 个人信息保护法 §29 asks for consent of its own, §31 for a guardian's below 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from api.errors import Conflict, Invalid

Sex = Literal["male", "female"]
Relation = Literal["father", "mother", "grandparent", "other_guardian"]
TOLD = ("sex", "birth_date", "residence", "contact", "skills", "service_kinds")
"""The fields that the volunteer fills in; the national number is set by imports alone."""
GUARDIAN = "guardian"
"""The purpose under which a guardian's consent stands; nobody gives it for themselves."""
CHILD_UNTIL, MINOR_UNTIL = 14, 18


class ProfileNotAgreed(Conflict):
    """Nothing is kept before the volunteer has agreed to its being kept."""

    code = "profile_not_agreed"
    zh = "请先同意保存志愿者基本信息（POST /me/consents，purpose=volunteer_profile）"
    en = "Agree to the profile's being kept first (POST /me/consents, purpose volunteer_profile)"


class GuardianNeeded(Conflict):
    """Data of a child under 14 is kept only with a guardian's consent, which the community records."""

    code = "guardian_needed"
    zh = "未满十四周岁的，须由监护人到社区登记同意后填写"
    en = "Below the age of 14 a guardian's consent has to be on record; the community records it"


class NotBornYet(Invalid):
    """A birth date lies in the past."""

    code, zh, en = "not_born_yet", "出生日期不能晚于今天", "A birth date cannot lie in the future"


def age_on(birth_date: date, day: date) -> int:
    """Return the full years on a day; who was born on 29 February is a year older on 1 March of other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def require_fit(told: Mapping[str, Any], today: date, *, agreed: bool, guarded: bool) -> None:
    """Raise what keeps a profile from being kept: NotBornYet, ProfileNotAgreed, GuardianNeeded."""
    birth_date = told.get("birth_date")
    if birth_date is not None and birth_date > today:
        raise NotBornYet(pointer="/birthDate")
    if not agreed:
        raise ProfileNotAgreed
    if birth_date is not None and age_on(birth_date, today) < CHILD_UNTIL and not guarded:
        raise GuardianNeeded


def is_minor(birth_date: date | None, today: date) -> bool:
    """Say whether somebody is known to be under 18; of whom no birth date is kept nothing is known."""
    return birth_date is not None and age_on(birth_date, today) < MINOR_UNTIL
