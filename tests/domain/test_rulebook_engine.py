"""The engine: pure, exact, blind to the order of rows, and honest about what is unknown."""

import copy
import json
from collections import defaultdict
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.canonical import canonical_bytes, digest
from api.domain.rulebook.bundle import attributes, grouping
from api.domain.rulebook.evaluate import RulebookDoesNotApply, as_member, evaluate
from api.domain.rulebook.explain import explain
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped
from api.domain.seal import SealBroken, seal, verify
from tests.domain.rulebook_bundles import bundle, fact, registration, review, service, value

LABELS = {"zh": "数", "en": "number"}


def rulebook(*measures, **more):
    document = {"format": 1, "id": "test", "version": "1", "labels": LABELS, "source": "test", "subject": "member"}
    document |= {"effective": {"since": "2020-01-01"}, "measures": [{"labels": LABELS} | m for m in measures]}
    return read(document | more)


def minutes(**more):
    return {"id": "minutes", "source": "entries", "where": {"unit": ["volunteer_minutes"]}} | more


def measure(given, **rules):
    return value(evaluate(rulebook(minutes(**rules)), given), "minutes")


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def histories(draw):
    rows = draw(st.lists(st.tuples(days, st.integers(0, 700), st.integers(0, 5), st.sampled_from("ab")), max_size=14))
    return [
        service(f"e{n:02d}", amount, day.isoformat(), f"activity-{activity}", role=role)
        for n, (day, amount, activity, role) in enumerate(rows)
    ]


caps = st.lists(
    st.builds(
        lambda per, most: {"per": per, "atMost": most},
        st.sampled_from(["event", "day", "week", "month", "quarter", "half_year", "year", "period"]),
        st.integers(0, 900),
    ),
    max_size=3,
    unique_by=lambda cap: cap["per"],
)


@st.composite
def rules(draw):
    made = minutes(caps=draw(caps))
    if draw(st.booleans()):
        made["factors"] = [{"table": {"column": "role", "values": {"a": "1.4", "b": "1/3"}}}]
    if draw(st.booleans()):
        made["rounding"] = {"per": draw(st.sampled_from(["event", "day"])), "quantum": 30, "mode": "half_up"}
    if draw(st.booleans()):
        made["qualify"] = {"per": draw(st.sampled_from(["event", "day"])), "atLeast": 60}
    if draw(st.booleans()):
        made["distinct"] = draw(st.sampled_from(["activity", "day", "month", "event"]))
    if draw(st.booleans()):
        made["cadence"] = {"each": draw(st.sampled_from(["month", "quarter"])), "atLeast": draw(st.integers(1, 90))}
    return rulebook(made)


@settings(max_examples=150, deadline=None)
@given(rules(), histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(book, entries, random):
    judgement = evaluate(book, bundle(entries=entries))
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert canonical_bytes(evaluate(book, bundle(entries=shuffled))) == canonical_bytes(judgement)


@settings(max_examples=150, deadline=None)
@given(rules(), histories(), st.integers(0, 900))
def test_adding_and_then_reversing_an_entry_changes_nothing(book, entries, amount):
    added = service("x", amount, "2026-06-06", "activity-1", role="a")
    reversal = added | {"key": "y", "reverses": "x", "amount": -amount}
    judgement = evaluate(book, bundle(entries=entries))
    assert evaluate(book, bundle(entries=[reversal, *entries, added])) == judgement


@settings(max_examples=150, deadline=None)
@given(rules(), histories())
def test_evaluate_is_pure(book, entries):
    given_bundle = bundle(entries=entries)
    before = copy.deepcopy(given_bundle)
    first = evaluate(book, given_bundle)
    assert given_bundle == before
    assert evaluate(book, before) == first
    assert json.loads(canonical_bytes(first)) == first


@settings(max_examples=150, deadline=None)
@given(rules(), histories())
def test_rows_summed_by_the_grouping_give_the_same_numbers(book, entries):
    need = grouping(book)["entries"]
    summed = defaultdict(lambda: [0, 0, "9999"])
    for row in entries:
        day = row["servedOn"]
        kept = {"day": day, "month": day[:7], "quarter": (int(day[5:7]) + 2) // 3, "period": ""}
        kept |= {"half_year": day[5:7] <= "06", "year": day[:4], "week": day, "two_months": day[:7]}
        cell = summed[(kept[need["date"]], *(row[column] for column in need["columns"]))]
        cell[:] = cell[0] + row["amount"], cell[1] + 1, min(cell[2], day)
    rows = [
        dict(zip(need["columns"], key[1:], strict=True))
        | {"key": repr(key), "amount": amount, "count": count, "servedOn": day}
        for key, (amount, count, day) in summed.items()
    ]
    itemised = evaluate(book, bundle(entries=entries))
    assert value(evaluate(book, bundle(entries=rows)), "minutes") == value(itemised, "minutes")


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, 900), st.integers(0, 900))
def test_a_cap_of_an_event_and_a_year_is_what_a_plain_sum_gives(entries, event, year):
    by_activity = defaultdict(int)
    for row in entries:
        by_activity[row["activity"]] += row["amount"]
    expected = min(year, sum(min(event, amount) for amount in by_activity.values()))
    rule = [{"per": "year", "atMost": year}, {"per": "event", "atMost": event}]
    judgement = evaluate(rulebook(minutes(caps=rule)), bundle(entries=entries))
    assert value(judgement, "minutes") == str(expected)
    inputs = judgement["numbers"][0]["inputs"]
    assert sum(Fraction(row["counted"]) for row in inputs) == expected
    assert sum(Fraction(row["recorded"]) for row in inputs) == sum(row["amount"] for row in entries)


def test_a_source_that_is_left_out_is_unknown_and_one_that_is_empty_is_zero():
    assert measure(bundle(entries=[])) == "0"
    assert measure(bundle(entries=None)) is None
    assert measure(bundle(unknown=[{"source": "entries"}])) is None


def test_only_what_was_not_recorded_is_unknown():
    given_bundle = bundle(facts=[fact("f", "training")], unknown=[{"source": "facts", "kind": "dues_on_time"}])
    sources = [{"id": kind, "source": "facts", "where": {"kind": [kind]}} for kind in ("training", "dues_on_time")]
    judgement = evaluate(rulebook(*sources), given_bundle)
    assert (value(judgement, "training"), value(judgement, "dues_on_time")) == ("1", None)
    assert judgement["numbers"][1]["unknown"] == ["facts:dues_on_time"]


def test_an_unknown_amount_or_column_makes_the_number_unknown_with_its_key():
    judgement = evaluate(rulebook(minutes()), bundle(entries=[service("e1", 60), service("e2", None)]))
    assert (judgement["numbers"][0]["value"], judgement["numbers"][0]["unknown"]) == (None, ["entries:e2"])
    home = {"unit": ["volunteer_minutes"], "relation": ["home"]}
    assert measure(bundle(entries=[service("e1", 60)]), where=home) is None
    assert measure(bundle(entries=[service("e1", 60, relation="none")]), where=home) == "0"


def test_a_grade_from_unknown_is_unknown_unless_a_gate_decides_anyway():
    book = shipped("basic-member")
    unknown = evaluate(book, bundle(entries=None, affiliations=[registration()]))
    assert (unknown["outcome"], unknown["grade"], unknown["score"]) == ("unknown", None, None)
    assert unknown["possible"] == ["excellent", "qualified", "basically_qualified", "unqualified"]
    decided = evaluate(book, bundle(entries=None))  # not reported in: whatever the hours
    assert (decided["outcome"], decided["grade"]) == ("graded", "unqualified")


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
        for n in range(5)
    ]
    given_bundle = bundle(entries=[*meetings, service("a", 240), service("b", 240)], affiliations=[registration()])
    judgement = evaluate(shipped("basic-member"), given_bundle)  # 8 + 5 points, and 8 hours
    assert (judgement["score"], judgement["grade"]) == ("13", "basically_qualified")


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


def test_live_points_do_not_require_months_that_are_not_over():
    entries = [service(f"e{m}", 60, f"2026-{m:02d}-03") for m in (1, 2, 3)]
    judgement = evaluate(shipped("r07-chengxi"), bundle(entries=entries, through="2026-04-10"))
    assert judgement["grade"] == "fulfilled"
    assert [span["state"] for span in judgement["numbers"][0]["spans"]] == ["fulfilled"] * 3 + ["open"] * 9
    assert evaluate(shipped("r07-chengxi"), bundle(entries=entries, through="2026-05-01"))["grade"] == "not_fulfilled"


SCORES = [
    ({"op": "lookup", "of": "minutes", "steps": [{"reaches": 10, "points": 1}, {"reaches": 50, "points": 3}]}, 49, "1"),
    ({"op": "lookup", "of": "minutes", "steps": [{"reaches": 10, "points": 1}], "below": "-1"}, 9, "-1"),
    ({"op": "deduct", "full": 40, "each": 5, "of": "minutes", "atLeast": 0}, 9, "0"),
    ({"op": "best", "choose": 2, "of": ["minutes", "one", "two"]}, 5, "7"),
    ({"op": "product", "of": ["minutes", "two", "two"]}, 3, "12"),
    ({"op": "weighted", "parts": [{"of": "minutes", "weight": "1/3"}, {"of": "two", "weight": "2/3"}]}, 5, "3"),
    ({"op": "ratio", "of": "minutes", "over": "two"}, 3, "1.5"),
    ({"op": "ratio", "of": "one", "over": "minutes"}, 0, None),
    ({"op": "ratio", "of": "one", "over": "minutes", "whenEmpty": 1}, 0, "1"),
    ({"op": "ratio", "of": "one", "over": "minutes"}, 3, "1/3"),
    ({"op": "sum", "of": ["minutes"], "minus": ["two"]}, 3, "1"),
    ({"op": "tally", "of": [{"value": "minutes", "atLeast": 5}, {"value": "two", "lessThan": 2}]}, 5, "1"),
    ({"op": "award", "when": {"negate": {"value": "minutes", "atMost": 4}}, "points": 7}, 5, "7"),
    ({"op": "rate", "of": "minutes", "points": 1, "per": 2, "rounding": {"quantum": 1, "mode": "half_up"}}, 7, "4"),
    ({"op": "rate", "of": "minutes", "points": 1, "per": 2, "rounding": {"quantum": 1, "mode": "half_even"}}, 5, "2"),
    ({"op": "rate", "of": "minutes", "points": 1, "per": 2, "rounding": {"quantum": 1, "mode": "down"}}, 7, "3"),
    ({"op": "rate", "of": "minutes", "points": 1, "per": 3, "rounding": {"quantum": "0.1", "mode": "up"}}, 1, "0.4"),
]


@pytest.mark.parametrize(("score", "amount", "expected"), SCORES)
def test_a_score_is_what_its_rule_says(score, amount, expected):
    fixed = [{"id": "one", "op": "constant", "points": 1}, {"id": "two", "op": "constant", "points": 2}]
    scores = [{"labels": LABELS} | rule for rule in [*fixed, {"id": "result"} | score]]
    judgement = evaluate(rulebook(minutes(), scores=scores), bundle(entries=[service("e", amount)]))
    assert value(judgement, "result") == expected


def test_reviews_are_averaged_exactly_and_need_their_quorum():
    votes = [review(f"v{n}", "vote", amount) for n, amount in enumerate((80, "90.5", 91))]
    average = {"id": "vote", "source": "reviews", "where": {"kind": ["vote"]}, "result": "average", "quorum": 3}
    assert value(evaluate(rulebook(average), bundle(reviews=votes)), "vote") == "523/6"  # 261.5 / 3
    assert value(evaluate(rulebook(average), bundle(reviews=votes[:2])), "vote") is None


def test_a_rulebook_judges_only_its_subjects_and_its_days():
    with pytest.raises(RulebookDoesNotApply):
        evaluate(shipped("basic-unit"), bundle("member"))
    with pytest.raises(RulebookDoesNotApply):
        evaluate(shipped("r29-beijing-stars-older"), bundle(year=2026))


def test_sql_is_told_its_group_by_columns_and_nothing_more():
    assert grouping(shipped("r07-chengxi"))["entries"] == {
        "columns": ["activity", "unit"],
        "date": "day",
        "lifetime": False,
    }
    assert grouping(shipped("r01-qiaoxi-member"))["entries"]["date"] == "period"
    assert grouping(shipped("r29-beijing-stars"))["entries"]["lifetime"]
    assert attributes(shipped("r06-longyan")) == ["registrationBasis"]


def test_an_explanation_opens_each_number_down_to_its_entries_in_both_languages():
    given_bundle = bundle(entries=[service("e1", 300), service("e2", 350)], affiliations=[registration()])
    judgement = evaluate(shipped("basic-member"), given_bundle)
    zh, en = explain(judgement, "zh"), explain(judgement, "en")
    assert zh[0] == "等次：基本合格"
    assert "服务未满 10 小时：不得评为高于“基本合格”的等次" in zh
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
