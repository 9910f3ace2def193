"""Gates: what a need or an activity asks of whoever serves, and what of it somebody does not fulfil.

志愿服务条例 第十五条, 第十六条 (fit for the task, qualified where the law asks for it), 第十七条 (insurance).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.domain import safety
from api.errors import Conflict, Invalid

INSURED = "accident_insurance"
"""The code of a qualification on record that says: insured against accidents while serving, until its end."""
ADULT = 18
PERSON, UNIT, TEAM = "person", "unit", "team"
GROUPS = (
    PERSON, UNIT, TEAM, "full", "probationary", "development_target", "applicant", "none", "in_service", "retired",
    "laid_off", "floating_in", "floating_out", "no_post", "two_new",
)  # fmt: skip
"""Who may be asked for: sorts of helpers, political statuses and classes of members; one of those named is enough."""


class TooYoung(Conflict):
    """The need asks for people of an age that the person, by their profile, has not reached."""

    code, zh, en = "too_young", "该需求要求年满{ageFrom}周岁", "This asks for people of at least {ageFrom}"


class TooOld(Conflict):
    """The need asks for people who, by their profile, are not older."""

    code, zh, en = "too_old", "该需求要求不超过{ageTo}周岁", "This asks for people of at most {ageTo}"


class NotOfTheGroup(Conflict):
    """The need asks for others."""

    code, zh, en = "not_of_the_group", "该需求只面向指定对象（{groups}）", "This asks for others ({groups})"


class InsuranceMissing(Conflict):
    """The need asks for accident insurance, and none is on record for today."""

    code = "insurance_missing"
    zh = "该需求要求已投保人身意外伤害保险，请先由社区登记保险（资格代码 accident_insurance）"
    en = "This asks for accident insurance; have the community put it on record (qualification accident_insurance)"


class TrainingMissing(Conflict):
    """The need asks for a training that is not on record."""

    code, zh, en = "training_missing", "该需求要求完成以下培训：{missing}", "This asks for training: {missing}"


class AgesContradict(Invalid):
    """Nobody is as old as this and as young as that."""

    code, zh, en = "ages_contradict", "年龄下限不能高于上限", "The lowest age lies above the highest"


def refusals(gates: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Return the codes of the gates that somebody does not pass, in the order of the law; none where all are open.

    `facts` are `qualifications` (all codes on record today, trainings and insurance among them), `age` in full years
    and `groups`. What is unknown (None, or no such key) shuts no gate of age, as for activities; a qualification
    counts only where it is on record. Of a unit or team only its groups are known: people's gates are its people's.
    """
    shut: list[str] = []
    if "qualifications" in facts:
        held = facts["qualifications"]
        if any(code not in held for code in gates.get("qualifications") or ()):
            shut.append(safety.QualificationMissing.code)
        if any(code not in held for code in gates.get("trained") or ()):
            shut.append(TrainingMissing.code)
        if gates.get("insurance") and INSURED not in held:
            shut.append(InsuranceMissing.code)
    age = facts.get("age")
    if age is not None and age < (gates.get("ageFrom") or 0):
        shut.append(TooYoung.code)
    if age is not None and gates.get("ageTo") is not None and age > gates["ageTo"]:
        shut.append(TooOld.code)
    groups = gates.get("groups") or ()
    if groups and not set(groups) & set(facts.get("groups") or ()):
        shut.append(NotOfTheGroup.code)
    return shut


def require_open(gates: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Raise the first refusal as its problem: QualificationMissing, TrainingMissing, InsuranceMissing and so on."""
    shut = refusals(gates, facts)
    if not shut:
        return
    held = facts.get("qualifications") or ()
    match shut[0]:
        case safety.QualificationMissing.code:
            raise safety.QualificationMissing(missing=_missing(gates["qualifications"], held))
        case TrainingMissing.code:
            raise TrainingMissing(missing=_missing(gates["trained"], held))
        case InsuranceMissing.code:
            raise InsuranceMissing
        case TooYoung.code if gates["ageFrom"] == ADULT:
            raise safety.AdultsOnly
        case TooYoung.code:
            raise TooYoung(ageFrom=gates["ageFrom"])
        case TooOld.code:
            raise TooOld(ageTo=gates["ageTo"])
        case _:
            raise NotOfTheGroup(groups=", ".join(gates["groups"]))


def of_activity(policy_safety: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gates of an activity: those of the need that it came of, with its own qualifications and age."""
    gates = dict(policy_safety.get("gates") or {})
    own = [*(policy_safety.get("qualifications") or ()), *(gates.get("qualifications") or ())]
    if own:
        gates["qualifications"] = list(dict.fromkeys(own))
    if policy_safety.get("adults_only"):
        gates["ageFrom"] = max(gates.get("ageFrom") or 0, ADULT)
    return gates


def joined(own: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gates of both: who passes them passes each. Of two lists of groups those in
    both count, and the second where they have none in common."""
    gates = {name: value for name, value in {**more, **own}.items() if value}
    for name in ("qualifications", "trained"):
        if gates.get(name):
            gates[name] = list(dict.fromkeys([*(own.get(name) or ()), *(more.get(name) or ())]))
    if gates.get("ageFrom"):
        gates["ageFrom"] = max(own.get("ageFrom") or 0, more.get("ageFrom") or 0)
    last = [each["ageTo"] for each in (own, more) if each.get("ageTo") is not None]
    if last:
        gates["ageTo"] = min(last)
    if own.get("groups") and more.get("groups"):
        gates["groups"] = [group for group in own["groups"] if group in more["groups"]] or list(more["groups"])
    return gates


def plain(gates: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return gates as a need keeps them: what asks for nothing is left out. AgesContradict."""
    kept = {name: value for name, value in (gates or {}).items() if value not in (None, False, [], 0)}
    if kept.get("ageTo") is not None and kept["ageTo"] < kept.get("ageFrom", 0):
        raise AgesContradict(pointer="/gates/ageTo")
    return kept


def _missing(asked: Any, held: Any) -> str:
    return ", ".join(code for code in asked if code not in held)
