"""资金账户: what a payment does to which account, how a rest is shared back, and what limits a district sets.

The source says: public money by residents' will, with donations of firms beside it (惠民“微实事”项目实施试行办法).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from api.errors import Conflict, Invalid

INTO = frozenset({"allocation", "donation"})
"""Kinds that bring money into a fund from outside."""

FUNDED_IN = ("agreed", "in_progress")
"""States of a project in which it can be given money."""

SPENT_IN = ("in_progress", "delivered", "rated")
"""States of a project in which it spends: not before it has begun, nor after what was left has gone back."""

MOST_FEN = 10**15


class NotAFund(Invalid):
    """Money goes into resources of the kind fund alone."""

    code, zh, en = "not_a_fund", "该资源不是资金，没有账户", "This resource is no fund and has no account"


class FundClosed(Conflict):
    """A fund takes and gives money while it is on the list."""

    code, zh, en = "fund_closed", "该资金未发布或已撤下，不能收支", "The fund is not on the list; no money moves"


class FundTooLow(Conflict):
    """An account never goes below nought."""

    code = "fund_too_low"
    zh = "账户余额不足：余额 {balanceFen} 分，需 {wantedFen} 分"
    en = "The account holds {balanceFen} fen, less than the {wantedFen} that are wanted"


class ProjectNotFunded(Conflict):
    """The project is not in a state in which it is given or spends money."""

    code = "project_takes_no_money"
    zh = "项目当前状态（{state}）不能办理该笔资金"
    en = "In the state {state} no such money moves for the project"


class PaymentsWaiting(Conflict):
    """What a project paid is decided on while its account is open."""

    code = "payments_waiting"
    zh = "该项目有 {count} 笔支出待复核，请先复核或退回，再结束项目"
    en = "{count} payments of the project wait for a second person; decide on them before it ends"


class PaidLater(Invalid):
    """What is recorded has happened."""

    code, zh, en = "paid_later", "日期 {day} 尚未到来", "{day} has not come yet"


class DonorUnclear(Invalid):
    """A donation comes from a unit, from who records it, or from somebody outside who is named or stays unknown."""

    code = "donor_unclear"
    zh = "请说明捐赠方：单位、本人，或由资金管理方登记平台外的捐赠人，三者只选其一"
    en = "Say who gives: a unit, yourself, or, recorded by who holds the fund, somebody outside; one of these"


class OverProjectLimit(Conflict):
    """Public money for one project is limited by the district."""

    code = "over_project_limit"
    zh = "超出单个项目的财政资金上限 {limitFen} 分（已安排 {givenFen} 分）"
    en = "More than the limit of {limitFen} fen of public money for a project; {givenFen} are given already"


class OverYearLimit(Conflict):
    """Public money for the projects of one community in a year is limited by the district."""

    code = "over_year_limit"
    zh = "超出该社区 {year} 年财政资金上限 {limitFen} 分（已安排 {givenFen} 分）"
    en = "More than the limit of {limitFen} fen for this community in {year}; {givenFen} are given already"


class RulesInvalid(Invalid):
    """A rule is out of its range."""

    code, zh, en = "funding_rules_invalid", "规则 {rule} 的数值无效", "The value of the rule {rule} does not fit"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a district declares; None is no limit.

    `supporters` residents have to back a project, `meeting` says that a residents' meeting has to carry it,
    `notice_days` how many days its public notice stands before it starts.
    """

    project_limit_fen: int | None = None
    year_limit_fen: int | None = None
    supporters: int = 1
    meeting: bool = False
    notice_days: int = 7

    def document(self) -> dict[str, Any]:
        """Return the rules as plain data."""
        return asdict(self)


def rules_of(content: Mapping[str, Any]) -> Rules:
    """Return declared rules; what is left out is as shipped. RulesInvalid."""
    rules = Rules(**content)
    for name in ("project_limit_fen", "year_limit_fen"):
        limit = getattr(rules, name)
        if limit is not None and not 0 <= limit <= MOST_FEN:
            raise RulesInvalid(rule=name)
    for name, most in (("supporters", 10_000), ("notice_days", 90)):
        if not 0 <= getattr(rules, name) <= most:
            raise RulesInvalid(rule=name)
    return rules


def require_within(rules: Rules, amount: int, of_project: int, of_year: int, year: int) -> None:
    """Raise OverProjectLimit or OverYearLimit where public money of `amount` fen more would be too much."""
    if rules.project_limit_fen is not None and of_project + amount > rules.project_limit_fen:
        raise OverProjectLimit(limitFen=rules.project_limit_fen, givenFen=of_project)
    if rules.year_limit_fen is not None and of_year + amount > rules.year_limit_fen:
        raise OverYearLimit(limitFen=rules.year_limit_fen, givenFen=of_year, year=year)


# Out of which account money goes, and into which; "" is the world outside.
_MOVES = {
    "allocation": ("", "fund"), "donation": ("", "fund"), "allotment": ("fund", "project"), "spending": ("project", ""),
    "refund": ("project", "fund"),
}  # fmt: skip


def legs(kind: str, amount: int, fund: UUID | None, project: UUID | None) -> list[tuple[UUID, int]]:
    """Return which account of a fund or project a payment of `amount` fen changes by how much, what goes out first.

    An allotment moves money from a fund's account to the project's, a refund what is left of it back; what is moved is
    neither made nor lost. Raises ValueError where an account is missing.
    """
    accounts = {"fund": fund, "project": project}
    moved = []
    for side, sign in zip(_MOVES[kind], (-1, 1), strict=True):
        account = accounts.get(side)
        if side and account is None:
            raise ValueError(f"a payment of the kind {kind} lacks an account")
        moved += [] if account is None else [(account, sign * amount)]
    return moved


def shares(rest: int, given: Mapping[UUID, int]) -> dict[UUID, int]:
    """Return how much of a rest goes back to whom, in proportion to what each gave, in whole fen that add up to it.

    What the divisions leave over goes to the largest remainders, of equal ones to the first id; nobody gets more than
    they gave. Raises ValueError where more is left than was given.
    """
    total = sum(given.values())
    if not 0 <= rest <= total:
        raise ValueError("more is left than was given")
    if rest == 0:
        return {}
    whole = {each: rest * amount // total for each, amount in given.items()}
    over = rest - sum(whole.values())
    order = sorted(given, key=lambda each: (-(rest * given[each] % total), each))
    for each in order[:over]:
        whole[each] += 1
    return {each: amount for each, amount in whole.items() if amount}
