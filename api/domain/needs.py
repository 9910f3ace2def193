"""需求: until when it is checked and answered, who may claim a wish, and when there is no way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict, Invalid

WISH = "micro_wish"
ATTACHED = ("image/jpeg", "image/png", "image/webp", "application/pdf")
HELD = ("matched", "in_progress")
"""States of a need in which somebody holds it."""


class ExpiryPast(Invalid):
    """A need that is asked for lies ahead."""

    code, zh, en = "expiry_past", "截止日期须晚于今天", "The day must lie after today"


class ReplyAfterExpiry(Invalid):
    """Nobody can answer what is not on the list any more."""

    code, zh, en = "reply_after_expiry", "答复期限须早于下架日期", "Answers end before the need leaves the list"


class WindowAfterExpiry(Invalid):
    """Nobody comes for what is not on the list any more."""

    code, zh, en = "window_after_expiry", "时间段须早于下架日期", "A window must begin before the need leaves the list"


class ReplyOver(Conflict):
    """The time to answer is over; the community can prolong it."""

    code = "reply_over"
    zh, en = (
        "该需求的答复期限（{replyBy}）已过，可请社区延长",
        "Answers were taken until {replyBy}; the community can prolong",
    )


class ClaimedByProject(Conflict):
    """Only micro-wishes are claimed directly; other needs are answered by a project or a sign-up."""

    code = "claimed_by_project"
    zh, en = (
        "只有微心愿可以直接认领，其他需求请提出对接项目",
        "Only micro-wishes are claimed directly; propose a project",
    )


class OwnWish(Conflict):
    """Nobody claims what they asked for themselves."""

    code, zh, en = "own_wish", "不能认领自己提出的心愿", "You cannot claim a wish of your own"


class UnderWay(Conflict):
    """Goods or money are on their way to the recipient; who claimed sees it through, or the community takes it back."""

    code = "under_way"
    zh, en = "物资已在途中，不能退回；如有困难请联系社区", "It is under way and cannot be given back; ask the community"


class ReasonNeeded(Invalid):
    """Who takes a need from somebody else says why."""

    code, zh, en = "reason_needed", "请填写原因", "Say why"


class NotAnAttachment(Invalid):
    """A need takes pictures and PDF files that who asks brought."""

    code = "not_an_attachment"
    zh, en = "附件须为本人上传的图片（JPEG、PNG、WebP）或PDF", "Attach your own files: JPEG, PNG, WebP or PDF"


def require_days(expires_on: date | None, reply_by: date | None, today: date) -> None:
    """Raise ExpiryPast or ReplyAfterExpiry where the days of a need cannot be; `expires_on` is the first day off."""
    for pointer, day in (("/expiresOn", expires_on), ("/replyBy", reply_by)):
        if day is not None and (day <= today if pointer == "/expiresOn" else day < today):
            raise ExpiryPast(pointer=pointer)
    if expires_on is not None and reply_by is not None and reply_by >= expires_on:
        raise ReplyAfterExpiry(pointer="/replyBy")


def verify_by(submitted_on: date, working_days: int) -> date:
    """Return the last day on which a community checks what was submitted on a day; then its street may as well."""
    return add_workdays(submitted_on, working_days, WorkCalendar())


def require_answers_taken(reply_by: date | None, today: date) -> None:
    """Raise ReplyOver after the last day on which a need may be answered."""
    if reply_by is not None and today > reply_by:
        raise ReplyOver(replyBy=reply_by.isoformat())


def require_before_expiry(first_days: Iterable[date], expires_on: date | None) -> None:
    """Raise WindowAfterExpiry for the first window that begins when the need is not on the list any more."""
    for number, day in enumerate(first_days):
        if expires_on is not None and day >= expires_on:
            raise WindowAfterExpiry(pointer=f"/windows/{number}")


def is_claimable(need: Mapping[str, Any], today: date) -> bool:
    """Say whether a need is a wish that may be claimed on a day."""
    late = need["reply_by"] is not None and today > need["reply_by"]
    gone = need["expires_on"] is not None and today >= need["expires_on"]
    return need["kind"] == WISH and need["state"] == "published" and not late and not gone


def steps_of_holder(state: str) -> tuple[str, ...]:
    """Return what who claimed a need directly may do about it in a state."""
    return {"matched": ("need.start", "need.release"), "in_progress": ("need.complete",)}.get(state, ())
