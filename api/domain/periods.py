"""Periods of days are half-open: what ends has to end after it begins."""

from __future__ import annotations

from api.errors import Invalid


class EndsBeforeItBegins(Invalid):
    """The first day after it does not lie after its first day."""

    code, zh, en = "ends_before_it_begins", "结束日期须晚于开始日期", "The end has to come after the beginning"
