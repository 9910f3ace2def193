"""Past services: what stands, what a person looks at, and that every stated minute is in one of the two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.supplementary import REASONS, REMARKS, PastService, Verdict, judge_past_service, totals
from api.domain.workdays import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar()


def clock(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


PLAIN = PastService(
    "清扫楼道", clock("2024-03-09 08:30"), clock("2024-03-09 10:30"), "2", 5, registered=date(2024, 3, 11)
)


def verdict(**other: object) -> Verdict:
    return judge_past_service(replace(PLAIN, **other), SHANGHAI, CHINA)  # type: ignore[arg-type]


def test_a_plain_record_stands_whole_on_its_day() -> None:
    assert verdict() == Verdict(120, Fraction(0), (), (), date(2024, 3, 9), verdict().facts)
    assert verdict().line() == {"zh": "计入 120 分钟", "en": "120 min accepted"}


@pytest.mark.parametrize(
    ("change", "reason", "minutes"),
    [
        ({"ends_at": PLAIN.starts_at}, "zero_or_negative_window", 120),
        ({"ends_at": clock("2024-03-09 08:00")}, "zero_or_negative_window", 120),
        ({"ends_at": clock("2024-03-13 10:30"), "credited_hours": "2.7"}, "multi_day_window", 162),
        ({"credited_hours": "2.1"}, "credited_more_than_window", 126),
        ({"credited_hours": "8.1", "ends_at": clock("2024-03-09 18:30")}, "over_daily_tier_parent", 486),
        ({"credited_hours": "12", "ends_at": clock("2024-03-09 20:30")}, "over_daily_tier_parent", 720),
        ({"credited_hours": "12.5", "ends_at": clock("2024-03-09 22:30")}, "over_daily_tier_upper", 750),
        ({"participants": None}, "head_count_missing", 120),
        ({"text": "4人全程，6人仅上午"}, "different_hours_a_person", 120),
        ({"text": "2 people 1.5h, 3 people 2h"}, "different_hours_a_person", 120),
        ({"flags": "two_shifts"}, "different_hours_a_person", 120),
        ({"registered": 2026}, "registered_years_later", 120),
        ({"registered": date(2025, 3, 10)}, "registered_years_later", 120),
        ({"credited_hours": "1.33"}, "not_whole_minutes", Fraction(399, 5)),
        ({"credited_hours": "-2"}, "hours_unreadable", 0),
        ({"credited_hours": "NaN"}, "hours_unreadable", 0),
        ({"credited_hours": "1e3"}, "hours_unreadable", 0),
        ({"credited_hours": "２"}, "hours_unreadable", 0),
        ({"credited_hours": "0"}, "hours_unreadable", 0),
        ({"credited_hours": ""}, "hours_unreadable", 0),
    ],
)
def test_what_the_rules_cannot_accept_goes_to_review_for_its_reason(change: dict, reason: str, minutes: int) -> None:
    found = verdict(**change)
    assert (found.accepted, found.reviewed, found.reasons) == (0, minutes, (reason,))
    assert "{" not in found.line()["zh"] + found.line()["en"]


def test_hours_rounded_up_to_a_tenth_stand_with_the_window_and_the_rest_is_reviewed() -> None:
    found = verdict(starts_at=clock("2024-03-09 05:40"), ends_at=clock("2024-03-09 12:00"), credited_hours="6.4")
    assert (found.accepted, found.reviewed, found.reasons) == (380, 4, ("credited_more_than_window",))
    assert found.line()["zh"] == "计入 380 分钟，4 分钟待核；记 384 分钟，超过起止跨度 380 分钟"


def test_a_whole_tenth_too_much_is_no_rounding() -> None:
    assert verdict(credited_hours="2.1").accepted == 0
    assert verdict(ends_at=clock("2024-03-09 10:30:01"), credited_hours="2.1").accepted == 120


def test_a_night_over_midnight_is_not_many_days() -> None:
    night = verdict(starts_at=clock("2024-03-09 22:00"), ends_at=clock("2024-03-10 02:00"), credited_hours="4")
    assert (night.accepted, night.served_on) == (240, date(2024, 3, 9))


def test_hours_for_a_role_are_told_and_not_counted() -> None:
    for change in ({"flags": "role_bonus_hours"}, {"text": "带队另加1小时"}, {"text": "uploader +1h"}):
        found = verdict(**change)
        assert (found.accepted, found.remarks) == (120, ("role_bonus_hours",))


def test_less_than_the_window_stands_with_a_remark() -> None:
    assert verdict(credited_hours="1.5").remarks == ("credited_less_than_window",)
    assert verdict(credited_hours="1.5").accepted == 90


@pytest.mark.parametrize(
    ("registered", "remarks"),
    [
        (date(2024, 3, 22), ()),  # the tenth working day after Saturday 9 March 2024
        (date(2024, 3, 24), ()),
        (date(2024, 3, 25), ("registered_late",)),
        (2025, ("registered_late",)),
        (2024, ()),
        (None, ()),
    ],
)
def test_a_record_later_than_ten_working_days_stands_and_is_flagged(registered: object, remarks: tuple) -> None:
    found = verdict(registered=registered)
    assert (found.accepted, found.remarks) == (120, remarks)


def test_several_reasons_are_all_named_in_one_line() -> None:
    found = verdict(ends_at=PLAIN.starts_at, participants=None)
    assert found.reasons == ("zero_or_negative_window", "head_count_missing")
    assert found.line()["en"] == "120 min to review; it does not end after it starts; the head-count is missing"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        verdict(starts_at=datetime(2024, 3, 9, 8))  # noqa: DTZ001


hours = st.integers(0, 300).map(lambda tenths: f"{tenths // 10}.{tenths % 10}")


@given(st.lists(st.tuples(hours, st.integers(-60, 3000), st.sampled_from([None, 3])), max_size=40))
def test_accepted_and_reviewed_are_all_that_was_stated(rows: list[tuple[str, int, int | None]]) -> None:
    verdicts = [
        verdict(
            credited_hours=text,
            participants=count,
            ends_at=datetime.fromtimestamp(PLAIN.starts_at.timestamp() + 60 * minutes, SHANGHAI),
        )
        for text, minutes, count in rows
    ]
    counted = totals(verdicts)
    assert counted["accepted_minutes"] + counted["reviewed_minutes"] == sum(Fraction(text) * 60 for text, *_ in rows)
    assert counted["records"] == counted["accepted"] + counted["partly"] + counted["reviewed"] == len(rows)
    assert all(found.accepted <= max(minutes, 0) for found, (_, minutes, _) in zip(verdicts, rows, strict=True))


def test_every_reason_has_words_in_both_languages() -> None:
    for zh, en in [*REASONS.values(), *REMARKS.values()]:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)
        assert en.isascii()
