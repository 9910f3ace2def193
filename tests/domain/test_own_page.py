"""A person's own page: every row behind a number with its day and what it was, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

from api.adapters.render import sheet_pdf
from api.domain.documents import Came, Words, explanation
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped

PERIOD = {"start": "2026-01-01", "end": "2027-01-01"}
SERVICE = {"unit": "volunteer_minutes", "nature": "volunteer_service"}
BUNDLE = {
    "subject": "单位:R001", "subjectKind": "member", "period": PERIOD, "asOf": 9, "timeZone": "Asia/Shanghai",
    "calendar": "cn", "denominators": {}, "attributes": {}, "exemptions": [], "members": [], "reviews": [],
    "entries": [
        {**SERVICE, "key": "e1", "amount": 90, "servedOn": "2026-03-07"},
        {**SERVICE, "key": "e2", "amount": 60, "servedOn": "2026-05-09"},
    ],
    "facts": [], "affiliations": [{"key": "home", "kind": "registration", "start": "2025-01-01", "end": None}],
}  # fmt: skip
HEAD = {
    "name": "示例人", "cycle": "2026 年度", "grade": {"zh": "不合格", "en": "failed"}, "reason": None,
    "basis": {"zh": "按规则计算", "en": "as computed"}, "rulebook": "basic-member 1", "rulebookHash": "0" * 64,
    "bundleHash": "1" * 64, "judgementHash": "2" * 64,
}  # fmt: skip
CAME = {"e1": [Came(date(2026, 3, 7), "清扫楼道", "示例社区")], "e2": []}


def content():
    return explanation(HEAD, evaluate(shipped("basic-member"), BUNDLE), BUNDLE, CAME, Words("请申诉", "appeal"))


def test_each_row_behind_a_number_says_its_day_what_it_was_and_what_counted():
    rows = [row for row in content()["rows"] if row["rule"]["zh"] == "志愿服务分钟数"]
    told = {(row["day"], row["what"]["zh"], row["recorded"], row["counted"]) for row in rows}
    assert told == {("2026-03-07", "清扫楼道（示例社区）", "90", "90"), ("2026-05-09", "记实分录", "60", "60")}


def test_an_affiliation_is_told_with_its_first_day():
    (row,) = (row for row in content()["rows"] if row["rule"]["zh"] == "已报到")
    assert (row["day"], row["what"]["en"]) == ("2025-01-01", "affiliation")


def test_the_page_is_a_pdf_in_both_languages():
    for language in ("zh", "en"):
        assert sheet_pdf(content(), "2" * 64, datetime(2027, 1, 5, tzinfo=UTC), language).startswith(b"%PDF")


def test_a_row_of_a_further_source_is_looked_up_there_and_never_takes_the_place_of_an_entry():
    book = shipped("basic-member").document()
    book["measures"][0]["also"] = [{"source": "facts", "where": {"kind": ["leave"]}, "take": "count"}]
    given = {**BUNDLE, "facts": [{"key": "e1", "kind": "leave", "occurredOn": "2026-04-04"}]}
    page = explanation(HEAD, evaluate(read(book), given), given, CAME, Words("请申诉", "appeal"))
    rows = [row for row in page["rows"] if row["rule"]["zh"] == "志愿服务分钟数"]
    assert [(row["day"], row["what"]["zh"], row["counted"]) for row in rows] == [
        ("2026-03-07", "清扫楼道（示例社区）", "90"), ("2026-04-04", "请假", "1"), ("2026-05-09", "记实分录", "60"),
    ]  # fmt: skip
