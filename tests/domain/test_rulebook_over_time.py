"""Rules over time: caps of any so many days, bars after strikes, answers in time, results of earlier years."""

import pytest
import yaml

from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import load
from tests.domain.rulebook_bundles import HEAD, fact, judged, labelled, service, value

CAPPED = """
measures:
  - {{id: hours, source: entries, where: {{unit: [volunteer_minutes]}}, caps: [{cap}]}}
final: hours
"""


def minutes_of(cap, *rows):
    entries = [service(f"e{n}", amount, f"2026-{on}") for n, (on, amount) in enumerate(rows)]
    (line,) = judged(CAPPED.format(cap=cap), {"entries": entries})["numbers"]
    return line["value"], [row["counted"] for row in line["inputs"]]


@pytest.mark.parametrize(
    ("cap", "rows", "total", "counted"),
    [
        # 30 days end on 30 March and began on 1 March; those that end on 31 March begin a day later
        ("{days: 30, atMost: 100}", [("03-01", 80), ("03-30", 80), ("03-31", 80)], "180", ["80", "20", "80"]),
        ("{days: 30, atMost: 100}", [("03-01", 80), ("03-30", 20), ("03-31", 90)], "180", ["80", "20", "80"]),
        # two visits count apart if seven days lie between their beginnings
        ("{days: 7, atMost: 1}", [("03-01", 1), ("03-07", 1), ("03-08", 1), ("03-14", 1)], "2", ["1", "0", "1", "0"]),
        # the month that ends on 28 February begins on 29 January, as 1 March less a month is 1 February
        ("{months: 1, atMost: 60}", [("01-31", 60), ("02-28", 60)], "120", ["60", "60"]),
        ("{months: 3, atMost: 60}", [("01-15", 60), ("04-14", 60), ("04-15", 60)], "120", ["60", "0", "60"]),
        ("{per: day, atMost: 50}, {days: 2, atMost: 70}", [("03-01", 80), ("03-02", 80)], "70", ["50", "20"]),
    ],
)
def test_a_cap_of_any_so_many_days_fills_in_the_order_of_days(cap, rows, total, counted):
    assert minutes_of(cap, *rows) == (total, counted)


def test_what_is_over_a_cap_of_any_days_says_why():
    entries = [service("a", 100, "2026-03-01"), service("b", 100, "2026-03-02")]
    book = CAPPED.format(cap="{days: 30, atMost: 100}, {months: 12, atMost: 100}")
    (line,) = judged(book, {"entries": entries})["numbers"]
    assert line["inputs"][1]["why"] == ["cap_days:30"]


@pytest.mark.parametrize(
    ("caps", "codes"),
    [
        ("{days: 30, atMost: 10}, {days: 30, atMost: 10}", ["contradictory_caps"]),
        ("{days: 30, atMost: 20}, {days: 60, atMost: 10}", ["contradictory_caps"]),
        ("{per: week, atMost: 20}, {days: 30, atMost: 10}", ["contradictory_caps"]),
        ("{days: 30, atMost: 5}, {per: month, atMost: 4}", []),  # 30 days lie in two months
        ("{days: 183, atMost: 5}, {per: year, atMost: 10}", ["cap_never_binds"]),
        ("{days: 182, atMost: 5}, {per: year, atMost: 10}", []),
        ("{months: 6, atMost: 5}, {per: year, atMost: 10}", ["cap_never_binds"]),
    ],
)
def test_caps_of_any_days_that_contradict_each_other_are_found(caps, codes):
    book = yaml.safe_load(CAPPED.format(cap=caps))
    book["measures"] = labelled(book["measures"])
    found = lint(load(HEAD + "subject: member\n" + yaml.safe_dump(book, allow_unicode=True)))
    assert [each.code for each in found] == codes


BARRED = """
measures:
  - {id: hours, source: entries, bars: [&]}
  - {id: barred, source: bars, bar: &}
  - {id: days, source: bars, bar: &, result: days}
  - {id: times, source: bars, bar: &, result: times}
scores: [{id: all, op: sum, of: [hours, days, times]}]
gates:
  - {id: closed, when: {value: barred, atLeast: 1}, effect: cannot_be_better_than, grade: passed}
final: all
grades:
  - {id: excellent, band: {atLeast: 60}}
  - {id: passed, band: {lessThan: 60}}
"""
STRIKES = "strikes: {kind: [strike]}"
SERVED = "until: {source: entries, where: {unit: [volunteer_minutes]}, atLeast: 120}"


def barred(bar, strikes, served=(), **more):
    facts = [fact(f"s{n}", "strike", on) for n, on in enumerate(strikes)]
    entries = [service(f"e{n}", amount, on) for n, (on, amount) in enumerate(served)]
    told = judged(BARRED.replace("&", f"{{{bar}}}"), {"facts": facts, "entries": entries, **more})
    return tuple(value(told, name) for name in ("hours", "barred", "days", "times")), told["grade"]


@pytest.mark.parametrize(
    ("bar", "strikes", "served", "numbers", "grade"),
    [
        # the third strike within a year bars for six months: of 10 October 83 days of the year are left
        (f"{STRIKES}, count: 3, within: {{months: 12}}, lasts: {{months: 6}}",
         ["2025-11-01", "2026-02-01", "2026-10-10"],
         [("2026-10-09", 60), ("2026-10-10", 30), ("2026-12-31", 30)], ("60", "1", "83", "1"), "passed"),
        # a year and a day lie between the first and the third: two within a year bring nothing on
        (f"{STRIKES}, count: 3, within: {{months: 12}}, lasts: {{months: 6}}",
         ["2025-10-10", "2026-02-01", "2026-10-10"], [("2026-12-31", 60)], ("60", "0", "0", "0"), "excellent"),
        # strikes that were counted are spent: the fourth and fifth are two
        (f"{STRIKES}, count: 2, lasts: {{days: 10}}", ["2026-03-01", "2026-03-02", "2026-06-01"],
         [("2026-03-11", 60), ("2026-03-12", 60)], ("60", "0", "10", "1"), "excellent"),
        # suspended for a year and until two hours were served: the hours came first, then the year
        (f"{STRIKES}, lasts: {{months: 12}}, {SERVED}, ends: last", ["2025-06-30"],
         [("2025-07-01", 120), ("2026-06-29", 60), ("2026-06-30", 60)], ("60", "0", "180", "0"), "excellent"),
        (f"{STRIKES}, lasts: {{months: 12}}, {SERVED}", ["2025-06-30"], [("2026-07-01", 60)],
         ("0", "1", "365", "0"), "excellent"),
        # or whichever is first: the day on which the second hour is reached is the last one
        (f"{STRIKES}, lasts: {{months: 12}}, {SERVED}, ends: first", ["2026-03-01"],
         [("2026-03-05", 60), ("2026-03-06", 60), ("2026-03-07", 60)], ("60", "0", "6", "1"), "excellent"),
        (STRIKES, ["2020-01-01"], [("2026-03-05", 60)], ("0", "1", "365", "0"), "excellent"),  # for good
    ],
)  # fmt: skip
def test_rows_on_barred_days_count_nothing_and_a_grade_is_closed_at_the_cut_off(bar, strikes, served, numbers, grade):
    found, given = barred(bar, strikes, served)
    assert found == numbers
    assert given == ("passed" if numbers[1] == "1" else grade)


def test_who_is_barred_is_unknown_while_nobody_keeps_the_strikes_and_known_as_far_as_the_days_are():
    bar = f"{STRIKES}, lasts: {{days: 10}}"
    assert barred(bar, [], facts=None)[0] == (None, None, None, None)
    assert barred(bar, ["2026-03-01"], through="2026-03-06")[0] == ("0", "1", "5", "1")


ANSWERED = """
measures:
  - id: answers
    source: facts
    where: {kind: [complaint]}
    answered: {where: {kind: [answer]}, &}
scores: [{id: share, op: ratio, of: answers, over: answers.required, whenEmpty: 1}]
final: share
"""


def in_time(time, facts, **more):
    told = judged(ANSWERED.replace("&", time), {"facts": facts, **more})
    line = told["numbers"][0]
    return (
        line["value"],
        line.get("required", 0),
        line.get("missed", 0),
        [row["state"] for row in line.get("spans", [])],
    )


def complaint(matter, on):
    return fact(f"c{matter}", "complaint", on, matter=matter)


def answer(matter, on, **more):
    return fact(f"a{matter}{on}", "answer", on, matter=matter, **more)


def test_answers_within_seven_days_are_counted_by_their_matter():
    asked = [complaint("w", "2026-03-01"), complaint("x", "2026-03-01"), complaint("y", "2026-03-01")]
    told = [answer("w", "2026-03-08"), answer("x", "2026-03-09"), answer("z", "2026-03-02"), answer("y", "2026-02-28")]
    assert in_time("days: 7", asked + told) == ("1", 3, 2, ["fulfilled", "missed", "missed"])


def test_what_may_still_be_answered_is_neither_in_time_nor_late():
    asked = [complaint("w", "2026-12-30"), complaint("x", "2026-12-30"), complaint("y", "2026-12-24")]
    assert in_time("days: 7", [*asked, answer("x", "2026-12-31")]) == ("1", 2, 1, ["missed", "open", "fulfilled"])


def test_a_window_in_which_no_day_lies_waits_for_no_answer():
    last_quarter = {"period": {"start": "2026-10-01", "end": "2027-01-01"}}
    for since, states in (("12-31", ["open"]), ("03-15", [])):  # there is no 15 March between October and December
        time = f"days: 60}}\n    window: {{since: {since}"
        assert in_time(time, [complaint("w", "2026-12-20")], **last_quarter) == ("0", 0, 0, states)


def test_what_was_asked_in_the_year_before_belongs_to_the_year_in_which_it_is_answered_or_its_time_runs_out():
    asked = [complaint("w", "2025-12-30"), complaint("x", "2025-12-30"), complaint("y", "2025-12-20")]
    assert in_time("days: 7", [*asked, answer("x", "2025-12-31")]) == ("0", 1, 1, ["missed"])
    assert in_time("days: 7", [*asked, answer("w", "2026-01-02")]) == ("1", 2, 1, ["fulfilled", "missed"])


def test_five_working_days_pass_over_days_of_rest_and_are_unknown_without_them():
    asked = [complaint("w", "2026-03-05"), complaint("x", "2026-03-05")]  # a Thursday: the fifth is the next Thursday
    told = [answer("w", "2026-03-12"), answer("x", "2026-03-13")]
    weekends = {"restDays": ["2026-03-07", "2026-03-08", "2026-03-14"]}
    assert in_time("workingDays: 5", asked + told, **weekends)[:3] == ("1", 2, 1)
    assert in_time("workingDays: 5", asked + told)[0] is None


EARLIER = """
measures:
  - id: last_year
    source: grades
    where: {rulebook: [members], grade: [excellent]}
    window: {yearsBack: 1}
    take: count
  - id: good
    source: grades
    where: {grade: [excellent, good]}
    window: {yearsBack: 2}
    take: count
    cadence: {each: year}
    streak: {of: fulfilled, length: 2}
  - {id: hours_then, source: grades, take: {number: hours}, window: {yearsBack: 1}}
  - {id: hours, source: entries}
scores:
  - {id: duty, op: constant, points: 50}
  - {id: surplus, op: sum, of: [hours_then], minus: [duty], atLeast: 0, atMost: 10}
  - {id: bonus, op: award, when: {value: last_year, atLeast: 1}, points: 3}
  - {id: all, op: sum, of: [surplus, bonus, hours, good.streaks]}
final: all
"""


def result(year, grade, hours, rulebook="members"):
    row = {"key": f"{rulebook}/{year}", "rulebook": rulebook, "outcome": "graded", "grade": grade, "digest": "0"}
    return row | {"judgedOn": f"{year}-12-31", "amount": "80", "numbers": {"hours": hours}}


@pytest.mark.parametrize(
    ("grades", "numbers"),
    [
        ([result(2025, "excellent", "58"), result(2024, "good", "40")], ("3", "8", "1")),
        ([result(2025, "excellent", "72", "others"), result(2024, "fair", "90")], ("0", "10", "0")),
        ([result(2024, "excellent", "58"), result(2023, "excellent", "58")], ("0", "0", "0")),
        ([], ("0", "0", "0")),
    ],
)
def test_results_of_earlier_years_bring_a_bonus_a_run_and_hours_to_carry_over(grades, numbers):
    told = judged(EARLIER, {"grades": grades})
    streaks = told["numbers"][1].get("streaks", 0)
    assert (value(told, "bonus"), value(told, "surplus"), str(streaks)) == numbers


def test_earlier_results_that_nobody_looked_up_are_unknown():
    assert judged(EARLIER, {"grades": None})["score"] is None


def test_a_window_in_which_no_day_lies_tells_of_no_bar():
    """From 15 March on, in a half-year that begins in July: a bar for good is longer than the gap."""
    half = {"period": {"start": "2026-07-01", "end": "2027-01-01"}}
    text = BARRED.replace("result: days}", "result: days, window: {since: 03-15}}").replace("&", f"{{{STRIKES}}}")
    told = judged(text, {"facts": [fact("s", "strike", "2026-08-01")], "entries": [], **half})
    (days,) = [line for line in told["numbers"] if line["rule"] == "days"]
    assert (days["value"], days.get("spans", [])) == ("0", [])
