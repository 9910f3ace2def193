"""The chapter of the offices' guide on writing rules; `python -m tools.rulebook_guide` writes it."""

from __future__ import annotations

from pathlib import Path

from api.domain.rulebook.glossary import GLOSSARY

GUIDE = Path(__file__).parents[1] / "docs" / "offices.md"
HEAD = "## 规则写法\n"
_INTRO = """
每一种写法一例，可直接写进规则文件（`n` 指前面算出的某个数）；各项先后次序固定，与书写次序无关。格式全文见
`GET /rulebooks/schema`，查错用 `POST /rulebooks/lint`（逐条给出行和列）或 `dualreport lint 文件`。时段（`per`、`each`）
可写 event、day、week、month、two_months、quarter、half_year、year、period。记录另有 `weekday`（monday 至 sunday）、
`dayKind`（workday、weekend、holiday）、`timeOfDay`（night、morning、afternoon、evening）三列，评议另有 `level`（所选
档次），可用于筛选和系数。

| 写法 | 名称 | 例 |
|---|---|---|
"""


def chapter() -> str:
    """Return the chapter as the glossary has it."""
    rows = [f"| `{name}` | {zh} | `{example}` |" for name, (zh, _, example) in GLOSSARY.items()]
    return HEAD + _INTRO + "\n".join(rows) + "\n"


def with_chapter(guide: str) -> str:
    """Return a guide with the chapter in its place, or at the end where it has none yet."""
    before, found, after = guide.partition(HEAD)
    _, following, rest = after.partition("\n## ") if found else ("", "", "")
    return before.rstrip("\n") + "\n\n" + chapter() + (following and f"\n## {rest}")


if __name__ == "__main__":
    GUIDE.write_text(with_chapter(GUIDE.read_text("utf-8")), "utf-8")
