"""The shipped rulebooks, modelled on published rules: expected values are by hand from the source."""

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.explain import explain
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import load
from api.domain.rulebook.shipped import names, shipped, shipped_text
from tests.domain.rulebook_bundles import bundle, fact, registration, review, service, value

MONTHS = [f"2026-{month:02d}-15" for month in range(1, 13)]


@pytest.mark.parametrize("name", names())
def test_a_shipped_rulebook_has_no_findings_and_says_how_it_was_settled(name):
    assert lint(shipped(name)) == []
    assert shipped(name).settled
    assert load(shipped_text(name)).digest == shipped(name).digest


@pytest.mark.parametrize("name", names())
def test_a_shipped_rulebook_judges_an_empty_year_and_explains_it(name):
    book = shipped(name)
    judgement = evaluate(book, bundle(book.subject, 2015 if name.endswith("older") else 2026))
    assert judgement["outcome"] in {"graded", "ungraded", "unknown", "exempt", "out_of_assessment"}
    assert all(explain(judgement, "zh"))
    assert all(explain(judgement, "en"))


def test_modelled_on_r01_fifty_hours_and_sixty_points_are_both_needed():
    book = shipped("r01-qiaoxi-member")
    item = fact("f1", "scored_item", amount=10)
    both = evaluate(book, bundle(entries=[service("e1", 3000)], facts=[item]))  # 50 h + 10
    assert (both["score"], both["grade"]) == ("60", "passed")
    few_hours = evaluate(book, bundle(entries=[service("e1", 2999)], facts=[item, fact("f2", "scored_item", amount=9)]))
    assert few_hours["grade"] == "failed"


def unit_of(reported: int, completed: int, of: int):
    members = [
        {
            "key": f"{n:03d}",
            "outcome": "graded",
            "grade": "passed" if n < completed else "failed",
            "reportedIn": "yes" if n < reported else "no",
            "numbers": {},
        }
        for n in range(of)
    ]
    visits = [
        fact(f"v{n}", "unit_visit", on) for n, on in enumerate(("2026-01-01", "2026-06-30", "2026-07-01", "2026-12-31"))
    ]
    return bundle("unit", members=members, facts=visits, denominators={"eligible_members": of})


@pytest.mark.parametrize(
    ("reported", "completed", "outcome"),
    [(20, 19, "graded"), (19, 19, "graded"), (18, 20, "out_of_assessment"), (20, 18, "out_of_assessment")],
)
def test_modelled_on_r01_both_rates_need_95_per_cent(reported, completed, outcome):
    # 19 of 20 is exactly 95 %, 18 of 20 is 90 %
    judgement = evaluate(shipped("r01-qiaoxi-unit"), unit_of(reported, completed, 20))
    assert judgement["outcome"] == outcome
    assert value(judgement, "completion_rate") == {20: "1", 19: "0.95", 18: "0.9"}[completed]


def test_modelled_on_r01_a_visit_each_quarter_is_not_four_in_one():
    given = unit_of(20, 20, 20)
    assert evaluate(shipped("r01-qiaoxi-unit"), given)["grade"] == "fulfilled"
    given["facts"] = [fact(f"v{n}", "unit_visit", "2026-05-01") for n in range(4)]
    assert evaluate(shipped("r01-qiaoxi-unit"), given)["grade"] == "not_fulfilled"


@pytest.mark.parametrize(
    ("start", "days", "grade"),
    [
        ("2026-06-30", ["2026-06-30", "2026-07-01"], "qualified"),
        ("2026-07-01", ["2026-06-30", "2026-07-01"], "basically_qualified"),
        ("2025-01-01", ["2026-02-01", "2026-06-30"], "basically_qualified"),
    ],
)
def test_modelled_on_r02_report_by_30_june_and_serve_each_half_year(start, days, grade):
    entries = [service(f"e{n}", 60, on) for n, on in enumerate(days)]
    judgement = evaluate(shipped("r02-foshan"), bundle(entries=entries, affiliations=[registration(start)]))
    assert judgement["grade"] == grade


def test_modelled_on_r03_half_running_half_year_end_with_bonus():
    reviews = [review("r1", "study", 10), review("r2", "volunteering", "9.5"), review("r3", "year_end", 92)]
    facts = [fact("a1", "absence"), fact("a2", "absence"), fact("s1", "suggestion_adopted")]
    facts += [
        fact(f"j{n}", "joint_activity", on)
        for n, on in enumerate(("2026-02-01", "2026-05-01", "2026-05-02", "2026-08-01"))
    ]
    judgement = evaluate(shipped("r03-community-committee"), bundle("unit", reviews=reviews, facts=facts))
    # meetings 40 − 2×5 = 30, building 40 − 1 quarter × 5 = 35, 10, 9.5: running 84.5; (84.5 + 92) / 2 + 2 = 90.25
    assert value(judgement, "running") == "84.5"
    assert (judgement["score"], judgement["grade"]) == ("90.25", "good")


def test_modelled_on_r03_95_is_excellent_and_absences_stop_at_the_floor():
    reviews = [review("r1", "study", 10), review("r2", "volunteering", 10), review("r3", "year_end", 84)]
    facts = [fact(f"j{n}", "joint_activity", f"2026-{m}-01") for n, m in enumerate(("01", "04", "07", "10"))]
    judgement = evaluate(shipped("r03-community-committee"), bundle("unit", reviews=reviews, facts=facts))
    # (100 + 84) / 2 + 3 for full attendance = 95
    assert (judgement["score"], judgement["grade"]) == ("95", "excellent")
    facts += [fact(f"a{n}", "absence") for n in range(9)]
    worst = evaluate(shipped("r03-community-committee"), bundle("unit", reviews=reviews, facts=facts))
    assert value(worst, "meetings") == "0"


def test_modelled_on_r05_every_one_of_five_duties_is_needed():
    facts = [fact(f"p{n}", "problem_solved") for n in range(4)] + [fact(f"t{n}", "theme_activity") for n in range(4)]
    facts += [fact(f"l{n}", "leader_on_site", f"2026-{m}-01") for n, m in enumerate(("03", "06", "09", "12"))]
    facts += [fact(f"m{n}", "team_activity", on) for n, on in enumerate(MONTHS)]
    team = [{"key": "team", "kind": "team", "start": "2025-05-01", "end": None}]
    book = shipped("r05-lanshan")
    assert evaluate(book, bundle("unit", facts=facts, affiliations=team))["grade"] == "fulfilled"
    assert evaluate(book, bundle("unit", facts=facts[1:], affiliations=team))["grade"] == "not_fulfilled"
    assert evaluate(book, bundle("unit", facts=facts, affiliations=[]))["grade"] == "not_fulfilled"


def test_modelled_on_r06_the_paired_community_counts_only_as_fallback():
    entries = [service("e1", 60, relation="home"), service("e2", 60, relation="paired")]
    book = shipped("r06-longyan")
    home = evaluate(book, bundle(entries=entries, attributes={"registrationBasis": "residence"}))
    fallback = evaluate(book, bundle(entries=entries, attributes={"registrationBasis": "paired_fallback"}))
    assert (home["grade"], fallback["grade"]) == ("not_fulfilled", "fulfilled")
    assert evaluate(book, bundle(entries=entries))["outcome"] == "unknown"


def test_modelled_on_r07_once_a_month_fails_for_twelve_in_december():
    book = shipped("r07-chengxi")
    december = [service(f"e{n:02d}", 60, f"2026-12-{n + 1:02d}") for n in range(12)]
    judgement = evaluate(book, bundle(entries=december))
    assert (value(judgement, "months"), judgement["grade"]) == ("1", "not_fulfilled")
    monthly = [service(f"e{n:02d}", 60, on) for n, on in enumerate(MONTHS)]
    assert evaluate(book, bundle(entries=monthly))["grade"] == "fulfilled"


def test_modelled_on_r07_months_of_illness_are_not_required():
    entries = [service(f"e{n:02d}", 60, on) for n, on in enumerate(MONTHS) if n not in (3, 4)]
    ill = {"key": "x", "kind": "ill", "start": "2026-03-20", "end": "2026-06-01"}
    book = shipped("r07-chengxi")
    assert evaluate(book, bundle(entries=entries, exemptions=[ill]))["grade"] == "fulfilled"
    shorter = ill | {"end": "2026-05-31"}  # May is not wholly covered
    assert evaluate(book, bundle(entries=entries, exemptions=[shorter]))["grade"] == "not_fulfilled"


def test_modelled_on_r09_bulletins_are_due_every_two_months():
    facts = [fact(f"l{n}", "needs_list_published", on) for n, on in enumerate(MONTHS)]
    facts += [fact(f"f{n}", "feedback_sent", on) for n, on in enumerate(MONTHS)]
    facts += [fact(f"b{n}", "bulletin", on) for n, on in enumerate(MONTHS[::2])]
    book = shipped("r09-lishu")
    assert evaluate(book, bundle("community", facts=facts))["grade"] == "fulfilled"
    assert evaluate(book, bundle("community", facts=facts[:-1]))["grade"] == "not_fulfilled"


def test_modelled_on_r11_the_joint_meeting_decides_unless_the_goods_are_short():
    goods = {"key": "g", "unit": "fen", "kind": "donation", "amount": 100000, "servedOn": "2026-05-01"}
    sessions = [review("s1", "community", 80), review("s2", "community", 90)]
    book = shipped("r11-qishan")
    waiting = evaluate(book, bundle("unit", entries=[goods], reviews=sessions))
    assert (waiting["outcome"], waiting["possible"]) == ("unknown", ["passed", "not_passed"])
    decided = evaluate(book, bundle("unit", entries=[goods], reviews=[*sessions, review("m", "joint_meeting", 70)]))
    assert decided["grade"] == "passed"
    short = evaluate(book, bundle("unit", entries=[goods | {"amount": 99999}], reviews=sessions))
    assert short["grade"] == "not_passed", "a gate decides although the meeting has not met"


def test_modelled_on_r13_48_hours_pro_rata_of_the_months_present():
    joined_in_april = {"key": "x", "kind": "not_yet_joined", "start": "2026-01-01", "end": "2026-04-01"}
    book = shipped("r13-shishi-member")
    # 48 h × 9/12 = 36 h = 2160 minutes
    assert evaluate(book, bundle(entries=[service("e", 2160)], exemptions=[joined_in_april]))["grade"] == "met"
    assert evaluate(book, bundle(entries=[service("e", 2159)], exemptions=[joined_in_april]))["grade"] == "unmet"


@pytest.mark.parametrize(
    ("staff", "volunteers", "grade"), [(50, 1, "met"), (51, 10, "unmet"), (51, 11, "met"), (60, 12, "met")]
)
def test_modelled_on_r13_a_team_of_a_fifth_in_units_of_over_fifty(staff, volunteers, grade):
    members = [{"key": f"{n}", "outcome": "graded", "grade": "met", "numbers": {}} for n in range(volunteers)]
    judgement = evaluate(shipped("r13-shishi-unit"), bundle("unit", members=members, denominators={"staff": staff}))
    assert judgement["grade"] == grade


def test_modelled_on_r15_organisational_life_counts_at_most_40_and_the_retired_are_exempt():
    facts = [fact(f"o{n}", "organizational_life", amount=15) for n in range(3)] + [fact("i", "scored_item", amount=30)]
    book = shipped("r15-city-organs")
    judgement = evaluate(book, bundle(facts=facts, attributes={"memberClass": "in_service"}))
    assert (judgement["score"], judgement["grade"]) == ("70", "passed")
    assert evaluate(book, bundle(facts=facts, attributes={"memberClass": "retired"}))["outcome"] == "exempt"


def test_modelled_on_r17_100_yuan_and_3_hours_are_13():
    donation = {"key": "d", "unit": "fen", "kind": "donation", "amount": 10000, "servedOn": "2026-02-01"}
    judgement = evaluate(shipped("r17-cangnan"), bundle(entries=[donation, service("e", 180)]))
    assert judgement["score"] == "13"


def test_modelled_on_r18_a_special_team_is_3_and_courage_is_10():
    facts = [fact("a", "special_team"), fact("b", "act_of_courage"), fact("c", "category_1", amount=2)]
    assert evaluate(shipped("r18-nanhu"), bundle(facts=facts))["score"] == "15"


def test_modelled_on_r19_3_5_and_1_5_hours_under_a_cap_of_2_are_3_5_points():
    judgement = evaluate(shipped("r19-hailin"), bundle(entries=[service("e1", 210), service("e2", 90)]))
    assert judgement["score"] == "3.5"


@pytest.mark.parametrize(("found", "points"), [("found_true", "1.5"), ("not_found", "3.5")])
def test_modelled_on_r19_only_a_complaint_found_true_makes_its_activity_0(found, points):
    entries = [service("e1", 210, activity="a1"), service("e2", 90, activity="a2")]
    finding = fact("f", "complaint_finding", activity="a1", value=found)
    judgement = evaluate(shipped("r19-hailin"), bundle(entries=entries, facts=[finding]))
    assert judgement["score"] == points
    withdrawn = [finding, fact("g", "complaint_finding", activity="a1", value=found, reverses="f")]
    assert evaluate(shipped("r19-hailin"), bundle(entries=entries, facts=withdrawn))["score"] == "3.5"


def test_modelled_on_r19_a_referral_is_2():
    assert evaluate(shipped("r19-hailin"), bundle(facts=[fact("f", "referral"), fact("g", "referral")]))["score"] == "4"


@pytest.mark.parametrize(("minutes", "grade"), [(2999, "none_yet"), (3000, "silver"), (6000, "gold")])
def test_modelled_on_r21_50_is_silver_and_100_gold(minutes, grade):
    book = shipped("r21-luohe")
    assert evaluate(book, bundle(entries=[service("e", minutes)]))["grade"] == grade
    excluded = bundle(entries=[service("e", minutes)], facts=[fact("x", "exclusion_finding", value="ground_2")])
    assert evaluate(book, excluded)["outcome"] == "out_of_assessment"


@pytest.mark.parametrize(
    ("role", "conduct", "points"),
    [
        ("leader", "fair", "4"),
        ("leader", "good", "7"),
        ("manager", None, "6"),
        ("participant", "fair", "3"),
        ("leader", "poor", "0"),
    ],
)
def test_modelled_on_r24_base_times_role_times_conduct_half_rounded_up(role, conduct, points):
    # 5 × 1.4 × 0.5 = 3.5 → 4; 5 × 1.4 = 7; 5 × 1.2 = 6; 5 × 0.5 = 2.5 → 3
    entry = service("e", 60, activity="a", kind="service", role=role)
    facts = [fact("c", "conduct", activity="a", value=conduct)] if conduct else []
    assert evaluate(shipped("r24-leizhou"), bundle(entries=[entry], facts=facts))["score"] == points


def test_modelled_on_r24_each_activity_is_rounded_by_itself():
    entries = [service(f"e{n}", 60, activity=f"a{n}", kind="service", role="participant") for n in range(2)]
    facts = [fact(f"c{n}", "conduct", activity=f"a{n}", value="fair") for n in range(2)]
    assert evaluate(shipped("r24-leizhou"), bundle(entries=entries, facts=facts))["score"] == "6"  # 3 + 3, not 5


def test_modelled_on_r25_8_1_hours_in_a_day_wait_for_the_parent():
    book = shipped("r25-guangdong")
    entries = [service("e1", 300, pair="1"), service("e2", 186, pair="1"), service("e3", 480, "2026-03-06", pair="1")]
    judgement = evaluate(book, bundle(entries=entries))
    assert judgement["score"] == "8", "the day of exactly 8 hours counts, the day of 8.1 waits"
    assert judgement["pending"] == [{"rule": "minutes", "span": "2026-03-05", "level": "parent", "sum": "486"}]
    approved = fact("ok", "hours_approved", "2026-03-05", value="parent")
    assert evaluate(book, bundle(entries=entries, facts=[approved]))["score"] == "16.1"


def test_modelled_on_r25_over_12_hours_need_the_province():
    entries = [service("e1", 721, pair="1")]
    parent = fact("ok", "hours_approved", "2026-03-05", value="parent")
    waiting = evaluate(shipped("r25-guangdong"), bundle(entries=entries, facts=[parent]))
    assert (waiting["score"], waiting["pending"][0]["level"]) == ("0", "province")


def test_modelled_on_r25_a_service_over_midnight_is_split_between_its_days():
    night = service("e1", 540, pair="1", days={"2026-03-05": 270, "2026-03-06": 270})
    judgement = evaluate(shipped("r25-guangdong"), bundle(entries=[night]))
    assert (judgement["score"], judgement["pending"]) == ("9", [])


@pytest.mark.parametrize(
    ("book", "year", "stars"),
    [("r29-beijing-stars", 2026, "two_stars"), ("r29-beijing-stars-older", 2015, "three_stars")],
)
def test_modelled_on_r29_the_stars_of_a_version_and_its_cut_off(book, year, stars):
    # 500 h of a lifetime: three stars by the older steps (100/200/500), two by the newer (100/300/600)
    entries = [service("e1", 24000, f"{year - 5}-06-01"), service("e2", 6000, f"{year}-11-30")]
    assert evaluate(shipped(book), bundle(year=year, entries=entries))["grade"] == stars
    entries[1]["servedOn"] = f"{year}-12-01"
    late = evaluate(shipped(book), bundle(year=year, entries=entries))
    assert late["score"] == "400"


def test_modelled_on_r31_only_confirmed_items_score_by_tier():
    facts = [fact(f"i{n}", "red_item", value=f"tier_{n}", confirmed="yes") for n in (1, 2, 3)]
    facts.append(fact("no", "red_item", value="tier_3", confirmed="no"))
    assert evaluate(shipped("r31-red-points"), bundle(facts=facts))["score"] == "35"


@pytest.mark.parametrize(
    ("name", "subject", "kind", "days", "grade"),
    [
        ("r10-jingmen-unit", "unit", "report_to_superior", ["2026-12-31"], "fulfilled"),
        ("r10-jingmen-unit", "unit", "report_to_superior", ["2025-12-31"], "not_fulfilled"),
        ("r10-jingmen-member", "member", "report_to_branch", ["2026-06-30", "2026-07-01"], "fulfilled"),
        ("r10-jingmen-member", "member", "report_to_branch", ["2026-01-30", "2026-06-30"], "not_fulfilled"),
    ],
)
def test_modelled_on_r10_units_report_yearly_and_members_each_half_year(name, subject, kind, days, grade):
    facts = [fact(f"f{n}", kind, on) for n, on in enumerate(days)]
    assert evaluate(shipped(name), bundle(subject, facts=facts))["grade"] == grade


def test_modelled_on_r08_a_post_and_a_card_each_quarter():
    facts = [fact("p", "duty_post", value="post_3")]
    facts += [fact(f"c{n}", "service_card", f"2026-{m}-30") for n, m in enumerate(("03", "06", "09", "12"))]
    assert evaluate(shipped("r08-zhongjiang"), bundle(facts=facts))["grade"] == "fulfilled"
    assert evaluate(shipped("r08-zhongjiang"), bundle(facts=facts[1:]))["grade"] == "not_fulfilled"
