"""The engine: pure, exact, blind to the order of rows, and honest about what is unknown."""

import copy
import json
from collections import defaultdict
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.canonical import canonical_bytes
from api.domain.rulebook.bundle import attributes, grouping
from api.domain.rulebook.evaluate import RulebookDoesNotApply, evaluate
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped
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
        st.sampled_from(["event", "day", "week", "ten_days", "two_weeks", "half_month", "month", "quarter", "year"]),
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
    elif draw(st.booleans()):
        made["series"] = {"each": draw(st.sampled_from(["month", "quarter"])), "times": "1/60", "atMost": 5, "best": 2}
    if draw(st.booleans()) and "distinct" not in made:
        made["keep"] = {"per": draw(st.sampled_from(["event", "day", "month", "activity"])), "choose": 2}
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


@pytest.mark.parametrize("rule", [{"keep": {"per": "event"}}, {"distinct": "role", "distinctPer": "event"}])
def test_what_is_kept_or_counted_once_in_each_occasion_needs_to_know_it(rule):
    assert "activity" in grouping(rulebook(minutes(**rule)))["entries"]["columns"]


@settings(max_examples=150, deadline=None)
@given(rules(), histories())
def test_rows_summed_by_the_grouping_give_the_same_numbers(book, entries):
    need = grouping(book)["entries"]
    summed = defaultdict(lambda: [0, 0, "9999"])
    for row in entries:
        day = row["servedOn"]
        kept = {"day": day, "month": day[:7], "quarter": (int(day[5:7]) + 2) // 3, "period": ""}
        kept |= {"half_year": day[5:7] <= "06", "year": day[:4], "week": day, "two_months": day[:7]}
        kept |= {"ten_days": (day[:7], day[8:] > "10", day[8:] > "20"), "half_month": (day[:7], day[8:] > "15")}
        kept |= {"two_weeks": (date.fromisoformat(day) - date(2024, 1, 1)).days // 14}
        cell = summed[(kept[need["date"]], *(row[column] for column in need["columns"]))]
        cell[:] = cell[0] + row["amount"], cell[1] + 1, min(cell[2], day)
    rows = [
        dict(zip(need["columns"], key[1:], strict=True))
        | {"key": repr(key), "amount": amount, "count": count, "servedOn": day}
        for key, (amount, count, day) in summed.items()
    ]
    itemised = evaluate(book, bundle(entries=entries))
    assert value(evaluate(book, bundle(entries=rows)), "minutes") == value(itemised, "minutes")


@pytest.mark.parametrize(("amount", "counted"), [(59, "0"), (60, "60")])
def test_a_day_that_just_reaches_its_minimum_counts(amount, counted):
    assert measure(bundle(entries=[service("e", amount)]), qualify={"per": "day", "atLeast": 60}) == counted


def test_what_a_correction_takes_away_makes_room_under_the_cap():
    # 200 recorded and 60 taken back are 140, of which the cap of 100 lets 100 count
    rows = [service("e1", 200), service("e2", -60, reverses="earlier")]
    assert measure(bundle(entries=rows), caps=[{"per": "year", "atMost": 100}]) == "100"


def test_what_rounding_takes_away_counts_on_no_other_day():
    rows = [service("e0", 10, "2026-01-01", "a"), service("e1", 0, "2026-01-02", "a")]
    rounding = {"per": "event", "quantum": 30, "mode": "half_up"}
    assert measure(bundle(entries=rows), rounding=rounding, distinct="day") == "0"


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
