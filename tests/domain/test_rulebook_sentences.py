"""Sentences of published rules, each written as data by the guide alone; grades and points are worked out by hand."""

import pytest

from tests.domain.rulebook_bundles import fact, judged, review, service, value


def each(kind, *days, **columns):
    """Return one fact of a kind on each day of 2026, written 03-05."""
    return [fact(f"{kind}-{n:03d}", kind, f"2026-{day}", **columns) for n, day in enumerate(days)]


def hours(*rows):
    """Return services, each as its day and its hours."""
    return [service(f"e{n:03d}", int(60 * many), day) for n, (day, many) in enumerate(rows)]


def away(kind, start, end):
    return {"key": kind, "kind": kind, "start": start, "end": end}


MINUTES = "source: entries, where: {unit: [volunteer_minutes]}"

# 绥棱县 2007：在职党员每季度与社区至少联系 2 次，每年参加社区党支部活动不少于 4 次。
SUILENG = """
measures:
  - {id: contacts, source: facts, where: {kind: [contact]}, take: count, cadence: {each: quarter, atLeast: 2}}
  - {id: activities, source: facts, where: {kind: [activity]}, take: count}
grades:
  - {id: met, when: {all: [{value: contacts.missed, atMost: 0}, {value: activities, atLeast: 4}]}}
  - {id: unmet}
"""
TWICE = [f"{month:02d}-0{day}" for month in (1, 4, 7, 10) for day in (3, 4)]


@pytest.mark.parametrize(
    ("contacts", "activities", "grade"), [(TWICE, 4, "met"), (TWICE, 3, "unmet"), ([*TWICE[1:], "12-30"], 9, "unmet")]
)
def test_modelled_on_suileng_two_contacts_in_each_quarter_and_four_activities_in_the_year(contacts, activities, grade):
    facts = [*each("contact", *contacts), *each("activity", *["05-05"] * activities)]
    assert judged(SUILENG, {"facts": facts})["grade"] == grade


# President's Volunteer Service Award: bronze, silver, gold within twelve months by age; 4 000 hours in a lifetime;
# hours ordered by a court do not count.
PRESIDENT = f"""
measures:
  - {{id: minutes, {MINUTES}, without: {{nature: [court_ordered]}}}}
  - {{id: life, {MINUTES}, without: {{nature: [court_ordered]}}, window: {{lifetime: true}}}}
scores:
  - {{id: hours, op: rate, of: minutes, points: 1, per: 60}}
  - {{id: ever, op: rate, of: life, points: 1, per: 60}}
  - {{id: child, op: lookup, of: hours, steps: [{{reaches: 50, points: 1}}, {{reaches: 75, points: 2}},
     {{reaches: 100, points: 3}}]}}
  - {{id: grown, op: lookup, of: hours, steps: [{{reaches: 100, points: 1}}, {{reaches: 250, points: 2}},
     {{reaches: 500, points: 3}}]}}
  - {{id: level, op: cases, cases: [{{when: {{attribute: ageGroup, among: [child]}}, take: child}}], otherwise: grown}}
final: level
grades:
  - {{id: call_to_service, when: {{value: ever, atLeast: 4000}}}}
  - {{id: gold, band: {{atLeast: 3}}}}
  - {{id: silver, band: {{atLeast: 2, lessThan: 3}}}}
  - {{id: bronze, band: {{atLeast: 1, lessThan: 2}}}}
  - {{id: none_yet}}
"""


@pytest.mark.parametrize(
    ("age", "served", "grade"),
    [
        ("child", [("2026-02-02", 74)], "bronze"),
        ("child", [("2026-02-02", 75)], "silver"),
        ("grown", [("2026-02-02", 249), ("2025-12-31", 100)], "bronze"),
        ("grown", [("2026-02-02", 500)], "gold"),
        ("grown", [("2011-02-02", 4000)], "call_to_service"),
        ("child", [("2026-02-02", 49)], "none_yet"),
    ],
)
def test_modelled_on_the_volunteer_service_award_hours_by_age_and_of_a_lifetime(age, served, grade):
    ordered = service("court", 60_000, nature="court_ordered")
    given = {"entries": [*hours(*served), ordered], "attributes": {"ageGroup": age}}
    assert judged(PRESIDENT, given)["grade"] == grade


# Duke of Edinburgh's Award, gold: twelve months of volunteering; of skills and sport twelve of one, six of the other;
# never less than once a month.
SECTIONS = "".join(
    f"""
  - id: {section}
    source: entries
    where: {{unit: [volunteer_minutes], section: [{section}]}}
    window: {{yearsBack: 1}}
    cadence: {{each: month}}
    streak: {{of: fulfilled, length: 6}}"""
    for section in ("volunteering", "skills", "sport")
)
EDINBURGH = f"""
measures:{SECTIONS}
scores:
  - {{id: longer, op: best, choose: 1, of: [skills.longest, sport.longest]}}
  - {{id: shorter, op: best, choose: 1, lowest: true, of: [skills.longest, sport.longest]}}
grades:
  - id: gold
    when: {{all: [{{value: volunteering.longest, atLeast: 12}}, {{value: longer, atLeast: 12}},
      {{value: shorter, atLeast: 6}}]}}
  - {{id: not_yet}}
"""


@pytest.mark.parametrize(
    ("skills", "sport", "left_out", "grade"),
    [(6, 12, None, "gold"), (12, 6, None, "gold"), (11, 11, None, "not_yet"), (12, 6, 7, "not_yet")],
)
def test_modelled_on_the_duke_of_edinburgh_months_in_a_row_over_two_years(skills, sport, left_out, grade):
    months = [f"2025-{month:02d}-05" for month in range(7, 13)] + [f"2026-{month:02d}-05" for month in range(1, 7)]
    entries = [
        service(f"{section}-{day}", 240, day, section=section)
        for section, many in (("volunteering", 12), ("skills", skills), ("sport", sport))
        for place, day in enumerate(months[:many])
        if (section, place) != ("volunteering", left_out)
    ]
    assert judged(EDINBURGH, {"entries": entries})["grade"] == grade


# 义工积分：近五年内每满 50 小时计 2 分，最高 10 分；一年内不超过 2 分。
POINTS_OF_FIVE_YEARS = f"""
measures:
  - {{id: minutes, {MINUTES}, window: {{yearsBack: 4}}, caps: [{{per: year, atMost: 3000}}]}}
totals:
  - {{id: points, op: rate, of: minutes, points: 2, per: 3000, rounding: {{quantum: 2, mode: down}}, atMost: 10}}
final: points
"""


def test_modelled_on_shenzhen_two_points_for_fifty_hours_at_most_two_a_year():
    rows = hours(("2022-06-01", 900), ("2023-06-01", 50), ("2025-06-01", 49.5), ("2021-12-31", 50))
    judgement = judged(POINTS_OF_FIVE_YEARS, {"entries": rows})
    assert (value(judgement, "minutes"), judgement["score"]) == ("8970", "4")  # 50 + 50 + 49.5 h: two whole fifties


# 南京养老服务时间银行：个人账户存储上限 1500 小时，超出的用于捐赠。
TIME_BANK = f"""
measures:
  - {{id: all, {MINUTES}, window: {{lifetime: true}}}}
  - {{id: kept, {MINUTES}, window: {{lifetime: true}}, caps: [{{per: period, atMost: 90000}}]}}
totals:
  - {{id: given, op: sum, of: [all], minus: [kept]}}
final: given
"""


def test_modelled_on_nanjing_hours_beyond_1500_are_given_away():
    judgement = judged(TIME_BANK, {"entries": hours(("2020-02-02", 1490), ("2026-02-02", 25))})
    assert (value(judgement, "kept"), judgement["score"]) == ("90000", "900")  # 15 hours


# 事假、病假累计超过考核年度半年的，不确定等次。
LONG_LEAVE = f"""
measures:
  - {{id: here, source: presence, per: day, exempt: [ill, other]}}
  - {{id: minutes, {MINUTES}}}
gates:
  - {{id: leave, when: {{value: here, lessThan: 1/2}}, effect: out_of_assessment}}
grades:
  - {{id: met, when: {{value: minutes, atLeast: 60}}}}
  - {{id: unmet}}
"""


@pytest.mark.parametrize(("end", "outcome"), [("2026-08-02", "graded"), ("2026-08-03", "out_of_assessment")])
def test_leave_of_several_kinds_is_added_up_to_more_than_half_a_year(end, outcome):
    free = [away("ill", "2026-01-01", "2026-05-01"), away("other", "2026-06-01", end)]  # 120 days and 62 or 63 of 365
    judgement = judged(LONG_LEAVE, {"entries": hours(("2026-05-09", 1)), "exemptions": free})
    assert judgement["outcome"] == outcome


# 全年 50 小时，按在册整月折算，折算后不足半小时的进到半小时。
PRO_RATA = f"""
measures:
  - {{id: minutes, {MINUTES}}}
  - {{id: share, source: presence, per: month, exempt: [not_yet_joined], exemptWhen: any_day}}
scores:
  - {{id: full, op: constant, points: 50}}
  - {{id: due, op: product, of: [full, share], rounding: {{quantum: 0.5, mode: up}}}}
  - {{id: hours, op: rate, of: minutes, points: 1, per: 60}}
grades:
  - {{id: met, when: {{value: hours, atLeast: 1, proRata: due}}}}
  - {{id: unmet}}
"""


@pytest.mark.parametrize(("served", "grade"), [(21, "met"), (20.9, "unmet")])
def test_a_duty_by_whole_months_is_rounded_up_to_half_an_hour(served, grade):
    given = {
        "entries": hours(("2026-09-09", served)),
        "exemptions": [away("not_yet_joined", "2020-01-01", "2026-07-10")],
    }
    judgement = judged(PRO_RATA, given)
    assert (value(judgement, "due"), judgement["grade"]) == ("21", grade)  # 50 × 5/12 = 20.83…


# 投诉查实：第一次扣 2 分，第二次扣 5 分，第三次起每次扣 10 分，扣完为止。
ESCALATING = """
measures:
  - {id: found, source: facts, where: {kind: [complaint_finding]}, take: count}
scores:
  - {id: base, op: constant, points: 40}
  - {id: two, op: lookup, of: found, steps: [{reaches: 1, points: 2}, {reaches: 2, points: 7}]}
  - {id: spared, op: constant, points: 2}
  - {id: beyond, op: sum, of: [found], minus: [spared], atLeast: 0}
  - {id: more, op: rate, of: beyond, points: 10}
totals:
  - {id: points, op: sum, of: [base], minus: [two, more], atLeast: 0}
final: points
"""


@pytest.mark.parametrize(("times", "points"), [(0, "40"), (1, "38"), (2, "33"), (3, "23"), (4, "13"), (6, "0")])
def test_each_further_complaint_found_true_costs_more(times, points):
    facts = each("complaint_finding", *["04-04"] * times)
    assert judged(ESCALATING, {"facts": facts})["score"] == points


# 星级每年只升一级：上年星级由记实写明。
ONE_STAR_A_YEAR = f"""
measures:
  - {{id: minutes, {MINUTES}, window: {{lifetime: true}}}}
  - {{id: before, source: facts, where: {{kind: [star]}}, take: {{column: value, values: {{one: 1, two: 2, three: 3}}}},
     window: {{yearsBack: 50}}, keep: {{per: period}}}}
scores:
  - {{id: reached, op: lookup, of: minutes, steps: [{{reaches: 6000, points: 1}}, {{reaches: 18000, points: 2}},
     {{reaches: 36000, points: 3}}]}}
  - {{id: one, op: constant, points: 1}}
  - {{id: next, op: sum, of: [before, one]}}
totals:
  - {{id: stars, op: best, choose: 1, lowest: true, of: [reached, next]}}
final: stars
"""


@pytest.mark.parametrize(("had", "stars"), [((), "1"), (("one",), "2"), (("one", "two"), "3")])
def test_stars_rise_by_one_a_year_whatever_the_hours(had, stars):
    facts = [fact(f"s{n}", "star", f"202{n + 3}-12-31", value=each_star) for n, each_star in enumerate(had)]
    assert judged(ONE_STAR_A_YEAR, {"entries": hours(("2026-05-05", 700)), "facts": facts})["score"] == stars


# 银星：累计 100 小时，且此后每年不少于 20 小时方可保留（近两年）。
UPKEEP = f"""
measures:
  - {{id: life, {MINUTES}, window: {{lifetime: true}}}}
  - {{id: years, {MINUTES}, window: {{yearsBack: 1}}, cadence: {{each: year, atLeast: 1200}}}}
grades:
  - {{id: silver, when: {{all: [{{value: life, atLeast: 6000}}, {{value: years.missed, atMost: 0}}]}}}}
  - {{id: none_yet}}
"""


@pytest.mark.parametrize(("last", "grade"), [(20, "silver"), (19.9, "none_yet")])
def test_silver_is_kept_by_twenty_hours_in_each_year(last, grade):
    rows = hours(("2019-01-01", 200), ("2025-03-03", last), ("2026-03-03", 20))
    assert judged(UPKEEP, {"entries": rows})["grade"] == grade


# 民主测评：上级 40%、同级 30%、下级 30%；没有下级的，同级占 60%。
BALLOTS = """
measures:
  - {id: above, source: reviews, where: {party: [street]}, result: average}
  - {id: beside, source: reviews, where: {party: [panel]}, result: average}
  - {id: below, source: reviews, where: {party: [resident]}, result: average}
  - {id: voices, source: reviews, where: {party: [resident]}, take: count}
scores:
  - {id: three, op: weighted, parts: [{of: above, weight: 40%}, {of: beside, weight: 30%}, {of: below, weight: 30%}]}
  - {id: two, op: weighted, parts: [{of: above, weight: 40%}, {of: beside, weight: 60%}]}
totals:
  - {id: points, op: cases, cases: [{when: {value: voices, atLeast: 1}, take: three}], otherwise: two}
final: points
"""


@pytest.mark.parametrize(("below", "points"), [([], "84"), ([70], "81")])
def test_the_weight_of_who_has_no_voice_goes_to_another(below, points):
    marks = [("street", 90), ("panel", 80), *(("resident", mark) for mark in below)]
    reviews = [review(f"v{n}", party, mark) | {"party": party} for n, (party, mark) in enumerate(marks)]
    assert judged(BALLOTS, {"reviews": reviews})["score"] == points
