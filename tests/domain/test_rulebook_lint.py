"""Lint: each fault is found at its place, and its repair is clean."""

import copy
from pathlib import Path

import pytest

from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import load, read
from api.domain.rulebook.shipped import shipped

PLAIN = load((Path(__file__).parents[1] / "support" / "plain_member.yaml").read_bytes())


def book(name=None, **changes):
    """Return a shipped rulebook to be spoilt, or a plain one that finds have their places in."""
    document = copy.deepcopy((PLAIN if name is None else shipped(name)).document())
    document.update(changes)
    return document


def codes(document):
    return [(finding.severity, finding.code, finding.pointer) for finding in lint(read(document))]


def bands(*ends):
    labels = {"zh": "等", "en": "grade"}
    grades = [{"id": f"grade_{n}", "labels": labels, "band": band} for n, band in enumerate(ends)]
    return codes(book(gates=[], final="points", grades=grades))


def test_bands_that_overlap_at_95_are_refused():
    document = book("r03-community-committee")
    document["grades"][1]["band"] = {"moreThan": 90, "atMost": 95}  # 90–95(含), as the source says
    document["grades"][2]["band"] = {"atMost": 90}
    assert codes(document) == [("error", "overlap", "/grades/1/band")]
    document["grades"][0]["band"] = {"moreThan": 95}
    assert codes(document) == []


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ([{"atLeast": 30}, {"lessThan": 30}], []),
        ([{"moreThan": 30}, {"atMost": 30}], []),
        ([{"moreThan": 30}, {"lessThan": 30}], ["gap"]),
        ([{"atLeast": 30}, {"atMost": 30}], ["overlap"]),
        ([{"atLeast": 30}, {"atMost": 29}], ["gap"]),
        ([{"atLeast": 30}, {"atLeast": 10, "lessThan": 30}], ["gap"]),
        ([{"atLeast": 30, "lessThan": 65}, {"lessThan": 30}], ["gap"]),
        ([{"atLeast": 30, "atMost": 65}, {"lessThan": 30}], []),
        ([{"atLeast": 30, "lessThan": 20}, {"atLeast": 0}], ["empty_band"]),
        ([{"atLeast": 66}, {"lessThan": 66}], ["unreachable_grade"]),
        ([{"atLeast": 0}, {"lessThan": 0}], ["unreachable_grade"]),
        ([{"atLeast": 40}, {"atLeast": 10, "atMost": 50}, {"lessThan": 20}], ["overlap", "overlap"]),
    ],
)
def test_bands_must_meet_and_must_be_in_reach(ends, found):
    assert [code for severity, code, _ in bands(*ends) if severity == "error"] == found


def test_whole_points_need_no_band_between_them():
    document = book(gates=[])
    document["totals"][0]["rounding"] = {"quantum": 1, "mode": "down"}
    labels = {"zh": "等", "en": "grade"}
    document["grades"] = [
        {"id": "high", "labels": labels, "band": {"atLeast": 30}},
        {"id": "low", "labels": labels, "band": {"atMost": 29}},
    ]
    assert not [row for row in codes(document) if row[0] == "error"]
    document["grades"][1]["band"] = {"atMost": 28}
    assert ("error", "gap", "/grades/0/band") in codes(document)


def test_a_minimum_over_the_cap_is_impossible():
    document = book()
    document["gates"][0]["when"]["lessThan"] = 3601  # a year counts at most 3600
    assert codes(document) == [("error", "minimum_over_cap", "/gates/0/when")]
    document["gates"][0]["when"]["lessThan"] = 3600
    assert codes(document) == []
    document["gates"][0]["when"] = {"any": [{"value": "minutes", "atLeast": 3601}]}
    assert codes(document) == [("error", "impossible_threshold", "/gates/0/when/any/0")]


def test_thirteen_months_of_a_year_are_impossible():
    document = book("r07-chengxi")
    document["grades"][0]["when"] = {"value": "months", "atLeast": 13}
    assert codes(document) == [("error", "impossible_threshold", "/grades/0/when")]
    document["grades"][0]["when"] = {"value": "months", "atLeast": 12}
    assert codes(document) == []


def test_caps_that_contradict_each_other_are_refused():
    document = book()
    document["measures"][0]["caps"] = [{"per": "day", "atMost": 480}, {"per": "month", "atMost": 300}]
    assert ("error", "contradictory_caps", "/measures/0/caps/1") in codes(document)
    document["measures"][0]["caps"] = [{"per": "month", "atMost": 300}, {"per": "year", "atMost": 3600}]
    assert ("warning", "cap_never_binds", "/measures/0/caps/1") in codes(document)


@pytest.mark.parametrize("kind", ["log_in", "likes", "online_minutes", "study_minutes"])
def test_appearances_as_a_measure_are_warned_of(kind):
    document = book()
    document["measures"][2]["where"]["kind"] = [kind]
    assert codes(document) == [("warning", "formalism", "/measures/2/where/kind")]


def test_rewarding_the_rush_of_december_is_warned_of():
    document = book()
    document["measures"][2]["window"] = {"since": "12-01"}
    assert codes(document) == [("warning", "year_end_volume", "/measures/2/window")]


def test_a_departments_veto_over_a_community_is_warned_of():
    document = book("r09-lishu")
    labels = {"zh": "否决", "en": "veto"}
    document["measures"].append({"id": "veto", "labels": labels, "source": "facts", "where": {"by": ["department"]}})
    condition = {"value": "veto", "atLeast": 1}
    document["gates"] = [
        {"id": "out", "labels": labels, "when": condition, "effect": "becomes", "grade": "not_fulfilled"}
    ]
    assert codes(document) == [("warning", "departmental_veto", "/gates/0/when")]


def test_idle_gates_odd_weights_and_unused_numbers_are_warned_of():
    document = book("r03-community-committee")
    document["totals"][1]["parts"][0]["weight"] = "60%"
    assert codes(document) == [("warning", "weights", "/totals/1/parts")]
    document = book()
    document["gates"][0]["grade"] = "excellent"
    assert codes(document) == [("warning", "idle_gate", "/gates/0/grade")]
    document["measures"][1]["informative"] = False
    assert ("warning", "unused", "/measures/1") in codes(document)


def test_a_grade_behind_the_one_that_takes_the_rest_is_unreachable():
    document = book("r07-chengxi")
    document["grades"].append({"id": "last", "labels": {"zh": "末", "en": "last"}})
    assert codes(document) == [("error", "unreachable_grade", "/grades/2")]


def test_a_finding_has_place_and_remedy_in_both_languages():
    document = book()
    document["gates"][0]["when"]["lessThan"] = 9999
    row = lint(read(document))[0].as_row()
    assert row["detail"]["zh"].startswith("minutes 最多只能到 3600")
    assert row["detail"]["en"].startswith("minutes reaches at most 3600")
    assert row["remedy"]["zh"]
    assert row["remedy"]["en"]


def rule(identity, **parts):
    return {"id": identity, "labels": {"zh": identity, "en": identity}, **parts}


def test_shares_that_limit_nobody_and_groups_that_only_people_stand_in_are_warned_of():
    quota = rule("top", grade="excellent", instead="qualified", rank="average_hours", atMost="1/3", within="branch")
    assert codes(book("basic-unit", quotas=[quota])) == [("warning", "group_of_one", "/quotas/0/within")]
    quota |= {"within": "cycle", "atMost": 1}
    assert codes(book("basic-unit", quotas=[quota])) == [("warning", "idle_quota", "/quotas/0")]
    assert codes(book("basic-unit", quotas=[quota | {"allBut": 1}])) == []
    member = {**quota, "rank": "points", "atMost": "60%", "orBetter": True, "within": "branch"}
    assert codes(book(quotas=[member])) == []
    assert codes(book(quotas=[member | {"instead": "excellent"}])) == [
        ("error", "raised_by_quota", "/quotas/0/instead")
    ]


def test_rubrics_that_nothing_reads_and_voices_that_nobody_is_asked_for_are_warned_of():
    document = book("r14-democratic-review")
    asked = document.pop("rubrics")
    assert codes(document) == [("warning", "voice_not_asked", "/measures/0/where")]
    other = copy.deepcopy(asked[0]) | {"party": "street"}
    other["criteria"][0]["id"] = "order"
    assert codes(document | {"rubrics": [*asked, other]}) == [("warning", "rubric_not_read", "/rubrics/1")]
    document["measures"].append(rule("street", source="reviews", where={"kind": ["vote"], "party": ["street"]}))
    document["totals"][0]["of"].append("street")
    both = [*asked, copy.deepcopy(asked[0]) | {"party": "street"}]
    assert codes(document | {"rubrics": both}) == []


def test_stretches_longer_than_their_window_and_the_last_weeks_alone_are_warned_of():
    document = book()
    document["measures"][2] |= {"rolling": {"days": 90}, "window": {"lastDays": 60}}
    assert codes(document) == [("warning", "long_stretch", "/measures/2/rolling/days")]
    document["measures"][2] |= {"rolling": {"days": 60}, "window": {"lastMonths": 1}}
    assert codes(document)[1:] == [("warning", "year_end_volume", "/measures/2/window")]
    document["measures"][2] |= {"window": {"lastMonths": 24}}
    assert codes(document) == []


def test_rows_of_a_further_source_are_linted_like_the_first():
    document = book()
    document["measures"][2]["also"] = [{"source": "facts", "where": {"kind": ["log_in"]}, "take": "count"}]
    assert codes(document) == [("warning", "formalism", "/measures/2/also/0/where/kind")]


def test_steps_bound_what_a_measure_can_reach():
    document = book()
    document["measures"][0] |= {"steps": {"per": "month", "steps": [{"reaches": 60, "points": 40}]}}
    assert ("error", "minimum_over_cap", "/gates/0/when") in codes(document)  # at most 480 in a year, and 600 are asked


@pytest.mark.parametrize(
    ("told", "condition"),
    [
        ({"window": {"yearsBack": 2}, "cadence": {"each": "year"}}, {"value": "n", "atLeast": 3}),
        ({"window": {"yearsBack": 2}, "cadence": {"each": "year"}}, {"value": "n.missed", "atLeast": 2}),
        ({"window": {"yearsBack": 1}, "cadence": {"each": "year"}, "streak": {"of": "fulfilled", "length": 2}},
         {"value": "n.longest", "atLeast": 2}),
        ({"window": {"lastMonths": 24}, "cadence": {"each": "month"}}, {"value": "n", "atLeast": 24}),
        ({"window": {"lastDays": 730}, "cadence": {"each": "week"}}, {"value": "n", "atLeast": 100}),
        ({"window": {"yearsBack": 4}, "distinct": "year"}, {"value": "n", "atLeast": 5}),
        ({"window": {"lifetime": True}, "distinct": "month"}, {"value": "n", "atLeast": 120}),
        ({"window": {"yearsBack": 1}, "series": {"each": "quarter", "plus": 10, "times": 0}},
         {"value": "n", "atLeast": 80}),
        ({"window": {"lifetime": True}, "caps": [{"per": "month", "atMost": 5}, {"per": "period", "atMost": 500}]},
         {"value": "n", "atLeast": 500}),
        ({"window": {"since": "12-01", "yearsBack": 1, "before": "12-01"}}, {"value": "n", "atLeast": 50}),
        ({"cadence": {"each": "month"}}, {"value": "n", "atLeast": 6, "atMost": 20}),
    ],
)  # fmt: skip
def test_a_window_that_begins_in_an_earlier_year_has_the_spans_of_all_its_years(told, condition):
    measure = rule("n", source="facts", where={"kind": ["visit"]}, take="count", **told)
    grades = [rule("high", when=condition), rule("low")]
    plain = {"measures": [measure], "scores": [], "adjustments": [], "totals": [], "gates": [], "grades": grades}
    document = {name: value for name, value in book().items() if name != "final"} | plain
    assert codes(document) == []


def test_more_spans_than_all_years_of_a_window_have_are_still_refused():
    measure = rule("n", source="facts", where={"kind": ["visit"]}, take="count")
    measure |= {"window": {"yearsBack": 1}, "cadence": {"each": "quarter"}, "streak": {"of": "missed", "length": 9}}
    grades = [rule("high", when={"value": "n", "atLeast": 9}), rule("low")]
    plain = {"measures": [measure], "scores": [], "adjustments": [], "totals": [], "gates": [], "grades": grades}
    document = {name: value for name, value in book().items() if name != "final"} | plain
    assert codes(document) == [
        ("error", "impossible_threshold", "/grades/0/when"), ("error", "impossible_streak", "/measures/0/streak/length")
    ]  # fmt: skip
