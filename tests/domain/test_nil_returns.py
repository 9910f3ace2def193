"""零报告: saying that nothing was done, beside saying nothing at all."""

from __future__ import annotations

from datetime import date

import pytest

from api.domain.facts import NilReturnPeriod, NothingToCount, Told, require_sound
from api.domain.nil_returns import covers, gaps
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import load
from tests.domain.rulebook_bundles import bundle, fact, value

YEAR = date(2026, 1, 1), date(2027, 1, 1)
NOBODY_RECORDS_LECTURES = [{"source": "facts", "kind": "lecture"}]
BOOK = load("""
format: 1
id: co-building
version: "1"
labels: {zh: 共建, en: Co-building}
source: modelled on R-05
subject: unit
effective: {since: 2020-01-01}
measures:
  - {id: goods, labels: {zh: 捐赠次数, en: Donations}, source: facts, where: {kind: [goods]}, take: count}
  - {id: nil, labels: {zh: 零报告次数, en: Nil returns}, source: facts, where: {kind: [nil_return]}, take: count}
final: goods
grades:
  - {id: qualified, labels: {zh: 合格, en: Qualified}, band: {atLeast: 1}}
  - {id: unqualified, labels: {zh: 不合格, en: Unqualified}, band: {lessThan: 1}}
""")


def nil(start: str, until: str) -> dict[str, str]:
    return fact(f"nil-{start}", "nil_return", start, until=until)


def judged(*facts: dict[str, str]):
    unknown = gaps(list(facts), {"goods", "nil_return"}, [], *YEAR)
    more = {"unknown": unknown} if unknown else {}
    return evaluate(BOOK, bundle("unit", facts=list(facts), **more))


def test_silence_leaves_the_grade_open_and_a_nil_return_decides_it() -> None:
    silent, said = judged(), judged(nil("2026-01-01", "2027-01-01"))
    assert (silent["outcome"], value(silent, "goods")) == ("unknown", None)
    assert silent["possible"] == ["qualified", "unqualified"]
    assert (said["grade"], value(said, "goods"), value(said, "nil")) == ("unqualified", "0", "1")


def test_nil_returns_of_four_quarters_say_the_year_and_of_three_they_do_not() -> None:
    quarters = [nil(f"2026-{m:02}-01", f"2026-{m + 3:02}-01") for m in (1, 4, 7)]
    assert judged(*quarters)["outcome"] == "unknown"
    assert judged(*quarters, nil("2026-10-01", "2027-01-01"))["grade"] == "unqualified"


def test_whoever_did_something_is_not_silent_about_the_rest() -> None:
    assert judged(fact("a", "goods"))["grade"] == "qualified"
    assert gaps([fact("a", "goods")], {"goods", "lecture"}, NOBODY_RECORDS_LECTURES, *YEAR) == NOBODY_RECORDS_LECTURES


def test_a_nil_return_fills_what_nobody_else_records_and_only_of_the_units_own_doing() -> None:
    others = [{"source": "facts", "kind": "dues_on_time"}]
    told = gaps([nil("2026-01-01", "2027-01-01")], {"lecture", "dues_on_time"}, NOBODY_RECORDS_LECTURES + others, *YEAR)
    assert told == others


@pytest.mark.parametrize(
    ("spans", "whole"),
    [
        ([(1, 11), (11, 21)], True), ([(11, 21), (1, 11)], True), ([(1, 15), (10, 21)], True), ([(1, 30)], True),
        ([(1, 10), (11, 21)], False), ([(2, 21)], False), ([(1, 20)], False), ([], False),
    ],
)  # fmt: skip
def test_spans_cover_a_period_without_a_hole(spans: list[tuple[int, int]], whole: bool) -> None:
    days = [(date(2026, 3, since), date(2026, 3, until)) for since, until in spans]
    assert covers(days, date(2026, 3, 1), date(2026, 3, 21)) is whole


def test_a_nil_return_is_for_a_period_that_is_over_and_counts_nothing() -> None:
    today = date(2026, 3, 31)
    require_sound(Told("nil_return", date(2026, 1, 1), until=date(2026, 4, 1)), "organization", today)
    for until in (None, date(2026, 1, 1), date(2026, 4, 2)):
        with pytest.raises(NilReturnPeriod):
            require_sound(Told("nil_return", date(2026, 1, 1), until=until), "organization", today)
    with pytest.raises(NothingToCount):
        require_sound(Told("nil_return", date(2026, 1, 1), 1, until=date(2026, 4, 1)), "organization", today)
