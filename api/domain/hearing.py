"""What stands between asking for an opinion and issuing it: who stays out, whom to hear, reply, votes and quorum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from api.domain.opinions import Procedure, Votes
from api.errors import Conflict, Invalid

CHOICES = ("for", "against", "abstain")
STANCES = ("agrees", "agrees_with_remarks", "disagrees", "knows_nothing")


class OwnOpinion(Conflict):
    """Nobody takes part in a matter of their own, of who asked, or of the unit that they belong to."""

    code = "own_opinion"
    zh, en = "应当回避：{reasonZh}", "You stand too near to take part: {reason}"


class SpokenAlready(Conflict):
    """Everybody has one voice in a round."""

    code, zh, en = "spoken_already", "已经表达过意见，每轮一次", "This voice was given already; each has one in a round"


class NotAllHeard(Conflict):
    """Whoever is to be heard has spoken, or the time in which they could is over."""

    code = "not_all_heard"
    zh, en = "{until} 前须听取：{whom}", "Still to be heard until {until}: {whom}"


class NotToldYet(Conflict):
    """Where a procedure discloses, the person sees the draft before it is issued."""

    code, zh, en = "draft_not_disclosed", "须先将拟出具的意见告知本人", "The person has to be shown the draft first"


class ReplyOpen(Conflict):
    """The person may still reply."""

    code, zh, en = "reply_open", "本人可在 {until} 前说明", "The person may reply until {until}"


class ReplyOver(Conflict):
    """The days in which the person could reply are over."""

    code, zh, en = "reply_over", "说明期限 {until} 已过", "Replies were possible until {until}"


class NoVotes(Conflict):
    """A procedure on a person is heard by organisations; nobody votes by name on somebody."""

    code, zh, en = "no_votes_here", "该程序不投票", "Nobody votes in this procedure"


class NoPanel(Conflict):
    """Members and residents deliberate before; without a roster there is nothing to count."""

    code, zh, en = "no_panel", "须先确定评议人员名单", "The roster of who deliberates has to be fixed first"


class RosterTooSmall(Invalid):
    """A roster so small would tell how each of them voted."""

    code, zh, en = "roster_too_small", "评议人员不得少于 {fewest} 人", "A roster has {fewest} people at least"


class VotesOpen(Conflict):
    """Not all have voted, and they still may."""

    code, zh, en = "votes_open", "投票至 {until} 截止", "Votes are taken until {until}"


class VotesOver(Conflict):
    """The days of voting are over."""

    code, zh, en = "votes_over", "投票已于 {until} 截止", "Votes were taken until {until}"


class WrongConclusion(Invalid):
    """The conclusion follows from the votes where there are any, and is written by people where there are none."""

    code = "wrong_opinion_conclusion"
    zh, en = "结论由投票结果得出，不另填写；未投票的须填写", "Votes decide the conclusion; without votes it is written"


@dataclass(frozen=True, slots=True)
class Tie:
    """Why somebody stays out of a matter."""

    code: str
    zh: str
    en: str


IS_SUBJECT = Tie("subject", "本人是征求意见的对象", "the matter is about you")
ASKED = Tie("asked", "本人提出了征求意见", "you asked for it")
OF_UNIT = Tie("of_unit", "本人任职或工作于提出单位或参评单位", "you work for who asks or for the unit concerned")


def require_untied(tie: Tie | None) -> None:
    """Raise OwnOpinion where somebody has to stay out."""
    if tie is not None:
        raise OwnOpinion(reason=tie.en, reasonZh=tie.zh, tie=tie.code)


def require_votes(procedure: Procedure) -> Votes:
    """Return the rule of the votes of a procedure; NoVotes where it takes none."""
    if procedure.votes is None:
        raise NoVotes
    return procedure.votes


def quorum_of(votes: Votes, roster: int) -> int:
    """Return how many of a roster have to vote: the share, rounded up; RosterTooSmall."""
    if roster < votes.fewest:
        raise RosterTooSmall(pointer="/personIds", fewest=votes.fewest)
    return ceil(votes.quorum * roster)


@dataclass(frozen=True, slots=True)
class Tally:
    """How a roster voted; abstaining is voting. Without its quorum nothing is carried and no opinion issued."""

    roster: int
    quorum: int
    counts: Mapping[str, int]

    @property
    def voted(self) -> int:
        """Return how many voted."""
        return sum(self.counts.values())

    @property
    def quorate(self) -> bool:
        """Say whether as many voted as have to."""
        return self.voted >= self.quorum


def tally(roster: int, quorum: int, choices: Iterable[str]) -> Tally:
    """Count choices; each of CHOICES stands with its number, nought included."""
    counted = Counter(choices)
    return Tally(roster, quorum, {choice: counted[choice] for choice in CHOICES})


def conclusion_of(procedure: Procedure, counted: Tally | None, written: str | None) -> str:
    """Return the conclusion: what the votes carry (more than the share of those who voted), else what was written.

    WrongConclusion where one is written beside votes or missing without.
    """
    if (procedure.votes is None) == (written is None):
        raise WrongConclusion(pointer="/conclusion")
    if procedure.votes is None or counted is None:
        assert written is not None  # noqa: S101 - the line above
        return written
    carried = Fraction(counted.counts["for"], counted.voted) > procedure.votes.carried_over
    return "supports" if carried else "does_not_support"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a round stands: who has yet to speak until when, the draft told or not, reply and votes."""

    unheard: tuple[str, ...]
    speak_until: date
    told: bool
    replied: bool
    reply_until: date | None
    counted: Tally | None
    vote_until: date | None


def require_heard(standing: Standing, day: date) -> None:
    """Raise NotAllHeard as long as an organisation may still speak that has not."""
    if standing.unheard and day <= standing.speak_until:
        raise NotAllHeard(until=standing.speak_until.isoformat(), whom="、".join(standing.unheard))


def require_ready(procedure: Procedure, standing: Standing, day: date) -> None:
    """Raise NotAllHeard, NotToldYet, ReplyOpen, NoPanel or VotesOpen as long as an opinion may not be issued."""
    require_heard(standing, day)
    if procedure.reply_days is not None:
        if not standing.told or standing.reply_until is None:
            raise NotToldYet
        if not standing.replied and day <= standing.reply_until:
            raise ReplyOpen(until=standing.reply_until.isoformat())
    if procedure.votes is not None:
        if standing.counted is None or standing.vote_until is None:
            raise NoPanel
        if standing.counted.voted < standing.counted.roster and day <= standing.vote_until:
            raise VotesOpen(until=standing.vote_until.isoformat())
