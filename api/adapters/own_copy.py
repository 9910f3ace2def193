"""The file that a person gets of everything about them: a zip of JSON, a workbook to read, and what both are."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from api.adapters.render.workbook import write_rows_xlsx

GROUND = {"zh": "个人信息保护法第四十五条：查阅、复制", "en": "PIPL §45: access and copy"}
_CELL = 32_000  # a workbook's cell holds 32 767 signs


def pack(tables: Mapping[str, Sequence[Mapping[str, Any]]], *, of: str, at: datetime) -> bytes:
    """Return the zip of `data.json`, `data.xlsx` and `manifest.json`: what, of whom, when, on what ground, with hashes.

    `tables` are rows by the name of their table. In the workbook each value is a line of its own: table, row, field.
    """
    data = json.dumps(tables, ensure_ascii=False, indent=1, default=str).encode()
    sheet = io.BytesIO()
    headers = ("表 table", "行 row", "字段 field", "内容 value")
    write_rows_xlsx(sheet, headers, _lines(tables), "我的数据")
    files = {"data.json": data, "data.xlsx": sheet.getvalue()}
    manifest = {
        "person": of, "madeAt": at.isoformat(), "ground": GROUND,
        "rows": {table: len(rows) for table, rows in tables.items()},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }  # fmt: skip
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _lines(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[tuple[str, int, str, str]]:
    for table, rows in tables.items():
        for number, row in enumerate(rows, start=1):
            for name, value in row.items():
                yield table, number, name, _text(value)


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= _CELL else f"{text[:_CELL]}… (data.json)"
