"""What stands between asking for an opinion and issuing it, by procedures that are data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from importlib.resources import files

import pytest

from api.domain import hearing, opinions
from api.domain.documents import Counted, Head, InvalidContent, Label, OpinionSubject, Party, Voice, Words, opinion
from api.domain.documents.redaction import redact

BOOK = opinions.book()
PERSON, QUIET, UNIT = (BOOK.procedure(code) for code in ("member_development", "cadre_promotion", "unit_honour"))
DAY = date(2026, 3, 9)
AT_REST = hearing.Standing((), DAY, told=False, replied=False, reply_until=None, counted=None, vote_until=None)


def declared(**changes):
    raw = json.loads(files("api.data").joinpath("opinions.json").read_text("utf-8"))
    raw["procedures"]["member_development"] |= changes
    return opinions.read(json.dumps(raw))


def test_a_person_is_heard_in_the_community_and_by_the_street_and_nobody_votes():
    assert [(each.at, each.role) for each in PERSON.heard] == [
        ("community", "community_worker"),
        ("street", "work_committee_officer"),
    ]
    assert {each.code for each in BOOK.procedures.values() if each.votes is None} == {
        "member_development",
        "cadre_promotion",
        "recommendation",
    }
    assert (PERSON.circle, UNIT.circle) == ("named", "parties")


def test_what_is_kept_from_a_person_says_why_and_lets_nobody_reply():
    assert QUIET.withheld_zh
    for wrong in (
        {"disclosed": False},
        {"withheldZh": "保密", "withheldEn": "secret"},
        {"disclosed": False, "withheldZh": "保密", "withheldEn": "secret"},
        {"leads": "district"},
    ):
        with pytest.raises(ValueError, match="member_development"):
            declared(**wrong)
    quiet = declared(disclosed=False, withheldZh="保密", withheldEn="secret", replyDays=None)
    assert not quiet.procedure("member_development").disclosed
    with pytest.raises(opinions.UnknownProcedure):
        BOOK.procedure("anything")


@pytest.mark.parametrize(("procedure", "named"), [(PERSON, ["unit"]), (UNIT, ["person"]), (UNIT, ["person", "unit"])])
def test_a_procedure_names_its_own_kind_of_subject_alone(procedure, named):
    with pytest.raises(opinions.WrongSubject):
        opinions.require_subject(procedure, named)
    opinions.require_subject(procedure, [procedure.subject])


@pytest.mark.parametrize(("roster", "quorum"), [(5, 4), (6, 4), (7, 5), (30, 20)])
def test_two_thirds_of_a_roster_have_to_vote_rounded_up(roster, quorum):
    assert hearing.quorum_of(hearing.require_votes(UNIT), roster) == quorum


def test_a_roster_that_would_tell_who_voted_how_is_refused():
    with pytest.raises(hearing.RosterTooSmall):
        hearing.quorum_of(hearing.require_votes(UNIT), 4)
    with pytest.raises(hearing.NoVotes):
        hearing.require_votes(PERSON)


@pytest.mark.parametrize(
    ("votes", "conclusion"),
    [
        (["for"] * 4 + ["against"] * 3, "supports"),
        (["for"] * 3 + ["against"] * 3, "does_not_support"),  # half is not more than half
        (["for"] * 3 + ["abstain"] * 3, "does_not_support"),  # who abstains has voted
        (["for"] * 3 + ["abstain"] * 2, "supports"),
    ],
)
def test_more_than_half_of_those_who_voted_carry_it(votes, conclusion):
    counted = hearing.tally(10, 5, votes)
    assert (counted.quorate, hearing.conclusion_of(UNIT, counted, None)) == (True, conclusion)


def test_one_vote_short_of_the_quorum_is_not_quorate():
    assert [hearing.tally(6, 4, ["for"] * number).quorate for number in (3, 4)] == [False, True]


def test_votes_decide_the_conclusion_and_people_write_it_where_nobody_votes():
    counted = hearing.tally(6, 4, ["for"] * 6)
    for procedure, written in ((UNIT, "supports"), (PERSON, None)):
        with pytest.raises(hearing.WrongConclusion):
            hearing.conclusion_of(procedure, counted, written)
    assert hearing.conclusion_of(PERSON, None, "supports_with_remarks") == "supports_with_remarks"


def test_who_has_not_spoken_is_waited_for_as_long_as_they_may():
    silent = replace(AT_REST, unheard=("桃园街道",))
    with pytest.raises(hearing.NotAllHeard):
        hearing.require_ready(QUIET, silent, DAY)
    hearing.require_ready(QUIET, silent, date(2026, 3, 10))


def test_a_person_is_told_and_may_reply_before_anything_is_issued():
    with pytest.raises(hearing.NotToldYet):
        hearing.require_ready(PERSON, AT_REST, DAY)
    told = replace(AT_REST, told=True, reply_until=DAY)
    with pytest.raises(hearing.ReplyOpen):
        hearing.require_ready(PERSON, told, DAY)
    hearing.require_ready(PERSON, replace(told, replied=True), DAY)
    hearing.require_ready(PERSON, told, date(2026, 3, 10))


def test_votes_are_waited_for_until_all_have_voted_or_their_days_are_over():
    with pytest.raises(hearing.NoPanel):
        hearing.require_ready(UNIT, AT_REST, DAY)
    open_ = replace(AT_REST, counted=hearing.tally(6, 4, ["for"] * 5), vote_until=DAY)
    with pytest.raises(hearing.VotesOpen):
        hearing.require_ready(UNIT, open_, DAY)
    hearing.require_ready(UNIT, open_, date(2026, 3, 10))
    hearing.require_ready(UNIT, replace(open_, counted=hearing.tally(6, 4, ["for"] * 6)), DAY)


@pytest.mark.parametrize(
    ("issued", "months", "until"),
    [
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_an_opinion_holds_for_whole_months(issued, months, until):
    assert opinions.valid_until(issued, months) == until


def paper(**changes):
    facts = {
        "procedure": Label("unit_honour", "单位评先", "a unit's honour"), "basis": Words("依据", "basis"),
        "about": OpinionSubject("测试市第一中学"), "purpose": "参评", "ground": "依据", "position": 7, "text": "同意",
        "record": [{"what": {"zh": "甲", "en": "a"}, "value": {"zh": "一", "en": "one"}}], "reply": None,
        "voices": [Voice(Party("桃园社区"), "agrees", "好")], "counted": None, "conclusion": "supports",
        "told": Words("已告知", "told"), "readers": ["测甲"], "valid_to": date(2027, 1, 1), **changes,
    }  # fmt: skip
    head = Head(Party("桃园社区"), Party("测试市第一中学"), date(2026, 1, 1), date(2026, 3, 1))
    return opinion(head, **facts)


def test_reasons_stand_in_the_order_of_their_words_and_no_paper_counts_more_votes_than_people():
    said = [("for", "乙"), ("against", "丙"), ("for", "甲")]
    counts = {"for": 2, "against": 1, "abstain": 0}
    one, other = (paper(counted=Counted(5, 4, counts, order))["votes"] for order in (said, said[::-1]))
    assert one == other
    assert [reason["choice"]["code"] for reason in one["reasons"]] == ["against", "for", "for"]
    with pytest.raises(InvalidContent):
        paper(counted=Counted(2, 2, counts, ()))


def test_of_who_is_erased_the_paper_keeps_the_places_and_tells_nothing():
    shown = redact(paper(reply="有话"), ["/subject", "/opinion", "/record/0", "/heard/0"])
    assert shown["subject"]["name"] == "（已注销）"
    assert shown["opinion"] == {"conclusion": None, "text": None, "reply": None}
    assert (shown["record"][0]["value"], shown["heard"][0]["statement"], shown["heard"][0]["stance"]) == (None,) * 3


def test_shares_are_exact():
    votes = hearing.require_votes(UNIT)
    assert (votes.quorum, votes.carried_over) == (Fraction(2, 3), Fraction(1, 2))
