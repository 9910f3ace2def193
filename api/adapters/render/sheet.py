"""What is printed and not issued: a sign-in sheet, a slip for a recipient, a page of one's own; set like documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from api.adapters.render.font import drawable
from api.adapters.render.layout import Issue, Language, lay_out
from api.adapters.render.pdf import as_pdf

_MISSING = "〓"  # the printers' sign for a character that the type case lacks: one rare name holds up no sheet


def sheet_pdf(content: dict[str, Any], number: str, printed_at: datetime, language: Language) -> bytes:
    """Return a sheet or page as PDF with its number as QR code; a character that the font lacks is printed as 〓."""
    issue = Issue(number, "", "", printed_at)
    layout = lay_out(_in_font(content), issue, language)
    return as_pdf(replace(layout, issue_lines=[]), issue, language)


def slip_pdf(content: dict[str, Any], code: str, link: str, printed_at: datetime, language: Language) -> bytes:
    """Return a slip for a recipient as PDF on A6, its address as QR code and its code in letters."""
    issue = Issue(code, "", link, printed_at)
    layout = lay_out(_in_font(content), issue, language)
    return as_pdf(replace(layout, issue_lines=[]), issue, language)


def _in_font(found: Any) -> Any:
    if isinstance(found, str):
        return "".join(sign if sign in drawable() or sign == "\n" else _MISSING for sign in found)
    if isinstance(found, dict):
        return {name: _in_font(value) for name, value in found.items()}
    return [_in_font(each) for each in found] if isinstance(found, list) else found
