"""Reading tables: encodings, ragged rows, spreadsheets' numbers, and files made to burst."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from api.adapters.tables import BrokenEncoding, BrokenTable, EmptyTable, Table, read_table
from api.adapters.workbooks import BrokenWorkbook
from api.errors import TooLarge

TEXT = "代码,名称\n3205,苏州市\n320508,姑苏区\n"


def cells(data: bytes, name: str = "t.csv") -> list[list[str]]:
    return [row for _, row in read_table(data, name).rows]


def drained(data: bytes, name: str = "t.csv") -> tuple[Table, list[tuple[int, list[str]]]]:
    table = read_table(data, name)
    return table, list(table.rows)


def workbook(fill: Callable[[openpyxl.Workbook, Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    fill(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_usual_encoding_gives_the_same_rows(encoding: str) -> None:
    table, rows = drained(TEXT.encode(encoding))
    assert table.headers == ["代码", "名称"]
    assert rows == [(2, ["3205", "苏州市"]), (3, ["320508", "姑苏区"])]
    assert cells(gzip.compress(TEXT.encode(encoding)), "t.csv.gz") == [["3205", "苏州市"], ["320508", "姑苏区"]]


def test_broken_utf8_says_which_byte() -> None:
    data = TEXT.encode() + "4401,广".encode() + b"\xff,x\n"
    with pytest.raises(BrokenEncoding) as caught:
        read_table(data, "t.csv")
    assert caught.value.facts["byte"] == data.index(b"\xff")
    far = TEXT.encode() + "320509,吴江区\n".encode() * 100_000 + b"\xff"
    with pytest.raises(BrokenEncoding) as caught:
        read_table(far, "t.csv")
    assert caught.value.facts["byte"] == len(far) - 1


def test_ragged_rows_are_reported_and_the_others_stand() -> None:
    table, rows = drained(b"a,b,c\n1,2,3\n1,2\n\n1,2,3,4\n1,2,3,,\n,,\n")
    assert rows == [(2, ["1", "2", "3"]), (6, ["1", "2", "3"])]
    assert [(e.row, e.column, e.code) for e in table.refused] == [(3, "c", "ragged_row"), (5, None, "ragged_row")]


def test_quotes_hold_commas_and_lines_and_broken_ones_are_reported() -> None:
    table, rows = drained(b'a,b\n"x,\ny","say ""hi"""\n"x"y,1\n2,3\n')
    assert rows == [(2, ["x,\ny", 'say "hi"']), (4, ["2", "3"])]
    assert [(e.row, e.code) for e in table.refused] == [(3, "broken_quotes")]
    with pytest.raises(BrokenTable):
        drained(b'a,b\n1,2\n"never closed,3\n4,5\n')


def test_a_nul_and_a_number_that_lost_its_digits_refuse_their_rows() -> None:
    table, rows = drained(b"code,name\n1,a\x00b\n3.20505E+11,c\n2,d\n")
    assert rows == [(4, ["2", "d"])]
    found = [(e.row, e.column, e.code, e.value) for e in table.refused]
    assert found == [(2, "name", "nul_character", None), (3, "code", "lost_precision", None)]


def test_a_title_above_the_header_is_not_the_header() -> None:
    assert read_table("某单位花名册,,\n编号,姓名,电话\n1,甲,\n".encode(), "t.csv").headers == ["编号", "姓名", "电话"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n"])
def test_an_empty_table_is_a_problem(data: bytes) -> None:
    with pytest.raises(EmptyTable):
        read_table(data, "t.csv")


def test_a_json_list_of_objects_is_a_table() -> None:
    table, rows = drained('[{"code":"11","name":"北京市"},{"code":"12","name":null}]'.encode(), "provinces.json")
    assert table.headers == ["code", "name"]
    assert rows == [(2, ["11", "北京市"]), (3, ["12", ""])]
    for broken in (b"[1]", b"{}", b"[{", b"[" * 100_000):
        with pytest.raises(BrokenTable):
            read_table(broken, "x.json")


def test_a_spreadsheet_gives_text_as_people_see_it() -> None:
    def fill(book: openpyxl.Workbook, sheet: Worksheet) -> None:
        sheet["B2"] = "单位名册"
        sheet.merge_cells("B2:D2")
        for column, header in zip("BCDEF", ("代码", "社区", "日期", "数", "真"), strict=True):
            sheet[f"{column}3"] = header
        sheet["B4"], sheet["C4"], sheet["D4"], sheet["E4"] = 320505001001, "甲", dt.date(2024, 3, 1), 0.1 + 0.2
        sheet["B5"], sheet["E5"], sheet["F5"] = "000012", 1.5, True
        sheet["D5"] = dt.datetime(2024, 3, 1, 8, 30)  # noqa: DTZ001 - a cell has no zone
        sheet.merge_cells("C4:C5")
        sheet["B8"], sheet["C8"] = 123456789012345678, "乙"
        hidden = book.create_sheet("隐", 0)
        hidden.sheet_state = "hidden"
        hidden["A1"], hidden["B1"] = "x", "y"
        book.create_sheet("说明")["A1"] = "填表说明"
        book.active = 1

    table, rows = drained(workbook(fill), "t.xlsx")
    assert [h for h in table.headers if h] == ["代码", "社区", "日期", "数", "真"]
    assert rows == [
        (4, ["320505001001", "甲", "2024-03-01", "0.3", ""]),
        (5, ["000012", "甲", "2024-03-01 08:30:00", "1.5", "TRUE"]),
    ]
    assert [(e.row, e.column, e.code) for e in table.refused] == [(8, "B", "lost_precision")]
    assert table.other_sheets == ("说明",)


def test_one_far_cell_does_not_burst_the_memory() -> None:
    def fill(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        sheet["A1"], sheet["XFD1048576"] = "a", "b"

    with pytest.raises(BrokenWorkbook):
        read_table(workbook(fill), "t.xlsx")


def test_bombs_are_refused() -> None:
    bomb = gzip.compress(b"a,b\n" + b"0" * 50_000_000)
    with pytest.raises(TooLarge):
        read_table(bomb, "t.csv.gz", limit=1_000_000)
    with pytest.raises(TooLarge):
        read_table(b"a,b\n" * 1000, "t.csv", limit=100)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/sharedStrings.xml", b"<" + b" " * 50_000_000)
    lying = packed.getvalue().replace((50_000_001).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    for data in (packed.getvalue(), lying):
        with pytest.raises(TooLarge):
            read_table(data, "t.xlsx", limit=1_000_000)


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\x1f\x8bbroken", gzip.compress(TEXT.encode(), mtime=0)[:-12]],
)
def test_what_is_no_table_is_a_problem_and_no_crash(data: bytes) -> None:
    with pytest.raises((BrokenTable, BrokenWorkbook)):
        list(read_table(data, "t").rows)
