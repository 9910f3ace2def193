"""Every published case has its rulebook and its test; and R-26 and order 67, whose expected values are by hand."""

import re
from pathlib import Path

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.shipped import names, shipped, shipped_text
from tests.domain.rulebook_bundles import bundle, fact, service, value

CASES = (
    "R-01", "R-02", "R-03", "R-05", "R-06", "R-07", "R-08", "R-09", "R-10", "R-11", "R-13", "R-14", "R-15", "R-17",
    "R-18", "R-19", "R-21", "R-24", "R-25", "R-26", "R-29", "R-31", "ORD67",
)  # fmt: skip
TESTS = "".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("test_rulebook_*.py")))


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_data_says_how_it_was_settled_and_is_tried(case):
    books = [name for name in names() if re.search(rf"^source: {case}\b", shipped_text(name), re.MULTILINE)]
    assert books
    for name in books:
        assert all(settled.zh and settled.en for settled in shipped(name).settled)
        assert shipped(name).settled
        assert name in TESTS


def suspended(months_to, minutes, **more):
    sanction = {"key": "s", "kind": "make_up_suspended", "start": "2026-01-10", "end": None}
    given = bundle(entries=minutes, affiliations=[sanction]) | more
    return evaluate(shipped("r26-chongqing"), given | {"period": {"start": "2026-01-10", "end": months_to}})


@pytest.mark.parametrize(
    ("until", "minutes", "grade"),
    [
        ("2027-01-10", 6000, "may_make_up"),
        ("2027-01-09", 6000, "suspended"),  # eleven whole months
        ("2027-01-10", 5999, "suspended"),
        ("2028-06-01", 0, "suspended"),
    ],
)
def test_modelled_on_r26_a_year_and_100_hours_are_both_needed(until, minutes, grade):
    assert suspended(until, [service("e", minutes, "2026-05-01", kind="earned")])["grade"] == grade


def test_modelled_on_r26_hours_made_up_or_found_false_are_not_among_the_100():
    hours = [service("a", 3000, "2026-05-01", kind="earned"), service("b", 3000, "2026-06-01", kind="earned")]
    assert suspended("2027-02-01", hours)["grade"] == "may_make_up"
    made_up = [hours[0], hours[1] | {"kind": "supplementary"}]
    assert suspended("2027-02-01", made_up)["grade"] == "suspended"
    false = fact("f", "make_up_finding", "2026-06-20", activity="activity-b", value="false")
    assert suspended("2027-02-01", hours, facts=[false])["grade"] == "suspended"


def test_modelled_on_r26_who_was_never_suspended_may_make_up():
    assert evaluate(shipped("r26-chongqing"), bundle())["grade"] == "may_make_up"


def test_modelled_on_order_67_only_volunteer_service_is_recorded_as_long_as_it_was():
    rows = [service("a", 77), service("b", 600, nature="party_duty"), service("c", 13)]
    late = fact("f", "record_completed", value="late")
    judgement = evaluate(shipped("ord67-records"), bundle(entries=rows, facts=[late]))
    assert (judgement["score"], value(judgement, "late_records")) == ("1.5", "1")
