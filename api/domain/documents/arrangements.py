"""Documents by which bodies arrange their work: the plan of contacts, the receipt and the co-construction agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.domain.documents.content import Head, InvalidContent, Label, Party, Words, head_json

_TEMPLATE_VERSION = 1
_AGREEMENT_VERSION = 2


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A unit that is to report in to a community in `[start, end)`; `members` are its in-service members, if known."""

    unit: Party
    street: str
    community: Party
    start: date
    end: date
    members: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a community decided on one registration (报到) of a member or a unit.

    `basis` says why this community (residence, workplace, paired_fallback …), `reason` why it was returned or ended.
    """

    subject: Label
    name: str
    reference: str | None
    community: Party
    state: Label
    decided_on: date
    basis: Label | None = None
    reason: Words | None = None
    principal: bool | None = None


@dataclass(frozen=True, slots=True)
class Signatory:
    """A party to an agreement in its role (unit, community, street …)."""

    party: Party
    role: Label


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a resource is reserved for: from when until when, in local time to the minute, and how much of it."""

    resource: str
    starts_at: datetime
    ends_at: datetime
    quantity: int

    def as_json(self) -> dict[str, Any]:
        """Return it as the content holds it."""
        start, end = (at.strftime("%Y-%m-%d %H:%M") for at in (self.starts_at, self.ends_at))
        return {"resource": self.resource, "from": start, "until": end, "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class Renewed:
    """The agreement that a renewal supersedes, and the first day under the new terms."""

    number: str
    since: date


@dataclass(frozen=True, slots=True)
class Duty:
    """What one party (by name) is to do, until when."""

    party: str
    text: str
    due: date | None = None


def plan(
    head: Head,
    *,
    reference: str | None,
    rows: Sequence[PlanRow],
    capacities: Mapping[tuple[str, str], int | None],
) -> dict[str, Any]:
    """Return the content of a work committee's plan (联系安排): units × communities, and what each community can take.

    `reference` is the number of the committee's own paper, `capacities` the number of units by (street, community)
    names (None or absent: unknown). The order of `rows` makes no difference. Raises `InvalidContent` for a unit twice
    in a community or a row outside of the plan's period.
    """
    ordered = sorted(rows, key=lambda row: (row.street, row.community.name, row.unit.name, row.start))
    for row in ordered:
        if row.end <= row.start or row.start < head.start or row.end > head.end:
            raise InvalidContent(
                reason=f"the row of {row.unit.name} is outside of the period", reasonZh=f"{row.unit.name}的期间超出安排"
            )
    pairings = Counter((row.unit, row.community, row.street, row.start) for row in ordered)
    repeated = [pairing for pairing, count in pairings.items() if count > 1]
    if repeated:
        unit, community, *_ = repeated[0]
        raise InvalidContent(
            reason=f"{unit.name} stands twice for {community.name}", reasonZh=f"{unit.name}与{community.name}重复"
        )
    places = Counter((row.street, row.community.name) for row in ordered)
    return {
        **head_json("plan", _TEMPLATE_VERSION, head),
        "reference": reference,
        "units": len({row.unit for row in ordered}),
        "communities": [
            {"street": street, "community": name, "units": count, "capacity": capacities.get((street, name))}
            for (street, name), count in sorted(places.items())
        ],
        "rows": [_plan_row(row) for row in ordered],
    }


def _plan_row(row: PlanRow) -> dict[str, Any]:
    return {
        "unit": row.unit.as_json(),
        "street": row.street,
        "community": row.community.as_json(),
        "period": {"start": row.start.isoformat(), "end": row.end.isoformat()},
        "members": row.members,
    }


def receipt(head: Head, *, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the content of a receipt (回执): what became of these registrations, for their employer or unit.

    The order of `outcomes` makes no difference. Raises `InvalidContent` where there is none.
    """
    if not outcomes:
        raise InvalidContent(reason="a receipt of nothing", reasonZh="回执没有内容")
    ordered = sorted(outcomes, key=lambda one: (one.reference or "", one.name, one.community.name, one.decided_on))
    return {
        **head_json("receipt", _TEMPLATE_VERSION, head),
        "outcomes": [
            {
                "subject": one.subject.as_json(),
                "name": one.name,
                "reference": one.reference,
                "community": one.community.as_json(),
                "basis": one.basis.as_json() if one.basis else None,
                "state": one.state.as_json(),
                "decidedOn": one.decided_on.isoformat(),
                "principal": one.principal,
                "reason": one.reason.as_json() if one.reason else None,
            }
            for one in ordered
        ],
    }


def agreement(
    head: Head,
    *,
    subject: str,
    signatories: Sequence[Signatory],
    duties: Sequence[Duty],
    agreed_on: date,
    reserved: Sequence[Reserved] = (),
    renewed: Renewed | None = None,
) -> dict[str, Any]:
    """Return the content of a co-construction agreement (共建协议): parties, duties, dates and what is reserved.

    A renewal is for the whole period of both agreements and says from when the new terms hold. Raises `InvalidContent`
    for fewer than two parties, no duty, or a duty of somebody who is no party.
    """
    names = {one.party.name for one in signatories}
    if len(names) < 2:
        raise InvalidContent(reason="an agreement needs two parties", reasonZh="协议至少要有两方")
    if not duties:
        raise InvalidContent(reason="an agreement without duties", reasonZh="协议没有写明责任")
    for duty in duties:
        if duty.party not in names:
            raise InvalidContent(reason=f"{duty.party} is no party", reasonZh=f"{duty.party}不是协议的一方")
    return {
        **head_json("agreement", _AGREEMENT_VERSION, head),
        "subject": subject,
        "agreedOn": agreed_on.isoformat(),
        "parties": [{**one.party.as_json(), "role": one.role.as_json()} for one in signatories],
        "duties": [
            {"party": duty.party, "text": duty.text, "due": duty.due.isoformat() if duty.due else None}
            for duty in duties
        ],
        "reserved": [each.as_json() for each in reserved] or None,
        "renewed": {"number": renewed.number, "since": renewed.since.isoformat()} if renewed else None,
    }
