"""Rules that flag odd entries of a statistical list of divisions; flagged entries are imported all the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

FLAGS: dict[str, tuple[str, str]] = {
    "virtual": ("虚拟社区（没有居民委员会）", "Virtual community without a committee"),
    "placeholder": ("占位名称，不是行政区划", "Placeholder name, no real division"),
    "prefecture_without_counties": ("不设县级的地级市", "Prefecture without counties"),
    "village_range_named_community": ("村委会代码段，名称含“社区”", "Code of a village, name of a community"),
    "community_range_named_village": ("居委会代码段，名称为村委会", "Code of a community, name of a village"),
    "ascii_in_name": ("名称含半角字符", "ASCII characters in the name"),
    "punctuation_in_name": ("名称含标点", "Punctuation in the name"),
    "very_long_name": ("名称过长", "Very long name"),
    "private_use_character": ("名称含未编码汉字（自造字）", "A character of no public encoding in the name"),
}
"""Every flag of a division: code → (zh-CN, en)."""

LONG_NAME = 24  # characters: longer ones carry the names of their superiors in front

_PLACEHOLDERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_odd = re.compile("[\x00-\x7f、，。；：·—－（）［］【】《》“”‘’\ue000-\uf8ff]").search
_PUNCTUATION = re.compile(r"[、，。；：·—－（）［］【】《》“”‘’()\[\]<>,.;:'\"/\\_\-]")
_VILLAGE = ("村委会", "村民委员会")
_NONE: tuple[str, ...] = ()


def flags_of(level: int, code: str, name: str) -> tuple[str, ...]:
    """Return the flags of one division, in the order of `FLAGS`."""
    if level == 5:
        return community_flags(code, name)
    if level == 2 and name in _PLACEHOLDERS:
        return ("placeholder",)
    if level == 3 and code.endswith("00"):
        return ("prefecture_without_counties",)
    return _worded(name, None) if _odd(name) or len(name) > LONG_NAME or "虚拟" in name else _NONE


def community_flags(code: str, name: str) -> tuple[str, ...]:
    """Return the flags of a community or village by its 12-digit code and its name.

    The ranges are those of the statistical bureau's rules for 12-digit codes: 000–199 residents' committees, 200–399
    villagers' committees, 400–499 and 500–599 what is like them (those two contradict nothing).
    """
    clash = None
    span = code[9]
    if span in "23":
        if "社区" in name:
            clash = "village_range_named_community"
    elif span in "01" and name.endswith(_VILLAGE):
        clash = "community_range_named_village"
    if clash or _odd(name) or "虚拟" in name or len(name) > LONG_NAME:
        return _worded(name, clash)
    return _NONE


def _worded(name: str, clash: str | None) -> tuple[str, ...]:
    flags = []
    if "虚拟" in name:
        flags.append("virtual")
    if clash:
        flags.append(clash)
    if any(sign <= "\x7f" for sign in name):
        flags.append("ascii_in_name")
    if _PUNCTUATION.search(name):
        flags.append("punctuation_in_name")
    if len(name) > LONG_NAME:
        flags.append("very_long_name")
    if any("\ue000" <= sign <= "\uf8ff" for sign in name):
        flags.append("private_use_character")
    return tuple(flags)


class Agreement(NamedTuple):
    """How the flags of one kind agree with another's list of oddities: numbers and the codes that differ."""

    expected: int
    found: int
    missed: tuple[str, ...]
    false: tuple[str, ...]


def compare_flags(
    found: Iterable[tuple[str, int, Iterable[str]]], expected: Iterable[tuple[str, int, str]]
) -> dict[str, Agreement]:
    """Compare flags with a list of oddities, kind by kind; pure, a repeat gives the same.

    `found` has (code, level, flags) of every division, `expected` (code, level, kind) of every oddity. A kind that
    only one side knows appears with the other side empty.
    """
    ours: dict[str, set[tuple[str, int]]] = defaultdict(set)
    theirs: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for code, level, flags in found:
        for flag in flags:
            ours[flag].add((code, level))
    for code, level, flag in expected:
        theirs[flag].add((code, level))
    answer = {}
    for flag in sorted(ours.keys() | theirs.keys()):
        a, b = ours[flag], theirs[flag]
        missed, false = (tuple(sorted(code for code, _ in side)) for side in (b - a, a - b))
        answer[flag] = Agreement(len(b), len(a), missed, false)
    return answer
