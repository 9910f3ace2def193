"""Lint, finding by finding: each fault at its line and column, and beside it what is near and not to be found."""

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.domain.bundle_rows import DAY_COLUMNS
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import located
from api.domain.rulebook.readable import ENTRY_COLUMNS
from api.services.bundles import COLUMNS

BOOK = """format: 1
id: example
version: "1"
labels: {zh: 例, en: Example}
source: 例
subject: community
effective: {since: 2026-01-01}
measures:
  - id: visits
    labels: {zh: 走访, en: Visits}
    source: facts
    where: {kind: [visit], by: [street]}
    caps: [{per: month, atMost: 3}, {per: year, atMost: 30}]
  - id: months
    labels: {zh: 月数, en: Months}
    source: facts
    where: {kind: [meeting]}
    take: count
    caps: [{per: day, atMost: 1}]
    cadence: {each: month, atLeast: 1}
    streak: {of: missed, length: 2}
scores:
  - {id: each, labels: {zh: 分, en: Points}, op: rate, of: visits, points: 2, atLeast: 0, atMost: 60}
  - {id: runs, labels: {zh: 连续, en: Runs}, op: rate, of: months.streaks, points: 5, atMost: 20}
totals:
  - {id: points, labels: {zh: 总分, en: Total}, op: sum, of: [each], minus: [runs]}
gates:
  - {id: veto, labels: {zh: 否决, en: Veto}, when: {value: months, lessThan: 3}, effect: becomes, grade: low}
final: points
grades:
  - {id: high, labels: {zh: 高, en: High}, band: {atLeast: 40}}
  - {id: middle, labels: {zh: 中, en: Middle}, band: {atLeast: 20, lessThan: 40}}
  - {id: low, labels: {zh: 低, en: Low}, band: {lessThan: 20}}
quotas:
  - {id: third, labels: {zh: 限, en: Top}, grade: high, atMost: 1/3, fewest: 1, most: 3, rank: points, instead: middle}
"""

KIND, CAPS = "where: {kind: [visit]", "caps: [{per: month, atMost: 3}, {per: year, atMost: 30}]"
# What is written instead of what, where a reader has to look, the code; then what is near, and not found.
FINDINGS = [
    ("atLeast: 20, lessThan: 40", "atLeast: 20, atMost: 40", "{atLeast: 20", "overlap", "atLeast: 20, lessThan: 40"),
    ("{lessThan: 20}", "{lessThan: 15}", "{atLeast: 20", "gap", "{lessThan: 20}"),
    ("atLeast: 20, lessThan: 40", "atLeast: 40, lessThan: 20", "{atLeast: 40, less", "empty_band",
     "atLeast: 20, lessThan: 40"),
    ("band: {atLeast: 40}", "band: {atLeast: 61}", "{atLeast: 61}", "unreachable_grade", "band: {atLeast: 40}"),
    ("lessThan: 3}", "moreThan: 12}", "{value: months", "impossible_threshold", "moreThan: 11}"),
    ("lessThan: 3}", "lessThan: 13}", "{value: months", "minimum_over_cap", "lessThan: 12}"),
    (CAPS, "caps: [{per: month, atMost: 3}, {per: year, atMost: 2}]", "{per: year", "contradictory_caps",
     "caps: [{per: month, atMost: 3}, {per: year, atMost: 4}]"),
    (CAPS, "caps: [{per: month, atMost: 3}, {per: year, atMost: 36}]", "{per: year", "cap_never_binds",
     "caps: [{per: month, atMost: 3}, {per: year, atMost: 35}]"),
    ("{each: month, atLeast: 1}", "{each: month, atLeast: 32}", "{each: month", "impossible_cadence",
     "{each: month, atLeast: 31}"),
    ("length: 2", "length: 13", "13}", "impossible_streak", "length: 12"),
    ("atLeast: 0, atMost: 60", "atLeast: 61, atMost: 60", "61, atMost", "floor_over_cap", "atLeast: 0, atMost: 60"),
    (CAPS, "window: {since: 12-01, before: 03-01}", "{since: 12-01", "window_over_new_year",
     "window: {since: 03-01, before: 12-01}"),
    (CAPS, "window: {since: 07-01, before: 07-01}", "{since: 07-01", "empty_window",
     "window: {since: 06-30, before: 07-01}"),
    (CAPS, "window: {since: 11-20}", "{since: 11-20", "year_end_volume", "window: {since: 10-01}"),
    (CAPS, "window: {since: 12-01, before: 12-16}", "{since: 12-01", "year_end_volume",
     "window: {since: 12-05, before: 12-06}"),  # 国际志愿者日
    ("lessThan: 3}", "atLeast: 0}", "{value: months", "gate_always_holds", "atLeast: 1}"),
    ("{value: months, lessThan: 3}", "{any: [{value: months, lessThan: 3}, {value: visits, atLeast: 0}]}",
     "{any: [{value", "gate_always_holds", "{all: [{value: months, lessThan: 3}, {value: visits, atLeast: 0}]}"),
    ("{value: months, lessThan: 3}", "{value: runs, moreThan: -1, atMost: 20}", "{value: runs", "gate_always_holds",
     "{value: runs, moreThan: -1, atMost: 19}"),
    (KIND, "where: {kind: [log_in]", "[log_in]", "formalism", "where: {kind: [log_of_visits]"),
    (KIND, "where: {kind: [likes]", "[likes]", "formalism", "where: {kind: [likeness]"),
    (KIND, "where: {onlineTime: [long]", "[long]", "formalism", "where: {online: [yes]"),
    (CAPS, "take: {column: form, values: {share: 1, visit: 2}, otherwise: 0}", "{share", "formalism",
     "take: {column: form, values: {shared_meal: 1, visit: 2}, otherwise: 0}"),
    (KIND, "where: {kind: [photo]", "[photo]", "forced_trace", "where: {kind: [photography_course]"),
    (KIND, "where: {hasPhoto: ['yes']", "['yes']", "forced_trace", "where: {kind: [exhibition]"),
    (CAPS, "voidedBy: [{where: {gpsTrack: [missing]}}]", "[missing]", "forced_trace",
     "voidedBy: [{where: {kind: [finding]}}]"),
    (KIND, "where: {kind: [app_login_days]", "[app_login_days]", "formalism", "where: {kind: [blog_in_print]"),
    (KIND, "where: {kind: [朋友圈点赞]", "[朋友圈点赞]", "formalism", "where: {kind: [点亮微心愿]"),
    (KIND, "where: {kind: [photo_proof]", "[photo_proof]", "forced_trace", "where: {kind: [photo_exhibition]"),
    ("source: facts\n    where: {kind: [visit], by: [street]}", "source: entries\n    where: {unit: [points]}",
     "[points]", "spendable", "source: entries\n    where: {unit: [points], nature: [earned]}"),
    ("source: facts\n    where: {kind: [visit], by: [street]}", "source: entries", "id: visits", "mixed_units",
     "source: entries\n    where: {unit: [volunteer_minutes, participation]}"),
    ("source: facts\n    where: {kind: [visit], by: [street]}",
     "source: entries\n    where: {unit: [volunteer_minutes], form: [online]}", "id: visits", "no_such_column",
     "source: entries\n    where: {unit: [volunteer_minutes], dayKind: [weekend], relation: [home]}"),
    ("take: count\n", "take: count\n    distinct: household\n", "household", "once_for_all_spans",
     "take: count\n    distinct: household\n    distinctPer: month\n"),
    ("zh: 走访, en: Vi", "zh: 现场照片张数, en: Vi", "现场照片", "forced_trace", "zh: 老照片修复, en: Vi"),
    ("zh: 走访, en: Vi", "zh: 平台登录天数, en: Vi", "平台登录", "formalism", "zh: 平台开放日, en: Vi"),
    ("instead: middle", "instead: high", "high}", "raised_by_quota", "instead: low"),
    ("fewest: 1, most: 3", "fewest: 4, most: 3", "4, most", "contradictory_seats", "fewest: 3, most: 3"),
    ("of: [each], minus", "of: [visits], minus", "{id: each", "unused", "of: [each], minus"),
    ("effect: becomes, grade: low", "effect: cannot_be_better_than, grade: high", "high}\nfinal", "idle_gate",
     "effect: cannot_be_better_than, grade: middle"),
    ("op: sum, of: [each], minus: [runs]", "op: weighted, parts: [{of: each, weight: 50%}, {of: runs, weight: 40%}]",
     "[{of: each", "weights", "op: weighted, parts: [{of: each, weight: 60%}, {of: runs, weight: 40%}]"),
]  # fmt: skip


def found(text):
    book, place = located(text)
    return [(each, *place(each.pointer)) for each in lint(book)]


def test_the_book_has_no_findings():
    assert found(BOOK) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "code", "near"), FINDINGS, ids=[f"{row[3]} {n}" for n, row in enumerate(FINDINGS)]
)
def test_a_fault_is_found_at_its_line_and_column_and_what_is_near_is_not(old, new, at, code, near):
    assert old in BOOK
    text = BOOK.replace(old, new, 1)
    hits = [(each, line, column) for each, line, column in found(text) if each.code == code]
    finding, line, column = hits[0]
    before = text[: text.index(at)]
    assert (line, column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert all((finding.zh, finding.en, finding.remedy_zh, finding.remedy_en))
    assert code not in [each.code for each, _, _ in found(BOOK.replace(old, near, 1))]


def test_lint_knows_the_columns_that_bundles_have():
    assert {*COLUMNS, *DAY_COLUMNS, "relation", "key"} - {"id"} == ENTRY_COLUMNS


def test_a_veto_of_a_department_is_found_behind_a_score_and_not_where_the_subject_is_a_unit():
    text = BOOK.replace("by: [street]", "by: [department]").replace(
        "value: months, lessThan: 3", "value: each, lessThan: 3"
    )
    assert ("departmental_veto", "/gates/0/when") in [(each.code, each.pointer) for each, _, _ in found(text)]
    for words in ("by: [civil_affairs_bureau]", "issuedBy: [市环保局]"):
        other = BOOK.replace("by: [street]", words).replace("value: months, lessThan: 3", "value: visits, lessThan: 3")
        assert ("departmental_veto", "/gates/0/when") in [(each.code, each.pointer) for each, _, _ in found(other)]
    unit = text.replace("subject: community", "subject: unit")
    assert "departmental_veto" not in [each.code for each, _, _ in found(unit)]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (BOOK, 0, ""),
        (BOOK.replace("most: 3", "most: 3, share: 1"), 1, "35:96: error extra_forbidden /quotas/0/share"),
        (BOOK.replace("{lessThan: 20}", "{lessThan: 15}"), 1, "error gap /grades/1/band: 从 15 到 20 的得分没有等次"),
        (BOOK.replace("kind: [visit]", "kind: [likes]"), 0, "12:19: warning formalism /measures/0/where/kind: "),
    ],
)
def test_the_command_says_where_a_file_is_wrong_and_exits_1_where_it_could_not_be_in_force(text, code, said):
    done = CliRunner().invoke(app, ["lint", "-"], input=text.encode())
    assert done.exit_code == code
    assert said in done.stdout
