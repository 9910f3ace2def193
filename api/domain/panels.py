"""居民评议团: a roster that stands before the round, and the quorum without which nothing that it says counts."""

from __future__ import annotations

from api.errors import Conflict, Invalid

MOST = 500


class RosterTooLate(Conflict):
    """The round has begun: nobody joins a roster any more."""

    code = "roster_too_late"
    zh = "评议已经开始，不能再设立评议团或调整名单"
    en = "The round has begun; no panel is set up and no roster changed any more"


class QuorumDoesNotFit(Conflict):
    """The quorum is not more than half of the roster, or more than all of it."""

    code = "quorum_does_not_fit"
    zh = "法定人数须超过名单（{roster} 人）的半数且不多于全体"
    en = "A quorum is more than half of the roster of {roster}, and no more than all of it"


class PanelStands(Conflict):
    """The organisation has a panel for this round."""

    code = "panel_stands"
    zh = "该社区（街道）本轮已设有评议团"
    en = "This organisation has a panel for this round"


class NotAResident(Invalid):
    """Somebody on the list does not belong here, or holds an office here."""

    code = "not_a_resident"
    zh = "名单中第 {place} 人不是本辖区居民（报到人员），或在此任职，不能进入评议团"
    en = "Number {place} of the list does not belong here or holds an office here, and cannot sit on the panel"


def require_fit(roster: int, quorum: int) -> None:
    """Raise QuorumDoesNotFit unless more than half of the roster, and at most all, make the quorum."""
    if not roster < 2 * quorum <= 2 * roster:
        raise QuorumDoesNotFit(roster=roster)
