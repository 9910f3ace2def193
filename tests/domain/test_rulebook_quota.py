"""Quotas: at most a third excellent, and people where arithmetic cannot choose. Modelled on R-14."""

from collections import Counter
from itertools import permutations

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.quota import allot, counted_groups
from api.domain.rulebook.seats import Quota
from api.domain.rulebook.shipped import shipped
from tests.domain.rulebook_bundles import bundle, review

BOOK = shipped("r14-democratic-review")


def branch(*scores):
    judged = []
    for n, score in enumerate(scores):
        votes = [] if score is None else [review(f"v{k}", "vote", score) for k in range(3)]
        judged.append(evaluate(BOOK, bundle(reviews=votes) | {"subject": f"{n:02d}"}))
    return judged


def decisions(*scores):
    return [row["decision"] for row in allot(BOOK, branch(*scores))]


def test_at_most_a_third_of_10_is_3():
    rows = allot(BOOK, branch(99, 98, 97, 96, 95, 80, 80, 80, 80, 80))
    assert [row["grade"] for row in rows] == ["excellent"] * 3 + ["qualified"] * 7
    assert [row["decision"] for row in rows] == ["kept"] * 3 + ["lowered"] * 2 + ["kept"] * 5


def test_of_2_a_human_decides():
    assert decisions(95, 80) == ["needs_decision", "kept"]
    assert decisions(95, 92) == ["needs_decision", "needs_decision"]
    assert decisions(80, 80) == ["kept", "kept"]


def test_a_tie_across_the_line_waits_for_people_and_the_others_do_not():
    assert decisions(99, 95, 95, 90, 80, 80) == ["kept", "needs_decision", "needs_decision", "lowered", "kept", "kept"]


def test_a_tie_within_the_seats_is_no_tie():
    assert decisions(95, 95, 80, 80, 80, 80) == ["kept"] * 6


def test_an_unknown_judgement_that_may_claim_a_contested_seat_holds_the_decision_back():
    assert decisions(99, None, 80) == ["needs_decision", "needs_decision", "kept"]
    assert decisions(99, None, 80, 80, 80, 80) == ["kept"] * 6


def test_the_order_of_the_group_is_nothing():
    judged = branch(99, 95, 95, 80, 80)
    expected = {row["subject"]: row for row in allot(BOOK, judged)}
    for order in permutations(judged):
        assert {row["subject"]: row for row in allot(BOOK, order)} == expected


def test_the_third_is_counted_in_each_group_that_the_rule_names():
    judged = branch(99, 98, 97, 96, 95, 94)
    rows = allot(BOOK, judged, {"branch": ["east"] * 3 + ["west"] * 3})
    assert [row["grade"] for row in rows] == ["excellent", "qualified", "qualified"] * 2
    assert [row["grade"] for row in allot(BOOK, judged)] == ["excellent"] * 2 + ["qualified"] * 4
    groups = counted_groups(BOOK, judged, {"branch": ["east"] * 3 + ["west"] * 3})
    assert [(each.of, each.counted, each.seats) for each in groups] == [("east", 3, 1), ("west", 3, 1)]


def rule(**more):
    """Return the shipped rule with its quota said otherwise, of branches."""
    (quota,) = BOOK.quotas
    written = quota.model_dump(by_alias=True, exclude_unset=True, mode="json")
    written.pop("atMost")
    return BOOK.model_copy(update={"quotas": [Quota.model_validate({**written, "within": "unit", **more})]})


TEN = (99, 98, 97, 96, 95, 94, 93, 92, 91, 90)
BY_GRADE = {"atMost": "15%", "shareBy": {"shares": {"excellent": "20%", "poor": 0}}}


def of_a_unit(book, scores, words):
    said = {book.quotas[0].id: {"unit": frozenset(words)}}
    judged = branch(*scores)
    groups = {"unit": ["unit"] * len(judged)}
    (group,) = counted_groups(book, judged, groups, said)
    return group.seats, Counter(row["decision"] for row in allot(book, judged, groups, said))


def test_in_a_unit_that_is_excellent_20_of_100_may_be_excellent_instead_of_15():
    book = rule(**BY_GRADE)
    assert of_a_unit(book, TEN, {"excellent"}) == (2, {"kept": 2, "lowered": 8})
    assert of_a_unit(book, TEN, {"good"}) == (1, {"kept": 1, "lowered": 9})
    assert of_a_unit(book, TEN, {"none"}) == (1, {"kept": 1, "lowered": 9})


def test_where_the_rule_says_none_nobody_has_to_decide():
    assert of_a_unit(rule(**BY_GRADE), TEN, {"poor"}) == (0, {"lowered": 10})


def test_while_the_units_grade_is_open_people_decide_only_of_whom_it_matters():
    assert of_a_unit(rule(**BY_GRADE), TEN, {"excellent", "good"}) == (
        1,
        {"kept": 1, "needs_decision": 1, "lowered": 8},
    )
    sure = allot(rule(**BY_GRADE), branch(*TEN), {"unit": ["unit"] * 10})  # of which nothing is known
    assert Counter(row["decision"] for row in sure) == {"needs_decision": 2, "lowered": 8}


def test_seats_by_steps_of_the_size_of_the_group():
    steps = [{"reaches": 3, "seats": 1}, {"reaches": 6, "seats": 2}, {"reaches": 10, "atMost": "1/3"}]
    book = rule(bySize=steps)
    seats = [of_a_unit(book, TEN[:size], {"none"})[0] for size in (2, 3, 5, 6, 9, 10)]
    assert seats == [0, 1, 1, 2, 2, 3]
    assert of_a_unit(book, TEN[:2], {"none"})[1] == {"needs_decision": 2}  # the rule is silent on groups of two


def test_a_tie_is_broken_by_the_next_number_and_what_is_alike_in_all_waits_for_people():
    scores = ((95, 3), (95, 2), (95, 2), (80, 9), (80, 9), (80, 9))  # a third of six is two
    judged = [
        {**each, "numbers": [*each["numbers"], {"rule": "votes_for", "value": str(votes)}]}
        for each, (_, votes) in zip(branch(*(score for score, _ in scores)), scores, strict=True)
    ]
    first, *_ = BOOK.quotas[0].ranks
    by_votes = rule(atMost="1/3", rank=[first, "votes_for"])
    made = [row["decision"] for row in allot(by_votes, judged)]
    assert made == ["kept", "needs_decision", "needs_decision", "kept", "kept", "kept"]
    assert [row["decision"] for row in allot(rule(atMost="1/3"), judged)] == ["needs_decision"] * 3 + ["kept"] * 3
