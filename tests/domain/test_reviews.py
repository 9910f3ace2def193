"""评议: rubrics, what a rating is worth, who must stand back, quorums, and what of all voices a bundle tells."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest
from pydantic import ValidationError

from api.domain.panels import QuorumDoesNotFit, require_fit
from api.domain.reviews import (
    Heard,
    Judged,
    NotNow,
    PartyNotAsked,
    ReviewOfColleague,
    ReviewOfOneself,
    ReviewOfOwnUnit,
    RubricNotFilled,
    Ties,
    in_bundle,
    quorate,
    require_impartial,
    require_now,
    unasked,
    worth,
)
from api.domain.rulebook.bundle import grouping
from api.domain.rulebook.evaluate import as_member, evaluate
from api.domain.rulebook.load import load
from api.domain.rulebook.rubric import VOICES, Rubric
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.shipped import shipped
from tests.domain.rulebook_bundles import bundle

NAMED = {"labels": {"zh": "项目", "en": "Item"}}
LAST = date(2025, 12, 31)
ME, UNIT, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def criterion(name, **levels):
    return {"id": name, **NAMED, "levels": [{"id": each, **NAMED, "points": points} for each, points in levels.items()]}


def rubric(party, *criteria):
    return Rubric.model_validate({"party": party, **NAMED, "criteria": list(criteria)})


THIRDS = rubric("resident", criterion("help", much="1/3", little="0.1"), criterion("manner", kind="1/6", rude="-2"))


def test_a_rating_is_worth_the_exact_sum_of_its_levels():
    assert worth(THIRDS, {"help": "much", "manner": "kind"}) == "0.5"
    assert worth(THIRDS, {"help": "much", "manner": "rude"}) == "-5/3"
    assert THIRDS.points({"help": "little", "manner": "kind"})[0] == Fraction(1, 10) + Fraction(1, 6)


@pytest.mark.parametrize(
    ("marks", "at"),
    [
        ({"help": "much"}, "/marks/manner"),
        ({"help": "much", "manner": "unheard_of"}, "/marks/manner"),
        ({"help": "much", "manner": "kind", "looks": "fine"}, "/marks/looks"),
    ],
)
def test_a_rating_that_leaves_out_or_makes_up_a_criterion_is_refused_where_it_is_wrong(marks, at):
    with pytest.raises(RubricNotFilled) as refused:
        worth(THIRDS, marks)
    assert refused.value.pointer == at


def test_who_is_not_asked_cannot_rate():
    with pytest.raises(PartyNotAsked):
        worth(None, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"criteria": [criterion("help", much="1")]},  # one level is no choice
        {"criteria": [criterion("help", much="1", little="0")] * 2},
        {"criteria": [criterion("street", much="1", little="0")]},  # the name of a party
        {"criteria": [criterion("help", much=0.5, little="0")]},  # a binary float
        {"party": "department"},
    ],
)
def test_a_rubric_that_cannot_be_read_one_way_is_refused(wrong):
    right = {"party": "resident", **NAMED, "criteria": [criterion("help", much="1", little="0")]}
    assert Rubric.model_validate(right)
    with pytest.raises(ValidationError):
        Rubric.model_validate(right | wrong)


def test_a_rulebook_asks_a_party_once_and_without_rubrics_its_hash_is_as_before():
    content = shipped("basic-unit").document()
    assert "rubrics" not in content
    asked = {"party": "street", **NAMED, "criteria": [criterion("help", much="1", little="0")]}
    assert Rulebook.model_validate({**content, "rubrics": [asked]}).digest != shipped("basic-unit").digest
    with pytest.raises(ValidationError):
        Rulebook.model_validate({**content, "rubrics": [asked, asked]})


def test_each_party_speaks_in_its_own_phase():
    for voice in VOICES:
        for state in ("open", "computed", "self_review", "public_review", "published", "final"):
            right = state == ("self_review" if voice == "self" else "public_review")
            if right:
                require_now(voice, state)
            else:
                with pytest.raises(NotNow):
                    require_now(voice, state)


@pytest.mark.parametrize("voice", [each for each in VOICES if each != "self"])
def test_nobody_speaks_for_another_party_of_themselves_their_unit_or_a_colleague(voice):
    ties = Ties(frozenset({ME}), frozenset({UNIT}))
    for judged, problem in (
        (Judged("member", ME, OTHER), ReviewOfOneself),
        (Judged("unit", UNIT, UNIT), ReviewOfOwnUnit),
        (Judged("community", UNIT, None), ReviewOfOwnUnit),
        (Judged("member", OTHER, UNIT), ReviewOfColleague),
    ):
        with pytest.raises(problem):
            require_impartial(voice, ties, judged)
        require_impartial("self", ties, judged)
    require_impartial(voice, ties, Judged("member", OTHER, OTHER))
    require_impartial(voice, ties, Judged("member", OTHER, None))


def test_a_quorum_is_more_than_half_and_without_it_nothing_counts():
    for roster, quorum, fits in ((5, 2, False), (5, 3, True), (4, 2, False), (4, 3, True), (5, 6, False), (1, 1, True)):
        if fits:
            require_fit(roster, quorum)
        else:
            with pytest.raises(QuorumDoesNotFit):
                require_fit(roster, quorum)
    assert [quorate(3, voted) for voted in (2, 3, 4)] == [False, True, True]


def heard(voice, day, amount, **marks):
    return Heard(voice, day, amount, marks)


def test_a_bundle_tells_sums_and_criteria_and_nothing_of_who_spoke_or_in_which_order():
    one = heard("resident", date(2025, 6, 1), "0.5", help="much", manner="kind")
    two = heard("resident", date(2026, 2, 1), "-5/3", help="much", manner="rude")
    rows, gaps = in_bundle([two, one], [THIRDS], LAST)
    assert (rows, gaps) == in_bundle([one, two], [THIRDS], LAST)
    assert [(row["key"], row["kind"], row["givenOn"], row["amount"]) for row in rows] == [
        ("resident/1", "resident", "2025-06-01", "0.5"),
        ("resident/1/help", "help", "2025-06-01", "1/3"),
        ("resident/1/manner", "manner", "2025-06-01", "1/6"),
        ("resident/2", "resident", "2025-12-31", "-5/3"),  # given after the period, of which it speaks
        ("resident/2/help", "help", "2025-12-31", "1/3"),
        ("resident/2/manner", "manner", "2025-12-31", "-2"),
    ]
    assert gaps == []


def test_a_party_that_stayed_silent_is_unknown_and_another_that_spoke_is_not():
    year_end = criterion("year_end", good="80", fair="60")
    asked = [rubric("street", year_end), rubric("self", year_end)]
    rows, gaps = in_bundle([heard("self", LAST, "80", year_end="good")], asked, LAST)
    assert gaps == [
        {"source": "reviews", "kind": "street", "party": "street"},
        {"source": "reviews", "kind": "year_end", "party": "street"},
    ]
    measures = [
        {"id": name, **NAMED, "source": "reviews", "where": where, "result": "average"}
        for name, where in (
            ("own", {"kind": ["year_end"], "party": ["self"]}), ("theirs", {"kind": ["year_end"], "party": ["street"]}),
            ("all", {"kind": ["year_end"]}), ("summed", {"kind": ["street"]}),
        )
    ]  # fmt: skip
    book = Rulebook.model_validate(
        {
            "format": 1, "id": "one", "version": "1", **NAMED, "source": "平台测试", "subject": "unit",
            "effective": {"since": "2020-01-01"}, "measures": measures,
            "rubrics": [each.model_dump(by_alias=True, mode="json") for each in asked],
        }
    )  # fmt: skip
    found = as_member(evaluate(book, bundle("unit", 2025, reviews=rows, unknown=gaps)))["numbers"]
    assert {name: found[name] for name in ("own", "theirs", "all", "summed")} == {
        "own": "80", "theirs": None, "all": None, "summed": None,
    }  # fmt: skip


def test_satisfied_voices_are_a_share_of_all_that_marked_and_unknown_where_nobody_did():
    """满意率：满意票占全部测评票的比例，与各档分值无关。"""
    asked = [rubric("resident", criterion("service", satisfied="100", mostly="80", not_satisfied="0"))]
    measures = [
        {"id": name, **NAMED, "source": "reviews", "where": where, "take": "count"}
        for name, where in (("good", {"kind": ["service"], "level": ["satisfied"]}), ("all", {"kind": ["service"]}))
    ]
    rate = {"id": "rate", **NAMED, "op": "ratio", "of": "good", "over": "all"}
    book = Rulebook.model_validate(
        {
            "format": 1, "id": "rate", "version": "1", **NAMED, "source": "平台测试", "subject": "unit",
            "effective": {"since": "2020-01-01"}, "measures": measures, "scores": [rate],
            "grades": [
                {"id": "met", **NAMED, "when": {"value": "rate", "atLeast": "2/3"}}, {"id": "unmet", **NAMED},
            ],
            "rubrics": [each.model_dump(by_alias=True, mode="json") for each in asked],
        }
    )  # fmt: skip
    columns = grouping(book)["reviews"]["columns"]
    assert columns == ["kind", "level"]
    for marks, share, grade in (
        ("satisfied satisfied mostly", "2/3", "met"), ("satisfied mostly mostly", "1/3", "unmet"),
        ("not_satisfied", "0", "unmet"), ("", None, None),
    ):  # fmt: skip
        points = {"satisfied": "100", "mostly": "80", "not_satisfied": "0"}
        voices = [heard("resident", LAST, points[mark], service=mark) for mark in marks.split()]
        rows, gaps = in_bundle(voices, book.rubrics, LAST, columns)
        judgement = evaluate(book, bundle("unit", 2025, reviews=rows, unknown=gaps))
        assert (as_member(judgement)["numbers"]["rate"], judgement["grade"]) == (share, grade)


def test_a_kind_of_voice_that_no_rubric_asks_for_stays_unknown():
    asks = shipped("r11-qishan")
    assert unasked(asks) == []
    silent = Rulebook.model_validate({name: part for name, part in asks.document().items() if name != "rubrics"})
    assert [gap["kind"] for gap in unasked(silent)] == ["joint_meeting"]


def judged_by(name, kind, heard, **sources):
    book = shipped(name)
    rows, gaps = in_bundle(heard, book.rubrics, LAST)
    return evaluate(book, bundle(kind, 2025, reviews=rows, unknown=[*gaps, *unasked(book)], **sources))


def marked(day, **marks):
    """Return what the community records of a session: a fact for each of the two things that it marks."""
    return [
        {"key": f"{day}/{name}", "kind": f"session_{name}", "occurredOn": day, "value": mark}
        for name, mark in marks.items()
    ]


def test_modelled_on_r11_sessions_and_the_joint_meeting_come_out_of_the_marks_that_are_given():
    goods = {"key": "g", "unit": "fen", "kind": "donation", "amount": 100_000, "servedOn": "2025-05-01"}
    first = marked("2025-03-01", order="excellent", effect="fair")
    sessions = [*first, *marked("2025-09-01", order="fair", effect="fair")]  # 40 and 30 on average
    poor = [*marked("2025-03-01", order="fair", effect="poor"), *marked("2025-09-01", order="good", effect="fair")]
    meeting = {mark: Heard("street", LAST, points, {"joint_meeting": mark}) for mark, points in
               (("fair", "60"), ("poor", "0"))}  # fmt: skip
    for facts, heard, found in (
        (sessions, [meeting["fair"]], ("graded", "passed", "60")),
        (sessions, [meeting["poor"]], ("graded", "not_passed", "0")),
        (sessions, [], ("unknown", None, None)),  # until the joint meeting decides
        ([], [meeting["fair"]], ("unknown", None, "60")),
        (poor, [meeting["fair"]], ("graded", "not_passed", "60")),  # 35 and 15
    ):
        judgement = judged_by("r11-qishan", "unit", heard, entries=[goods], facts=facts)
        assert (judgement["outcome"], judgement["grade"], judgement["score"]) == found


def test_modelled_on_r14_ballots_of_a_panel_are_averaged_once_three_have_voted():
    points = {"excellent": "100", "qualified": "80", "basically_qualified": "65", "unqualified": "0"}
    ballots = [Heard("panel", LAST, points[mark], {"vote": mark}) for mark in ("excellent", "excellent", "qualified")]
    judgement = judged_by("r14-democratic-review", "member", ballots)
    assert (judgement["grade"], judgement["score"]) == ("excellent", "280/3")
    assert judged_by("r14-democratic-review", "member", ballots[:2])["outcome"] == "unknown"
    assert judged_by("r14-democratic-review", "member", [])["outcome"] == "unknown"


def test_the_text_of_a_rubric_is_read_from_a_file_like_the_rest():
    text = """
    format: 1
    id: heard
    version: "1"
    labels: {zh: 项目, en: Item}
    source: 平台测试
    subject: unit
    effective: {since: 2020-01-01}
    measures:
      - {id: n, labels: {zh: 项目, en: Item}, source: reviews, where: {kind: [street]}, result: average}
    rubrics:
      - party: street
        labels: {zh: 街道党工委, en: Street}
        criteria:
          - id: duty
            labels: {zh: 履职, en: Duty}
            levels:
              - {id: good, labels: {zh: 好, en: Good}, points: 2.5}
              - {id: poor, labels: {zh: 差, en: Poor}, points: 1/3}
    """
    (asked,) = load(text).rubrics
    assert worth(asked, {"duty": "good"}) == "2.5"
    assert worth(asked, {"duty": "poor"}) == "1/3"
