"""Comparing two rules on the same people, counted by hand."""

from api.domain.simulation import Tried, moves, spread

ORDER = ["excellent", "good", "poor"]
WORDS = {grade: {"zh": grade, "en": grade} for grade in ORDER}


def people(*grades: str | None, community: str | None = "甲社区", start: int = 0) -> list[Tried]:
    return [Tried(f"R{n}", community, "graded" if grade else "unknown", grade) for n, grade in enumerate(grades, start)]


def test_a_spread_lists_every_grade_of_the_rule_also_those_that_nobody_has() -> None:
    rows = spread(people(*["good"] * 6, *[None] * 5), WORDS)
    assert [(row["outcome"], row["grade"], row["members"]) for row in rows] == [
        ("graded", "excellent", 0), ("graded", "good", 6), ("graded", "poor", 0), ("unknown", None, 5),
    ]  # fmt: skip


def test_grades_of_a_few_people_stand_together_and_those_of_units_do_not() -> None:
    tried = people(*["excellent"] * 2, *["good"] * 6, *["poor"] * 3)
    rows = spread(tried, WORDS)
    assert [(row["outcome"], row["grades"], row["members"]) for row in rows] == [
        ("graded", ["good"], 6), ("together", ["excellent", "poor"], 5),
    ]  # fmt: skip
    assert [row["members"] for row in spread(tried, WORDS, people=False)] == [2, 6, 3]
    assert spread(people("good", "good"), WORDS) == []


def test_who_stands_better_worse_alike_or_unclear_is_counted() -> None:
    before = people(*["good"] * 5, *["good"] * 6, *["good"] * 7, *[None] * 8)
    after = people(*["excellent"] * 5, *["poor"] * 6, *["good"] * 7, *["good"] * 8)
    told = moves(before, after, ORDER)
    assert [(row["verdicts"], row["members"]) for row in told["verdicts"]] == [
        (["better"], 5), (["worse"], 6), (["alike"], 7), (["unclear"], 8),
    ]  # fmt: skip
    assert {"from": "good", "to": "excellent", "members": 5} in told["moves"]
    assert sum(move["members"] for move in told["moves"]) == 26


def test_verdicts_of_a_few_stand_together_and_their_moves_are_not_told() -> None:
    before, after = people(*["good"] * 9), people("excellent", "poor", *["good"] * 7)
    told = moves(before, after, ORDER)
    assert [(row["verdicts"], row["members"]) for row in told["verdicts"]] == [
        (["unclear"], 0), (["better", "worse", "alike"], 9),
    ]  # fmt: skip
    assert told["moves"] is None
    of_units = moves(before, after, ORDER, people=False)
    assert [row["members"] for row in of_units["verdicts"]] == [1, 1, 7, 0]
    assert len(of_units["moves"]) == 3


def test_a_community_of_fewer_than_five_stands_with_others() -> None:
    before = people(*["good"] * 6) + people(*["good"] * 3, community="乙社区", start=10)
    before += people(*["good"] * 7, community="丙社区", start=20)
    told = moves(before, before, ORDER)["communities"]
    # 乙 has three people: the next smallest community stands with it, else its three could be worked out
    assert [(row["community"], row["members"]) for row in told] == [("丙社区", 7), (None, 9)]


def test_without_a_small_community_each_stands_for_itself() -> None:
    before = people(*["good"] * 5) + people(*["poor"] * 5, community="乙社区", start=10)
    told = moves(before, before, ORDER)["communities"]
    assert [(row["community"], row["members"], row["cells"][2]) for row in told] == [
        ("乙社区", 5, 5), ("甲社区", 5, 5),
    ]  # fmt: skip
