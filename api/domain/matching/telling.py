"""Reasons in plain words, zh and en: what counted and how much, the next best, why a place stayed empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.domain.matching.inputs import FACTORS
from api.domain.matching.reasons import told
from api.domain.matching.words import WORDS

Lines = dict[str, list[str]]
_COUNTED_UP = {
    "decline": ("{label}（{value} 次）", "{label}: {value} times"),
    "no_show": ("{label}（{value} 次）", "{label}: {value} times"),
    "place": ("{label}（{value} 个）", "{label}: {value}"),
    "cover": ("{label}", "{label}"),
    "load": ("{label}（{value} 项）", "{label}: {value}"),
}
_UNKNOWN = ("（未知，按此计）", " (unknown, taken as)")
_ROUNDED = 100  # metres: a distance is told between communities, never to a door
PASSED = ("所报时间均已过去", "all of its times have passed")


def reasons(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored reasons of a proposal as they are shown: `counted` with labels, `alternative`, `lines`.

    Who the alternative was is nobody's business; only why it lost, and by how many points, is told.
    """
    named = told(kept)
    counted = [
        {**each, "labels": _labels("match.factor", each["factor"]), "of": 100 if each["factor"] in FACTORS else None}
        for each in named["counted"]
    ]
    other = named["alternative"] and {
        "ahead": named["alternative"]["ahead"], "why": named["alternative"]["why"],
        "labels": _labels("match.alternative", named["alternative"]["why"]),
    }  # fmt: skip
    flags = [{"code": flag, "labels": _labels("match.flag", flag)} for flag in named["flags"]]
    points = sum(each["points"] for each in counted)
    return {
        "points": points, "counted": counted, "alternative": other, "assumptions": flags,
        "lines": _lines(counted, points, other, flags, kept.get("metres")),
    }  # fmt: skip


def gap(details: Mapping[str, Any], slot_begins: datetime | None) -> dict[str, Any]:
    """Return why a need has empty places and what would change it; `slot_begins` is when its `slot` begins, if any."""
    why, change = details["why"], details["change"]
    labels = {"zh": PASSED[0], "en": PASSED[1]} if why == "windows_passed" else _labels("match.unserved", why)
    helps = _labels("match.change", change)
    zh = [f"还缺 {details['missing']} 人（已有 {details['got']} 人）：{labels['zh']}。", f"可行办法：{helps['zh']}。"]
    en = [f"{details['missing']} missing, {details['got']} found: {labels['en']}.", f"What would help: {helps['en']}."]
    if details.get("looked_at"):
        many, reach, free, able = (details[name] for name in ("looked_at", "reach", "free", "open"))
        fit = details.get("fit", free)
        passing = ("", "") if fit == free else (f"{fit} 位符合条件，", f", {fit} fulfil its conditions")
        zh.append(
            f"看过 {many} 位具备技能者：{reach} 位在可及范围内，{free} 位当时有空，{passing[0]}{able} 位尚可再接。"
        )
        en.append(
            f"Of {many} with the skill {reach} are in reach, {free} free then{passing[1]} and {able} open to more."
        )
    if details.get("metres") is not None:
        zh.append(f"最近的一位约在 {_about(details['metres'])} 米外。")
        en.append(f"The nearest is about {_about(details['metres'])} metres away.")
    if slot_begins is not None:
        zh.append(f"若改在 {slot_begins:%Y-%m-%d %H:%M} 起的半天，有 {details['helpers']} 位有空。")
        en.append(f"In the half day from {slot_begins:%Y-%m-%d %H:%M} {details['helpers']} would be free.")
    flags = [{"code": flag, "labels": _labels("match.flag", flag)} for flag in details.get("flags", ())]
    return {"why_labels": labels, "change_labels": helps, "assumptions": flags, "lines": {"zh": zh, "en": en}}


def _lines(
    counted: list[dict[str, Any]], points: int, other: dict[str, Any] | None, flags: list[Any], metres: int | None
) -> Lines:
    lines: Lines = {"zh": [], "en": []}
    unknown = {"slot"} if any(flag["code"] == "time_unknown" for flag in flags) else set()
    unknown |= {"distance"} if metres is None else set()
    for each in counted:
        for place, language in enumerate(("zh", "en")):
            guessed = _UNKNOWN[place] if each["factor"] in unknown else ""
            lines[language].append(_counted(each, place, language, guessed))
    lines["zh"].append(f"合计 {points} 分。")
    lines["en"].append(f"{points} points in all.")
    if metres is not None:
        lines["zh"].append(f"两地相距约 {_about(metres)} 米（按社区位置计）。")
        lines["en"].append(f"About {_about(metres)} metres apart, from community to community.")
    lines["zh"].extend(f"{flag['labels']['zh']}。" for flag in flags)
    lines["en"].extend(f"{flag['labels']['en'].capitalize()}." for flag in flags)
    if other is None:
        lines["zh"].append("没有其他可比的人选。")
        lines["en"].append("There was no other to compare with.")
        return lines
    by_zh, by_en = (
        (f"，相差 {other['ahead']} 分", f", {other['ahead']} points behind") if other["ahead"] > 0 else ("", "")
    )
    lines["zh"].append(f"最接近的另一人选未选中：{other['labels']['zh']}{by_zh}。")
    lines["en"].append(f"The nearest alternative lost: {other['labels']['en']}{by_en}.")
    return lines


def _counted(each: Mapping[str, Any], place: int, language: str, guessed: str) -> str:
    name, label = each["factor"], each["labels"][language]
    if name in _COUNTED_UP:
        said = _COUNTED_UP[name][place].format(label=label, value=each["value"])
    else:
        said = f"{label}{guessed} {each['value']}/100 × {each['weight']}"
    return f"{said}：{each['points']:+} 分" if language == "zh" else f"{said}: {each['points']:+} points"


def _about(metres: int) -> int:
    return max(_ROUNDED, (metres + _ROUNDED // 2) // _ROUNDED * _ROUNDED)


def _labels(kind: str, code: str) -> dict[str, str]:
    zh, en = WORDS[kind][code]
    return {"zh": zh, "en": en}
