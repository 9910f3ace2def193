"""评议: who may speak of whom, when, and once; what a rating is worth; and what of all voices a judgement reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from api.domain.bundle_rows import NONE
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.rubric import Rubric, Voice
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.values import text
from api.domain.trials import Limit
from api.errors import Conflict, Forbidden, Invalid

LONGEST = 1000
"""Characters of a comment, a reply or a reason."""

IN_STATE: Mapping[Voice, str] = {
    "self": "self_review", "community": "public_review", "street": "public_review", "resident": "public_review",
    "panel": "public_review",
}  # fmt: skip
PARTY: Mapping[Voice, str] = {
    "self": "self",
    "community": "community",
    "street": "street",
    "resident": "resident",
    "panel": "resident",
}
STREETS = ("street", "town", "township", "functional_zone")
"""Kinds of node whose Party working committee (党工委) assesses what lies in them."""

BY_SLIP = Limit("review.address", 5, 86_400)
"""Voices that may come from one address in a day without anybody signed in."""


class NotNow(Conflict):
    """The round of this party has not begun or is over."""

    code = "review_not_now"
    zh = "现在不是该方评议的阶段（当前状态：{state}）"
    en = "This party is not asked now; the cycle is in the state {state}"


class PartyNotAsked(Conflict):
    """The rulebook asks nothing of this party."""

    code = "party_not_asked"
    zh = "考核规则没有规定由该方评议"
    en = "The rulebook asks nothing of this party"


class RubricNotFilled(Invalid):
    """The marks are not those that the rubric asks for."""

    code = "rubric_not_filled"
    zh = "评分与评议表不符，请核对：{mark}"
    en = "The marks are not those of the rubric: {mark}"


class ReviewedAlready(Conflict):
    """Everybody has one voice on a subject in a round."""

    code = "reviewed_already"
    zh = "该对象本轮已评议过，每方只评一次，不能修改或撤回"
    en = "There is a voice on this subject in this round already; it is given once and stands"


class RepliedAlready(Conflict):
    """A voice is answered once."""

    code = "replied_already"
    zh = "已对该评议作过说明"
    en = "This voice has been answered already"


class ReviewOfOneself(Forbidden):
    """Nobody speaks of themselves for another party."""

    code = "review_of_oneself"
    zh = "不能以他方身份评议本人"
    en = "Nobody reviews themselves for another party"


class ReviewOfOwnUnit(Forbidden):
    """The reviewer works for the organisation that is judged, or is responsible for it."""

    code = "review_of_own_unit"
    zh = "您在被评议的单位（组织）任职，应当回避"
    en = "You work for or are responsible for what is judged here; somebody else has to review it"


class ReviewOfColleague(Forbidden):
    """The reviewer and the member who is judged have one employer."""

    code = "review_of_a_colleague"
    zh = "被评议人与您同一单位，应当回避"
    en = "You and who is judged here have one employer; somebody else has to review them"


class Recused(Forbidden):
    """The reviewer declared that somebody else should do it."""

    code = "recused"
    zh = "您已声明回避该对象"
    en = "You have declared that you will not judge this subject"


class PresenceNotVerified(Forbidden):
    """Only who was demonstrably there speaks as a recipient."""

    code = "presence_not_verified"
    zh = "只有本周期内确认接受过其服务、或与其同场签到的居民可以评议"
    en = "Only who confirmed a service of theirs, or was checked in where they were, in this period may rate them"


class VoicesNotWeighed(Conflict):
    """Voices stand that the last computation did not look at."""

    code = "voices_not_weighed"
    zh = "有 {count} 条评议尚未计入结果，请先汇总评议再公布"
    en = "{count} voices have come since the last computation; tally them before publishing"


@dataclass(frozen=True, slots=True)
class Ties:
    """What binds a reviewer: the own accounts, and the organisations of employment and office."""

    accounts: frozenset[UUID]
    organizations: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Judged:
    """Of whom a voice speaks: `employer_id` is that of a member at the cut-off."""

    kind: str
    id: UUID
    employer_id: UUID | None


@dataclass(frozen=True, slots=True)
class Heard:
    """One rating as the bundle takes it: nobody's name is in it."""

    voice: Voice
    given_on: date
    amount: str
    marks: Mapping[str, str]


def require_impartial(voice: Voice, ties: Ties, judged: Judged) -> None:
    """Raise ReviewOfOneself, ReviewOfOwnUnit or ReviewOfColleague; who speaks as the subject itself is no other."""
    if voice == "self":
        return
    if judged.id in ties.accounts:
        raise ReviewOfOneself
    if judged.id in ties.organizations:
        raise ReviewOfOwnUnit
    if judged.kind == "member" and judged.employer_id in ties.organizations:
        raise ReviewOfColleague


def require_now(voice: Voice, state: str) -> None:
    """Raise NotNow where the cycle is not in the state in which this party speaks."""
    if state != IN_STATE[voice]:
        raise NotNow(state=state)


def worth(rubric: Rubric | None, marks: Mapping[str, str]) -> str:
    """Return the sum of a rating as exact text; PartyNotAsked without a rubric, RubricNotFilled."""
    if rubric is None:
        raise PartyNotAsked
    try:
        return text(rubric.points(marks)[0])
    except KeyError as why:
        raise RubricNotFilled(pointer=f"/marks/{why.args[0]}", mark=why.args[0]) from why


def quorate(quorum: int, voted: int) -> bool:
    """Say whether a panel's voices count."""
    return voted >= quorum


def unasked(book: Rulebook) -> list[dict[str, str]]:
    """Return as gaps the kinds of voices that a rulebook reads and for which no party has a rubric."""
    asked = {kind for rubric in book.rubrics for kind in (rubric.party, *(each.id for each in rubric.criteria))}
    read = {
        kind
        for measure in book.measures
        if isinstance(measure, RowMeasure)
        for one in measure.sources
        if one.source == "reviews"
        for kind in one.where.get("kind", [])
    }
    return [{"source": "reviews", "kind": kind} for kind in sorted(read - asked)]


def in_bundle(
    heard: Sequence[Heard], rubrics: Collection[Rubric], last: date, columns: Collection[str] = ()
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the review rows of one bundle, and as gaps the parties that were asked and did not (validly) answer.

    A rating is one row of kind `party` with its sum and one row for each criterion, of the criterion's kind. Keys
    number the voices of a party in the order of day, sum and marks, so that they tell nobody who spoke. A round is held
    when the period is over: what was said then stands on its `last` day, of which it speaks. A rule that counts marks
    asks for the column `level`: the mark of a criterion, none for the sum.
    """
    rows: list[dict[str, Any]] = []
    gaps: list[dict[str, str]] = []
    for rubric in sorted(rubrics, key=lambda each: each.party):
        party = rubric.party
        voices = [one for one in heard if one.voice == party]
        voices.sort(key=lambda one: (min(one.given_on, last), one.amount, sorted(one.marks.items())))
        for number, one in enumerate(voices, start=1):
            head = {"party": party, "givenOn": min(one.given_on, last).isoformat()}
            mark = {"level": NONE} if "level" in columns else {}
            rows.append({"key": f"{party}/{number}", "kind": party, "amount": one.amount, **mark, **head})
            for kind, points in rubric.points(one.marks)[1].items():
                mark = {"level": one.marks[kind]} if "level" in columns else {}
                rows.append({"key": f"{party}/{number}/{kind}", "kind": kind, "amount": text(points), **mark, **head})
        if not voices:
            kinds = [party, *(criterion.id for criterion in rubric.criteria)]
            gaps += [{"source": "reviews", "kind": kind, "party": party} for kind in kinds]
    return rows, gaps
