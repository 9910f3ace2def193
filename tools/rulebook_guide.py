"""The chapter of the offices' guide on writing rules; `python -m tools.rulebook_guide` writes it."""

from __future__ import annotations

from pathlib import Path

from api.domain.rulebook.glossary import GLOSSARY

GUIDE = Path(__file__).parents[1] / "docs" / "offices.md"
HEAD = "## 规则写法\n"
EXAMPLE = """format: 1
id: my-district-member
version: "1"
labels: {zh: 在职党员社区服务, en: Service of in-service members}
source: 某区在职党员服务办法第五条（试写）
subject: member
effective: {since: 2026-01-01}
measures:
  - {id: minutes, labels: {zh: 服务分钟数, en: Minutes}, source: entries, where: {unit: [volunteer_minutes]}}
  - id: quarters
    labels: {zh: 有服务的季度, en: Quarters with service}
    source: entries
    where: {unit: [volunteer_minutes]}
    cadence: {each: quarter, atLeast: 60}
totals:
  - {id: hours, labels: {zh: 服务小时数, en: Hours}, op: rate, of: minutes, points: 1, per: 60}
gates:
  - id: seldom
    labels: {zh: 有季度未服务的不得评优, en: No quarter without service}
    when: {value: quarters.missed, atLeast: 1}
    effect: cannot_be_better_than
    grade: qualified
final: hours
grades:
  - {id: excellent, labels: {zh: 优秀, en: Excellent}, band: {atLeast: 40}}
  - {id: qualified, labels: {zh: 合格, en: Qualified}, band: {atLeast: 20, lessThan: 40}}
  - {id: failed, labels: {zh: 不合格, en: Failed}, band: {lessThan: 20}}
"""
"""A whole rulebook, as a first one may look; the guide shows it, and a test reads and judges by it."""

_SOURCES = {
    "entries": (
        "`unit`（volunteer_minutes 服务分钟、participation 参与分钟、fen 金额（分）、points 可兑换积分；不写则相加）、"
        "`nature`（volunteer_service、party_duty、organizational_life、training、paid_work）、"
        "`kind`（补录为 supplementary）、`activity`、`community`、`employer`、"
        "`relation`（home、paired、other）、`provenance`、`servedOn`、"
        "`activityKind`（service、visit、meeting、training、forum、reception）、`category`（活动类别代码）、`role`（leader、participant）"
    ),
    "facts": (
        "`kind`、`amount`（没有的按 1）、`value` 和规则所用的其他列（如 `level`、`matter`、`role`，记实时写在 "
        "`columns`）、`activity`、`community`、`employer`"
    ),
    "reviews": "`kind`（评议方或评议项）、`party`（self、community、street、resident、panel）、`amount`、`level`",
    "members": "成员结果：`grade`、`outcome`、`reportedIn`（yes、no），`take: {number: 党员规则中的数}`",
    "grades": (
        "往期结果（已定稿的考核）：`rulebook`（规则 `id`）、`grade`（没有等次的为 none）、`outcome`、"
        "`amount`（当时的得分），`take: {number: 当时规则中的数}`；日期为当时考核期最后一天，只看本期之前的，"
        "`window` 写 `yearsBack` 或 `lifetime`"
    ),
    "bars": (
        "没有列：写 `bar`（`strikes` 为记实的筛选，`until` 为解除所凭的来源和筛选），"
        "`result` 取 at_end（最后一天是否停止资格）、days（天数）、times（次数）"
    ),
    "affiliations": ("`kind`（registration、employment、secondary_home、make_up_suspended）、`community`、`basis`"),
    "denominators": (
        "单位：eligible_members、in_service_members、exempt_members；社区：registered_members、registered_units、"
        "households、residents；其他名称为申报的人数"
    ),
}
"""What a rulebook may look at, by its source; the guide's readers write these words."""

_DATA = """
各来源的列（写在 `where`、`take`、`factors`、`distinct`、`keep` 等处；没有的列始终未知）：

| `source` | 列 |
|---|---|
ROWS
属性（`attribute`）：`registrationBasis`、`politicalStatus`、`memberClass`（in_service、retired、floating_in 等）、
`employerKind`。豁免种类：ill、seconded、retired、not_yet_joined、floating、other，以及规则自己写的种类。

按工作日计的答复期限（`answered` 的 `workingDays`）要用休息日历：平台考核和试算时自动带入；自备输入包的，须写
`restDays`（所看日期前后全部休息日，如 `["2026-01-01", "2026-01-03"]`），没有时该数未知。

次序：`measures` → `scores` → `adjustments` → `totals` → `gates` → `grades` → `quotas`，后面的只能引用前面的 `id`。
门槛因对象而异的，先算出应得数，再写 `atLeast: 1, proRata: 应得数`；“不超过几成”用 `Best` 的 `lowest` 取较低者；
“前几次”用 `caps`；没有缺席的时段数，是以缺席为频次的 `.missed`。

"""

_INTRO = """
一份完整的规则：

```yaml
EXAMPLE```
DATA
每一种写法一例，可直接写进规则文件（`n` 指前面算出的某个数）；各项先后次序固定，与书写次序无关。格式全文见
`GET /rulebooks/schema`，查错用 `POST /rulebooks/lint`（写 `text`、`organizationId`）或 `dualreport lint 文件`，逐条给出
行和列。时段（`per`、`each`）可写 event、day、week、ten_days（旬）、two_weeks（两周，自 2024 年 1 月 1 日起逐双周）、
half_month（1–15 日、16 日至月末）、month、two_months、quarter、half_year、year、period。记录另有
`weekday`（monday 至 sunday）、`dayKind`（workday、weekend、holiday）、`timeOfDay`（night、morning、afternoon、evening）
三列，评议另有 `level`（所选档次），可用于筛选和系数。

| 写法 | 名称 | 例 |
|---|---|---|
"""


def chapter() -> str:
    """Return the chapter as the glossary has it."""
    rows = [f"| `{name}` | {zh} | `{example}` |" for name, (zh, _, example) in GLOSSARY.items()]
    sources = "".join(f"| `{source}` | {columns} |\n" for source, columns in _SOURCES.items())
    intro = _INTRO.replace("EXAMPLE", EXAMPLE).replace("DATA\n", _DATA.replace("ROWS\n", sources + "\n"))
    return HEAD + intro + "\n".join(rows) + "\n"


def with_chapter(guide: str) -> str:
    """Return a guide with the chapter in its place, or at the end where it has none yet."""
    before, found, after = guide.partition(HEAD)
    _, following, rest = after.partition("\n## ") if found else ("", "", "")
    return before.rstrip("\n") + "\n\n" + chapter() + (following and f"\n## {rest}")


if __name__ == "__main__":
    GUIDE.write_text(with_chapter(GUIDE.read_text("utf-8")), "utf-8")
