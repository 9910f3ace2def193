"""Comparing two rules on the same people, counted by hand."""

from api.domain.simulation import Tried, moves, spread

ORDER = ["excellent", "good", "poor"]


def people(*grades: str | None, community: str | None = "甲社区", start: int = 0) -> list[Tried]:
    return [Tried(f"R{n}", community, "graded" if grade else "unknown", grade) for n, grade in enumerate(grades, start)]


def test_a_spread_lists_every_grade_of_the_rule_also_those_that_nobody_has() -> None:
    rows = spread(people("good", "good", None), {grade: {"zh": grade, "en": grade} for grade in ORDER})
    assert [(row["outcome"], row["grade"], row["members"]) for row in rows] == [
        ("graded", "excellent", 0), ("graded", "good", 2), ("graded", "poor", 0), ("unknown", None, 1),
    ]  # fmt: skip


def test_who_stands_better_worse_alike_or_unclear_is_counted() -> None:
    before = people("good", "good", "good", "poor", None, "pass")
    after = people("excellent", "poor", "good", "poor", "good", "pass")
    told = moves(before, after, ORDER)
    assert [told[name] for name in ("better", "worse", "alike", "unclear")] == [1, 1, 3, 1]
    assert {"from": "good", "to": "excellent", "members": 1} in told["moves"]
    assert sum(move["members"] for move in told["moves"]) == 6


def test_a_community_of_fewer_than_five_stands_with_others() -> None:
    before = people(*["good"] * 6) + people(*["good"] * 3, community="乙社区", start=10)
    before += people(*["good"] * 7, community="丙社区", start=20)
    told = moves(before, before, ORDER)["communities"]
    # 乙 has three people: the next smallest community stands with it, else its three could be worked out
    assert [(row["community"], row["members"]) for row in told] == [("丙社区", 7), (None, 9)]


def test_without_a_small_community_each_stands_for_itself() -> None:
    before = people(*["good"] * 5) + people(*["poor"] * 5, community="乙社区", start=10)
    told = moves(before, before, ORDER)["communities"]
    assert [(row["community"], row["members"], row["alike"]) for row in told] == [("乙社区", 5, 5), ("甲社区", 5, 5)]
