"""Rules about spans: the day by which something is due, shorter spans than months, and which of them count."""

import pytest
import yaml

from api.domain.rulebook.compiled import compiled
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import RulebookInvalid, load
from api.domain.rulebook.values import bucket
from tests.domain.rulebook_bundles import HEAD, fact, judged, labelled, service

REPORTS = """
measures:
  - {id: reports, source: facts, where: {kind: [report]}, &}
scores: [{id: points, op: deduct, full: 100, each: 5, of: reports.missed}]
final: points
"""


def reports(rule, days, **more):
    told = judged(REPORTS.replace("&", rule), {"facts": [fact(day, "report", day) for day in days], **more})
    line = told["numbers"][0]
    return told["score"], [span["state"] for span in line.get("spans", [])], line


def found(rule):
    """Return the codes of what lint finds."""
    book = yaml.safe_load(REPORTS.replace("&", rule))
    book |= {stage: labelled(book[stage]) for stage in ("measures", "scores")}
    return [each.code for each in lint(load(HEAD + "subject: member\n" + yaml.safe_dump(book, allow_unicode=True)))]


def monthly(day, *, but=()):
    return [f"2026-{month:02d}-{day}" for month in range(1, 13) if month not in but]


@pytest.mark.parametrize(
    ("days", "score"),
    [
        (monthly("05"), "100"),  # 每月 5 日前报送，逾期一次扣 5 分: the fifth is in time
        (monthly("06"), "40"),  # the sixth never is
        (monthly("05", but=(4,)), "95"),
        ([*monthly("05", but=(4,)), "2026-04-06"], "95"),
    ],
)
def test_a_report_is_due_by_the_fifth_of_each_month(days, score):
    assert reports("cadence: {each: month, until: {days: 5}}", days)[0] == score


def test_a_summary_is_due_by_the_25th_of_the_last_month_of_each_quarter_and_says_what_came_late():
    days = ["2026-01-02", "2026-06-25", "2026-09-26", "2026-12-31"]
    score, states, line = reports("cadence: {each: quarter, until: {dayOfLastMonth: 25}}", days)
    assert (score, states) == ("90", ["fulfilled", "fulfilled", "missed", "missed"])
    assert [row.get("why") for row in line["inputs"]] == [None, None, ["overdue"], ["overdue"]]


def test_a_month_without_such_a_day_ends_with_its_last_one():
    rule = "cadence: {each: month, until: {dayOfLastMonth: 31}}, window: {since: 02-01, before: 03-01}"
    assert reports(rule, ["2026-02-28"])[1] == ["fulfilled"]


def test_what_is_due_is_missed_as_soon_as_its_day_is_over_and_not_asked_of_whom_it_was_exempt_until_then():
    rule = "cadence: {each: month, until: {days: 5}, exempt: [ill]}, window: {before: 04-01}"
    assert reports(rule, [], through="2026-02-06")[1] == ["missed", "missed", "open"]
    assert reports(rule, [], through="2026-02-05")[1] == ["missed", "open", "open"]
    ill = [{"key": "x", "kind": "ill", "start": "2026-02-01", "end": "2026-02-06"}]
    assert reports(rule, [], exemptions=ill)[1] == ["missed", "exempt", "missed"]


def test_a_span_whose_day_lies_before_the_window_is_not_asked_for():
    rule = "cadence: {each: month, until: {days: 5}}, window: {since: 01-15, before: 03-01}"
    assert reports(rule, ["2026-01-20", "2026-02-01"])[1] == ["cut", "fulfilled"]


def test_a_last_day_behind_the_end_of_every_span_is_warned_of_and_one_of_an_event_is_refused():
    assert found("cadence: {each: month, until: {days: 31}}") == ["idle_until"]
    assert found("cadence: {each: quarter, until: {days: 31}}") == []
    for rule in ("each: event, until: {days: 3}", "each: week, until: {dayOfLastMonth: 3}", "each: month, until: {}"):
        with pytest.raises(RulebookInvalid):
            found(f"cadence: {{{rule}}}")


def spans_of(rule, days):
    _, states, line = reports(rule, days)
    return dict(zip([span["span"] for span in line["spans"]], states, strict=True))


def test_every_ten_days_end_on_the_10th_the_20th_and_with_the_month():
    """每旬一次; February 2026 has a third one of eight days."""
    rule = "cadence: {each: ten_days}, window: {since: 02-01, before: 03-01}"
    days = ["2026-02-10", "2026-02-11", "2026-02-28"]
    assert spans_of(rule, days) == dict.fromkeys(["2026-02-D1", "2026-02-D2", "2026-02-D3"], "fulfilled")
    assert list(spans_of(rule, ["2026-02-20", "2026-02-21"]).values()) == ["missed", "fulfilled", "fulfilled"]


def test_every_half_month_ends_on_the_15th_and_with_the_month():
    """每半月一次: 24 in a year."""
    days = [f"2026-{month:02d}-{day}" for month in range(1, 13) for day in ("15", "16")]
    assert reports("cadence: {each: half_month}", days)[0] == "100"
    assert reports("cadence: {each: half_month}", [day.replace("-15", "-31") for day in days])[0] == "40"


def test_two_weeks_are_fourteen_days_from_a_monday_on_also_over_a_year_of_53_weeks():
    """每两周一次: 29 December 2025 begins two weeks, and so do 28 December 2026 and, 14 days after, 11 January."""
    found = spans_of("cadence: {each: two_weeks}, window: {before: 02-01}", ["2026-01-11", "2026-01-12"])
    assert found == {"2026-W01+02": "fulfilled", "2026-W03+04": "fulfilled", "2026-W05+06": "missed"}
    assert bucket("2026-12-28", "two_weeks") == bucket("2027-01-10", "two_weeks") == "2026-W53+01"
    assert bucket("2027-01-11", "two_weeks") == "2027-W02+03"


@pytest.mark.parametrize(
    ("per", "total"), [("ten_days", "2"), ("half_month", "2"), ("two_weeks", "2"), ("month", "1"), ("day", "3")]
)
def test_a_cap_may_be_of_shorter_spans_than_a_month(per, total):
    """The 10th and 15th of March 2026 lie in two ten days, one half; its two weeks end on Sunday the 8th and 22nd."""
    days = {"ten_days": ("10", "15", "20"), "half_month": ("10", "15", "20"), "two_weeks": ("08", "09", "22")}
    facts = [fact(day, "report", f"2026-03-{day}") for day in days.get(per, ("10", "15", "20"))]
    book = REPORTS.replace("&", f"caps: [{{per: {per}, atMost: 1}}]").replace("reports.missed", "reports")
    assert judged(book, {"facts": facts})["numbers"][0]["value"] == total


def test_a_cadence_that_shorter_spans_never_allow_is_found():
    assert found("caps: [{per: ten_days, atMost: 1}], cadence: {each: half_month, atLeast: 4}") == [
        "impossible_cadence"
    ]
    assert found("caps: [{per: ten_days, atMost: 1}], cadence: {each: month, atLeast: 3}") == []
    assert found("caps: [{per: week, atMost: 1}], cadence: {each: two_weeks, atLeast: 3}") == ["impossible_cadence"]
    assert found("caps: [{per: month, atMost: 1}], cadence: {each: week, atLeast: 2}") == []  # a week of two months


AWAY = [{"key": "x", "kind": "ill", "start": "2026-03-01", "end": "2026-03-17"}]  # 15 days of March are left
LONGER = [{"key": "x", "kind": "ill", "start": "2026-03-01", "end": "2026-03-18"}]  # 14 days are


@pytest.mark.parametrize(("exemptions", "state"), [([], "missed"), (AWAY, "missed"), (LONGER, "exempt")])
def test_a_month_of_which_fewer_than_15_days_are_left_is_not_asked_for(exemptions, state):
    """不足 15 日的月份不计，满 15 日的按一个月计。"""
    rule = "cadence: {each: month, exempt: [ill], exemptWhen: {daysLeftUnder: 15}}"
    assert reports(rule, [], exemptions=exemptions)[1][2] == state


@pytest.mark.parametrize(("exemptions", "share"), [(AWAY, "1"), (LONGER, "11/12")])
def test_a_month_begun_counts_as_one_from_15_days_on(exemptions, share):
    rule = "{id: reports, source: presence, per: month, exempt: [ill], exemptWhen: {daysLeftUnder: 15}}"
    told = judged(f"measures: [{rule}]\nfinal: reports\n", {"exemptions": exemptions})
    assert told["numbers"][0]["value"] == share


def series(rule, minutes, **more):
    entries = [service(f"e{month}", amount, f"2026-{month:02d}-09") for month, amount in enumerate(minutes, start=1)]
    book = f"measures: [{{id: n, source: entries, window: {{before: 05-01}}, series: {{{rule}}}}}]\nfinal: n\n"
    return judged(book, {"entries": entries, **more})["score"]


def test_the_worst_month_is_left_out_of_an_average_of_those_that_count():
    """去掉最低的一个月后取平均: of 10, 40, 20 and 60 that is 40, and 50 where the third month is exempt."""
    rule = "each: month, drop: 1, join: average, exempt: [ill]"
    assert series(rule, [10, 40, 20, 60]) == "40"
    assert series(rule, [10, 40, 20, 60], exemptions=[AWAY[0] | {"end": "2026-04-01"}]) == "50"
    assert series(rule, [10], through="2026-02-01") is None  # there is nothing but the worst month
    assert series("each: month, drop: 2, join: sum", [10, 40, 20, 60]) == "100"


NET = """
measures:
  - id: net
    source: facts
    where: {kind: [served, absent]}
    take: {column: kind, values: {served: 2, absent: -5}}
    cadence: {each: quarter, atLeast: -10}
    streak: {of: missed, length: 2}
final: net.streaks
"""


def test_a_quarter_of_25_points_under_15_is_missed_and_two_in_a_row_are_a_run():
    """每季度 25 分，服务 +2、缺席 −5，低于 15 分黄牌，连续两季度红牌: the net score is under −10."""
    absent = [fact(f"a{day}", "absent", day) for day in ("2026-01-05", "2026-02-05", "2026-03-05")]
    later = [fact(f"b{day}", "absent", day) for day in ("2026-04-05", "2026-05-05", "2026-06-05")]
    served = [fact(f"s{n}", "served", "2026-06-09") for n in range(3)]

    def told(facts, **more):
        judgement = judged(NET, {"facts": facts, **more})
        return judgement["score"], [span["state"] for span in judgement["numbers"][0]["spans"]]

    assert told(absent + later) == ("1", ["missed", "missed", "fulfilled", "fulfilled"])
    assert told(absent + later + served) == ("0", ["missed", "fulfilled", "fulfilled", "fulfilled"])  # −15 + 6 is −9
    assert told(absent, through="2026-05-01") == ("0", ["missed", "open", "open", "open"])


def test_a_limit_that_no_span_falls_under_is_found():
    assert found("take: count, cadence: {each: month, atLeast: 0}") == ["idle_cadence"]
    assert found("take: {column: kind, values: {report: -5}}, cadence: {each: month, atLeast: 0}") == []


@pytest.mark.parametrize(
    ("rule", "summed"),
    [("each: ten_days", True), ("each: month, until: {days: 5}", False), ("each: month, atLeast: 0", False)],
)
def test_days_that_are_due_and_net_scores_are_never_taken_from_sums_of_spans(rule, summed):
    measure = f"{{id: n, source: entries, where: {{unit: [volunteer_minutes]}}, cadence: {{{rule}}}}}"
    book = yaml.safe_load(f"measures: [{measure}]\nfinal: n\n")
    book["measures"] = labelled(book["measures"])
    ready = compiled(load(HEAD + "subject: member\n" + yaml.safe_dump(book, allow_unicode=True)))
    assert (ready is not None) is summed
