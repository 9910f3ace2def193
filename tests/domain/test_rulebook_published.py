"""Rules of published documents that no shipped rulebook has, each as data alone; values are by hand from the text."""

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.explain import explain
from api.domain.rulebook.quota import allot
from tests.domain.rulebook_bundles import bundle, fact, judged, review, service, value, written

# 苏州市 2011 年意见第 7 条：书记等每年至少一次县级市、区或以上集中培训，累计不少于 7 天；
# 其他人员至少一次，不少于 5 天；每三年轮训一遍。
SUZHOU_TRAINING = """
measures:
  - {id: days, source: facts, where: {kind: [training]}}
  - {id: district, source: facts, where: {kind: [training], level: [district, city, province]}, take: count}
  - {id: any, source: facts, where: {kind: [training]}, take: count}
  - {id: rotation, source: facts, where: {kind: [training]}, take: count, window: {lastMonths: 36}}
scores:
  - {id: seven, op: constant, points: 7}
  - {id: five, op: constant, points: 5}
  - {id: due, op: cases, cases: [{when: {attribute: post, among: [secretary, director]}, take: seven}], otherwise: five}
  - id: once
    op: cases
    cases: [{when: {attribute: post, among: [secretary, director]}, take: district}]
    otherwise: any
gates:
  - {id: never, when: {value: rotation, lessThan: 1}, effect: becomes, grade: unmet}
grades:
  - {id: met, when: {all: [{value: days, atLeast: 1, proRata: due}, {value: once, atLeast: 1}]}}
  - {id: unmet}
"""


@pytest.mark.parametrize(
    ("post", "rows", "grade"),
    [
        ("secretary", [("city", 5), ("street", 2)], "met"),
        ("secretary", [("city", 5), ("street", 1)], "unmet"),  # 6 days
        ("secretary", [("street", 8)], "unmet"),  # none at the district or above
        ("worker", [("street", 5)], "met"),
        ("worker", [("street", 4)], "unmet"),
    ],
)
def test_suzhou_training_days_by_post_and_level(post, rows, grade):
    facts = [fact(f"t{n}", "training", level=level, amount=days) for n, (level, days) in enumerate(rows)]
    assert judged(SUZHOU_TRAINING, {"facts": facts, "attributes": {"post": post}})["grade"] == grade


def test_suzhou_everybody_is_trained_once_in_three_years():
    early = [fact("t", "training", "2023-12-31", level="city", amount=9)]
    late = [fact("t", "training", "2024-01-01", level="city", amount=9)]
    for facts, rotation in ((early, "0"), (late, "1")):
        assert (
            value(judged(SUZHOU_TRAINING, {"facts": facts, "attributes": {"post": "worker"}}), "rotation") == rotation
        )


# 苏州市 2011 年意见第 11、19 条：每年 4 次以上座谈会；书记每周固定一天接待；
# 活动经费每名党员每年不低于 150 元，少于 100 名的按 1.5 万元。
SUZHOU_COMMUNITY = """
measures:
  - {id: meetings, source: facts, where: {kind: [opinion_meeting]}, take: count}
  - id: weeks
    source: facts
    where: {kind: [reception], weekday: [wednesday]}
    take: count
    cadence: {each: week, wholeSpans: true}
  - {id: fen, source: entries, where: {unit: [fen]}}
  - {id: members, source: denominators, name: registered_members}
scores:
  - {id: yuan, op: rate, of: fen, points: 1, per: 100}
  - {id: a_head, op: rate, of: members, points: 150}
  - {id: least, op: constant, points: 15000}
  - {id: due, op: best, choose: 1, of: [a_head, least]}
grades:
  - id: met
    when:
      all:
        - {value: meetings, atLeast: 4}
        - {value: weeks.missed, atMost: 0}
        - {value: yuan, atLeast: 1, proRata: due}
  - {id: unmet}
"""


@pytest.mark.parametrize(("members", "yuan", "grade"), [(99, 15000, "met"), (120, 17999, "unmet"), (120, 18000, "met")])
def test_suzhou_meetings_a_weekly_day_and_funds_by_head_with_a_least_sum(members, yuan, grade):
    wednesdays = [f"2026-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 32)
                  if (month, day) in _calendar(2)]  # fmt: skip
    facts = [fact(f"m{n}", "opinion_meeting") for n in range(4)]
    facts += [fact(f"r{n}", "reception", on, weekday="wednesday") for n, on in enumerate(wednesdays)]
    facts += [fact("r", "reception", "2026-12-31", weekday="thursday")]
    money = {"key": "f", "unit": "fen", "amount": yuan * 100, "servedOn": "2026-02-02"}
    given = {"facts": facts, "entries": [money], "denominators": {"registered_members": members}}
    assert judged(SUZHOU_COMMUNITY, given, "community")["grade"] == grade
    short = given | {"facts": [row for row in facts if row["occurredOn"] != wednesdays[7]]}
    assert judged(SUZHOU_COMMUNITY, short, "community")["grade"] == "unmet"


def _calendar(weekday):
    """Return month and day of each such weekday of 2026, whose 1 January is a Thursday."""
    lengths, found, place = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), [], 3
    for month, length in enumerate(lengths, 1):
        for day in range(1, length + 1):
            found += [(month, day)] if place % 7 == weekday else []
            place += 1
    return found


# 2020 年城市基层党建工作要点（十六）（二十）（二十二）：新录用公务员到街道挂职不少于 1 年；
# 党建比重不少于 20%；每季度观摩、每半年推进会；排名末位的街道不能评优。
LAST_PLACE = """
measures:
  - {id: party, source: reviews, where: {kind: [party_building]}, result: average}
  - {id: rest, source: reviews, where: {kind: [other_work]}, result: average}
  - {id: visits, source: facts, where: {kind: [inspection]}, take: count, cadence: {each: quarter}}
  - {id: pushes, source: facts, where: {kind: [promotion_meeting]}, take: count, cadence: {each: half_year}}
totals:
  - {id: score, op: weighted, parts: [{of: party, weight: 20%}, {of: rest, weight: 80%}]}
gates:
  - {id: seldom, when: {any: [{value: visits.missed, moreThan: 0}, {value: pushes, lessThan: 2}]},
     effect: cannot_be_better_than, grade: qualified}
final: score
grades:
  - {id: excellent, band: {atLeast: 90}}
  - {id: good, band: {atLeast: 80, lessThan: 90}}
  - {id: qualified, band: {lessThan: 80}}
quotas:
  - {id: last, grade: good, orBetter: true, allBut: 1, rank: score, instead: qualified}
rubrics:
  - party: street
    labels: {zh: 评议, en: Review}
    criteria:
      - {id: party_building, labels: {zh: 党建, en: Party}, levels: [{id: a, labels: {zh: 好, en: A}, points: 100},
         {id: b, labels: {zh: 差, en: B}, points: 0}]}
      - {id: other_work, labels: {zh: 其他, en: Other}, levels: [{id: a, labels: {zh: 好, en: A}, points: 100},
         {id: b, labels: {zh: 差, en: B}, points: 0}]}
"""


def streets(*scores):
    book = written(LAST_PLACE, "street")
    facts = [fact(f"v{n}", "inspection", f"2026-{3 * n + 1:02d}-09") for n in range(4)]
    facts += [fact(f"p{n}", "promotion_meeting", f"2026-{6 * n + 1:02d}-09") for n in range(2)]
    rows = [[review("a", "party_building", one), review("b", "other_work", other)] for one, other in scores]
    judgements = [evaluate(book, bundle("street", facts=facts, reviews=each)) for each in rows]
    return [row["grade"] or row["decision"] for row in allot(book, judgements)]


def test_work_points_of_2020_weigh_a_fifth_and_the_last_street_is_not_among_the_good():
    # 0.2 × 100 + 0.8 × 90 = 92; 0.2 × 50 + 0.8 × 100 = 90; 0.2 × 90 + 0.8 × 80 = 82; 0.2 × 80 + 0.8 × 85 = 84
    assert streets((100, 90), (50, 100), (90, 80), (80, 85)) == ["excellent", "excellent", "qualified", "good"]
    assert streets((100, 90), (90, 90), (90, 90)) == ["excellent", "needs_decision", "needs_decision"], "two are last"
    assert streets((100, 90), (50, 50)) == ["excellent", "qualified"], "the last is lower already"


def test_work_points_of_2020_a_year_in_the_street():
    text = """
measures:
  - {id: months, source: affiliations, where: {kind: [placement]}, window: {lifetime: true}, take: months}
grades:
  - {id: served, when: {value: months, atLeast: 12}}
  - {id: not_yet}
"""
    for end, grade in (("2026-06-01", "served"), ("2026-05-31", "not_yet")):
        placed = [{"key": "p", "kind": "placement", "start": "2025-06-01", "end": end}]
        assert judged(text, {"affiliations": placed})["grade"] == grade


# 市外办 机关党员积分 2024：基础分 60，最低 0；组织生活每次 1；培训每次 1、1 周至 1 个月 2、2 个月以上 3；
# 文章 3，市级以上表彰再 3；微党课 3，市级再 3；受邀讲课 5。
CITY_OFFICE = """
measures:
  - {id: meetings, source: facts, where: {kind: [party_meeting]}, take: count}
  - id: trainings
    source: facts
    where: {kind: [training_days]}
    steps: {per: event, steps: [{reaches: 1, points: 1}, {reaches: 7, points: 2}, {reaches: 60, points: 3}]}
  - id: works
    source: facts
    where: {kind: [article, micro_lecture]}
    take: {column: level, values: {city: 6, province: 6}, otherwise: 3}
  - {id: lectures, source: facts, where: {kind: [invited_lecture]}, take: count}
  - {id: faults, source: facts, where: {kind: [deduction]}}
scores:
  - {id: base, op: constant, points: 60}
  - {id: lecture_points, op: rate, of: lectures, points: 5}
totals:
  - {id: points, op: sum, of: [base, meetings, trainings, works, lecture_points], minus: [faults], atLeast: 0}
final: points
"""


def test_city_office_points_by_how_long_a_training_took_and_a_bonus_by_level():
    facts = [fact(f"m{n}", "party_meeting") for n in range(4)]
    facts += [fact(f"t{n}", "training_days", amount=days) for n, days in enumerate((1, 6, 7, 31, 59, 60))]
    facts += [
        fact("a", "article", level="none"),
        fact("b", "micro_lecture", level="city"),
        fact("l", "invited_lecture"),
    ]
    judgement = judged(CITY_OFFICE, {"facts": facts})
    assert value(judgement, "trainings") == "11"  # 1 + 1 + 2 + 2 + 2 + 3
    assert judgement["score"] == "89"  # 60 + 4 + 11 + 3 + 6 + 5
    assert "　记实事项 t5：记录 60，计入 3；按每次活动合计的档次计分" in explain(judgement, "zh")
    assert judged(CITY_OFFICE, {"facts": [fact("x", "deduction", amount=90)]})["score"] == "0"


# 东营志愿服务记录惯例：组织、撰稿、上传另加 1 小时，有的队 0.5；午餐减 0.5；现场领薪者 0。
# 西安建筑科技大学：每小时 0.05 学分。
SYMBOLIC_HOURS = """
measures:
  - id: minutes
    source: entries
    where: {unit: [volunteer_minutes]}
    factors: [{table: {column: pay, values: {paid: 0}, otherwise: 1}}]
    also:
      - {source: facts, where: {kind: [organising]}, take: {column: role, values: {organiser: 60, uploader: 30}}}
      - {source: facts, where: {kind: [lunch]}, take: {column: kind, values: {lunch: -30}}}
    caps: [{per: day, atMost: 300}]
scores:
  - {id: credits, op: rate, of: minutes, points: 0.05, per: 60}
final: credits
"""


def test_dongying_hours_with_symbolic_ones_a_lunch_and_paid_staff_under_one_cap_of_a_day():
    entries = [service("a", 240, pay="none"), service("b", 480, "2026-04-04", pay="paid")]
    facts = [
        fact("o", "organising", role="organiser"),
        fact("l", "lunch"),
        fact("u", "organising", "2026-05-05", role="uploader"),
    ]
    judgement = judged(SYMBOLIC_HOURS, {"entries": entries, "facts": facts})
    assert value(judgement, "minutes") == "300"  # 240 + 60 − 30 = 270 on the first day, 0 and 30 on others
    assert judgement["score"] == "0.25"
    assert "　记实事项 o：记录 60，计入 60" in explain(judgement, "zh"), "a row of another source is called what it is"
    more = [*facts, fact("p", "organising", role="uploader"), fact("q", "organising", role="uploader")]
    assert value(judged(SYMBOLIC_HOURS, {"entries": entries, "facts": more}), "minutes") == "330"  # 330 is over 300


# 乡村服务小程序的八类积分，按次：邻里互助 10、志愿服务 15、议事 5、文明践行 10、技能传授 20、养老 15、儿童 15 等。
def test_village_points_by_kind_of_activity():
    text = """
measures:
  - id: points
    source: facts
    where: {kind: [village_service]}
    take:
      column: value
      values:
        {mutual_help: 10, volunteering: 15, council: 5, civility: 10, skill: 20, elderly: 15, children: 15, party: 10}
final: points
"""
    kinds = ("mutual_help", "skill", "skill", "council")
    facts = [fact(f"k{n}", "village_service", value=kind) for n, kind in enumerate(kinds)]
    assert judged(text, {"facts": facts})["score"] == "55"
