"""民意: when residents may back, vote on and rate a livelihood project, and what of it is needed before it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from api.domain.funds import Rules
from api.domain.hearing import Tally
from api.domain.suppression import SMALLEST_GROUP
from api.errors import Conflict, Forbidden

BACKED = ("livelihood_project", "proposal")
"""Kinds of need that residents back."""

OPEN_IN = ("published", "matched")
"""States of a need in which they do: from its publication until the work begins."""

RATED_IN = ("delivered", "rated", "closed")
"""States of a project in which residents rate what came of it."""


class NothingToBack(Conflict):
    """The need is not of a kind that residents back, or not open to it."""

    code = "nothing_to_back"
    zh = "该事项不征集居民支持，或已不在征集阶段（{kind}，{state}）"
    en = "Residents do not back this (a {kind} in the state {state})"


class NotOfThisCommunity(Forbidden):
    """Residents of the community have a voice; who holds office there has another task."""

    code = "not_of_this_community"
    zh = "只有本社区居民（已接收的报到人员或手机号已核实的居民）可以表达意见，在本社区任职的除外"
    en = "Only verified residents of the community have a voice here, and none who holds office in it"


class OwnProposal(Forbidden):
    """Who proposed something is for it already."""

    code, zh, en = "own_proposal", "提出人无需再表示支持", "Who proposed it does not count among its supporters"


class NotBacked(Conflict):
    """Nothing stands that could be withdrawn."""

    code, zh, en = "not_backed", "您没有支持过该事项", "You have not backed this"


class BackedMeanwhile(Conflict):
    """The same person's voice came in at the same moment."""

    code, zh, en = "backed_meanwhile", "您的意见刚刚已登记", "Your voice came in a moment ago"


class VotedAlready(Conflict):
    """A vote is given once."""

    code, zh, en = "voted_already", "您已表决，表决不能更改", "You have voted; a vote stands"


class RatedAlready(Conflict):
    """A rating is given once."""

    code, zh, en = "rated_already", "您已评价过该项目", "You have rated this project"


class NotDelivered(Conflict):
    """Residents rate what is there."""

    code = "not_delivered"
    zh, en = "项目尚未交付（{state}），不能评价", "The project is not delivered ({state}); there is nothing to rate"


class NotReady(Conflict):
    """A livelihood project starts when residents want it, everybody could object, and its money is there."""

    code = "livelihood_not_ready"
    zh = "项目尚不能开始：{whyZh}"
    en = "The project cannot start yet: {why}"


@dataclass(frozen=True, slots=True)
class Ready:
    """What is known of a livelihood project before it starts; money in fen."""

    supporters: int
    meeting: Tally | None
    notice_until: date | None
    budget: int | None
    balance: int
    objections: int = 0


def carried(meeting: Tally | None) -> bool:
    """Say whether a residents' meeting is for something: quorate, and more than half of who voted are for it."""
    return meeting is not None and meeting.quorate and 2 * meeting.counts["for"] > meeting.voted


def require_ready(rules: Rules, known: Ready, day: date) -> None:
    """Raise NotReady with all that is missing under a district's rules on this day; `missing` lists the codes."""
    missing: list[tuple[str, str, str]] = []
    if known.supporters < rules.supporters:
        short = f"{known.supporters}/{rules.supporters}"
        missing.append(("supporters", f"支持居民不足（{short}）", f"too few residents back it ({short})"))
    if rules.meeting and not carried(known.meeting):
        missing.append(("meeting", "居民议事会未表决通过", "the residents' meeting has not carried it"))
    if rules.notice_days and (known.notice_until is None or day < known.notice_until):
        missing.append(("notice", "公示未满", "its public notice has not stood long enough"))
    if known.objections:
        waiting = known.objections
        missing.append(("objections", f"{waiting} 件异议尚未答复", f"{waiting} objections to it wait for an answer"))
    if known.budget is None:
        missing.append(("budget", "没有预算", "it has no budget"))
    elif known.balance < known.budget:
        lacking = known.budget - known.balance
        missing.append(("money", f"资金未到位，缺 {lacking} 分", f"{lacking} fen of its budget are not there"))
    if missing:
        why, why_zh = "; ".join(en for _, _, en in missing), "；".join(zh for _, zh, _ in missing)
        raise NotReady(why=why, whyZh=why_zh, missing=[code for code, _, _ in missing])


def summary(stars: Iterable[int], accepted: Iterable[bool]) -> Mapping[str, object]:
    """Return how residents rate: how many did; of five or more the exact mean, each star's count and who accepts it.

    Of fewer only the number is told, so that nobody's own mark can be read off.
    """
    given = list(stars)
    if len(given) < SMALLEST_GROUP:
        return {"ratings": len(given), "mean": None, "stars": None, "accepted": None}
    mean, counts = Fraction(sum(given), len(given)), Counter(given)
    by_star = {str(star): counts[star] for star in range(1, 6)}
    return {"ratings": len(given), "mean": str(mean), "stars": by_star, "accepted": sum(accepted)}
