"""Lists: thin rows stay thin, words become codes, and the shipped invented lists can all be read."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from api.domain.list_words import CATEGORIES, FLAGS, STATES, code_of, gates_of, state_of
from api.domain.lists import LISTS, ListRow, read_list
from api.domain.rosters import read_units
from api.domain.rows import MissingColumns, Reading

DATA = Path(__file__).parents[2] / "api" / "data"
NEED = ["编号", "社区", "名称", "说明", "类别", "对象", "人数", "时间", "状态"]


def read(which: str, headers: list[str], *rows: str) -> Reading[ListRow]:
    return read_list(which, headers, ((n, r.split("|")) for n, r in enumerate(rows, 2)))


def shipped(name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    with (DATA / f"demo_{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], list(enumerate(rows[1:], 2))


def test_a_thin_need_is_accepted_and_what_it_does_not_say_is_unknown() -> None:
    need = read("needs", NEED, "|某社区|修路灯||||||").rows[0]
    assert need.flags == ("thin_row",)
    told = (need.headcount, need.quantity, need.amount_fen, need.on, need.state, need.category, need.key)
    assert told == (None,) * 7


def test_words_become_codes_and_unknown_words_are_flagged() -> None:
    rows = read(
        "needs",
        NEED,
        "N1|某社区|义诊|测血压|医疗健康|居民|6|2026-05-09|已认领",
        "N2|某社区|别的|x|占卜|居民|几个|周六|搁置",
    ).rows
    assert (rows[0].category, rows[0].headcount, rows[0].on, rows[0].state) == (
        "health",
        6,
        date(2026, 5, 9),
        "matched",
    )
    assert (rows[1].category, rows[1].headcount, rows[1].on, rows[1].state) == (None, None, None, None)
    assert set(rows[1].flags) == {"unknown_category", "headcount_not_a_number", "time_not_a_date", "unknown_status"}
    assert set(rows[1].flags) <= set(FLAGS)


def test_zero_is_a_number_and_empty_is_not() -> None:
    headers = ["id", "owner", "title", "budget_yuan", "headcount"]
    rows = read("projects", headers, "1|甲|读书|0|0", "2|甲|写字||", "3|甲|画画|8000.50|", "4|甲|下棋|8.005|").rows
    assert [(r.amount_fen, r.headcount) for r in rows] == [(0, 0), (None, None), (800_050, None), (None, None)]
    assert "budget_not_a_number" in rows[3].flags


def test_quantities_of_resources_are_counts_money_or_words() -> None:
    headers = ["单位", "名称", "类别", "数量"]
    rows = read(
        "resources",
        headers,
        "甲|书|物资|1000余册",
        "甲|捐款|资金|80000余元",
        "乙、丙|理发|服务|每月25日",
        "甲|人|人力|",
    ).rows
    assert [(r.kind, r.quantity, r.quantity_of, r.amount_fen) for r in rows] == [
        ("goods", 1000, "册", None), ("fund", None, None, 8_000_000), ("service", None, "每月25日", None),
        ("service", None, None, None),
    ]  # fmt: skip
    assert "several_offerers" in rows[2].flags


def test_only_an_item_without_title_or_place_is_refused() -> None:
    reading = read(
        "posts", ["社区", "岗位名称"], "某社区|", "|巡逻岗", "某社区|巡\x07逻", "某社区|巡逻岗", "某社区|巡逻岗"
    )
    assert [(e.row, e.column, e.code) for e in reading.refused] == [
        (2, "title", "missing_value"), (3, "place", "missing_value"), (4, "title", "control_character"),
    ]  # fmt: skip
    assert [r.flags for r in reading.rows] == [("thin_row",), ("thin_row", "duplicate_item")]
    assert {r.kind for r in reading.rows} == {"duty_post"}


def test_a_list_without_titles_is_no_list() -> None:
    with pytest.raises(MissingColumns) as caught:
        read_list("needs", ["编号", "说明"], [])
    assert caught.value.facts["missing"] == ["title", "place"]


def test_no_word_means_two_categories_or_two_states() -> None:
    for code, category in CATEGORIES.items():
        assert all(code_of(CATEGORIES, word) == code for word in (category.zh, *category.words))
    assert all(state_of(word) == state for state, words in STATES.items() for word in words)


@pytest.mark.parametrize(
    ("which", "file", "count"),
    [
        ("needs", "needs", 40),
        ("resources", "resources", 25),
        ("projects", "projects", 10),
        ("posts", "posts", 10),
        ("micro_wishes", "wishes", 20),
    ],
)
def test_the_shipped_lists_are_read_without_a_refusal(which: str, file: str, count: int) -> None:
    assert which in LISTS
    reading = read_list(which, *shipped(file))
    assert (len(reading.rows), reading.refused, reading.ignored_columns) == (count, [], ())
    known = set(FLAGS) - {"unknown_status", "unknown_category", "duplicate_item"}
    assert {flag for row in reading.rows for flag in row.flags} <= known


def test_the_shipped_units_are_invented_and_read() -> None:
    reading = read_units(*shipped("units"))
    assert (len(reading.rows), reading.refused) == (16, [])
    assert all(u.credit_code is None or u.credit_code[2:15] == "3205000000000" for u in reading.rows)
    assert all("演示" in u.name or u.name == "区融媒体中心" for u in reading.rows)


@pytest.mark.parametrize(
    ("said", "gates"),
    [
        ("Be a Driver and Make a Difference - 55+ Only", {"ageFrom": 55}),
        ("Corporate Volunteer Program, must be 18", {"ageFrom": 18, "groups": ["unit"]}),
        ("must be 18, best 55+", {"ageFrom": 55}),
        ("55岁以上党员合唱队", {"ageFrom": 55}),
        ("未成年人暑期托管", {}),
        ("Mentor homeless children between the ages of 2 to 12", {}),
    ],
)
def test_words_of_lists_say_whom_an_item_asks_for(said: str, gates: dict[str, object]) -> None:
    assert gates_of(said) == gates
