"""Comparing two rules on the same people, counted by hand."""

from api.domain.simulation import Tried, kept_back_of, moves, spread
from api.domain.simulation_picture import drawing

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
    assert ("good", "excellent", 5) in [(move["from"], move["to"], move["members"]) for move in told["moves"]]
    assert sum(move["members"] for move in told["moves"]) == 26
    assert told["keptBack"] == []


def test_verdicts_of_a_few_stand_together_and_their_moves_are_not_told() -> None:
    before, after = people(*["good"] * 9), people("excellent", "poor", *["good"] * 7)
    told = moves(before, after, ORDER)
    assert [(row["verdicts"], row["members"]) for row in told["verdicts"]] == [
        (["unclear"], 0), (["better", "worse", "alike"], 9),
    ]  # fmt: skip
    assert told["moves"] is None
    assert why(told) == ["verdicts", "moves"]
    of_units = moves(before, after, ORDER, people=False)
    assert [row["members"] for row in of_units["verdicts"]] == [1, 1, 7, 0]
    assert len(of_units["moves"]) == 3
    assert why(of_units) == []


def test_a_community_of_fewer_than_five_stands_with_others() -> None:
    before = people(*["good"] * 6) + people(*["good"] * 3, community="乙社区", start=10)
    before += people(*["good"] * 7, community="丙社区", start=20)
    told = moves(before, before, ORDER)["communities"]
    # 乙 has three people: the next smallest community stands with it, else its three could be worked out
    assert [(row["community"], row["members"]) for row in told] == [("丙社区", 7), (None, 9)]
    assert [row["labels"]["zh"] for row in told] == ["丙社区", "其他社区"]


def test_without_a_small_community_each_stands_for_itself() -> None:
    before = people(*["good"] * 5) + people(*["poor"] * 5, community="乙社区", start=10)
    told = moves(before, before, ORDER)["communities"]
    assert [(row["community"], row["members"], cells(row)["alike"]) for row in told] == [
        ("乙社区", 5, 5), ("甲社区", 5, 5),
    ]  # fmt: skip


def why(told):
    assert all(note["zh"] and note["en"] for note in told["keptBack"])
    return [note["code"] for note in told["keptBack"]]


def cells(row):
    return {"/".join(cell["verdicts"]): cell["members"] for cell in row["cells"]}


def test_a_cell_says_of_which_change_it_is_and_a_dash_has_its_reason() -> None:
    before, after = people(*["good"] * 12), people(*["excellent"] * 2, *["good"] * 10)
    before += people(*["good"] * 12, community="乙社区", start=20)
    after += people(*["excellent"] * 6, *["good"] * 6, community="乙社区", start=20)
    told = moves(before, after, ORDER)
    assert [cells(row) for row in told["communities"]] == [
        {"better": None, "worse": 0, "alike": None, "unclear": 0},
        {"better": None, "worse": 0, "alike": None, "unclear": 0},
    ]
    assert why(told) == ["cells"]
    nowhere = moves(before, after[:12] + people(*["good"] * 12, community=None, start=20), ORDER)["communities"]
    assert [(row["community"], row["labels"]["zh"]) for row in nowhere] == [(None, "未报到"), ("甲社区", "甲社区")]


def test_of_fewer_than_five_people_nothing_is_told_but_why() -> None:
    few = people("good", "good", "poor")
    told = moves(few, few, ORDER)
    assert (told["verdicts"], told["moves"], told["communities"], why(told)) == ([], None, [], ["too_few"])
    assert [note["code"] for note in kept_back_of(spread(few, WORDS), 3)] == ["too_few"]
    pooled = spread(people(*["excellent"] * 2, *["good"] * 6, *["poor"] * 3), WORDS)
    assert [note["code"] for note in kept_back_of(pooled, 11)] == ["grades"]
    assert kept_back_of(spread(few, WORDS, people=False), 3, people=False) == []


def rule(role: str, tried: list[Tried]) -> dict:
    words = {"tried": {"zh": "试行", "en": "tried"}, "in_force": {"zh": "现行", "en": "in force"}}[role]
    rows = spread(tried, WORDS)
    return {
        "role": role, "roleLabels": words, "labels": {"zh": "规则", "en": "Rule"}, "version": "1", "spread": rows,
        "keptBack": kept_back_of(rows, len(tried)), "notes": [],
    }  # fmt: skip


def test_the_picture_shows_before_and_after_who_gains_and_loses_and_why_something_is_missing() -> None:
    before = people(*["good"] * 20)
    after = people(*["excellent"] * 6, *["poor"] * 7, *["good"] * 7)
    answer = {
        "rules": [rule("tried", after), rule("in_force", before)],
        "compared": moves(before, after, ORDER, words=(WORDS, WORDS)),
    }
    shown = drawing(answer)
    assert [title for title, _ in shown.groups] == [
        "现行 In force：规则（1）", "试行 Tried：规则（1）", "由现行到试行的变化 Change",
        "等次变动（现行 → 试行）Moves",
    ]  # fmt: skip
    assert shown.groups[2][1] == [("变好 better", 6), ("变差 worse", 7), ("不变 alike", 7), ("无法比较 unclear", 0)]
    assert shown.groups[3][1] == [("good → excellent", 6), ("good → poor", 7)]
    assert shown.table is not None
    assert shown.table.lines == [("甲社区", [6, 7, 7, 0, 20])]
    assert shown.notes == []
    few = people("excellent", *["poor"] * 7, *["good"] * 12)
    shown = drawing({**answer, "compared": moves(before, few, ORDER)})
    assert len(shown.groups) == 3
    assert [note for note in shown.notes if "一律不列出" in note]
    alone = drawing({"rules": [rule("tried", after)]})
    assert ([title for title, _ in alone.groups], alone.table) == (["试行 Tried：规则（1）"], None)
