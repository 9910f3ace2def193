"""Broken rulebook files: each is refused with code, line, column and words in Chinese that say what is wrong."""

import pytest

from api.domain.rulebook.load import RulebookInvalid, load

GOOD = """format: 1
id: example
version: "1"
labels: {zh: 例, en: Example}
source: 例
subject: member
effective: {since: 2026-01-01}
measures:
  - id: minutes
    labels: {zh: 分钟, en: Minutes}
    source: entries
    caps: [{per: day, atMost: 480}]
  - id: marks
    labels: {zh: 评分, en: Marks}
    source: reviews
    result: average
totals:
  - {id: points, labels: {zh: 分, en: Points}, op: rate, of: minutes, points: 1.4, per: 60}
gates:
  - {id: veto, labels: {zh: 否决, en: Veto}, when: {value: minutes, lessThan: 60}, effect: becomes, grade: low}
final: points
grades:
  - {id: high, labels: {zh: 高, en: High}, band: {atLeast: 10}}
  - {id: low, labels: {zh: 低, en: Low}}
quotas:
  - {id: third, labels: {zh: 限, en: Limit}, grade: high, atMost: 1/3, rank: points, instead: low}
"""

EXACT = '须为整数，或写作 "1.4"、"1/3"、"95%" 的精确数'
SPANS = "只能是 event、day、week、ten_days、two_weeks、half_month、month、two_months、quarter、half_year、year、period"
# What is written instead of what, the place in the broken file where a reader has to look, the code, and the Chinese.
BROKEN = [
    ("format: 1", "format: 2", "2", "literal_error", "只能是 1"),
    ("format: 1\n", "", "id: example", "missing", "缺少必填项"),
    ("id: example", "id: 例", "例", "string_pattern_mismatch", "写法不合要求，只用小写字母、数字和连字符"),
    ("id: example", "id: [example]", "[example]", "string_type", "须为文字"),
    ('version: "1"', "version: 1", "1\nlabels", "string_type", "须为文字"),
    ('version: "1"', 'version: ""', '""', "string_too_short", "至少 1 个字"),
    ('version: "1"', f'version: "{"1" * 41}"', '"111', "string_too_long", "至多 40 个字"),
    ("{zh: 例, en: Example}", "{zh: 例}", "{zh: 例}", "missing", "缺少必填项"),
    ("{zh: 例, en: Example}", "{zh: 例, en: E, fr: F}", "F}", "extra_forbidden", "不认识的项"),
    ("{zh: 例, en: Example}", "例子", "例子", "model_type", "须为成组的名称和值"),
    ("subject: member", "subject: everybody", "everybody", "literal_error", None),
    ("since: 2026-01-01", "since: 2026-02-30", "2026-02-30", "value_error", "没有这样的日期"),
    ("since: 2026-01-01", "since: 2026-1-1", "2026-1-1", "value_error", "没有这样的日期"),
    ("since: 2026-01-01", "since: 20260101", "20260101", "string_type", "须为文字"),
    ("since: 2026-01-01", "since: 2026-01-01, until: 2025-12-31", "{since", "value_error", "截止日须晚于起始日"),
    ("since: 2026-01-01", "since: 2026-01-01, until: 2026-01-01", "{since", "value_error", "截止日须晚于起始日"),
    ("effective: {since: 2026-01-01}\n", "", "format: 1", "missing", "缺少必填项"),
    ("measures:\n", "measures: []\nscores:\n", "[]", "too_short", "至少要有 1 项"),
    ("measures:\n", "measures: 3\nscores:\n", "3\nscores", "list_type", "须为列表"),
    ("source: entries", "source: website", "id: minutes", "union_tag_invalid", None),
    ("source: entries\n", "note: 无\n", "id: minutes", "union_tag_not_found", "须写明 source"),
    ("source: entries", "source: entries\n    take: minutes", "minutes\n    caps", "literal_error", None),
    ("source: entries", "source: entries\n    where: {kind: []}", "[]", "too_short", "至少要有 1 项"),
    ("source: entries", "source: entries\n    where: {kind: visit}", "visit}", "list_type", "须为列表"),
    ("source: entries", "source: entries\n    where: [visit]", "[visit]", "dict_type", "须为成组的名称和值"),
    ("source: entries", "source: entries\n    window: {before: 02-30}", "02-30", "value_error", "没有这样的日期"),
    ("source: entries", "source: entries\n    window: {yearsBack: 99}", "99", "less_than_equal", "不能大于 50"),
    ("source: entries", "source: entries\n    window: {lifetime: yes}", "yes", "bool_type", "只能是 true 或 false"),
    ("source: entries", "source: entries\n    window: {lifetime: true}\n    cadence: {each: month}", "id: minutes",
     "value_error", "按时段计算须有起始日：请用 yearsBack，不用 lifetime；限期自隶属关系之日起算，不再设时间窗"),
    ("source: entries", "source: entries\n    window: {lastDays: 30, lifetime: true}", "{lastDays", "value_error",
     "时间窗的起点只能写一种：since、yearsBack、lifetime、lastDays 或 lastMonths"),
    ("source: entries", "source: entries\n    series: {each: month}\n    rolling: {days: 30}", "id: minutes",
     "value_error", "频次、逐段计分、连续天数、限期与按期答复按各时段合计计算，且只能用其中一个"),
    ("source: entries",
     "source: entries\n    steps: {per: day, steps: [{reaches: 1, points: 2}, {reaches: 1, points: 2}]}",
     "{per: day", "value_error", "有两档的起点相同"),
    ("source: entries", "source: entries\n    streak: {of: missed, length: 2}", "id: minutes", "value_error",
     "连续计数须与频次一起使用"),
    ("source: entries", "source: entries\n    keep: {per: day}\n    distinct: day", "id: minutes", "value_error",
     "keep 与 distinct 都是取舍记录，只能用一个"),
    ("source: entries", "source: members", "id: minutes", "value_error",
     "成员结果针对整个周期：不能设时间窗，也不能按时段，只能逐人"),
    ("source: entries", "source: affiliations", "id: minutes", "value_error",
     "隶属关系是持续的：可设时间窗，不能设上限、频次、最低数、档次、审批，也不能并入其他来源"),
    ("per: day", "per: fortnight", "fortnight", "literal_error", SPANS),
    ("atMost: 480", "atMost: -1", "-1", "greater_than_equal", "不能小于 0"),
    ("atMost: 480", "atMost: 1e999", "1e999", "value_error", EXACT),
    ("atMost: 480", f"atMost: {'9' * 40}", "999", "value_error", EXACT),
    ("atMost: 480", "atMost: .inf", ".inf", "value_error", EXACT),
    ("result: average", "result: mean", "mean", "literal_error", None),
    ("result: average", "result: average\n    quorum: 1.5", "1.5", "int_type", "须为整数"),
    ("result: average", "result: sum\n    trim: 1", "id: marks", "value_error", "只有平均值可以去掉最高分和最低分"),
    ("op: rate", "op: formula", "{id: points", "union_tag_invalid", None),
    ("op: rate, ", "", "{id: points", "union_tag_not_found", "须写明 op"),
    ("op: rate", "op: rate, formula: a+b", "a+b", "extra_forbidden", "不认识的项"),
    ("of: minutes", "of: hours", "hours", "undefined", "hours 在此处之前没有定义"),
    ("of: minutes", "of: minutes.missed", "minutes.missed", "undefined", "minutes.missed 在此处之前没有定义"),
    ("of: minutes", "of: Minutes", "Minutes, points", "string_pattern_mismatch", None),
    ("points: 1.4", "points: NaN", "NaN", "value_error", EXACT),
    ("points: 1.4", "points: 1/0", "1/0", "value_error", "分母不能为 0"),
    ("points: 1.4", "points: １", "１", "value_error", EXACT),
    ("per: 60", "per: 0", "0}\ngates", "greater_than", "须大于 0"),
    ("id: points", "id: minutes", "minutes, labels", "defined_twice", "minutes 重复定义"),
    ("when: {value: minutes, lessThan: 60}", "when: {value: minutes}", "{value: minutes}", "value_error",
     "比较须写 atLeast、moreThan、atMost 或 lessThan 之一"),
    ("lessThan: 60", "lessThan: sixty", "sixty", "value_error", EXACT),
    ("lessThan: 60", "below: 60", "60}, effect", "extra_forbidden", "不认识的项"),
    ("value: minutes, lessThan: 60", "any: [{value: minutes, lessThan: 6}, {negate: {value: minutes, atMost: many}}]",
     "many", "value_error", EXACT),
    ("when: {value: minutes, lessThan: 60}", "when: {or: [{value: minutes, lessThan: 60}]}", "{or", "missing",
     "条件须写 value、attribute、all、any、negate 之一"),
    ("when: {value: minutes, lessThan: 60}", "when: {all: []}", "[]", "too_short", "至少要有 1 项"),
    ("effect: becomes, grade: low", "effect: becomes", "{id: veto", "value_error",
     "becomes 和 cannot_be_better_than 须写等次，exempt 和 out_of_assessment 不写等次"),
    ("effect: becomes, grade: low", "effect: exempt, grade: low", "{id: veto", "value_error",
     "becomes 和 cannot_be_better_than 须写等次，exempt 和 out_of_assessment 不写等次"),
    ("grade: low", "grade: lowest", "lowest", "undefined", "lowest 在此处之前没有定义"),
    ("final: points", "final: score", "score", "undefined", "score 在此处之前没有定义"),
    ("final: points\n", "", "{atLeast: 10}", "no_final", "有等次区间，但没有指定 final"),
    ("band: {atLeast: 10}", "band: {atLeast: 10, moreThan: 10}", "{atLeast", "value_error",
     "区间的同一端只能写含或不含其一"),
    ("atMost: 1/3", "atMost: 4/3", "4/3", "less_than_equal", "不能大于 1"),
    ("instead: low", "instead: lower", "lower", "undefined", "lower 在此处之前没有定义"),
    ("format: 1\n", "format: 1\nformat: 1\n", "format: 1\nid", "duplicate_key", "键 format 重复"),
    ("source: 例", "source: &source 例", "&source", "alias", "不允许使用锚点和别名"),
    ("source: 例", "source: *labels", "*labels", "alias", "不允许使用锚点和别名"),
    ("source: 例", "source: !!str 例", "!!str", "tag", "不允许使用标签"),
    ("labels: {zh: 例, en: Example}", "<<: {zh: 例, en: Example}", "format: 1", "missing", "缺少必填项"),
    ("format: 1\n", "--- \nformat: 1\n---\n", "---\nid", "several_documents", "只能有一个文档"),
    ("measures:\n", "measures: " + "[" * 31 + "\n", "[" * 2 + "\n  - id: minutes", "too_deep", "嵌套超过 30 层"),
    ("    source: entries", "\tsource: entries", "\tsource", "syntax",
     "此处的字符不能这样用：缩进只用空格，不用制表符；以 @、%、` 等开头的文字要加引号"),
    ("labels: {zh: 例, en: Example}", "labels: {zh: 例, en: Example", ": 例\nsubject", "syntax",
     "括号没有闭合，或两项之间缺少逗号"),
    ("id: example", 'id: "example', None, "syntax", "缩进不一致，引号没有闭合，或列表项前缺少“- ”"),
    ("source: 例", "source: 例\x07", "\x07", "control_character", "含有不允许的控制字符"),
    ("source: 例", 'source: "\\ud83d"', '"\\ud83d"', "lone_surrogate", "含有不完整的 Unicode 字符"),
]  # fmt: skip


def first_error(text):
    with pytest.raises(RulebookInvalid) as why:
        load(text)
    return why.value.errors[0]


def test_the_file_that_is_broken_in_so_many_ways_is_good():
    assert load(GOOD).id == "example"
    assert len(BROKEN) >= 40


@pytest.mark.parametrize(
    ("old", "new", "at", "code", "zh"), BROKEN, ids=[f"{row[3]}: {row[1][:24]!r}" for row in BROKEN]
)
def test_a_broken_file_is_refused_with_code_line_column_and_chinese(old, new, at, code, zh):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = first_error(text)
    assert found["code"] == code
    if zh is not None:
        assert found["detail"]["zh"] == zh
    assert found["detail"]["zh"] != "取值不符合规则格式"
    if at is not None:
        before = text[: text.index(at)]
        assert (found["line"], found["column"]) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"", "empty", 1, 1),
        (b"\xef\xbb\xbf", "empty", 1, 1),
        (b"# nothing but a remark\n", "empty", 1, 1),
        (GOOD.encode("gb18030"), "not_utf8", 4, 14),
        (GOOD.encode("utf-16"), "not_utf8", 1, 1),
        (b"format: 1\nid: \xc0\xaf\n", "not_utf8", 2, 5),
        (b"format: 1\n" + b"#" * 300_000, "too_long", 1, 1),
        (b'{"format": 1,\n "format": 1}', "duplicate_key", 2, 2),
        (b'{"format": NaN}', "literal_error", 1, 12),
        (b"%PDF-1.7\n", "syntax", 1, 7),
        (b"PK\x03\x04", "control_character", 1, 3),
    ],
)
def test_bytes_that_are_no_rulebook_are_refused_with_their_place(content, code, line, column):
    found = first_error(content)
    assert (found["code"], found["line"], found["column"]) == (code, line, column)


def test_a_byte_order_mark_before_a_good_file_does_no_harm():
    assert load(b"\xef\xbb\xbf" + GOOD.encode()).digest == load(GOOD).digest


def test_every_error_of_a_file_is_told_at_once_up_to_a_hundred():
    text = (
        GOOD.replace("per: day", "per: fortnight")
        .replace("points: 1.4", "points: NaN")
        .replace("format: 1", "format: 9")
    )
    with pytest.raises(RulebookInvalid) as why:
        load(text)
    assert [(error["line"], error["pointer"]) for error in why.value.errors] == [
        (1, "/format"), (12, "/measures/0/caps/0/per"), (18, "/totals/0/points"),
    ]  # fmt: skip
    rows = "".join(f"  - {{id: m{n}}}\n" for n in range(300))
    with pytest.raises(RulebookInvalid) as why:
        load(GOOD.replace("measures:\n", f"measures:\n{rows}"))
    assert 0 < len(why.value.errors) <= 100
