"""What the picture of a trial shows: both rules, how many gain and lose, also by community, and what is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Bars = list[tuple[str, int | None]]
_MOST_LINES = 40  # a picture of more communities cannot be read; the answer has them all


class Sheet(NamedTuple):
    """A table: its title, the words above its columns, and its lines, each with cells of which None is kept back."""

    title: str
    heads: list[str]
    lines: list[tuple[str, list[int | None]]]


class Drawing(NamedTuple):
    """What is drawn: groups of bars, a table where the trial compares people, and lines of words below."""

    groups: list[tuple[str, Bars]]
    table: Sheet | None
    notes: list[str]


def drawing(answer: Mapping[str, Any]) -> Drawing:
    """Return what a picture of a trial's answer shows, the rule tried last; nothing that the answer does not tell."""
    rules = sorted(answer["rules"], key=lambda rule: rule["role"] == "tried")
    groups = [(_title(rule), [(row["labels"]["zh"], row["members"]) for row in rule["spread"]]) for rule in rules]
    compared = answer.get("compared")
    notes = [note for rule in rules for note in (*rule["notes"], *rule["keptBack"])]
    table = None
    if compared is not None:
        before, after = (rule["roleLabels"]["zh"] for rule in rules)
        groups.append(
            (f"由{before}到{after}的变化 Change", [(_verdict(row), row["members"]) for row in compared["verdicts"]])
        )
        changed = [move for move in compared["moves"] or () if move["from"] != move["to"]]
        if changed:
            moved: Bars = [(f"{row['fromLabels']['zh']} → {row['toLabels']['zh']}", row["members"]) for row in changed]
            groups.append((f"等次变动（{before} → {after}）Moves", moved))
        table = _table(compared)
        notes += compared["keptBack"]
    words = list(dict.fromkeys(line for note in notes for line in (note["zh"], note["en"])))
    hidden = len(compared["communities"]) - _MOST_LINES if compared is not None else 0
    return Drawing(groups, table, [*words, *([f"其余 {hidden} 行见结果 communities"] if hidden > 0 else [])])


def _title(rule: Mapping[str, Any]) -> str:
    role = rule["roleLabels"]
    return f"{role['zh']} {role['en'].capitalize()}：{rule['labels']['zh']}（{rule['version']}）"


def _verdict(row: Mapping[str, Any]) -> str:
    return row["labels"]["zh"] if len(row["verdicts"]) > 1 else f"{row['labels']['zh']} {row['labels']['en']}"


def _table(compared: Mapping[str, Any]) -> Sheet | None:
    lines: Sequence[Mapping[str, Any]] = compared["communities"][:_MOST_LINES]
    if not lines:
        return None
    heads = [row["labels"]["zh"] for row in compared["verdicts"]]
    shown = [
        (line["labels"]["zh"] + (f"（{line['groups']}）" if line["groups"] > 1 else ""),
         [*(cell["members"] for cell in line["cells"]), line["members"]])
        for line in lines
    ]  # fmt: skip
    return Sheet("各社区人数 By community", [*heads, "合计"], shown)
