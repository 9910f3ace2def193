"""A document as PDF/A-2b: typeset by Typst from one template, the Chinese font embedded, the data handed in as JSON."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from functools import cache
from typing import Any

import segno
import typst

from api.adapters.render.font import FAMILY, FONT_FILE, check_drawable
from api.adapters.render.layout import TEMPLATES, Cell, Issue, Language, Layout

_FOOTER = {
    "zh": ("第 {page} 页，共 {pages} 页", "扫码核验", "检查点"),
    "en": ("Page {page} of {pages}", "Scan to verify", "Checkpoint"),
}
_NUMBER = {"zh": "扫码得编号", "en": "Scan for the number"}  # of what is printed and not issued


def as_pdf(layout: Layout, issue: Issue, language: Language) -> bytes:
    """Return the PDF; the same layout, issue and language give the same bytes, dated by `issue.issued_at`.

    Raises `CharactersNotInFont` rather than leave out a character.
    """
    data = _for_typst(layout, issue, language)
    check_drawable(_texts(data))
    # A compiler serves one thread, so each call makes its own (0.3 ms); the fonts are shared.
    compiler = typst.Compiler(_source(), font_paths=_fonts(), ignore_system_fonts=True)
    pdf = compiler.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False), "qr": _qr(issue.scanned or issue.number)},
        pdf_standards="a-2b",
        pdf_tags=False,
        timestamp=int(issue.issued_at.timestamp()),
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single file")
    return pdf


@cache
def _source() -> bytes:
    return (TEMPLATES / "document.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONT_FILE.parent])


def _qr(url: str) -> str:
    """Return the QR code as SVG; level M survives a photocopy."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=0, xmldecl=False, nl=False)
    return out.getvalue().decode()


def _for_typst(layout: Layout, issue: Issue, language: Language) -> dict[str, Any]:
    page, scan, witnessed = _FOOTER[language]
    in_footer = (issue.number, issue.sha256, issue.witnessed)
    told = [line for line in layout.issue_lines if line[1] not in in_footer]
    before, between, after = page.replace("{pages}", "{page}").split("{page}")
    return {
        "lang": language,
        "font": FAMILY,
        "landscape": layout.landscape,
        "paper": layout.paper,
        "title": _plain(layout.title),
        "number": issue.number,
        "sha256": issue.sha256,
        "checkpoint": f"{witnessed} {issue.witnessed}" if issue.checkpoint else "",
        "scan": layout.scan or (scan if issue.verify_url else _NUMBER[language]),
        "page": [before, between, after],
        "lines": [[_plain(label), _plain(value)] for label, value in [*layout.lines, *told]],
        "tables": [
            {
                "heading": _plain(table.heading),
                "columns": [
                    {"heading": _plain(one.heading), "width": one.width, "numeric": one.numeric}
                    for one in table.columns
                ],
                "rows": [[_plain(cell) for cell in row] for row in table.rows],
            }
            for table in layout.tables
        ],
        "sections": [
            {"heading": _plain(heading), "paragraphs": [_plain(text) for text in paragraphs]}
            for heading, paragraphs in layout.sections
        ],
    }


def _plain(cell: Cell) -> str:
    """Write a cell; a tab is a blank here and all line breaks are one kind."""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return "\n".join(str(cell).splitlines()).replace("\t", " ")


def _texts(data: Any) -> list[str]:
    if isinstance(data, str):
        return [data]
    if isinstance(data, dict):
        data = list(data.values())
    return [text for one in data for text in _texts(one)] if isinstance(data, list) else []
