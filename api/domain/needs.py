"""需求: until when it is checked and answered, who may claim a wish, and when there is no way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.domain.workdays import WorkCalendar, add_workdays
from api.errors import Conflict, Invalid

VERIFY_DAYS = 5
"""Working days that a community has to check what was submitted; then its street may decide as well."""
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


class ReplyOver(Conflict):
    """The time to answer is over; the community can prolong it."""

    code = "reply_over"
    zh, en = "该需求的答复期限（{replyBy}）已过，可请社区延长", "Answers were taken until {replyBy}; the community can prolong"


class ClaimedByProject(Conflict):
    """Only micro-wishes are claimed directly; other needs are answered by a project or a sign-up."""

    code = "claimed_by_project"
    zh, en = "只有微心愿可以直接认领，其他需求请提出对接项目", "Only micro-wishes are claimed directly; propose a project"


class OwnWish(Conflict):
    """Nobody claims what they asked for themselves."""

    code, zh, en = "own_wish", "不能认领自己提出的心愿", "You cannot claim a wish of your own"


class NoPlaceStated(Conflict):
    """Who claims a wish has to know where to bring it."""

    code, zh, en = "no_recipient_stated", "发布微心愿前须填写送达地点或联系人", "State where or to whom a wish is brought"


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


def verify_by(submitted_on: date) -> date:
    """Return the last day on which a community checks what was submitted on a day."""
    return add_workdays(submitted_on, VERIFY_DAYS, WorkCalendar())


def require_answers_taken(reply_by: date | None, today: date) -> None:
    """Raise ReplyOver after the last day on which a need may be answered."""
    if reply_by is not None and today > reply_by:
        raise ReplyOver(replyBy=reply_by.isoformat())


def steps_of_holder(need: Mapping[str, Any]) -> list[str]:
    """Return what who claimed a need directly may do about it now."""
    return {
        "matched": ["need.start", "need.release", "need.contact"],
        "in_progress": ["need.complete", "need.contact"],
    }.get(need["state"], [])
