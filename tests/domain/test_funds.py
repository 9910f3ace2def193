"""Accounts of money: whatever the order of commands, what is there is the sum of what moved, and never below nought."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import backing
from api.domain.backing import NotReady, Ready, carried, require_ready, summary
from api.domain.documents import Head, InvalidContent, Label, Party
from api.domain.documents.funding import Moved, fund_accounts, yuan
from api.domain.funds import (
    FundTooLow,
    OverProjectLimit,
    OverYearLimit,
    Rules,
    RulesInvalid,
    legs,
    require_within,
    rules_of,
    shares,
)
from api.domain.hearing import tally

FUND, OTHER, PROJECT = (UUID(int=number) for number in (1, 2, 3))
AMOUNTS = st.integers(1, 10**12)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["allocation", "donation", "allotment", "spending", "refund"]),
            st.sampled_from([FUND, OTHER]),
            st.integers(1, 50),
        ),
        max_size=60,
    )
)
def test_whatever_the_order_no_account_is_below_nought_and_nothing_is_made_or_lost(commands):
    balances: dict[UUID, int] = defaultdict(int)
    came = went = 0
    for kind, fund, amount in commands:
        moved = legs(kind, amount, None if kind == "spending" else fund, PROJECT)
        if kind in ("allocation", "donation"):
            moved = legs(kind, amount, fund, None)
        if any(balances[account] + change < 0 for account, change in moved):
            continue
        for account, change in moved:
            balances[account] += change
        came += amount if kind in ("allocation", "donation") else 0
        went += amount if kind == "spending" else 0
    assert min(balances.values(), default=0) >= 0
    assert sum(balances.values()) == came - went


@pytest.mark.parametrize(("kind", "fund", "project"), [("allotment", FUND, None), ("spending", None, None)])
def test_a_payment_without_its_account_is_a_mistake_of_the_program(kind, fund, project):
    with pytest.raises(ValueError, match="lacks an account"):
        legs(kind, 1, fund, project)


@given(st.dictionaries(st.uuids(), AMOUNTS, min_size=1, max_size=8), st.fractions(0, 1))
def test_a_rest_goes_back_whole_and_nobody_gets_more_than_they_gave(given_by, part):
    total = sum(given_by.values())
    rest = int(total * part)
    back = shares(rest, given_by)
    assert sum(back.values()) == rest
    for each, amount in given_by.items():
        exact = rest * amount / total
        assert 0 <= back.get(each, 0) <= amount
        assert abs(back.get(each, 0) - exact) < 1 + 1e-6 * exact


def test_a_rest_of_one_fen_goes_to_the_largest_remainder():
    assert shares(1, {FUND: 1, OTHER: 2}) == {OTHER: 1}
    assert shares(1, {FUND: 1, OTHER: 1}) == {FUND: 1}  # equal: the first id
    with pytest.raises(ValueError, match="more is left"):
        shares(4, {FUND: 1, OTHER: 2})


def test_limits_of_a_project_and_of_a_communitys_year_hold_to_the_fen():
    rules = Rules(project_limit_fen=100, year_limit_fen=250)
    require_within(rules, 40, 60, 210, 2026)
    with pytest.raises(OverProjectLimit):
        require_within(rules, 41, 60, 0, 2026)
    with pytest.raises(OverYearLimit):
        require_within(rules, 41, 0, 210, 2026)
    require_within(Rules(), 10**15, 10**15, 10**15, 2026)


@pytest.mark.parametrize("wrong", [{"project_limit_fen": -1}, {"notice_days": 91}, {"supporters": -1}])
def test_rules_out_of_range_are_refused(wrong):
    with pytest.raises(RulesInvalid):
        rules_of(wrong)


def test_a_project_is_ready_when_it_is_wanted_noticed_and_funded():
    rules, day = Rules(supporters=2, meeting=True, notice_days=3), date(2026, 3, 5)
    meeting = tally(3, 2, ["for", "for"])
    require_ready(rules, Ready(2, meeting, day, 100, 100), day)
    with pytest.raises(NotReady) as missing:
        require_ready(rules, Ready(1, tally(3, 2, ["for"]), date(2026, 3, 6), 100, 99), day)
    assert missing.value.facts["missing"] == ["supporters", "meeting", "notice", "money"]
    with pytest.raises(NotReady) as missing:
        require_ready(Rules(supporters=0, notice_days=0), Ready(0, None, None, None, 0), day)
    assert missing.value.facts["missing"] == ["budget"]


@pytest.mark.parametrize(
    ("votes", "expected"),
    [(["for", "for", "against"], True), (["for", "against"], False), (["for"], False), (["for", "abstain"], False)],
)
def test_a_meeting_carries_with_more_than_half_of_who_voted_and_a_quorum(votes, expected):
    assert carried(tally(3, 2, votes)) is expected


def test_ratings_of_fewer_than_five_tell_only_how_many_they_are():
    assert summary([5, 4], [True, True]) == {"ratings": 2, "mean": None, "stars": None, "accepted": None}
    told = summary([5, 5, 4, 4, 3], [True] * 4 + [False])
    assert (told["mean"], told["accepted"]) == ("21/5", 4)
    assert told["stars"] == {"1": 0, "2": 0, "3": 1, "4": 2, "5": 2}
    assert backing.SMALLEST_GROUP == 5


@pytest.mark.parametrize(("fen", "written"), [(0, "0.00"), (5, "0.05"), (123_456, "1234.56"), (-150, "-1.50")])
def test_fen_are_written_as_exact_yuan(fen, written):
    assert yuan(fen) == written


def test_published_accounts_must_lead_from_the_opening_to_the_closing_balance():
    head = Head(Party("桃园街道"), None, date(2026, 1, 1), date(2027, 1, 1))
    kind = Label("donation", "捐赠", "donation")
    moved = [Moved(date(2026, 3, 2), kind, "捐赠人（匿名）", 150), Moved(date(2026, 3, 3), kind, "某公司", 50)]
    told = fund_accounts(head, fund="专项资金", opening=100, closing=300, moved=moved, left_out=0)
    assert (told["sums"][0]["yuan"], told["sums"][0]["payments"], len(told["moved"])) == ("2.00", 2, 2)
    assert fund_accounts(head, fund="专项资金", opening=100, closing=300, moved=moved, left_out=1)["moved"] == []
    with pytest.raises(InvalidContent):
        fund_accounts(head, fund="专项资金", opening=100, closing=299, moved=moved, left_out=0)


def test_what_is_too_much_for_an_account_says_how_much_there_is():
    told = FundTooLow(balanceFen=1, wantedFen=2).sentence("en")
    assert told == "The account holds 1 fen, less than the 2 that are wanted"
