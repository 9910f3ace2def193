"""故事: what became of a need is told to others only where everybody who asked or served agreed."""

from __future__ import annotations

from collections.abc import Iterable

from api.errors import Conflict

MOST = 50
"""As many who served are asked; a need that more people met is told without names, by the community's own report."""


class NeedNotMet(Conflict):
    """What becomes of a need is told when it is over."""

    code, zh, en = "need_not_met", "需求办结之后才能讲述", "A story is told when the need is met"


class StoryToldAlready(Conflict):
    """A need has one story at a time."""

    code, zh, en = (
        "story_told_already",
        "该需求已有故事，请先撤回",
        "There is a story of this need already; take it back first",
    )


class VoicesMissing(Conflict):
    """Somebody who asked or served has not agreed."""

    code = "voices_missing"
    zh, en = "还有{missing}位当事人未同意公开", "{missing} of those whom it is about have not agreed yet"


class TooManyServed(Conflict):
    """Nobody asks so many people for their consent."""

    code, zh, en = (
        "too_many_served",
        "服务者超过{most}人，请由社区另行报道",
        "More than {most} people served; report on it otherwise",
    )


def require_agreed(voices: Iterable[bool | None]) -> None:
    """Raise VoicesMissing unless each voice agreed."""
    missing = sum(agreed is not True for agreed in voices)
    if missing:
        raise VoicesMissing(missing=missing)
