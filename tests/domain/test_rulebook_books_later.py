"""The shipped rulebooks modelled on cases R-13 to R-31: expected values are by hand from the source."""

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.shipped import shipped
from tests.domain.rulebook_bundles import bundle, fact, service


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
    led = "leader" if role == "leader" else "participant"
    entry = service("e", 60, activity="a", activityKind="service", role=led)
    facts = [fact("c", "conduct", activity="a", value=conduct)] if conduct else []
    facts += [fact("m", "role", activity="a", value="manager")] if role == "manager" else []
    assert evaluate(shipped("r24-leizhou"), bundle(entries=[entry], facts=facts))["score"] == points


def test_modelled_on_r24_each_activity_is_rounded_by_itself():
    entries = [service(f"e{n}", 60, activity=f"a{n}", activityKind="service", role="participant") for n in range(2)]
    facts = [fact(f"c{n}", "conduct", activity=f"a{n}", value="fair") for n in range(2)]
    assert evaluate(shipped("r24-leizhou"), bundle(entries=entries, facts=facts))["score"] == "6"  # 3 + 3, not 5


def test_modelled_on_r25_8_1_hours_in_a_day_wait_for_the_parent():
    book = shipped("r25-guangdong")
    entries = [service("e1", 300), service("e2", 186), service("e3", 480, "2026-03-06")]
    judgement = evaluate(book, bundle(entries=entries))
    assert judgement["score"] == "8", "the day of exactly 8 hours counts, the day of 8.1 waits"
    assert judgement["pending"] == [{"rule": "minutes", "span": "2026-03-05", "level": "parent", "sum": "486"}]
    approved = fact("ok", "hours_approved", "2026-03-05", value="parent")
    assert evaluate(book, bundle(entries=entries, facts=[approved]))["score"] == "16.1"


def test_modelled_on_r25_over_12_hours_need_the_province():
    entries = [service("e1", 721)]
    parent = fact("ok", "hours_approved", "2026-03-05", value="parent")
    waiting = evaluate(shipped("r25-guangdong"), bundle(entries=entries, facts=[parent]))
    assert (waiting["score"], waiting["pending"][0]["level"]) == ("0", "province")


def test_modelled_on_r25_a_service_over_midnight_is_split_between_its_days():
    night = service("e1", 540, days={"2026-03-05": 270, "2026-03-06": 270})
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
