"""资金 and 民意 on the wire: payments, accounts, the rules of livelihood projects, and residents' voices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Day, Line, ListQuery, Query, Subject, Text, View
from api.schemas.opinions import Label

Amount = Annotated[int, Field(ge=1, le=10**15, description="fen")]
Files = Annotated[list[UUID], Field(max_length=10, description="vouchers and invoices that the caller brought")]
PaymentKind = Literal["allocation", "donation", "allotment", "spending", "refund"]


class NewAllocation(Body):
    """Money that came into a fund from its own budget or from above."""

    amount_fen: Amount
    paid_on: Day
    purpose: Line
    file_ids: Files = []


class NewDonation(Body):
    """Money that somebody gave: a unit (`donorId`), the caller (`own`), or somebody outside, named as they wish."""

    amount_fen: Amount
    paid_on: Day
    purpose: Text = ""
    donor_id: UUID | None = None
    own: bool = False
    anonymous: bool = False
    shown_as: Line | None = None
    file_ids: Files = []


class NewAllotment(Body):
    """What a fund is asked to give a project."""

    resource_id: UUID
    amount_fen: Amount
    purpose: Line


class NewSpending(Body):
    """What a project paid, to whom and for what."""

    amount_fen: Amount
    paid_on: Day
    payee: Line
    purpose: Line
    file_ids: Files = []


class DonorShown(View):
    """Who gave, as everybody may read it: null where they wish not to be named."""

    kind: Literal["unit", "person", "outside"]
    name: str | None


class Payment(Subject):
    """Money that moved, or is said to have; only what is confirmed counts."""

    kind: str
    amount_fen: int
    paid_on: date
    organization_id: UUID = Field(description="who decides: the holder of the fund, or the community that spends")
    organization_name: str
    resource_id: UUID | None
    project_id: UUID | None
    donor: DonorShown | None
    payee: str | None = Field(description="shown to the parties alone")
    purpose: str
    reason: str | None
    file_ids: list[UUID] = Field(description="vouchers and invoices, to the parties alone")
    document_id: UUID | None = Field(description="the receipt of a donation")
    proposed_at: datetime
    decided_at: datetime | None


class PaymentQuery(ListQuery):
    """Which payments to list."""

    resource_id: UUID | None = None
    project_id: UUID | None = None
    kind: PaymentKind | None = None
    state: Annotated[str, Field(max_length=20, pattern="^[a-z_]+$")] | None = None


class Donor(View):
    """Who gave, for who holds the fund and for auditors."""

    kind: Literal["unit", "person", "outside"]
    organization_id: UUID | None
    organization_name: str | None
    person_id: UUID | None
    person_name: str | None
    shown_as: str | None
    anonymous: bool


class AccountLine(View):
    """What one kind of payment comes to; out of the account it is negative."""

    kind: str
    label: Label
    amount_fen: int
    payments: int


class DaysQuery(Query):
    """From a day until, not including, another; without them all there is."""

    since: Day | None = None
    before: Day | None = None


class Days(Body):
    """From a day until, not including, another."""

    since: Day
    before: Day


class FundStatement(View):
    """Income and spending of a fund."""

    resource_id: UUID
    title: str
    organization_id: UUID
    organization_name: str
    opening_fen: int
    lines: list[AccountLine]
    closing_fen: int


class FundShare(View):
    """What a fund gave a project and did not get back."""

    resource_id: UUID
    title: str
    amount_fen: int


class ProjectAccount(View):
    """What a project was given, spent and has left."""

    project_id: UUID
    budget_fen: int | None
    funds: list[FundShare]
    lines: list[AccountLine]
    balance_fen: int


class FundingTerms(Body):
    """Limits of public money and what a livelihood project needs before it starts; null is no limit."""

    project_limit_fen: Annotated[int, Field(ge=0, le=10**15)] | None = None
    year_limit_fen: Annotated[int, Field(ge=0, le=10**15)] | None = None
    supporters: Annotated[int, Field(ge=0, le=10_000)] = 1
    meeting: bool = False
    notice_days: Annotated[int, Field(ge=0, le=90)] = 7


class NewFundingRule(FundingTerms):
    """The rules of a district and all below it, and on what ground they were chosen."""

    organization_id: UUID
    basis: Line


class FundingRules(View):
    """Rules as they hold."""

    project_limit_fen: int | None
    year_limit_fen: int | None
    supporters: int
    meeting: bool
    notice_days: int


class StandingFundingRules(FundingRules):
    """The rules that hold, and in which edition they were declared; null where nobody declared any."""

    rule_id: UUID | None


class FundingRule(FundingRules):
    """One edition of an office's rules."""

    id: UUID
    organization_id: UUID
    organization_name: str
    edition: int
    basis: str
    set_at: datetime


class FundingRuleList(View):
    """What holds at an organisation, and the editions declared on the way down to it, newest first."""

    standing: StandingFundingRules
    items: list[FundingRule]


class AtQuery(Query):
    """At which organisation."""

    organization_id: UUID


class YearQuery(AtQuery):
    """At which place, in which year."""

    year: Annotated[int, Field(ge=2000, le=2199)]


class Convening(Body):
    """Who sits in a residents' meeting."""

    people: Annotated[list[UUID], Field(min_length=3, max_length=500)]


class Voting(Body):
    """One vote."""

    vote: Literal["for", "against", "abstain"]


class Meeting(View):
    """A residents' meeting; votes are told once its quorum has voted."""

    roster: int
    quorum: int
    voted: int
    quorate: bool
    carried: bool
    votes: dict[str, int] | None


class Backing(View):
    """How residents stand to a need; counts alone, never names."""

    need_id: UUID
    supporters: int
    wanted: int = Field(description="how many the district asks for")
    mine: bool
    meeting: Meeting | None


class ResidentRating(Body):
    """How a resident found a project that was delivered."""

    accepted: bool
    stars: Annotated[int, Field(ge=1, le=5)]
    remark: Text = ""


class RatingSummary(View):
    """How residents rate; of fewer than five only how many they are."""

    ratings: int
    mean: str | None = Field(description="exact, such as 9/2")
    stars: dict[str, int] | None
    accepted: int | None


class ProjectRatings(RatingSummary):
    """How residents rate one project; remarks are for its community alone."""

    project_id: UUID
    mine: bool
    remarks: list[str] | None


class LivelihoodFigures(RatingSummary):
    """Livelihood projects of a place in a year."""

    organization_id: UUID
    name: str
    year: int
    proposed: int
    states: dict[Code, int]
    allotted_fen: int
    spent_fen: int
    refunded_fen: int
