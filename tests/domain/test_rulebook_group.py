"""Points against the group: the best's hours are forty points, ranks by thirds, and a mean that corrects."""

from fractions import Fraction
from random import Random
from statistics import mean, median

import pytest

from api.domain.rulebook.compiled import compiled
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.explain import explain
from api.domain.rulebook.figures import PLACES, Figure
from api.domain.rulebook.group import Brought, brought, figures
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import RulebookInvalid, load
from tests.domain.rulebook_bundles import bundle, service

BOOK = """
format: 1
id: against-the-best
version: "1"
labels: {zh: 与最高者相比, en: Against the best}
source: modelled on published rules
subject: member
effective: {since: 2020-01-01}
measures:
  - {id: minutes, labels: {zh: 分钟, en: Minutes}, source: entries, where: {unit: [volunteer_minutes]}}
figures:
  - {id: top, labels: {zh: 单位最高, en: Best of the unit}, of: minutes, take: best, within: unit, underFive: cycle}
  - {id: ahead, labels: {zh: 领先者占比, en: Share ahead}, of: minutes, take: ahead}
  - {id: average, labels: {zh: 单位平均, en: Mean}, of: minutes, take: mean, within: unit}
scores:
  - {id: of_top, labels: {zh: 占比, en: Share}, op: ratio, of: minutes, over: top, whenEmpty: 0}
  - {id: relative, labels: {zh: 相对分, en: Relative}, op: rate, of: of_top, points: 40}
  - id: third
    labels: {zh: 名次分, en: By thirds}
    op: lookup
    of: ahead
    steps: [{reaches: 0, points: 10}, {reaches: 1/3, points: 8}, {reaches: 2/3, points: 6}]
totals:
  - {id: total, labels: {zh: 总分, en: Total}, op: sum, of: [relative, third]}
final: total
grades:
  - {id: good, labels: {zh: 好, en: Good}, band: {atLeast: 40}}
  - {id: fair, labels: {zh: 中, en: Fair}, band: {lessThan: 40}}
"""
BIG = [600, 450, 300, 300, 150, 0]  # one unit of six
SMALL = [1200, 60, 30]  # and one of three


def judged(text, hours=(BIG, SMALL)):
    """Judge everybody in two passes, as a cycle does; return judgements by unit."""
    book = load(text)
    given = [
        (
            unit,
            bundle(entries=[service(f"{unit}{n}", minutes)] if minutes else []) | {"subject": f"{unit}{n}"},
        )
        for unit, some in zip("bs", hours, strict=True)
        for n, minutes in enumerate(some)
    ]
    first = [brought(book, evaluate(book, each), {}, {"unit": unit, "cycle": ""}) for unit, each in given]
    told = figures(book, first)
    second = [evaluate(book, each | {"group": own}) for (_, each), own in zip(given, told, strict=True)]
    again = [brought(book, one, {}, {"unit": unit, "cycle": ""}) for (unit, _), one in zip(given, second, strict=True)]
    assert again == first  # figures change nothing of what they are taken of
    return {unit: [one for (at, _), one in zip(given, second, strict=True) if at == unit] for unit in "bs"}


def value(judgement, rule):
    return next(line["value"] for line in judgement["numbers"] if line["rule"] == rule)


def test_the_best_of_the_unit_has_forty_and_the_others_their_share_of_it():
    assert [value(each, "relative") for each in judged(BOOK)["b"]] == ["40", "30", "20", "20", "10", "0"]


def test_thirds_are_counted_by_those_who_are_ahead():
    # nine in the cycle: 1200 600 450 | 300 300 150 | 60 30 0
    found = judged(BOOK)
    assert [value(each, "third") for each in found["b"]] == ["10", "10", "8", "8", "8", "6"]
    assert [value(each, "third") for each in found["s"]] == ["10", "6", "6"]


def test_of_a_unit_of_three_nothing_is_told_and_the_whole_cycle_may_stand_for_it():
    found = judged(BOOK)["s"]
    assert [value(each, "top") for each in found] == ["1200"] * 3
    assert [value(each, "average") for each in found] == [None] * 3
    alone = judged(BOOK.replace(", underFive: cycle", ""))["s"]
    assert [(value(each, "top"), each["outcome"]) for each in alone] == [(None, "unknown")] * 3
    assert judged(BOOK, ([10, 20], [30, 40]))["b"][0]["outcome"] == "unknown"  # the cycle is too small itself


@pytest.mark.parametrize(
    ("take", "expected"),
    [("best", max(BIG)), ("least", min(BIG)), ("mean", mean(map(Fraction, BIG))), ("median", median(BIG)),
     ("sum", sum(BIG)), ("size", 6), ("rank", 3), ("ahead", Fraction(2, 6)), ("behind", Fraction(2, 6))],
)  # fmt: skip
def test_a_figure_of_the_group(take, expected):
    text = BOOK.replace("take: mean, within: unit", f"take: {take}, within: unit")
    assert Fraction(value(judged(text)["b"][2], "average")) == expected  # of who has 300, as one other


def test_the_fewest_may_rank_first_and_some_may_not_count():
    from_below = BOOK.replace("take: mean, within: unit", "take: rank, lowest: true, within: unit")
    assert [value(each, "average") for each in judged(from_below)["b"]] == ["6", "5", "3", "3", "2", "1"]
    served_any = BOOK.replace(
        "take: mean, within: unit", "take: mean, within: unit, among: {value: minutes, moreThan: 0}"
    )
    assert value(judged(served_any)["b"][5], "average") == "360"  # 1800 over five, also for who did nothing


def test_before_everybody_is_measured_the_number_is_unknown_and_no_sum_tells_it():
    book = load(BOOK)
    alone = evaluate(book, bundle(entries=[service("a", 60)]))
    assert (alone["outcome"], value(alone, "top")) == ("unknown", None)
    assert compiled(book) is None


def test_an_explanation_names_the_figure_and_the_own_number():
    lines = explain(judged(BOOK)["b"][1], "zh")
    assert any("单位最高" in line and "600" in line and "所在范围内最高" in line for line in lines)
    assert any("领先者占比" in line and "450" in line for line in lines)


def test_lint_speaks_of_rivalry_small_groups_and_what_can_be_spent():
    found = {each.code: each.severity for each in lint(load(BOOK))}
    assert found == {"rivals": "warning", "small_groups_unknown": "warning", "unused": "warning"}
    spent = load(BOOK.replace("unit: [volunteer_minutes]", "unit: [points]"))
    assert {each.code for each in lint(spent) if each.severity == "error"} == {"compared_spendable"}


@pytest.mark.parametrize("of", ["relative", "top", "nothing"])
def test_no_figure_is_taken_of_a_figure_or_of_nothing(of):
    with pytest.raises(RulebookInvalid):
        load(BOOK.replace("of: minutes, take: ahead", f"of: {of}, take: ahead"))


def test_who_was_asked_nothing_counts_as_nothing_and_not_as_unknown():
    asked = BOOK.replace("subject: member", "subject: unit").replace(
        "figures:\n",
        "  - {id: replies, labels: {zh: 答复, en: Replies}, source: facts, where: {kind: [complaint]},\n"
        "     answered: {where: {kind: [answer]}, match: matter, days: 7}}\n"
        "figures:\n  - {id: all, labels: {zh: 合计, en: All}, of: replies.required, take: sum}\n",
    )
    book = load(asked)
    complaint = {"key": "c", "kind": "complaint", "occurredOn": "2026-03-05", "matter": "x"}
    first = [
        brought(book, evaluate(book, bundle("unit", facts=facts)), {}, {"unit": "u", "cycle": ""})
        for facts in ([complaint], [], [])
    ]
    assert [told["all"] for told in figures(book, first)] == ["1", "1", "1"]


def test_a_unit_group_in_which_nobody_counts_is_of_size_nought():
    text = BOOK.replace("subject: member", "subject: community").replace(
        "take: mean, within: unit", "take: size, within: unit, among: {value: minutes, moreThan: 500}"
    )
    book = load(text)
    first = [
        brought(book, evaluate(book, bundle("community", entries=[service("a", hours)])), {}, {"unit": at, "cycle": ""})
        for at, hours in (("u", 600), ("v", 60))
    ]
    assert [told["average"] for told in figures(book, first)] == ["1", "0"]


TAKES = ("best", "least", "mean", "median", "sum", "size", "rank", "ahead", "behind")


def plainly(take, lowest, own, others):
    """Work one figure out by counting; `others` are all of the group, the own number perhaps among them."""
    if take in ("sum", "size"):
        return sum(others) if take == "sum" else len(others)
    if not others or (own is None and take in ("rank", "ahead", "behind")):
        return None
    if take in ("rank", "ahead", "behind"):
        before = [each for each in others if (each < own if lowest else each > own)]
        after = [each for each in others if each != own and each not in before]
        return len(before) + 1 if take == "rank" else Fraction(len(before if take == "ahead" else after), len(others))
    return {"best": max, "least": min, "mean": mean, "median": median}[take](others)


def test_figures_of_random_groups_are_what_counting_gives():
    chance, compared, whole_book = Random(20260101), 0, load(BOOK)
    for _ in range(200):
        take, lowest = chance.choice(TAKES), chance.random() < 0.3
        within, under = chance.choice(("unit", "cycle")), chance.choice(("unknown", "cycle"))
        subject = chance.choice(("member", "community"))
        said = {"id": "one", "labels": {"zh": "项", "en": "item"}, "of": "minutes", "take": take, "within": within}
        lowest = lowest and take in PLACES
        figure = Figure.model_validate({**said, "underFive": under, "lowest": lowest})
        book = whole_book.model_copy(update={"figures": [figure], "subject": subject})
        rows = [
            (Fraction(chance.randint(0, 6), 2) if chance.random() < 0.97 else None, chance.choice("ab"), n % 7 != 6)
            for n in range(chance.choice((3, 6, 9, 14)))
        ]
        some = [Brought({"one": value}, {"one": counts}, {"unit": unit, "cycle": ""}) for value, unit, counts in rows]
        for (own, unit, _), told in zip(rows, figures(book, some), strict=True):
            whole = [value for value, _, counts in rows if counts]
            group = [value for value, at, counts in rows if counts and (within == "cycle" or at == unit)]
            if subject == "member" and len(group) < 5:
                group = whole if under == "cycle" and len(whole) >= 5 else [None]
            expected = None if None in group else plainly(take, lowest, own, group)
            found = None if told["one"] is None else Fraction(told["one"])
            assert found == (None if expected is None else Fraction(expected)), (figure, rows)
            compared += expected is not None
    assert compared > 500
