"""Documents about money: the receipt of a donation, the notice of a project, the published accounts of a fund."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.documents.content import Head, InvalidContent, Label, Words, head_json

RECEIPT, NOTICE, ACCOUNTS = "donation", "project_notice", "fund_accounts"
_VERSION = 1
_RECEIPT_TITLE = Words("捐赠收据（平台记录）", "Receipt of a donation (platform record)")
_RECEIPT_NOTE = Words(
    "本收据证明款项已由两人核对到账；票据以接收单位开具的为准。",
    "Two people checked that the money came; the official voucher is that of who received it.",
)
_NOTICE_TITLE = Words("民生微实事项目公示", "Public notice of a livelihood project")
_ACCOUNTS_TITLE = Words("资金收支公示", "Published accounts of a fund")


@dataclass(frozen=True, slots=True)
class Moved:
    """One payment as published: on which day, what kind, for what, how much in fen, out of the account negative."""

    on: date
    kind: Label
    what: str
    fen: int


@dataclass(frozen=True, slots=True)
class Backing:
    """How residents stand to a project: supporters, and votes of their meeting where there was one."""

    supporters: int
    votes_for: int | None = None
    votes: int | None = None


def yuan(fen: int) -> str:
    """Return an amount of fen as exact yuan with two places: 123456 → `1234.56`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def donation_receipt(head: Head, *, donor: str, fund: str, fen: int, given_on: date, purpose: str) -> dict[str, Any]:
    """Return the content of a donor's receipt; InvalidContent for an amount that is none."""
    if fen <= 0:
        raise InvalidContent(reason="a receipt of nothing", reasonZh="收据没有金额")
    return {
        **head_json("receipt", _VERSION, head),
        "template": RECEIPT,
        "title": _RECEIPT_TITLE.as_json(),
        "donor": donor,
        "fund": fund,
        "yuan": yuan(fen),
        "givenOn": given_on.isoformat(),
        "purpose": purpose or None,
        "note": _RECEIPT_NOTE.as_json(),
    }


def project_notice(
    head: Head,
    *,
    project: str,
    what: str,
    budget: int | None,
    funds: Sequence[tuple[str, int]],
    parties: Sequence[str],
    backing: Backing,
) -> dict[str, Any]:
    """Return the content of the notice of a project before it starts; its period is that in which objections are heard.

    `funds` are the names of the funds and what each gives in fen, `parties` the names of who carries it out.
    """
    return {
        **head_json("notice", _VERSION, head),
        "template": NOTICE,
        "title": _NOTICE_TITLE.as_json(),
        "project": project,
        "what": what,
        "budget": None if budget is None else yuan(budget),
        "funds": [{"fund": name, "yuan": yuan(fen)} for name, fen in funds],
        "parties": [{"name": name} for name in parties],
        "supporters": backing.supporters,
        "votes": None if backing.votes is None else f"{backing.votes_for}/{backing.votes}",
    }


def fund_accounts(
    head: Head, *, fund: str, opening: int, closing: int, moved: Sequence[Moved], left_out: int
) -> dict[str, Any]:
    """Return the content of a fund's published accounts: opening, every payment in its order, closing.

    `left_out` are the payments of a period so busy that they stand by kind only. InvalidContent where the payments do
    not lead from the opening to the closing balance.
    """
    if opening + sum(one.fen for one in moved) != closing:
        raise InvalidContent(reason="the payments do not add up", reasonZh="收支与余额不符")
    kinds = {one.kind.code: one.kind for one in moved}
    shown = [] if left_out else moved
    return {
        **head_json("notice", _VERSION, head),
        "template": ACCOUNTS,
        "title": _ACCOUNTS_TITLE.as_json(),
        "fund": fund,
        "opening": yuan(opening),
        "closing": yuan(closing),
        "sums": [
            {
                "kind": kinds[code].as_json(),
                "payments": sum(one.kind.code == code for one in moved),
                "yuan": yuan(sum(one.fen for one in moved if one.kind.code == code)),
            }
            for code in sorted(kinds)
        ],
        "moved": [
            {"on": one.on.isoformat(), "kind": one.kind.as_json(), "what": one.what, "yuan": yuan(one.fen)}
            for one in shown
        ],
    }
