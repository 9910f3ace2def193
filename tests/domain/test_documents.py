"""Documents freeze the same facts to the same hash, tell no more than they may, and carry numbers that check."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from api.domain.documents import (
    Duty,
    Head,
    InvalidContent,
    InvalidDocumentNumber,
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
    issuing_code,
    plan,
    read_number,
    receipt,
)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEAD = Head(Party("虎丘街道党工委"), Party("市示例研究院", None), date(2026, 1, 1), date(2027, 1, 1))
GOOD, PASS = Label("excellent", "优秀", "excellent"), Label("qualified", "合格", "qualified")
POOR = Label("unqualified", "不合格", "unqualified")
MEMBERS = (
    MemberLine("003", "丙", PASS, "52.5", 11, 1260),
    MemberLine("001", "甲", GOOD, "90", 24, 3000),
    MemberLine("002", "乙", GOOD, "88", 20, 2400, disclosed=False),
    MemberLine("004", "丁", None, None, None, None),
)


def statement(members=MEMBERS, roster="named", **changes):
    facts = {
        "cycle": Words("2026年度", "Year 2026"),
        "rulebook": RulebookRef("basic-unit", "1.0.0", "ab" * 32),
        "position": 812,
        "checkpoint": None,
        "grades": [GOOD, PASS, POOR],
        "eligible": 4,
        "registered": 4,
        "completed": 3,
        "result": UnitResult(GOOD, "91.5", [Words("报到率4/4", "4 of 4 reported in")]),
        "object_until": date(2027, 1, 20),
    }
    return feedback_statement(HEAD, members=members, roster=roster, **{**facts, **changes})


def check_character(text: str) -> str:
    """ISO 7064 hybrid system MOD 37,36, clause 10.1, written out here apart from the library."""
    carried = 36
    for character in text:
        total = (carried + ALPHABET.index(character)) % 36 or 36
        carried = total * 2 % 37
    return ALPHABET[(1 - carried) % 36]


def test_the_check_character_is_the_standards_own():
    assert check_character("A12425GABC1234002") == "M"  # the GRid standard's own example of MOD 37,36
    number = document_number("feedback_statement", "320500", 2026, 123)
    assert number == "FK-2026-320500-000123-" + check_character("FK2026320500000123")


def test_a_number_is_read_as_people_type_it():
    number = document_number("receipt", "530100", 2026, 1_234_567)
    for typed in (number, number.lower(), number.replace("-", ""), f" {number.replace('-', ' — ')}　", full(number)):
        parts = read_number(typed)
        assert (parts.number, parts.kind, parts.year, parts.tenant_code) == (number, "receipt", 2026, "530100")
        assert parts.sequence == 1_234_567


def full(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c != "-" else "－" for c in text)


def test_every_wrong_character_is_found():
    number = document_number("plan", "320500", 2026, 98)
    for place, right in enumerate(number):
        for wrong in set(ALPHABET) - {right}:
            if right != "-":
                with pytest.raises(InvalidDocumentNumber):
                    read_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("typed", ["", "FK", "x" * 10_000, "FK-2026-320500-000123", "ZZ-2026-320500-000123-A", "𠮷"])
def test_what_is_no_number_is_said_to_be_none(typed):
    with pytest.raises(InvalidDocumentNumber):
        read_number(typed)


def test_a_padded_sequence_is_not_a_second_spelling():
    padded = "FK2026320500" + "0000123"
    with pytest.raises(InvalidDocumentNumber):
        read_number(padded + check_character(padded))


@pytest.mark.parametrize("parts", [("x", "320500", 2026, 1), ("plan", "3205", 2026, 1), ("plan", "320500", 2026, 0)])
def test_a_number_of_impossible_parts_is_refused(parts):
    with pytest.raises(InvalidDocumentNumber):
        document_number(*parts)


def test_a_tenant_is_numbered_by_its_division_or_by_digits_that_are_none():
    assert issuing_code(None, "320500") == "320500"
    assert issuing_code("530100", "kunming") == "530100"
    assert issuing_code(None, "testcity") == "9" + f"{int(sha256(b'testcity').hexdigest(), 16):d}"[-5:]
    assert issuing_code(None, "testcity") != issuing_code(None, "testcity2")
    for wrong in ("", "32050", "3205000", "３２０５００"):
        with pytest.raises(InvalidDocumentNumber):
            issuing_code(wrong, "320500")


def test_the_same_facts_give_the_same_hash_in_any_order():
    assert content_hash(statement()) == content_hash(statement(MEMBERS[::-1]))
    assert content_hash(statement()) != content_hash(statement(position=813))


def test_the_hash_is_sha256_of_the_canonical_bytes():
    content = {"b": "𠮷", "a": [1, None, True]}
    assert content_hash(content) == sha256('{"a":[1,null,true],"b":"𠮷"}'.encode()).hexdigest()


def test_who_gave_no_consent_stands_without_result():
    rows = {row["rosterNumber"]: row for row in statement()["members"]}
    assert rows["002"] == {
        "rosterNumber": "002", "name": "乙", "disclosed": False,
        "grade": None, "outcome": None, "points": None, "services": None, "minutes": None,
    }  # fmt: skip
    assert rows["001"]["grade"]["code"] == "excellent"
    assert rows["001"]["minutes"] == 3000


def test_the_grades_do_not_tell_what_a_row_withholds():
    content = statement()
    counts = {row["grade"]["code"]: row["count"] for row in content["grades"]}
    assert counts == {"excellent": 1, "qualified": 1, "unqualified": 0, "unknown": 1}
    assert content["undisclosed"] == 1


def test_who_has_no_grade_stands_with_the_reason_where_it_is_known():
    exempt, out = Label("exempt", "免于考核", "exempt"), Label("out_of_assessment", "不参加评定", "out")
    members = [*MEMBERS, MemberLine("005", "戊", None, None, 0, 0, outcome=exempt)]
    told = statement(members, eligible=5, result=UnitResult(None, None, [], out))
    assert (told["result"]["grade"], told["result"]["outcome"]["code"]) == (None, "out_of_assessment")
    rows = {row["rosterNumber"]: row["outcome"] for row in told["members"]}
    assert (rows["001"], rows["004"], rows["005"]["zh"]) == (None, None, "免于考核")
    assert [(row["grade"]["code"], row["count"]) for row in told["grades"]][3:] == [("exempt", 1), ("unknown", 1)]


def test_a_pseudonymous_unit_gets_no_names_and_an_aggregate_one_no_people():
    assert all("name" not in row for row in statement(roster="pseudonymous")["members"])
    members = (*MEMBERS, MemberLine("005", None, PASS, "50", 9, 1100))
    aggregate = statement(members, roster="aggregate_only", eligible=5)
    assert aggregate["members"] is None
    assert aggregate["undisclosed"] is None
    assert {row["grade"]["code"]: row["count"] for row in aggregate["grades"]}["excellent"] == 2
    assert (aggregate["completionRate"], aggregate["result"]["points"]) == ("3/5", "91.5")


def unit_of(shown, withheld, *, served, roster="named"):
    """A statement for some who served and some who did (or did not) and of whom nothing may be told."""
    known = [MemberLine(f"1{number:02}", "甲", PASS, "52.5", 11, 1260) for number in range(shown)]
    result = (GOOD, "90", 24, 3000) if served else (POOR, "0", 0, 0)
    hidden = [MemberLine(f"2{number:02}", "乙", *result, disclosed=False) for number in range(withheld)]
    return statement(
        [*known, *hidden], roster, eligible=shown + withheld, registered=shown + withheld,
        completed=shown + withheld * served,
        result=UnitResult(GOOD, "91.5" if served else "80", [Words(f"完成{served}", f"fulfilled {served}")]),
    )  # fmt: skip


@pytest.mark.parametrize("withheld", [1, 2, 3, 4])
def test_nothing_in_a_statement_depends_on_what_up_to_four_withheld_members_did(withheld):
    told = unit_of(11, withheld, served=True)
    assert told == unit_of(11, withheld, served=False)
    assert told["completionRate"] == told["result"]["points"]
    assert told["completionRate"]["suppressed"]["code"] == "withheld_under_five"
    assert (told["reportingInRate"], told["result"]["grade"]["code"]) == (
        f"{11 + withheld}/{11 + withheld}",
        "excellent",
    )


def test_five_withheld_members_are_counted_together():
    assert unit_of(11, 5, served=True)["completionRate"] == "16/16"
    assert unit_of(11, 5, served=False)["completionRate"] == "11/16"
    assert unit_of(11, 0, served=True)["completionRate"] == "11/11"


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_nothing_in_a_statement_depends_on_what_the_members_of_a_tiny_unit_did(people):
    told = unit_of(0, people, served=True, roster="aggregate_only")
    assert told == unit_of(0, people, served=False, roster="aggregate_only")
    assert {row["count"]["suppressed"]["zh"] for row in told["grades"]} == {"少于5人"}
    assert unit_of(0, 5, served=True, roster="aggregate_only")["grades"][0]["count"] == 5


def test_a_rate_of_nobody_is_not_a_number():
    nobody = statement((), eligible=0, registered=0, completed=0)
    assert nobody["reportingInRate"] is None
    assert nobody["completionRate"] is None
    assert statement([replace(one, disclosed=True) for one in MEMBERS])["completionRate"] == "3/4"


@pytest.mark.parametrize(
    "changes",
    [
        {"registered": 5},
        {"grades": [PASS]},
        {"completed": -1},
        {"members": (MEMBERS[0], MEMBERS[0])},
        {"members": (replace(MEMBERS[0], points="1e3"),)},
        {"members": (replace(MEMBERS[0], minutes=-1),)},
    ],
)
def test_facts_that_contradict_each_other_are_refused(changes):
    with pytest.raises(InvalidContent):
        statement(**changes)


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(InvalidContent):
        receipt(replace(HEAD, end=HEAD.start), outcomes=[outcome()])


def outcome(name="甲", state="accepted"):
    member, home = Label("member", "党员", "member"), Party("示例社区", "320508001001")
    return Outcome(member, name, "001", home, Label(state, "已接收", state), date(2026, 3, 1))


def test_a_receipt_says_what_became_of_each():
    content = receipt(HEAD, outcomes=[outcome("乙"), outcome("甲", "returned")])
    found = {(one["name"], one["state"]["code"]) for one in content["outcomes"]}
    assert found == {("乙", "accepted"), ("甲", "returned")}
    with pytest.raises(InvalidContent):
        receipt(HEAD, outcomes=[])


def planned(unit, community, street="虎丘街道", **changes):
    return replace(PlanRow(Party(unit), street, Party(community), HEAD.start, HEAD.end), **changes)


def test_a_plan_counts_units_against_capacity_by_community():
    rows = [planned("甲局", "一社区"), planned("乙局", "一社区"), planned("乙局", "一社区", "金阊街道")]
    content = plan(HEAD, reference="示例〔2026〕1号", rows=rows, capacities={("虎丘街道", "一社区"): 1})
    found = {(one["street"], one["community"]): (one["units"], one["capacity"]) for one in content["communities"]}
    assert found == {("虎丘街道", "一社区"): (2, 1), ("金阊街道", "一社区"): (1, None)}
    assert content["units"] == 2
    assert content == plan(HEAD, reference="示例〔2026〕1号", rows=rows[::-1], capacities={("虎丘街道", "一社区"): 1})


@pytest.mark.parametrize(
    "rows",
    [
        [planned("甲局", "一社区"), planned("甲局", "一社区")],
        [planned("甲局", "一社区", end=date(2028, 1, 1))],
        [planned("甲局", "一社区", end=HEAD.start)],
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(rows):
    with pytest.raises(InvalidContent):
        plan(HEAD, reference=None, rows=rows, capacities={})


def test_an_agreement_names_who_does_what_until_when():
    unit, community = Label("unit", "单位", "unit"), Label("community", "社区", "community")
    sides = [Signatory(Party("甲局"), unit), Signatory(Party("一社区"), community)]
    duties = [Duty("甲局", "每月开放会议室两次", date(2026, 12, 31)), Duty("一社区", "提前一周预约")]
    content = agreement(HEAD, subject="会议室共享", signatories=sides, duties=duties, agreed_on=date(2026, 2, 1))
    assert [duty["due"] for duty in content["duties"]] == ["2026-12-31", None]
    for wrong in ({"signatories": sides[:1]}, {"duties": []}, {"duties": [Duty("丙局", "无")]}):
        facts = {"signatories": sides, "duties": duties, **wrong}
        with pytest.raises(InvalidContent):
            agreement(HEAD, subject="会议室共享", agreed_on=date(2026, 2, 1), **facts)
