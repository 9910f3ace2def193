"""记实事项 that are recorded by hand: which kinds there are, of whom, and what each may say (model: Fact)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, get_args

from api.domain.bundle_rows import RECORDED_HERE
from api.domain.place_facts import DERIVED
from api.errors import Conflict, Invalid

UnitKind = Literal[
    "venue_opened", "goods", "lecture", "problem_solved", "leader_on_site", "joint_activity", "nil_return"
]
"""共建记实: what a unit did for a community; `nil_return` says that in a period it did nothing."""

PersonKind = Literal["training", "qualification", "award", "absence", "leave", "exemption"]
"""What the community notes of a member beside presences, reviews and findings, which have steps of their own."""

EXEMPTIONS = frozenset({"ill", "seconded", "retired", "not_yet_joined", "other"})
"""Why days are exempt, everywhere; a rulebook may name further reasons."""

COMMUNITY_RECORDED, UNIT_REPORTED = "community_recorded", "unit_reported"
"""Provenance: the community saw it itself, or the unit told and the community confirmed."""

UNIT_KINDS, PERSON_KINDS = frozenset(get_args(UnitKind)), frozenset(get_args(PersonKind))
BY_STEPS = (RECORDED_HERE - PERSON_KINDS) | DERIVED | {
    "past_service", "presence_confirmed", "presence_denied", "stated_left",
}  # fmt: skip
"""Kinds that follow from steps of their own; no rulebook has them recorded by hand."""

SUBJECTS = {"person": ("member",), "organization": ("unit",), "place": ("community", "street")}
"""Of whom a fact is: the subjects whose rulebooks may ask for it."""


class WrongFactKind(Invalid):
    """Facts of this kind are not recorded of such a subject, nor asked for by a rulebook in force there."""

    code = "wrong_fact_kind"
    zh, en = "“{kind}”不能记在该对象名下", "“{kind}” is not recorded of such a subject"


class NotYetHappened(Invalid):
    """A fact is recorded when it has happened."""

    code = "not_yet_happened"
    zh, en = "{day} 尚未到来，不能记实", "{day} has not come yet; nothing can be recorded for it"


class ExemptionIncomplete(Invalid):
    """An exemption says why it holds and, where it says until when, ends after it starts; nothing else says so."""

    code = "exemption_incomplete"
    zh = "免除事项须写明原因，终止日须晚于起始日；其他事项不写原因和终止日"
    en = "An exemption has a reason and ends after it starts; other facts have neither reason nor end"


class NothingNamed(Invalid):
    """A qualification says which; a training may say what it qualifies for; no other fact has such a code."""

    code = "nothing_named"
    zh = "资格须写明代码（code），培训可以写，其他事项不写"
    en = "A qualification has a code, a training may have one; other facts have none"


class AlreadyTold(Conflict):
    """The same contribution is recorded, or waits for the community's word."""

    code = "already_told"
    zh, en = (
        "同一单位、社区、日期、项目的该事项已记录或待确认",
        "The same is recorded already, or waits to be confirmed",
    )


class ProjectUnfit(Invalid):
    """A contribution belongs to a project that this unit and this community agreed on."""

    code = "project_unfit"
    zh, en = "该单位与该社区没有达成此项目", "This unit and this community have not agreed on such a project"


class ShiftUnfit(Invalid):
    """What bears on one shift is of somebody who was there, on its day, and the community of the shift says it."""

    code = "shift_unfit"
    zh = "该人员当日没有在本社区的该班次签到，或对象不是个人"
    en = "The person was not present at such a shift of this community on that day, or it is not of a person"


class EvidenceUnasked(Invalid):
    """Evidence goes with what somebody else has to confirm."""

    code = "evidence_unasked"
    zh, en = "佐证只随须经他人确认的申报提交", "Evidence goes with what somebody else has to confirm"


class OwnPlaceOnly(Invalid):
    """A community tells of itself what a rulebook asks of it."""

    code = "own_place_only"
    zh, en = "社区、街道的记实只能由其自身申报", "A fact of a community or street is told by that place itself"


class NothingToCount(Invalid):
    """A nil return counts nothing."""

    code, zh, en = "nothing_to_count", "零报告不写数量", "A nil return has no amount"


class NilReturnPeriod(Invalid):
    """A nil return is made for a period that is over, from a day until, not including, another."""

    code = "nil_return_period"
    zh = "零报告须写明起始日和终止日（终止日次日起不计），且该期间已结束"
    en = "A nil return is for a period that is over: from a day until, not including, another"


class NotRegisteredThere(Conflict):
    """The community keeps the record of those who were registered there on the day."""

    code = "not_registered_there"
    zh = "该人员 {day} 不在本社区报到，由其报到社区记实"
    en = "The person was not registered in this community on {day}; the community of registration records it"


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says has happened: kind, day, how many; of an exemption why, and the first day after it.

    A qualification names its `code` and may end as well. A nil return is for the days up to, not including, `until`.
    `value` is a word that a rulebook tells apart, such as which of its items it was; `project` is what it came of.
    `columns` are further words that it reads (`level`, `role`, `matter`).
    """

    kind: str
    occurred_on: date
    amount: int | None = None
    reason: str | None = None
    until: date | None = None
    code: str | None = None
    value: str | None = None
    project: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def details(self) -> dict[str, Any]:
        """Return what the fact says beside its columns; codes and numbers, since the ledger holds no free text."""
        if self.kind == "exemption":
            end = {"end": self.until.isoformat()} if self.until else {}
            return {"kind": self.reason, "start": self.occurred_on.isoformat(), **end}
        told = {"amount": self.amount, "code": self.code, "end": self.until and self.until.isoformat()}
        told |= {"value": self.value, "projectId": self.project, **self.columns}
        return {name: value for name, value in told.items() if value is not None}


def require_sound(told: Told, account_kind: str, today: date, asked: Collection[str] = ()) -> None:
    """Raise what keeps a fact from being recorded of an `organization`, a `person` or a `place`.

    `asked` are the kinds for which rulebooks in force ask of such a subject. WrongFactKind, NotYetHappened (only an
    exemption may begin later), ExemptionIncomplete, NothingNamed, NothingToCount, NilReturnPeriod.
    """
    known = {"organization": UNIT_KINDS, "person": PERSON_KINDS}.get(account_kind, frozenset[str]())
    if told.kind not in known and (told.kind not in asked or told.kind in BY_STEPS):
        raise WrongFactKind(kind=told.kind, pointer="/kind")
    if told.value is not None and told.kind in known:
        raise NothingNamed(pointer="/value")
    exemption = told.kind == "exemption"
    if told.occurred_on > today and not exemption:
        raise NotYetHappened(day=told.occurred_on.isoformat(), pointer="/occurredOn")
    if told.columns and told.kind in ("exemption", "nil_return"):
        raise NothingNamed(pointer="/columns")
    if told.kind == "nil_return":
        _require_nil(told, today)
        return
    dated = told.until is None or told.until > told.occurred_on
    if exemption != (told.reason is not None) or not dated or (told.until is not None and not (exemption or told.code)):
        raise ExemptionIncomplete(pointer="/reason")
    if (told.kind == "qualification") != (told.code is not None) and not (told.kind == "training" and told.code):
        raise NothingNamed(pointer="/code")
    if told.amount is not None and exemption:
        raise NothingToCount(pointer="/amount")


def _require_nil(told: Told, today: date) -> None:
    if told.amount is not None:
        raise NothingToCount(pointer="/amount")
    if told.reason is not None or told.code is not None:
        raise NothingNamed(pointer="/reason" if told.reason is not None else "/code")
    if told.until is None or not told.occurred_on < told.until <= today + timedelta(days=1):
        raise NilReturnPeriod(pointer="/until")
