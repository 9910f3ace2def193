"""Documents and long lists as xlsx, in which whatever somebody typed is text and never a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import rustpy_xlsxwriter
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api.adapters.render.layout import Cell, Issue, Language, Layout, Table
from api.errors import Invalid

_A4 = 9
_LONGEST_TEXT = 32_767
_MOST_ROWS = 1_048_576
_EXACT_DIGITS = 15
_EXACT = 10**_EXACT_DIGITS
_LINE_HEIGHT = 15
_HIGHEST = 409  # points; what a row may be at most
_SUMMARY = {"zh": "概要", "en": "Summary"}
_PAGE = {"zh": "第 &P 页，共 &N 页", "en": "Page &P of &N"}
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class CellTooLong(Invalid):
    """A text is longer than a cell may hold."""

    code = "cell_too_long"
    zh, en = "单元格文字超过 {limit} 个字符", "A cell holds more than {limit} characters"


class SheetTooLong(Invalid):
    """There are more rows than a sheet may hold."""

    code = "sheet_too_long"
    zh, en = "超过工作表行数上限 {limit}", "A sheet holds no more than {limit} rows"


def as_xlsx(layout: Layout, issue: Issue, language: Language) -> bytes:
    """Return the workbook: a summary sheet and a sheet for each long table; the same input gives the same bytes.

    Numbers are numbers where a spreadsheet keeps them exactly (15 digits), else text. Raises `CellTooLong`.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **_PLAIN}) as book:
        created = issue.issued_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": f"{layout.title} {issue.number}", "created": created})
        formats = _formats(book)
        summary = book.add_worksheet(_SUMMARY[language])
        _write_summary(summary, layout, formats)
        sheets = [(summary, True)]
        for table in layout.tables:
            if table.own_sheet:
                sheet = book.add_worksheet(table.heading)
                _write_table_sheet(sheet, table, formats)
                sheets.append((sheet, len(table.columns) < 7))
        for sheet, portrait in sheets:
            _set_up_print(sheet, issue, language, portrait)
    return out.getvalue()


def write_rows_xlsx(
    target: BinaryIO | Path, headers: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str = "数据"
) -> int:
    """Stream rows of any number to one sheet and return how many; memory does not grow with them.

    A cell is text, int, Decimal, bool or None. The file's own date is that of writing, so two runs differ in it.
    Raises `SheetTooLong` and `CellTooLong`; what was written by then is no workbook.
    """
    if len(set(headers)) != len(headers):
        raise ValueError("two columns have one heading")
    counted = _Counted(headers, rows)
    rustpy_xlsxwriter.write_worksheet(
        iter(counted), str(target) if isinstance(target, Path) else target, sheet_name=sheet,
        freeze_row=1, bold_headers=True, autofilter=True,
        page_setup={"paper_size": _A4, "landscape": True, "repeat_rows": 0, "fit_to_pages": (1, 0)},
    )  # fmt: skip
    return counted.count


class _Counted:
    """Rows on their way into the writer, as it wants them: one dictionary a row."""

    def __init__(self, headers: Sequence[str], rows: Iterable[Sequence[Any]]):
        self.headers, self.rows, self.count = headers, rows, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        headers, width = self.headers, len(self.headers)
        for row in self.rows:
            self.count += 1
            if self.count >= _MOST_ROWS:
                raise SheetTooLong(limit=_MOST_ROWS)
            if len(row) != width:
                raise ValueError(f"row {self.count} has {len(row)} cells under {width} headings")
            yield dict(zip(headers, map(_kept, row), strict=False))


def _kept(cell: Any) -> Any:
    """Return a cell as a spreadsheet keeps it: a number of more than 15 digits would be rounded, so it becomes text."""
    kind = type(cell)
    if kind is str:
        if len(cell) > _LONGEST_TEXT:
            raise CellTooLong(limit=_LONGEST_TEXT)
        return cell
    if kind is int:
        return cell if -_EXACT < cell < _EXACT else str(cell)
    if kind is Decimal:
        return float(cell) if len(cell.as_tuple().digits) <= _EXACT_DIGITS else f"{cell:f}"
    return cell


def _formats(book: xlsxwriter.Workbook) -> dict[str, Format]:
    text = {"num_format": "@", "text_wrap": True, "valign": "top", "font_name": "Noto Sans CJK SC", "font_size": 10}
    shapes = {
        "title": {"bold": True, "font_size": 16, "text_wrap": False},
        "label": {"font_color": "#5F5F5F"},
        "heading": {"bold": True, "font_size": 12, "text_wrap": False},
        "header": {"bold": True, "bg_color": "#F0F0F0", "border": 1},
        "cell": {"border": 1},
        "right": {"border": 1, "align": "right"},
        "number": {"border": 1, "num_format": "General", "align": "right"},
        "text": {},
        "value": {"num_format": "General", "align": "left"},
    }
    return {name: book.add_format({**text, **shape}) for name, shape in shapes.items()}


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, text: Format, number: Format) -> None:
    kept = _kept(cell)
    if isinstance(kept, str):
        sheet.write_string(row, column, kept, text)
    else:
        sheet.write_number(row, column, kept, number)


def _write_summary(sheet: Worksheet, layout: Layout, formats: dict[str, Format]) -> None:
    widths = (22, 72)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, layout.title, formats["title"])
    row = 2
    for label, value in [*layout.issue_lines, *layout.lines]:
        sheet.write_string(row, 0, label, formats["label"])
        _write(sheet, row, 1, value, formats["text"], formats["value"])
        _set_height(sheet, row, (label, value), widths)
        row += 1
    for table in layout.tables:
        if not table.own_sheet:
            sheet.write_string(row + 1, 0, table.heading, formats["heading"])
            row = _write_table(sheet, row + 2, table, widths, formats)
    for heading, paragraphs in layout.sections:
        sheet.write_string(row + 1, 0, heading, formats["heading"])
        row += 2
        for paragraph in paragraphs:
            sheet.write_string(row, 1, _kept(paragraph), formats["text"])
            _set_height(sheet, row, ("", paragraph), widths)
            row += 1


def _write_table_sheet(sheet: Worksheet, table: Table, formats: dict[str, Format]) -> None:
    widths = [max(12, 5 * column.width) for column in table.columns]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    below = _write_table(sheet, 0, table, widths, formats)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(below - 1, 0), len(table.columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{max(below, 1)}"})


def _write_table(sheet: Worksheet, top: int, table: Table, widths: Sequence[float], formats: dict[str, Format]) -> int:
    """Write headings and rows from row `top` on; return the first row below."""
    texts = [formats["right" if column.numeric else "cell"] for column in table.columns]
    for place, column in enumerate(table.columns):
        sheet.write_string(top, place, column.heading, formats["header"])
    for row, cells in enumerate(table.rows, top + 1):
        for place, cell in enumerate(cells):
            _write(sheet, row, place, cell, texts[place], formats["number"])
        _set_height(sheet, row, cells, widths)
    return top + 1 + len(table.rows)


def _set_height(sheet: Worksheet, row: int, cells: Sequence[Cell], widths: Sequence[float]) -> None:
    """Make a row high enough for its longest text: not every program does so by itself when it opens the file."""
    most = max(_lines(str(cell), width) for cell, width in zip(cells, widths, strict=False))
    if most > 1:
        sheet.set_row(row, min(most * _LINE_HEIGHT, _HIGHEST))


def _lines(text: str, width: float) -> int:
    """Estimate how many lines a text takes in a column: a Chinese character is two digits wide."""
    if len(text) * 2 < width and "\n" not in text:
        return 1
    wide = (sum(1 if character.isascii() else 2 for character in line) for line in text.split("\n"))
    return sum(1 + int(0.95 * digits / width) for digits in wide)


def _set_up_print(sheet: Worksheet, issue: Issue, language: Language, portrait: bool) -> None:
    sheet.set_paper(_A4)
    if not portrait:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.8)
    sheet.set_footer(f"&L&8{issue.number}\n{issue.sha256}&R&8{_PAGE[language]}")
