"""Rules that many districts have, of days since joining, rolling days, joint caps and shares; values are by hand."""

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.quota import allot, counted_groups
from tests.domain.rulebook_bundles import bundle, fact, judged, registration, service, value, written

# 通行做法：报到后 30 日内首次服务；任意 90 日内缺席 3 次即约谈；每月会议与服务合计最多 5 分；周末与节假日加倍；
# 优秀不超过三分之一、良好以上不超过六成。
COMMON = """
measures:
  - id: prompt
    source: entries
    where: {unit: [volunteer_minutes]}
    deadline: {after: [registration], days: 30, atLeast: 60}
  - {id: absent, source: facts, where: {kind: [absence]}, take: count, rolling: {days: 90}}
  - {id: idle, source: entries, where: {unit: [volunteer_minutes]}, distinct: day, rolling: {days: 100, of: smallest}}
  - id: month
    source: facts
    where: {kind: [meeting]}
    take: count
    also:
      - source: entries
        where: {unit: [volunteer_minutes]}
        take: count
        factors: [{table: {column: dayKind, values: {weekend: 2, holiday: 2}, otherwise: 1}}]
    caps: [{per: month, atMost: 5}]
gates:
  - {id: talk, when: {value: absent, atLeast: 3}, effect: becomes, grade: fair}
  - {id: late, when: {value: prompt.missed, moreThan: 0}, effect: cannot_be_better_than, grade: good}
  - {id: long_idle, when: {value: idle, lessThan: 1}, effect: cannot_be_better_than, grade: good}
final: month
grades:
  - {id: excellent, band: {atLeast: 8}}
  - {id: good, band: {atLeast: 4, lessThan: 8}}
  - {id: fair, band: {lessThan: 4}}
quotas:
  - {id: third, labels: {zh: 优秀, en: Top}, grade: excellent, atMost: 1/3, rank: month, instead: good}
  - {id: most, labels: {zh: 良好以上, en: Good}, grade: good, orBetter: true, atMost: 60%, rank: month, instead: fair}
"""


def common(minutes_on, absences=(), joined="2026-03-01", meetings=0):
    entries = [service(f"e{n}", 60, on, dayKind=kind) for n, (on, kind) in enumerate(minutes_on)]
    facts = [fact(f"a{n}", "absence", on) for n, on in enumerate(absences)]
    facts += [fact(f"m{n}", "meeting", "2026-03-20") for n in range(meetings)]
    return {"entries": entries, "facts": facts, "affiliations": [registration(joined)]}


SPREAD = [(f"2026-{month:02d}-15", "workday") for month in (1, 3, 6, 8, 11)]


@pytest.mark.parametrize(
    ("given", "numbers", "grade"),
    [
        (common([*SPREAD, ("2026-03-30", "weekend")], meetings=4), ("1", "0", "1", "9"), "excellent"),  # 1+5+1+1+1
        (common([*SPREAD, ("2026-06-16", "weekend")], meetings=4, joined="2026-07-01"), ("0", "0", "1", "11"), "good"),
        (common(SPREAD[:4], meetings=4), ("1", "0", "0", "8"), "good"),  # none from 16 August to 31 December
        (common(SPREAD, ["2026-01-01", "2026-02-01", "2026-03-31"], meetings=9), ("1", "3", "1", "9"), "fair"),
        (common(SPREAD, ["2026-01-01", "2026-02-01", "2026-04-01"], meetings=9), ("1", "2", "1", "9"), "excellent"),
    ],
)
def test_prompt_after_joining_any_90_days_no_100_days_idle_and_one_cap_over_two_sources(given, numbers, grade):
    judgement = judged(COMMON, given)
    assert tuple(value(judgement, name) for name in ("prompt", "absent", "idle", "month")) == numbers
    assert judgement["grade"] == grade


def test_a_deadline_that_still_runs_or_that_somebody_left_before_is_not_missed():
    for given, states in (
        (common([], joined="2026-12-10"), ["open"]),
        (common([], joined="2025-12-10"), ["missed"]),  # the thirtieth day lies in this year
        (common([], joined="2025-11-30"), []),
        (common([("2025-12-20", "workday")], joined="2025-12-10"), ["fulfilled"]),
        (common([]) | {"affiliations": [registration("2026-03-01", "2026-03-30")]}, ["exempt"]),
        (common([]) | {"through": "2026-03-30"}, ["open"]),
    ):
        line = evaluate(written(COMMON, "member"), bundle(**given))["numbers"][0]
        assert [span["state"] for span in line.get("spans", [])] == states


def test_a_third_excellent_and_six_in_ten_good_or_better():
    book = written(COMMON, "member")
    months = [(f"2026-{month:02d}-15", "workday") for month in range(1, 13)]
    judgements = [evaluate(book, bundle(**common(months[:count], joined="2026-01-10")) | {"subject": f"{count}"})
                  for count in (12, 11, 10, 9, 8, 7, 6, 5, 4, 3)]  # fmt: skip
    rows = allot(book, judgements)
    assert [seats.seats for seats in counted_groups(book, judgements)] == [3, 6]
    grades = [row["grade"] for row in rows]
    assert grades.count("excellent") <= 3
    assert sum(grade in ("excellent", "good") for grade in grades) <= 6
    assert grades[:3] == [judgements[n]["grade"] for n in range(3)], "who ranks highest keeps what was earned"


# 通行做法：国家、省、市、区四级表彰按等级和名次取分，同一事项取最高；任职加分；
# 附加分不超过基础分的两成；按人数分档的应办次数；四个季度中至少三个有活动。
TIERS = """
measures:
  - id: honours
    source: facts
    where: {kind: [honour], level: [city]}
    take: {column: prize, values: {first: 10, second: 8}, otherwise: 5}
    also:
      - source: facts
        where: {kind: [honour], level: [district]}
        take: {column: prize, values: {first: 6}, otherwise: 3}
      - source: facts
        where: {kind: [honour], level: [nation, province]}
        take: {column: level, values: {nation: 20, province: 15}}
    keep: {per: matter}
  - {id: quarters, source: facts, where: {kind: [activity]}, take: count, cadence: {each: quarter}}
  - {id: activities, source: facts, where: {kind: [activity]}, take: count}
  - {id: staff, source: denominators, name: staff}
scores:
  - {id: due, op: lookup, of: staff, steps: [{reaches: 20, points: 4}, {reaches: 50, points: 6}], below: 2}
  - {id: three, op: constant, points: 3}
  - {id: five, op: constant, points: 5}
  - {id: none, op: constant, points: 0}
  - {id: post, op: cases, cases: [{when: {attribute: post, among: [secretary]}, take: five},
     {when: {attribute: post, among: [committee]}, take: three}], otherwise: none}
  - {id: done, op: best, choose: 1, lowest: true, of: [activities, due]}
  - {id: base, op: product, of: [done, five]}
  - {id: fifth, op: rate, of: base, points: 20%}
adjustments:
  - {id: bonus, op: best, choose: 1, lowest: true, of: [honours, fifth]}
totals:
  - {id: total, op: sum, of: [base, bonus, post]}
final: total
grades:
  - {id: met, when: {all: [{value: quarters, atLeast: 3}, {value: activities, atLeast: 1, proRata: due}]}}
  - {id: unmet}
"""


@pytest.mark.parametrize(
    ("months", "staff", "total", "grade"),
    [
        ((1, 4, 7), 19, "15", "met"),  # min(3, 2) × 5 = 10, of 31 points of honours 2, and 3 for the post
        ((1, 4, 7, 8), 49, "27", "met"),  # min(4, 4) × 5 = 20, and 4, and 3
        ((1, 4, 7, 8), 50, "27", "unmet"),  # six are due
        ((1, 1, 2, 3, 4, 4), 50, "39", "unmet"),  # min(6, 6) × 5 = 30, and 6, and 3; in two quarters
    ],
)
def test_levels_and_prizes_posts_head_counts_and_a_bonus_up_to_a_fifth_of_the_base(months, staff, total, grade):
    honours = [("city", "first", "flood"), ("province", "none", "flood"), ("district", "second", "choir")]
    honours += [("district", "first", "reading"), ("city", "third", "garden"), ("city", "second", "reading")]
    facts = [fact(f"h{n}", "honour", level=level, prize=prize, matter=matter)
             for n, (level, prize, matter) in enumerate(honours)]  # fmt: skip
    facts += [fact(f"a{n}", "activity", f"2026-{month:02d}-05") for n, month in enumerate(months)]
    given = {"facts": facts, "denominators": {"staff": staff}, "attributes": {"post": "committee"}}
    judgement = judged(TIERS, given, "unit")
    assert value(judgement, "honours") == "31"  # flood 15, choir 3, reading 8, garden 5
    assert (judgement["score"], judgement["grade"]) == (total, grade)
