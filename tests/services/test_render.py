"""A document comes out the same each time, whole and harmless, in each of its forms."""

import io
import json
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from api.adapters.render import (
    CellTooLong,
    CharactersNotInFont,
    DocumentAltered,
    NoTemplate,
    render,
    write_rows_xlsx,
)
from api.domain.documents import (
    Duty,
    Head,
    Label,
    MemberLine,
    Outcome,
    Party,
    PlanRow,
    RulebookRef,
    Signatory,
    UnitResult,
    Words,
    agreement,
    content_hash,
    document_number,
    feedback_statement,
    plan,
    receipt,
)

ISSUED = datetime(2027, 1, 7, 16, 30, tzinfo=UTC)  # already the 8th in Shanghai
HEAD = Head(Party("虎丘街道党工委"), Party("市示例研究院"), date(2026, 1, 1), date(2027, 1, 1))
GOOD, PASS = Label("excellent", "优秀", "excellent"), Label("qualified", "合格", "qualified")

# Beginnings that spreadsheets take for a formula, a link or a command, each before a harmful rest.
PAYLOADS = [
    begin + rest
    for begin in ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "=+", "'=", "＝", '"=')
    for rest in ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://example.org","x")', "SUM(A1:A9)", "DDE(1;2;3)")
]


def statement(names=("甲", "乙", "丙"), **changes):
    lines = [MemberLine(f"{i:04d}", name, GOOD, "12.5", i, 60 * i) for i, name in enumerate(names, 1)]
    facts = {
        "cycle": Words("2026年度", "Year 2026"),
        "rulebook": RulebookRef("basic-unit", "1.0.0", "ab" * 32),
        "position": 812,
        "checkpoint": None,
        "roster": "named",
        "grades": [GOOD, PASS],
        "eligible": 57,
        "registered": 57,
        "completed": 53,
        "result": UnitResult(GOOD, "91.5", [Words("报到率达标", "Reporting-in rate reached")]),
        "object_until": date(2027, 1, 20),
    }
    return feedback_statement(HEAD, members=lines, **{**facts, **changes})


def others():
    unit, community = Label("unit", "单位", "unit"), Label("community", "社区", "community")
    sides = [Signatory(Party("甲局"), unit), Signatory(Party("一社区"), community)]
    row = PlanRow(Party("甲局"), "虎丘街道", Party("一社区"), HEAD.start, HEAD.end)
    one = Outcome(community, "甲", "001", Party("一社区"), PASS, date(2026, 3, 1), principal=True)
    return {
        "plan": plan(HEAD, reference=None, rows=[row], capacities={}),
        "receipt": receipt(HEAD, outcomes=[one]),
        "agreement": agreement(
            HEAD, subject="共享", signatories=sides, duties=[Duty("甲局", "开放")], agreed_on=date(2026, 2, 1)
        ),
    }


def issued(content, form, language="zh"):
    number = document_number(content["kind"], "320500", 2026, 123)
    url = f"https://example.org/verify/{number}"
    return render(content, number, content_hash(content), url, form, ISSUED, language)


def cells(xlsx):
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    return {sheet.title: [list(row) for row in sheet.iter_rows()] for sheet in book}


def values(rows):
    return [[cell.value for cell in row] for row in rows]


def inflated(pdf):
    """Return the PDF with all its deflated streams opened."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    # a checksum that ends in a carriage return loses it to the pattern
    opened = [zlib.decompressobj().decompress(stream) for stream in streams if stream[:1] == b"\x78"]
    return b"\n".join([pdf, *opened])


def mapped_characters(pdf):
    """Return the characters that a reader can copy out: the targets of the embedded fonts' ToUnicode maps."""
    found = set()
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", inflated(pdf), re.DOTALL):
        for target in re.findall(rb"<[0-9A-Fa-f]+>\s*<([0-9A-Fa-f]+)>", block):
            found.update(bytes.fromhex(target.decode()).decode("utf-16-be"))
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", inflated(pdf), re.DOTALL):
        for first, last, target in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = ord(bytes.fromhex(target.decode()).decode("utf-16-be")[-1])
            found.update(chr(start + step) for step in range(int(last, 16) - int(first, 16) + 1))
    return found


@pytest.mark.parametrize("form", ["json", "xlsx", "pdf"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_document_gives_the_same_bytes(form, language):
    for content in (statement(), *others().values()):
        assert issued(content, form, language) == issued(json.loads(json.dumps(content)), form, language)


@pytest.mark.parametrize("form", ["json", "xlsx", "pdf"])
def test_another_content_gives_other_bytes(form):
    assert issued(statement(), form) != issued(statement(position=813), form)


@pytest.mark.parametrize("form", ["json", "xlsx", "pdf"])
def test_a_content_that_was_changed_after_issue_is_not_rendered(form):
    content = statement()
    sha256 = content_hash(content)
    content["denominator"] = 58
    with pytest.raises(DocumentAltered):
        render(content, "FK", sha256, "https://example.org", form, ISSUED)


def test_the_json_holds_the_content_whole_and_its_hash_can_be_taken_again():
    read = json.loads(issued(statement(), "json"))
    assert read["content"] == statement()
    assert read["sha256"] == content_hash(read["content"])
    assert read["issuedAt"] == "2027-01-07T16:30:00+00:00"


def test_nothing_that_was_typed_becomes_a_formula_in_a_document():
    assert len(PAYLOADS) == 60
    found = cells(issued(statement(PAYLOADS), "xlsx"))
    everything = [cell for rows in found.values() for row in rows for cell in row]
    assert [cell.coordinate for cell in everything if cell.data_type == "f" or cell.hyperlink] == []
    names = [row[1].value for row in found["名单"][1:]]
    assert [without_returns(name) for name in names] == [without_returns(payload) for payload in PAYLOADS]


def test_nothing_that_was_typed_becomes_a_formula_in_a_long_list():
    out = io.BytesIO()
    assert write_rows_xlsx(out, ["编号", "文字"], ((i, text) for i, text in enumerate(PAYLOADS))) == 60
    rows = cells(out.getvalue())["数据"]
    assert [cell.coordinate for row in rows for cell in row if cell.data_type == "f" or cell.hyperlink] == []
    assert [without_returns(row[1].value) for row in rows[1:]] == [without_returns(text) for text in PAYLOADS]


def test_the_formula_check_can_fail():
    book = openpyxl.Workbook()
    book.active["A1"] = "=1+1"
    out = io.BytesIO()
    book.save(out)
    assert cells(out.getvalue())["Sheet"][0][0].data_type == "f"


def without_returns(text):
    return text.replace("_x000D_", "\r").replace("\r", "\n")


def test_the_workbook_says_what_the_statement_says():
    found = cells(issued(statement(), "xlsx"))
    assert list(found) == ["概要", "名单"]
    told = {row[0].value: row[1].value for row in found["概要"]}
    assert told["报到率"] == "57/57 = 100.00 %"
    assert told["完成率"] == "53/57 ≈ 92.98 %"  # 92.9824…
    assert told["期间"] == "2026-01-01 至 2026-12-31"
    assert told["签发日期"] == "2027-01-08"
    assert told["内容哈希 SHA-256"] == content_hash(statement())
    assert values(found["名单"])[:2] == [
        ["名册编号", "姓名", "等次", "积分", "服务次数", "服务时长（分钟）"],
        ["0001", "甲", "优秀", 12.5, 1, 60],
    ]


def test_the_workbook_prints_on_a4_with_its_header_on_each_page():
    sheet = openpyxl.load_workbook(io.BytesIO(issued(statement(), "xlsx")))["名单"]
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.paperSize == 9
    assert document_number("feedback_statement", "320500", 2026, 123) in sheet.oddFooter.left.text


def test_who_is_withheld_is_named_without_a_result():
    content = statement()
    row = content["members"][1]
    row.update(disclosed=False, grade=None, points=None, services=None, minutes=None)
    assert values(cells(issued(content, "xlsx"))["名单"])[2] == ["0002", "乙", "不予披露", "—", "—", "—"]


def test_an_aggregate_statement_has_no_list_and_a_pseudonymous_one_no_names():
    assert list(cells(issued(statement(roster="aggregate_only"), "xlsx"))) == ["概要"]
    rows = values(cells(issued(statement(roster="pseudonymous"), "xlsx"))["名单"])
    assert "姓名" not in rows[0]


@pytest.mark.parametrize("kind", ["plan", "receipt", "agreement"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_renders_in_every_form(kind, language):
    content = others()[kind]
    assert json.loads(issued(content, "json", language))["content"] == content
    assert len(cells(issued(content, "xlsx", language))) > 1
    assert issued(content, "pdf", language).startswith(b"%PDF-1.7")


@pytest.mark.parametrize(("language", "words"), [("zh", "少于5人"), ("en", "fewer than 5 people")])
def test_what_is_kept_back_is_said_in_words(language, words):
    content = statement(roster="aggregate_only", eligible=3, registered=3, completed=2)
    first = next(iter(cells(issued(content, "xlsx", language)).values()))
    written = [str(value) for row in values(first) for value in row if value is not None]
    assert written.count(words) == 5  # two rates, the unit's points, two grades
    assert "suppressed" not in "".join(written)
    assert issued(content, "pdf", language).startswith(b"%PDF-")


def test_the_pdf_carries_its_chinese_font_and_claims_pdf_a():
    opened = inflated(issued(statement(), "pdf"))
    assert b"/FontFile3" in opened
    assert b"NotoSansCJKsc" in opened
    assert b"<pdfaid:part>2</pdfaid:part>" in opened
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in opened


def test_rare_names_can_be_read_out_of_the_pdf():
    names = ("欧阳𠮷䶮", "李㛃", "张𬭎", "阿卜杜热合曼·买买提依明")
    assert set("".join(names)) <= mapped_characters(issued(statement(names), "pdf"))
    assert "䶮" not in mapped_characters(issued(statement(), "pdf"))


@pytest.mark.parametrize(("name", "told"), [("张🙂", "🙂 (U+1F642)"), ("张\u200b三", "U+200B"), ("\x07李", "U+0007")])
def test_a_character_that_cannot_be_printed_is_named_and_never_dropped(name, told):
    with pytest.raises(CharactersNotInFont) as why:
        issued(statement(("甲", name)), "pdf")
    assert why.value.facts["characters"] == [told]
    assert name in issued(statement((name,)), "json").decode().replace("\\u0007", "\x07")


def test_markup_in_a_name_stays_text():
    name = '#panic("x") *b* $x$ @a <b> // ]'
    assert set(name) - {" "} <= mapped_characters(issued(statement((name,)), "pdf"))


def test_an_unknown_template_is_said_to_be_unknown():
    for wrong in ({"template": "../plan"}, {"templateVersion": 99}):
        with pytest.raises(NoTemplate):
            issued({**statement(), **wrong}, "pdf")


def test_a_text_too_long_for_a_cell_is_refused_rather_than_dropped():
    with pytest.raises(CellTooLong):
        issued(statement(("x" * 32_768,)), "xlsx")
    with pytest.raises(CellTooLong):
        write_rows_xlsx(io.BytesIO(), ["a"], [["x" * 32_768]])


def test_numbers_that_a_spreadsheet_would_round_stay_text():
    out = io.BytesIO()
    write_rows_xlsx(out, ["a", "b", "c"], [[12345678901234567, Decimal("0.1234567890123456"), Decimal("12.5")]])
    assert values(cells(out.getvalue())["数据"])[1] == ["12345678901234567", "0.1234567890123456", 12.5]


def test_a_long_list_goes_to_a_file_row_by_row(tmp_path):
    seen = []

    def rows():
        for i in range(5_000):
            seen.append(i)
            yield [i, f"第{i}行"]

    assert write_rows_xlsx(tmp_path / "list.xlsx", ["编号", "文字"], rows()) == 5_000
    assert values(cells((tmp_path / "list.xlsx").read_bytes())["数据"])[-1] == [4_999, "第4999行"]


def test_documents_are_rendered_by_several_threads_at_once():
    content = [statement(position=position) for position in range(8)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda one: issued(one, "pdf"), content)) == [issued(one, "pdf") for one in content]
