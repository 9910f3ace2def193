"""The registry of what is held of people, from the annotations of the columns and the words of each kind."""

from __future__ import annotations

from typing import Any

from api.domain.privacy import GROUNDS, KINDS
from api.models.personal import Personal, annotated


def registry(*_: Any) -> dict[str, Any]:
    """Return every kind of personal data: what, what for, on what ground, how long, what an erasure does, and where."""
    places: dict[str, list[tuple[str, str, Personal]]] = {}
    for column, personal in annotated():
        places.setdefault(personal.what, []).append((column.table.name, column.name, personal))
    return {"holdings": [_holding(what, places[what]) for what in KINDS if what in places]}


def _holding(what: str, columns: list[tuple[str, str, Personal]]) -> dict[str, Any]:
    kind = KINDS[what]
    grounds = [GROUNDS[code] for code in dict.fromkeys(personal.ground for _, _, personal in columns)]
    return {
        "what": what, "title": _words(kind.title), "purpose": _words(kind.purpose),
        "ground": {"zh": "；".join(zh for zh, _ in grounds), "en": "; ".join(en for _, en in grounds)},
        "keep": _words(kind.keep), "erasure": _words(kind.erasure),
        "columns": [
            {"table": table, "column": column, "form": personal.form}
            for table, column, personal in sorted(columns, key=_place)
        ],
    }  # fmt: skip


def _place(each: tuple[str, str, Personal]) -> tuple[str, str]:
    return each[0], each[1]


def _words(pair: tuple[str, str]) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}


def page() -> str:
    """Return the registry as the page `docs/privacy.md`, which a test compares with what is in the tree."""
    lines = [
        "# 个人信息登记册 · What is held of people",
        "",
        "*Written by `dualreport privacy report --markdown`; a test fails where it and the columns differ.*",
        "",
        "| 内容 what | 用途 what for | 依据 ground | 保存 how long | 注销时 on erasure | 位置 where |",
        "|---|---|---|---|---|---|",
    ]
    for held in registry()["holdings"]:
        told = ("title", "purpose", "ground", "keep", "erasure")
        cells = [f"{held[name]['zh']}<br>{held[name]['en']}" for name in told]
        where = "<br>".join(f"`{each['table']}.{each['column']}` {each['form']}" for each in held["columns"])
        lines.append(f"| {' | '.join(cells)} | {where} |")
    return "\n".join([*lines, "", _FORMS]) + "\n"


_FORMS = """`sealed`：加密存放，绑定到表、列和行；`index`：只能按相同内容查找的密钥散列；`plain`：只在代号之下。
身份证号可不填，人的经纬度不保存（定位签到只留距离档次），不收证件照片。

`sealed` is encrypted and bound to table, column and row; `index` is a keyed hash that finds equal values alone; `plain`
stands under a pseudonym. The ID number is optional, nobody's coordinates are stored (a check-in by location leaves a
distance band), there are no photos of IDs."""
