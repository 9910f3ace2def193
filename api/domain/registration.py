"""Where members and units report in (报到), what speaks against a request, and what changes when one is accepted.

Members report to where they live, or to their unit's paired community if they live outside the city. Reporting in is a
duty: a community without capacity redirects, it never refuses (model: Registration).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from api.errors import Conflict

Basis = Literal["residence", "workplace", "paired_fallback", "floating_inflow", "outside_city"]
STANDING = frozenset({"submitted", "accepted"})

REASONS: Mapping[str, tuple[str, str]] = {
    "not_resident": (
        "登记居住地不在本市，应向所在单位结对社区报到",
        "The person lives outside the city and reports to the community paired with the unit",
    ),
    "duplicate": ("已有主报到，请申请转移", "There is a principal registration already; ask for a transfer"),
    "wrong_community": ("登记居住地在其他社区", "The person lives in another community"),
    "no_capacity": ("社区承接能力已满，转介至其他社区", "The community has no capacity left and redirects"),
}
"""Why a registration is returned or redirected: code → (zh-CN, en)."""


class AlreadyRegistered(Conflict):
    """A person has one principal registration."""

    code = "already_registered"
    zh, en = "该人员已有主报到，请申请转移", "There is a principal registration already; ask for a transfer"


class NoPublishedPlan(Conflict):
    """Units report in only against a published plan (联系安排)."""

    code = "no_published_plan"
    zh, en = "尚未发布联系安排，单位不能报到", "There is no published plan against which the unit could report in"


class NotInPlan(Conflict):
    """The published plan proposes no such link."""

    code = "not_in_plan"
    zh, en = "已发布的联系安排未将该单位安排到该社区", "The published plan does not link this unit with this community"


class OutsidePlanPeriod(Conflict):
    """The plan links them, but not on this day."""

    code = "outside_plan_period"
    zh, en = (
        "不在联系安排的有效期内（{startsOn} 至 {endsOn}）",
        "The plan links them from {startsOn} until, not including, {endsOn}",
    )


@dataclass(frozen=True, slots=True)
class Home:
    """What is known of where a person belongs; None is unknown.

    `paired` are the communities of the unit's published links, in the plan's order; `workplace` is where the unit lies.
    """

    lives_in_city: bool | None
    community: UUID | None
    member_class: str | None = None
    paired: Sequence[UUID] = ()
    workplace: UUID | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a person reports in and why; no community where that lies outside the tenant."""

    community: UUID | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Standing:
    """A registration of the person that is submitted or accepted."""

    id: UUID
    community: UUID
    state: str
    principal: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A registration asked for; `replaces` is the one that it is to take over on a transfer."""

    community: UUID
    basis: Basis
    principal: bool = True
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The step that the rules point to; None where only the community can tell. A community's officer may differ."""

    step: Literal["registration.accept", "registration.return", "registration.redirect"] | None
    reason: str | None = None
    community: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A step on one registration; all changes of an acceptance stand or fall together."""

    id: UUID
    step: str


def destination(home: Home) -> Destination | None:
    """Return where the person reports in, or None where too little is known to say.

    In the city: the community of residence; for somebody who came from elsewhere (`floating_in`) that is the basis
    `floating_inflow`. Outside: the unit's paired community, else the one where the unit lies, else outside the city.
    """
    if home.lives_in_city is None and home.community is None:
        return None
    if home.lives_in_city is not False:
        if home.community is None:
            return None
        return Destination(home.community, "floating_inflow" if home.member_class == "floating_in" else "residence")
    if home.paired:
        return Destination(home.paired[0], "paired_fallback")
    if home.workplace is not None:
        return Destination(home.workplace, "workplace")
    return Destination(None, "outside_city")


def judge(
    request: Request,
    home: Home,
    standing: Iterable[Standing],
    room: Mapping[UUID, int] | None = None,
    nearby: Sequence[UUID] = (),
) -> Ruling:
    """Return what the rules say to a member's request: accept, return with a reason, redirect, or nothing.

    `room` holds how many more members a community can take on, where it said so; `nearby` are communities to redirect
    to, the best first. Secondary registrations are not tied to where the person lives.
    """
    if _is_duplicate(request, standing):
        return Ruling("registration.return", "duplicate")
    if request.principal:
        due = destination(home)
        if due is None:
            return Ruling(None)
        if not _fits(request.community, due, home):
            outside = home.lives_in_city is False and request.basis in {"residence", "floating_inflow"}
            return Ruling("registration.return", "not_resident" if outside else "wrong_community", due.community)
    room = room or {}
    if room.get(request.community, 1) <= 0:
        other = next((place for place in nearby if place != request.community and room.get(place, 1) > 0), None)
        if other is not None:
            return Ruling("registration.redirect", "no_capacity", other)
    return Ruling("registration.accept")


def acceptance(new: UUID, request: Request, standing: Iterable[Standing]) -> list[Change]:
    """Return the changes that accepting `new` makes, the handing over of the old registration among them.

    The old one stands until this moment; both change in one transaction. Raises AlreadyRegistered where another
    principal registration is accepted and this is no transfer of it.
    """
    changes = [Change(new, "registration.accept")]
    for old in standing:
        if old.state != "accepted" or old.id == new:
            continue
        if old.id == request.replaces:
            changes.insert(0, Change(old.id, "registration.hand_over"))
        elif old.principal and request.principal:
            raise AlreadyRegistered(registrationId=str(old.id), communityId=str(old.community))
    return changes


@dataclass(frozen=True, slots=True)
class PlannedLink:
    """A link of a published plan: unit and community for a half-open period."""

    id: UUID
    unit: UUID
    community: UUID
    starts_on: date
    ends_on: date
    state: str = "proposed"


def planned_link(unit: UUID, community: UUID, links: Iterable[PlannedLink] | None, today: date) -> PlannedLink:
    """Return the proposed link against which a unit reports in; `links` are the published plan's, None without a plan.

    Raises NoPublishedPlan, NotInPlan, or OutsidePlanPeriod. A link that is reported in to already is returned as it
    stands, so that the state table decides about a repeat.
    """
    if links is None:
        raise NoPublishedPlan
    mine = [link for link in links if (link.unit, link.community) == (unit, community)]
    if not mine:
        raise NotInPlan(unitId=str(unit), communityId=str(community))
    current = [link for link in mine if link.starts_on <= today < link.ends_on]
    if not current:
        nearest = min(mine, key=lambda link: (link.ends_on <= today, link.starts_on, link.id))
        raise OutsidePlanPeriod(startsOn=nearest.starts_on.isoformat(), endsOn=nearest.ends_on.isoformat())
    return min(current, key=lambda link: (link.state != "proposed", link.starts_on, link.id))


def _is_duplicate(request: Request, standing: Iterable[Standing]) -> bool:
    """Say whether this asks for what the person has: the same community, or a second principal registration."""
    others = [old for old in standing if old.state in STANDING and old.id != request.replaces]
    return any(old.community == request.community or (old.principal and request.principal) for old in others)


def _fits(community: UUID, due: Destination, home: Home) -> bool:
    """Say whether a community is where the person is due; any of the unit's paired communities is as good."""
    return community == due.community or (due.basis == "paired_fallback" and community in home.paired)
