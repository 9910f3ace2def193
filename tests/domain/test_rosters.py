"""Rosters: phones, names, dates and counts as people write them, and rows that are flagged or refused."""

from __future__ import annotations

from datetime import date

import pytest

from api.domain import cell_values
from api.domain.cell_values import Amount, UnreadableError
from api.domain.roster_people import PersonRow, read_people
from api.domain.rosters import UnitPart, name_flags, read_branches, read_units
from api.domain.rows import MissingColumns, Reading, RepeatedColumns

CODE = "12100000470095016Q"  # a university's, from the documented public institutions
HEADERS = [
    "编号",
    "姓名*",
    "手机号（必填）",
    "政治面貌",
    "党员类别",
    "居住社区",
    "是否市外居住",
    "入党时间",
    "身份证号",
]


def people(*rows: str) -> Reading[PersonRow]:
    return read_people(HEADERS, ((n, r.split(",")) for n, r in enumerate(rows, 2)), today=date(2026, 3, 1))


@pytest.mark.parametrize(
    "typed",
    ["13800138000", "138 0013 8000", "138-0013-8000", "+8613800138000", "+86 138-0013-8000", "008613800138000",
     "8613800138000", "１３８００１３８０００", "(86)13800138000", "138.0013.8000",
     "013800138000", "0086 (0)138 0013 8000"],
)  # fmt: skip
def test_every_spelling_of_a_mobile_is_one_number(typed: str) -> None:
    assert cell_values.phone(typed) == "+8613800138000"


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0512-65223333", "+8651265223333"), ("(0512) 6522 3333", "+8651265223333"), ("+86 10 6552 9988", "+861065529988"),
     ("021 62345678", "+862162345678"), ("+852 2345 6789", "+85223456789")],
)  # fmt: skip
def test_landlines_and_other_countries_have_numbers_too(typed: str, number: str) -> None:
    assert cell_values.phone(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["1380013800", "138001380001", "12800138000", "65223333", "abc", "1.38E+10", "+", "²", "+85212", "+999123456789"],
)
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(UnreadableError, match="bad_phone"):
        cell_values.phone(typed)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("王", "王"),
        *((f"阿卜杜拉{dot}买买提", "阿卜杜拉·买买提") for dot in "·•‧・･．∙⋅."),
        ("阿卜杜拉 · 买买提", "阿卜杜拉·买买提"),
        ("𠮷野", None),  # beyond the basic plane; NFKC would keep it, a narrow column would lose it
        ("㐱一", None),
        ("Zoe\u0308", "Zoë"),  # composed, so that both ways of typing are one name
        ("𬭚𣒍", "𬭚𣒍"),
        ("王 小", "王小"),
        ("Anna-Maria O'Neil", None),
        ("\ue170某", None),
    ],
)
def test_names_may_be_short_dotted_rare_or_latin(typed: str, name: str | None) -> None:
    assert cell_values.name(typed) == (name or typed)


@pytest.mark.parametrize(
    ("typed", "why"),
    [("王\x07", "control"), ("王1", "bad_name"), ("王\u202e小", "control"), ("=A1", "bad"), ("王" * 61, "long")],
)
def test_what_no_name_has_is_refused(typed: str, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        cell_values.name(typed)


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2024-03-01", (2024, 3, 1)), ("2024/3/1", (2024, 3, 1)), ("2024.3.1", (2024, 3, 1)),
     ("2024年3月1日", (2024, 3, 1)),
     ("20240301", (2024, 3, 1)), ("2024-03-01 00:00:00", (2024, 3, 1)), ("２０２４－０３－０１", (2024, 3, 1))],
)  # fmt: skip
def test_a_day_is_a_day_however_written(typed: str, day: tuple[int, int, int]) -> None:
    assert cell_values.day(typed) == (date(*day), False)
    assert cell_values.day("1998.07") == (date(1998, 7, 1), True)


@pytest.mark.parametrize("typed", ["2024-02-30", "24-03-01", "昨天", "3月1日", "45000", "2024-13-01"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(UnreadableError, match="not_a_date"):
        cell_values.day(typed)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("2间", Amount(2, "间", False)), ("20余人", Amount(20, "人", True)), ("80000余元", Amount(80000, "元", True)),
     ("一排", Amount(1, "排", False)), ("十二人", Amount(12, "人", False)), ("二十三", Amount(23, "", False)),
     ("约1,200册", Amount(1200, "册", True)), ("2万元", Amount(20000, "元", False)), ("每月25日", None), ("", None),
     ("1.5小时", None), ("三二", None)],
)  # fmt: skip
def test_amounts_say_how_many_of_what_and_whether_about(typed: str, amount: Amount | None) -> None:
    assert cell_values.amount(typed) == amount


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "440524188001010014", "360426199101010071", "44011320141005001X", "412723199010050012"],
)
def test_the_examples_of_the_standard_are_id_numbers(number: str) -> None:
    """GB 11643-1999 and the documented test numbers of python-stdnum; no number of a living person."""
    assert cell_values.id_number(f" {number.lower()} ") == number
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    with pytest.raises(UnreadableError, match="check_sign"):
        cell_values.id_number(wrong)


def test_an_old_number_of_fifteen_signs_is_the_one_of_eighteen() -> None:
    assert cell_values.id_number("110105491231002") == "11010519491231002X"  # by the rule of GB 11643
    with pytest.raises(UnreadableError, match="component"):
        cell_values.id_number("110105491331002")


def test_what_is_searched_for_is_found_however_it_is_typed() -> None:
    assert cell_values.found_as("name", "阿卜杜拉 • 买买提") == cell_values.found_as("name", "阿卜杜拉·买买提")
    assert cell_values.found_as("phone", "138 0013 8000") == cell_values.found_as("phone", "+8613800138000")
    assert cell_values.found_as("id_number", "11010519491231002x") == "11010519491231002X"
    assert cell_values.found_as("phone", "无") == "无"


def test_an_id_number_is_checked_without_a_list_of_regions() -> None:
    assert cell_values.id_number("11010519491231002x") == "11010519491231002X"  # the example of GB 11643-1999
    for typed, why in (
        ("110105194912310021", "check_sign"), ("1101051949123100", "length"), ("11010519491231002A", "characters"),
        ("110105194913310021", "component"),
    ):  # fmt: skip
        with pytest.raises(UnreadableError, match=why):
            cell_values.id_number(typed)


def test_a_person_is_normalised_and_what_is_absent_is_unknown() -> None:
    reading = people("A1,王 小,138-0013-8000,中共党员,在职,某社区,,1998.07,", "A2,李,,,,,是,,")
    assert reading.refused == []
    one, two = reading.rows
    assert (one.name, one.phone, one.political_status, one.member_class) == (
        "王小",
        "+8613800138000",
        "full",
        "in_service",
    )
    assert (one.joined_on, one.flags) == (date(1998, 7, 1), ("month_only",))
    assert (two.phone, two.political_status, two.residence_community, two.outside_city) == (None, None, None, True)


def test_a_row_reports_all_its_faults_and_no_personal_value() -> None:
    reading = people("A1,王1,123,党外,返聘,,也许,2027-01-01,12", "A2,李,,,,某社区,,,", "A2,赵,,,,某社区,,,")
    told = {(e.row, e.column, e.code, e.value) for e in reading.refused}
    assert told == {
        (2, "name", "bad_name", None), (2, "phone", "bad_phone", None), (2, "id_number", "id_number_length", None),
        (2, "political_status", "unknown_political_status", "党外"),
        (2, "member_class", "unknown_member_class", "返聘"),
        (2, "outside_city", "not_yes_or_no", "也许"), (2, "joined_on", "date_in_future", "2027-01-01"),
        (4, "roster_number", "duplicate_roster_number", None),
    }  # fmt: skip
    assert [p.roster_number for p in reading.rows] == ["A2"]


def test_headers_that_lack_or_repeat_are_named() -> None:
    with pytest.raises(MissingColumns) as caught:
        read_people(["编号", "电话"], [])
    assert caught.value.facts["missing"] == ["name"]
    with pytest.raises(RepeatedColumns):
        read_people(["编号", "姓名", "姓 名"], [])


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("县融媒体中心", ["abbreviated_name"]),
        ("乡镇卫生院", ["generic_name"]),
        ("平武县敬老院（江油关、古城）", ["several_units_in_one_cell"]),
        ("县文体广电局、电力分公司", ["several_units_in_one_cell", "abbreviated_name"]),
        ("市中区人民医院", []),
        ("镇江市图书馆", []),
        ("某市中等专业学校", []),
        ("四川省人民防空工程质量保障中心（省人防工程造价中心）", []),
    ],
)
def test_odd_names_of_units_are_flagged(name: str, flags: list[str]) -> None:
    assert name_flags(name)[1] == flags


def test_several_units_in_one_cell_are_told_apart_and_kept_as_one_row() -> None:
    cell = "盐泉镇畜牧兽医站（2人）、信义镇畜牧兽医站（1人）"
    unit = read_units(["单位名称"], [(2, [cell])]).rows[0]
    assert unit.name == cell
    assert unit.parts == (UnitPart("盐泉镇畜牧兽医站", 2), UnitPart("信义镇畜牧兽医站", 1))
    assert set(unit.flags) >= {"several_units_in_one_cell", "bracketed_count"}


def test_the_kind_of_a_unit_is_said_or_told_by_its_code_or_guessed() -> None:
    rows = [
        ["甲", CODE.lower(), ""],
        ["乙局", "", ""],
        ["丙", CODE, "机关"],
        ["丁", "", ""],
        ["戊", CODE[:-1] + "A", ""],
    ]
    reading = read_units(["name", "uscc", "单位类型"], enumerate(rows[:2] + rows[3:], 2))
    assert [(u.kind, u.flags) for u in reading.rows] == [
        ("public_institution", ()), ("agency", ("kind_guessed_from_name",)), (None, ()),
    ]  # fmt: skip
    assert [(e.row, e.column, e.code) for e in reading.refused] == [(5, "credit_code", "credit_code_check_sign")]
    contradicting = read_units(["name", "uscc", "单位类型"], [(2, rows[2])]).rows[0]
    assert (contradicting.kind, contradicting.flags) == ("agency", ("kind_contradicts_credit_code",))


def test_a_credit_code_for_two_names_refuses_the_second_and_a_name_said_twice_is_flagged() -> None:
    rows = [["甲", CODE], ["乙", CODE], ["甲", CODE]]
    reading = read_units(["name", "uscc"], enumerate(rows, 2))
    assert [(e.row, e.code) for e in reading.refused] == [(3, "duplicate_credit_code")]
    assert [u.flags for u in reading.rows] == [(), ("duplicate_name",)]


def test_counts_of_members_are_whole_or_unknown() -> None:
    rows = [["甲", "12人"], ["乙", ""], ["丙", "约30"], ["丁", "若干"], ["戊", "1.5"]]
    reading = read_units(["name", "在职党员数"], enumerate(rows, 2))
    assert [u.in_service_members for u in reading.rows] == [12, None, 30]
    assert [(e.row, e.code) for e in reading.refused] == [(5, "not_a_count"), (6, "not_a_count")]


def test_branches_have_a_kind_and_the_units_they_cover() -> None:
    rows = [["甲局机关党委", "", ""], ["第一党支部", "甲局机关党委", "甲局、乙所；甲局"], ["读书会", "", ""]]
    reading = read_branches(["党组织名称", "上级党组织", "覆盖单位"], enumerate(rows, 2))
    assert [(b.kind, b.covers, b.flags) for b in reading.rows] == [
        ("committee", (), ()), ("branch", ("甲局", "乙所"), ("joint_branch",)),
    ]  # fmt: skip
    assert [(e.row, e.column, e.code) for e in reading.refused] == [(4, "kind", "unknown_kind")]
