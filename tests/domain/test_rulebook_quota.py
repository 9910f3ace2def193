"""Quotas: at most a third excellent, and people where arithmetic cannot choose. Modelled on R-14."""

from itertools import permutations

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.quota import allot, counted_groups
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
