"""Reads the bytes of a csv, JSON or xlsx table, gzipped or not, into headers and rows of text."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from api.adapters.workbooks import open_workbook
from api.domain.rows import RowError, row_error
from api.errors import Malformed, TooLarge

Row = tuple[int, list[str]]

MAX_BYTES = 256 * 1024 * 1024
"""Most bytes of a table after unpacking."""
MAX_COLUMNS = 512
_CHUNK = 1 << 20
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[Ee]\+\d{1,3}")
_HEAD = 10  # a title and notes may stand above the header


class BrokenEncoding(Malformed):
    """The bytes are text in no encoding that a table may have."""

    code = "broken_encoding"
    zh = "文件编码有误：第 {byte} 字节无法识别（支持 UTF-8、GB 18030、UTF-16）"
    en = "Byte {byte} fits no encoding that is read here (UTF-8, GB 18030, UTF-16)"


class BrokenTable(Malformed):
    """The bytes cannot be read as the table they claim to be."""

    code = "broken_table"
    zh, en = "表格无法读取：{why}", "The table cannot be read: {why}"


class EmptyTable(Malformed):
    """A table without a header."""

    code, zh, en = "empty_table", "表格没有内容", "The table is empty"


@dataclass(slots=True)
class Table:
    """Headers and rows of a table; `refused` is complete when `rows` is exhausted.

    A row is its number as a spreadsheet shows it (the first line is 1) and one text a header. `rows` can be read once.
    """

    headers: list[str]
    rows: Iterator[Row]
    refused: list[RowError] = field(default_factory=list)
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row as (number, header → text)."""
        for number, cells in self.rows:
            yield number, dict(zip(self.headers, cells, strict=True))


def read_table(data: bytes, name: str, limit: int = MAX_BYTES) -> Table:
    """Read a table; what it is shows in its bytes, only JSON is told by the name.

    Rows that cannot be read (ragged, NUL, broken quotes, digits lost by a spreadsheet) are in `refused`, not in `rows`.
    Raises `TooLarge`, `BrokenEncoding`, `BrokenTable` or `EmptyTable` where the whole cannot be read.
    """
    if data[:2] == b"\x1f\x8b":
        data, name = _gunzip(data, limit), name.removesuffix(".gz")
    if len(data) > limit:
        raise TooLarge(limit=limit)
    refused: list[RowError] = []
    if data[:4] == b"PK\x03\x04":
        book = open_workbook(data, limit, refused)
        return _table(book.rows, refused, book.sheet, book.other_sheets)
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise BrokenTable(why="旧版 xls 或已加密的文件，请另存为 xlsx (an old xls or encrypted file: save it as xlsx)")
    rows = _json_rows(data) if name.lower().endswith(".json") else _csv_rows(data, refused)
    return _table(rows, refused)


def _table(
    rows: Iterator[Row], refused: list[RowError], sheet: str | None = None, others: tuple[str, ...] = ()
) -> Table:
    head = list(islice(rows, _HEAD))
    at = next((i for i, (_, cells) in enumerate(head) if sum(map(bool, cells)) > 1), None)
    if at is None:
        at = next((i for i, (_, cells) in enumerate(head) if any(cells)), None)
    if at is None:
        raise EmptyTable
    headers = [cell.strip().lstrip("\ufeff") for cell in head[at][1]]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MAX_COLUMNS:
        raise BrokenTable(why=f"列数超过 {MAX_COLUMNS} (more than {MAX_COLUMNS} columns)")
    return Table(headers, _even(chain(head[at + 1 :], rows), headers, refused), refused, sheet, others)


def _even(rows: Iterator[Row], headers: list[str], refused: list[RowError]) -> Iterator[Row]:
    """Pass on rows as wide as the header; blank rows are left out, empty cells beyond the header cut off."""
    width = len(headers)
    for number, cells in rows:
        if len(cells) != width:
            if not any(cells):
                continue
            if len(cells) < width or any(cells[width:]):
                first_missing = headers[len(cells)] if len(cells) < width else None
                refused.append(row_error(number, first_missing, "ragged_row", found=len(cells), expected=width))
                continue
            yield number, cells[:width]
        elif cells[0] or any(cells):
            yield number, cells


def _gunzip(data: bytes, limit: int) -> bytes:
    out, left, rest = [], limit, data
    try:
        while rest:
            member = zlib.decompressobj(wbits=31)
            out.append(member.decompress(rest, left + 1))
            left -= len(out[-1])
            if left < 0 or member.unconsumed_tail:
                raise TooLarge(limit=limit)
            if not member.eof:
                raise BrokenTable(why="gzip 不完整 (the gzip stream ends early)")
            rest = member.unused_data.lstrip(b"\0")
    except zlib.error as why:
        raise BrokenTable(why=f"gzip: {why}") from why
    return b"".join(out)


def _csv_rows(data: bytes, refused: list[RowError]) -> Iterator[Row]:
    encoding, suspects = _encoding(data)
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    reader = csv.reader(text, strict=True)
    rows = _quoted(reader, refused)
    return _sound(rows, refused) if suspects else rows


def _quoted(reader: Iterator[list[str]], refused: list[RowError]) -> Iterator[Row]:
    number = 0
    while True:
        try:
            for cells in reader:
                number += 1
                yield number, cells
            return
        except csv.Error as why:
            number += 1
            if "expected after" not in str(why):  # the rest of the file has been swallowed, so nobody knows its rows
                raise BrokenTable(why=f"第 {number} 行的引号未闭合 (a quote in row {number} is never closed)") from why
            refused.append(row_error(number, None, "broken_quotes"))


def _sound(rows: Iterator[Row], refused: list[RowError]) -> Iterator[Row]:
    """Refuse rows with a NUL and rows where a spreadsheet has turned a code into 3.20505E+11."""
    headers: list[str] = []
    for number, cells in rows:
        column, why = next(_harmed(cells), (0, None))
        if why is None:
            headers = headers or (cells if sum(map(bool, cells)) > 1 else [])
            yield number, cells
        else:
            refused.append(row_error(number, headers[column] if column < len(headers) else None, why))


def _harmed(cells: list[str]) -> Iterator[tuple[int, str]]:
    for column, cell in enumerate(cells):
        if "\0" in cell:
            yield column, "nul_character"
        elif _SCIENTIFIC.fullmatch(cell.strip()):
            yield column, "lost_precision"


def _encoding(data: bytes) -> tuple[str, bool]:
    """Return the encoding and whether the text holds signs that make a closer look at each cell worth while."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", _decodes(data, "utf-16")
    try:
        return "utf-8-sig", _decodes(data, "utf-8")
    except BrokenEncoding as why:
        # GB 18030 fails UTF-8 at once; text that was good UTF-8 for a while is broken UTF-8, not another encoding.
        good = data[: why.facts["byte"]].decode("utf-8")
        if sum(sign > "\x7f" for sign in good) >= 4:
            raise
        try:
            return "gb18030", _decodes(data, "gb18030")
        except BrokenEncoding:
            raise why from None


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    view, suspects = memoryview(data), False
    at = held = 0
    try:
        for at in range(0, len(data), _CHUNK):
            held = len(decoder.getstate()[0])
            text = decoder.decode(view[at : at + _CHUNK], at + _CHUNK >= len(data))
            suspects = suspects or "\0" in text or "E+" in text or "e+" in text
    except UnicodeDecodeError as why:
        raise BrokenEncoding(byte=at - held + why.start) from why
    return suspects


def _json_rows(data: bytes) -> Iterator[Row]:
    """Read a JSON list of flat objects; the first object names the columns."""
    _decodes(data, "utf-8")
    try:
        records = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as why:
        raise BrokenTable(why=f"JSON: {why}") from why
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise BrokenTable(why="JSON 应为对象的列表 (a list of objects is expected)")
    headers = [str(key) for key in records[0]] if records else []
    yield 1, headers
    for number, record in enumerate(records, 2):
        yield number, ["" if record.get(h) is None else str(record[h]) for h in headers]
