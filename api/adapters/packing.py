"""Lists that leave the platform: a table as xlsx or csv in which nothing is a formula, packed with its manifest."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from api.adapters.render import write_rows_xlsx
from api.adapters.reports import inert


def table(form: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows of text under their headings, as `xlsx` or `csv`."""
    if form == "xlsx":
        out = io.BytesIO()
        write_rows_xlsx(out, columns, rows)
        return out.getvalue()
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def packed(name: str, data: bytes, manifest: dict[str, Any]) -> bytes:
    """Return a zip of a list and its manifest; dates are fixed: the same list, the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in ((name, data), ("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2))):
            archive.writestr(zipfile.ZipInfo(each, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
