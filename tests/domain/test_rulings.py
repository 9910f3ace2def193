"""裁定: never more than the seats, only the grades that are left to people, and all decided before publication."""

from __future__ import annotations

from uuid import UUID

import pytest

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped
from api.domain.rulings import DecisionsOpen, NoSeatLeft, NoSuchGrade, Seats, choices, require_decided, require_grade
from api.domain.rulings import require_seat as seat
from tests.domain.rulebook_bundles import bundle, review

BOOK = shipped("r14-democratic-review")
A, B, C, D = (UUID(int=number) for number in range(1, 5))
WORDS = {"zh": "优秀", "en": "Excellent"}


def judged(*votes: int):
    return evaluate(BOOK, bundle(reviews=[review(f"v{n}", "vote", vote) for n, vote in enumerate(votes)]))


def test_a_grade_with_seats_is_given_until_they_are_taken() -> None:
    two = Seats("excellent", 2, frozenset({A}))
    seat(B, "excellent", WORDS, [two])
    full = Seats("excellent", 2, frozenset({A, B}))
    with pytest.raises(NoSeatLeft) as refused:
        seat(C, "excellent", WORDS, [full])
    assert refused.value.sentence("zh") == "“优秀”名额 2 个已满"
    seat(B, "excellent", WORDS, [full])  # who holds a seat takes no other
    seat(C, "qualified", WORDS, [full])
    seat(C, "excellent", WORDS, [])


def test_each_quota_of_several_has_to_have_a_seat() -> None:
    of_branch, of_cycle = Seats("excellent", 3, frozenset({A})), Seats("excellent", 3, frozenset({A, B, D}))
    with pytest.raises(NoSeatLeft):
        seat(C, "excellent", WORDS, [of_branch, of_cycle])


def test_a_choice_is_between_the_quotas_grade_and_what_it_gives_instead() -> None:
    assert list(choices(BOOK, "quota_choice", "a_third", judged(95, 95, 95))) == ["excellent", "qualified"]
    every = ["excellent", "qualified", "basically_qualified", "unqualified"]
    assert list(choices(BOOK, "override", None, judged(95, 95, 95))) == every
    unknown = judged()  # without a quorum every grade is still open, and people may give any of them
    assert list(choices(BOOK, "quota_choice", "a_third", unknown)) == every
    with pytest.raises(NoSuchGrade) as refused:
        require_grade("unqualified", choices(BOOK, "quota_choice", "a_third", judged(95, 95, 95)))
    assert (refused.value.pointer, refused.value.facts["allowed"]) == ("/grade", "excellent, qualified")


def test_who_waits_is_named_once_and_in_order() -> None:
    require_decided([])
    with pytest.raises(DecisionsOpen) as refused:
        require_decided(["b:2", "a:1", "b:2"])
    assert (refused.value.facts["count"], refused.value.facts["subjects"]) == (2, ["a:1", "b:2"])


def test_whoever_has_a_better_grade_takes_a_seat_of_good_or_better_too() -> None:
    quota = {"id": "most", "labels": {"zh": "良好以上", "en": "Good"}, "grade": "qualified", "orBetter": True}
    quota |= {"atMost": "60%", "rank": "score", "instead": "basically_qualified"}
    book = read({**BOOK.document(), "quotas": [quota]})
    assert list(choices(book, "quota_choice", "most", judged(95, 95, 95))) == [
        "excellent", "qualified", "basically_qualified",
    ]  # fmt: skip
    assert list(choices(book, "quota_choice", "most", judged(80, 80, 80))) == ["qualified", "basically_qualified"]
    full = Seats("qualified", 1, frozenset({A}), frozenset({"excellent"}))
    for grade in ("qualified", "excellent"):
        with pytest.raises(NoSeatLeft):
            seat(B, grade, WORDS, [full])
    seat(B, "basically_qualified", WORDS, [full])
