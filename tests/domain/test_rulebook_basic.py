"""The basic rulebooks that a district starts from, their explanation and their seal."""

import copy

import pytest

from api.domain.canonical import digest
from api.domain.rulebook.evaluate import as_member, evaluate
from api.domain.rulebook.explain import explain
from api.domain.rulebook.shipped import shipped
from api.domain.seal import SealBroken, seal, verify
from tests.domain.rulebook_bundles import bundle, registration, service, value


def hours(n):
    """Invent entries of two hours each."""
    return [service(f"e{k:03d}", 120, f"2026-{k % 12 + 1:02d}-10") for k in range(n // 2)]


@pytest.mark.parametrize(
    ("worked", "grade"), [(4, "unqualified"), (6, "basically_qualified"), (10, "qualified"), (30, "excellent")]
)
def test_the_basic_rule_grades_members_by_their_hours(worked, grade):
    judgement = evaluate(shipped("basic-member"), bundle(entries=hours(worked), affiliations=[registration()]))
    assert (judgement["score"], judgement["grade"]) == (str(worked), grade)


def test_the_basic_rule_caps_an_event_at_4_and_a_year_at_60_hours():
    book = shipped("basic-member")
    one = evaluate(book, bundle(entries=[service("e", 300)], affiliations=[registration()]))
    assert one["score"] == "4"
    many = evaluate(book, bundle(entries=hours(80), affiliations=[registration()]))
    assert (value(many, "minutes"), many["score"]) == ("3600", "60")
    last = many["numbers"][0]["inputs"][-1]
    assert (last["recorded"], last["counted"], last["why"]) == ("120", "0", ["cap:year"])


def test_the_basic_minimum_of_ten_hours_holds_whatever_the_points():
    meetings = [
        {"key": f"p{n}", "unit": "participation", "amount": 60, "servedOn": "2026-04-01", "activity": f"m{n}"}
        | {"nature": "organizational_life"}
        for n in range(5)
    ]
    given_bundle = bundle(entries=[*meetings, service("a", 240), service("b", 240)], affiliations=[registration()])
    judgement = evaluate(shipped("basic-member"), given_bundle)  # 8 + 5 points, and 8 hours
    assert (judgement["score"], judgement["grade"]) == ("13", "basically_qualified")


def test_paid_work_earns_nothing_under_the_basic_rule():
    work = {"key": "w", "unit": "participation", "amount": 480, "servedOn": "2026-04-01", "nature": "paid_work"}
    meeting = work | {"key": "m", "nature": "party_duty"}
    judgement = evaluate(shipped("basic-member"), bundle(entries=[work, meeting], affiliations=[registration()]))
    assert (value(judgement, "participations"), judgement["score"]) == ("1", "1")


def unit(reported, completed, of):
    members = []
    for n in range(of):
        entries = hours(20 if n < completed else 4)
        home = [registration()] if n < reported else []
        given_bundle = bundle(entries=entries, affiliations=home) | {"subject": f"{n:03d}"}
        members.append(as_member(evaluate(shipped("basic-member"), given_bundle)))
    return evaluate(shipped("basic-unit"), bundle("unit", members=members, denominators={"eligible_members": of}))


def test_a_unit_is_rolled_up_from_its_members_judgements():
    judgement = unit(20, 19, 20)
    assert (value(judgement, "reporting_rate"), value(judgement, "completion_rate")) == ("1", "0.95")
    # 19 members of 20 hours and one of 4: 384 hours, 19.2 a member
    assert (value(judgement, "hours"), judgement["score"], judgement["grade"]) == ("384", "19.2", "qualified")
    assert len(judgement["numbers"][1]["inputs"]) == 20
    assert unit(19, 19, 20)["outcome"] == "graded"
    assert unit(18, 18, 20)["outcome"] == "out_of_assessment"
    assert unit(20, 18, 20)["outcome"] == "out_of_assessment"


def test_a_unit_with_nobody_eligible_is_exempt_and_one_without_a_count_is_unknown():
    book = shipped("basic-unit")
    assert evaluate(book, bundle("unit", denominators={"eligible_members": 0}))["outcome"] == "exempt"
    assert evaluate(book, bundle("unit"))["outcome"] == "unknown"


def away(start, end, kind="ill"):
    return {"key": kind, "kind": kind, "start": start, "end": end}


@pytest.mark.parametrize(
    ("exemptions", "worked", "outcome", "grade"),
    [
        ([], 9, "graded", "basically_qualified"),
        # three whole months of twelve are left: of 10 hours and 10 points a quarter is 2.5, of 5 points 1.25
        ([away("2026-01-01", "2026-10-01")], 3, "graded", "qualified"),
        ([away("2026-01-01", "2026-10-01")], 2, "graded", "basically_qualified"),
        ([away("2026-01-01", "2026-10-01", "seconded")], 1, "graded", "unqualified"),
        # September is not whole: 10/3 hours are asked
        ([away("2026-01-01", "2026-09-30")], 3, "graded", "basically_qualified"),
        ([away("2025-06-01", "2027-06-01")], 0, "exempt", None),
        # what is excellent is excellent of the whole year
        ([away("2026-01-01", "2026-10-01")], 29, "graded", "qualified"),
    ],
)
def test_who_was_away_is_judged_by_the_months_that_are_left(exemptions, worked, outcome, grade):
    entries = [service(f"e{k:02d}", 60, f"2026-11-{k + 1:02d}") for k in range(worked)]
    given = bundle(entries=entries, affiliations=[registration()], exemptions=exemptions)
    judgement = evaluate(shipped("basic-member"), given)
    assert (judgement["outcome"], judgement["grade"]) == (outcome, grade)


def test_an_explanation_opens_each_number_down_to_its_entries_in_both_languages():
    given_bundle = bundle(entries=[service("e1", 300), service("e2", 350)], affiliations=[registration()])
    judgement = evaluate(shipped("basic-member"), given_bundle)
    zh, en = explain(judgement, "zh"), explain(judgement, "en")
    assert zh[0] == "等次：基本合格"
    assert "服务未满 10 小时（按参评月份折算）：不得评为高于“基本合格”的等次" in zh
    assert "　记实分录 e1：记录 300，计入 240；超过每次活动上限" in zh
    assert "Service points: 8 (at the rule's rate: Volunteer minutes 480)" in en
    assert "  entry e2: recorded 350, counted 240; over the cap of an activity" in en
    assert not [line for line in explain(judgement, "zh", inputs=False) if "e1" in line]


def test_a_seal_shows_any_change_of_rule_input_or_result():
    book, given_bundle = shipped("basic-member"), bundle(entries=hours(20), affiliations=[registration()])
    sealed = seal(book, given_bundle, evaluate(book, given_bundle))
    turned = given_bundle | {"entries": given_bundle["entries"][::-1]}
    assert digest(verify(book, turned, sealed)) == sealed["judgement"]
    changed = copy.deepcopy(given_bundle)
    changed["entries"][0]["amount"] += 1
    with pytest.raises(SealBroken) as broken:
        verify(book, changed, sealed)
    assert broken.value.facts["parts"] == ["bundle", "judgement"]
