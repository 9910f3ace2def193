"""A month's needs list (需求清单): which month a need stands in, what comes too late for it, and how it is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.domain.documents.content import Head, Words, head_json
from api.domain.kind_labels import kind_label
from api.domain.list_words import CATEGORIES
from api.domain.matching.times import Window

SUPPLEMENT = "supplement"
_TEMPLATE, _TEMPLATE_VERSION = "needs_list", 1


@dataclass(frozen=True, slots=True)
class Item:
    """One need as the month's list shows it; None is what nobody said."""

    title: str
    kind: str
    category: str
    target_group: str | None
    headcount: int | None
    quantity: str | None
    when: str | None
    reply_by: date | None


def next_month(day: date) -> date:
    """Return the first day of the month after a day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_of(published_on: date, list_day: int, first: date | None) -> tuple[date, bool]:
    """Return the first day of the month whose list a need stands in, and whether that list was frozen before.

    The list of a month is frozen on the day `list_day` (1 to 28) of the month before. A need stands in the month of its
    first window, `first`, and without a time in the next one; what is wanted this month is always late.
    """
    month = next_month(published_on)
    if first is not None and first >= published_on:
        month = first.replace(day=1)
    frozen_on = (month - timedelta(days=1)).replace(day=list_day)
    return month, published_on > frozen_on


def told(window: Window, zone: ZoneInfo) -> str:
    """Return a window in words, in local time: 2026-12-05 09:00–11:00，每周至2027-01-01."""
    begins, ends = window.starts_at.astimezone(zone), window.ends_at.astimezone(zone)
    last = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{ends:%Y-%m-%d %H:%M}"
    again = {"day": "，每天", "week": "，每周"}.get(window.every or "", "")
    return f"{begins:%Y-%m-%d %H:%M}–{last}{again}{f'至{window.until}' if again and window.until else ''}"


def month_list(head: Head, items: Sequence[Item]) -> dict[str, Any]:
    """Return the frozen content of the list of the month in which the head's period begins, in the order given."""
    month = head.start
    title = Words(f"{month.year}年{month.month}月需求清单", f"Needs of {month:%B %Y}")
    return {
        **head_json("notice", _TEMPLATE_VERSION, head),
        "template": _TEMPLATE,
        "title": title.as_json(),
        "needs": [
            {
                "number": number,
                "title": item.title,
                "kind": {"code": item.kind, **kind_label("need.kind", item.kind)},
                "category": _category(item.category),
                "targetGroup": item.target_group,
                "headcount": item.headcount,
                "quantity": item.quantity,
                "when": item.when,
                "replyBy": item.reply_by.isoformat() if item.reply_by else None,
            }
            for number, item in enumerate(items, 1)
        ],
    }


def _category(code: str) -> dict[str, str]:
    known = CATEGORIES.get(code)
    return {"code": code, "zh": known.zh if known else code, "en": known.en if known else code}
