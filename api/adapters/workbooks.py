"""Reads the first visible sheet of an xlsx workbook as rows of text, and refuses what would burst the memory."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from api.domain.rows import RowError, row_error
from api.errors import Malformed, TooLarge

MAX_CELLS = 20_000_000
"""Most cells of the rectangle that a sheet spans: the reader allocates all of it."""
_EXACT = 10**15  # a spreadsheet keeps 15 digits
_CHUNK = 1 << 20
_ADDRESS = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")


class BrokenWorkbook(Malformed):
    """The bytes are no xlsx workbook that can be read."""

    code = "broken_workbook"
    zh, en = "Excel 文件无法读取：{why}", "The workbook cannot be read: {why}"


@dataclass(frozen=True, slots=True)
class Workbook:
    """The rows of the first visible sheet, numbered as the spreadsheet does, and the names of the others."""

    rows: Iterator[tuple[int, list[str]]]
    sheet: str
    other_sheets: tuple[str, ...]


def open_workbook(data: bytes, limit: int, refused: list[RowError]) -> Workbook:
    """Open a workbook; cells that lost digits go to `refused` while the rows are read.

    Formulas give their stored values, dates ISO text, cells merged downwards the value of the first. Hidden sheets
    are not read. Raises `TooLarge` where it unpacks to more than `limit` bytes, else `BrokenWorkbook`.
    """
    _guard(data, limit)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        seen = [
            m.name
            for m in book.sheets_metadata
            if m.visible == SheetVisibleEnum.Visible and m.typ == SheetTypeEnum.WorkSheet
        ]
        if not seen:
            raise BrokenWorkbook(why="没有可见的工作表 (no visible sheet)")
        sheet = book.get_sheet_by_name(seen[0])
    except CalamineError as why:
        raise BrokenWorkbook(why=str(why)) from why
    return Workbook(_rows(sheet, refused), seen[0], tuple(seen[1:]))


def _rows(sheet: CalamineSheet, refused: list[RowError]) -> Iterator[tuple[int, list[str]]]:
    left = sheet.start[1] if sheet.start else 0
    below = _merged_down(sheet)
    above: dict[int, str] = {}
    for index, cells in enumerate(sheet.iter_rows()):
        texts = [cell if type(cell) is str else _text(cell) for cell in cells]
        lost = next((i for i, cell in enumerate(cells) if type(cell) is float and abs(cell) >= _EXACT), None)
        for column in below.get(index, ()):
            if 0 <= column - left < len(texts):
                texts[column - left] = above.get(column, "")
        if below:
            above = {left + i: text for i, text in enumerate(texts)}
        if lost is None:
            yield index + 1, texts
        else:
            refused.append(row_error(index + 1, _letters(left + lost), "lost_precision"))


def _merged_down(sheet: CalamineSheet) -> dict[int, list[int]]:
    """Return row → columns whose cell continues the one above it."""
    below: dict[int, list[int]] = {}
    end = sheet.end[0] if sheet.end else 0
    filled = 0
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        filled += max(0, min(bottom, end) - top)
        if filled > MAX_CELLS // 10:
            raise BrokenWorkbook(why="合并单元格过多 (too many merged cells)")
        for row in range(top + 1, min(bottom, end) + 1):
            below.setdefault(row, []).append(column)
    return below


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(cell, ".15g")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)  # int, date and time: str is their ISO form


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _guard(data: bytes, limit: int) -> None:
    """Unpack every part once, keeping nothing, to know its true size and how far its cells reach."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            left = limit
            for part in parts.infolist():
                left = _inflate(data, part, left, limit)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError) as why:
        raise BrokenWorkbook(why=str(why)) from why


def _inflate(data: bytes, part: zipfile.ZipInfo, left: int, limit: int) -> int:
    """Return what is left of the limit; sizes in the directory may lie, so the bytes themselves are counted."""
    if part.flag_bits & 1 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BrokenWorkbook(why="文件已加密或压缩方式不支持 (encrypted, or an unknown compression)")
    at = part.header_offset
    start = at + 30 + sum(int.from_bytes(data[at + i : at + i + 2], "little") for i in (26, 28))
    packed = data[start : start + part.compress_size]
    stored = part.compress_type == zipfile.ZIP_STORED
    reach: _Reach | None = None
    first = True
    stream = zlib.decompressobj(-15)
    while packed and not stream.eof:
        plain, packed = (packed, b"") if stored else (stream.decompress(packed, _CHUNK), stream.unconsumed_tail)
        left -= len(plain)
        if left < 0:
            raise TooLarge(limit=limit)
        if first:  # any part may be named as a sheet, whatever its path
            first, reach = False, _Reach() if plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") else None
        if reach:
            reach.see(plain)
    return left


class _Reach:
    """How far the cells of a sheet reach: one cell at XFD1048576 would make the reader allocate 17 thousand million."""

    def __init__(self) -> None:
        self.columns: set[bytes] = set()
        self.bottom = 0
        self.tail = b""

    def see(self, plain: bytes) -> None:
        if b"\0" in plain:
            raise BrokenWorkbook(why="仅支持 UTF-8 编码的工作表 (only sheets in UTF-8 are read)")
        text = self.tail + plain
        cut = text.rfind(b"<")
        text, self.tail = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
        found = _ADDRESS.findall(text)
        if len(found) != len(_CELL.findall(text)):
            raise BrokenWorkbook(why="单元格没有地址 (cells without an address)")
        if found:
            self.columns.update({letters for letters, _ in found})
            self.bottom = max(self.bottom, *(int(number) for _, number in found), 0)
        if max((_number(c) for c in self.columns), default=0) * self.bottom > MAX_CELLS:
            raise BrokenWorkbook(why=f"表格范围超过 {MAX_CELLS} 个单元格 (the sheet spans more than {MAX_CELLS} cells)")


def _number(letters: bytes) -> int:
    value = 0
    for letter in letters:
        value = value * 26 + letter - 64
    return value
