"""Past services: what stands, what a person looks at, and that every stated minute is in one of the two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.past_stretches import Stretch
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
    whole = (Stretch(PLAIN.starts_at, PLAIN.ends_at, 120, 5),)
    assert verdict() == Verdict(120, Fraction(0), (), (), date(2024, 3, 9), verdict().facts, whole)
    assert verdict().outcome == "credited"
    assert verdict().line() == {"zh": "计入 120 分钟", "en": "120 min accepted"}


@pytest.mark.parametrize(
    ("change", "reason", "minutes"),
    [
        ({"ends_at": PLAIN.starts_at}, "zero_or_negative_window", 120),
        ({"ends_at": clock("2024-03-09 08:00")}, "zero_or_negative_window", 120),
        ({"ends_at": clock("2024-03-13 08:30"), "credited_hours": "2.7"}, "multi_day_window", 162),
        ({"ends_at": clock("2024-03-13 10:30"), "credited_hours": "10.1"}, "multi_day_window", 606),
        ({"ends_at": clock("2024-04-09 10:30"), "credited_hours": "2.7"}, "multi_day_window", 162),
        ({"ends_at": clock("2025-01-02 10:30"), "starts_at": clock("2024-12-30 08:30")}, "multi_day_window", 120),
        ({"credited_hours": "2.1"}, "credited_more_than_window", 126),
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


@pytest.mark.parametrize(
    ("hours", "until", "rest", "reason"),
    [
        ("8", "2024-03-09 16:30", 0, ()),
        ("8.1", "2024-03-09 18:30", 6, ("over_daily_tier_parent",)),
        ("12", "2024-03-09 20:30", 240, ("over_daily_tier_parent",)),
        ("12.5", "2024-03-09 22:30", 270, ("over_daily_tier_upper",)),
    ],
)
def test_up_to_eight_hours_a_day_count_at_once_and_the_rest_waits_for_who_is_above(
    hours: str, until: str, rest: int, reason: tuple
) -> None:
    found = verdict(credited_hours=hours, ends_at=clock(until))
    assert (found.accepted, found.reviewed, found.reasons) == (480, rest, reason)
    assert found.outcome == ("capped" if rest else "credited")


def test_several_days_with_the_same_clock_are_split_evenly_the_earlier_days_first() -> None:
    found = verdict(starts_at=clock("2024-03-11 09:40"), ends_at=clock("2024-03-15 15:40"), credited_hours="2.7")
    assert (found.outcome, found.accepted, found.reasons) == ("split", 162, ())
    days = [(each.starts_at, each.ends_at, each.minutes, each.participants) for each in found.stretches]
    assert days == [
        (clock(f"2024-03-{day} 09:40"), clock(f"2024-03-{day} 15:40"), minutes, 5)
        for day, minutes in ((11, 33), (12, 33), (13, 32), (14, 32), (15, 32))
    ]
    assert "33 + 33 + 32 + 32 + 32" in found.line()["en"]


def test_each_day_of_a_series_is_capped_by_itself() -> None:
    """Three days of 08:00 to 18:00 state 28.5 h: 9.5 h a day, of which 8 count at once."""
    found = verdict(starts_at=clock("2024-03-11 08:00"), ends_at=clock("2024-03-13 18:00"), credited_hours="28.5")
    assert [each.minutes for each in found.stretches] == [480, 480, 480]
    assert (found.accepted, found.reviewed, found.reasons) == (1440, 270, ("over_daily_tier_parent",))


def test_two_shifts_that_the_note_names_are_two_stretches_with_their_people() -> None:
    day = {"starts_at": clock("2024-03-09 07:00"), "ends_at": clock("2024-03-09 17:00"), "participants": 10}
    note = "two shifts 07-09 (4 people) and 15:00-17:00 (6 people); 2h per person"
    found = verdict(**day, credited_hours="4", text=note, flags="two_shifts")
    assert (found.outcome, found.remarks) == ("split", ("split_by_shift",))
    assert [(each.starts_at.hour, each.minutes, each.participants) for each in found.stretches] == [
        (7, 120, 4), (15, 120, 6)
    ]  # fmt: skip
    for wrong in (
        {"credited_hours": "5"},  # not what the shifts are long
        {"participants": 9},  # not who was there
        {"participants": None},
        {"text": note.replace("07-09", "06-08")},  # begins before the record
        {"text": note.replace("07-09", "14-16")},  # overlaps the other
        {"text": note.replace("07-09", "27-29")},
    ):
        other = verdict(**{**day, "credited_hours": "4", "text": note, "flags": "two_shifts", **wrong})
        assert (other.outcome, "different_hours_a_person" in other.reasons) == ("reviewed", True)


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
    assert all(found.accepted == sum(each.minutes for each in found.stretches) for found in verdicts)
    assert all(found.accepted <= max(minutes, 0) for found, (_, minutes, _) in zip(verdicts, rows, strict=True))


def test_every_reason_has_words_in_both_languages() -> None:
    for zh, en in [*REASONS.values(), *REMARKS.values()]:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)
        assert en.isascii()
