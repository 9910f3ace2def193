"""Who gives which role where: the one table of delegation, and what stands in the way of giving.

Source: domain model, Grant (a role at a node, dated, with giver); delegation goes down only, nobody gives to
themselves, administrator, security and audit stay apart, and high offices take a second person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from api.errors import Conflict, Forbidden, Invalid

_OFFICES = {"city_officer", "district_officer", "work_committee_officer"}
# Three that no one person holds two of (三员分立): who runs the system, who gives access to it, who looks at both.
APART = frozenset({"system_admin", "security_admin", "auditor"})
FOUR_EYES = frozenset(_OFFICES) | APART
CONFIRM_WITHIN = timedelta(days=7)

# Giver's role → roles that it gives. Downwards only; `security_admin` alone gives its like, with a second one.
GIVES: Mapping[str, frozenset[str]] = {
    giver: frozenset(given.split())
    for giver, given in {
        "security_admin": """
            security_admin system_admin auditor city_officer district_officer work_committee_officer street_officer
            community_worker liaison department_handler""",
        "city_officer": "district_officer street_officer community_worker department_handler",
        "district_officer": "street_officer community_worker department_handler",
        "street_officer": "community_worker department_handler",
        "work_committee_officer": "liaison",
        "community_worker": "organiser",
        "liaison": "organiser",
    }.items()
}
# Role → kinds of node at which it is held; a role that is not here is held anywhere on any axis.
HELD_AT: Mapping[str, frozenset[str]] = {
    role: frozenset(kinds.split())
    for role, kinds in {
        "city_officer": "province city",
        "district_officer": "district county functional_zone",
        "street_officer": "street town township functional_zone",
        "community_worker": "community building_community grid estate building",
        "liaison": "agency public_institution state_enterprise private_enterprise social_organization "
        "individual_business department",
    }.items()
}


class NotYoursToGive(Forbidden):
    """No grant of the giver gives this role at this node."""

    code = "role_not_yours_to_give"
    zh, en = "您不能在“{place}”授予该角色：{role}", "You may not give the role {role} at “{place}”"


class ToOneself(Forbidden):
    """The giver, or who confirms, is the receiver."""

    code, zh, en = "grant_to_oneself", "不能给自己授权", "Nobody gives a role to themselves"


class OutlastsGiver(Invalid):
    """A grant would hold longer than the grant under which it is given."""

    code = "grant_outlasts_giver"
    zh, en = "授权不能晚于授权人自己的截止日 {until}", "A grant ends no later than its giver's own, {until}"


class EndsBeforeItBegins(Invalid):
    """The last day lies before the first."""

    code, zh, en = (
        "grant_ends_before_it_begins",
        "截止日须晚于开始日和今天",
        "It has to end after it begins and after today",
    )


class NotHeldHere(Invalid):
    """A role belongs to nodes of another kind."""

    code = "role_not_held_here"
    zh, en = "“{place}”不是该角色的任职层级：{role}", "The role {role} is not held at “{place}”"


class RolesApart(Conflict):
    """Administration, security and audit are never one person's."""

    code = "roles_apart"
    zh = "系统管理、安全管理、审计三者不得由一人兼任；此人已是 {held}"
    en = "Administration, security and audit are kept apart; this person is {held} already"


class AlreadyHeld(Conflict):
    """The person holds this role there, or it is proposed."""

    code, zh, en = "grant_already_held", "此人在该处已有同一角色", "The person holds this role there already"


class GiverLost(Conflict):
    """The grant under which this one is given ended meanwhile."""

    code = "giver_lost_grant"
    zh, en = "授权人自己的授权已失效，不能再据此授权", "The giver's own grant is no longer in force"


class ProposalExpired(Conflict):
    """Nobody confirmed in time."""

    code, zh, en = "proposal_expired", "提议已逾期，请重新提议", "The proposal is too old; propose it again"


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody means to give: a role at a node, from a day until, not including, another."""

    role: str
    receiver: UUID
    place: str
    kind: str
    begins: date
    ends: date | None


def gives(role: str, held: Iterable[str]) -> bool:
    """Say whether one of the roles that somebody holds gives this one."""
    return any(role in GIVES.get(one, ()) for one in held)


def admit(offer: Offer, giver: UUID, today: date) -> None:
    """Raise what stands in the way of an offer whoever the giver is: oneself, the place, the days."""
    if offer.receiver == giver:
        raise ToOneself(pointer="/personId")
    kinds = HELD_AT.get(offer.role)
    if kinds is not None and offer.kind not in kinds:
        raise NotHeldHere(role=offer.role, place=offer.place, pointer="/organizationId")
    if offer.begins < today:
        raise EndsBeforeItBegins(pointer="/validFrom")
    if offer.ends is not None and offer.ends <= offer.begins:
        raise EndsBeforeItBegins(pointer="/validTo")


def last_day(asked: date | None, own: date | None) -> date | None:
    """Return when a grant ends: as asked, and no later than the giver's own; OutlastsGiver where more was asked."""
    if own is None:
        return asked
    if asked is not None and asked > own:
        raise OutlastsGiver(until=own.isoformat(), pointer="/validTo")
    return asked or own


def keep_apart(role: str, held: Iterable[str]) -> None:
    """Raise RolesApart where who holds these roles would hold two of administration, security and audit."""
    others = sorted((APART & set(held)) - {role}) if role in APART else []
    if others:
        raise RolesApart(held=", ".join(others))


def first_state(role: str) -> str:
    """Return how a grant of this role begins: proposed where a second person has to confirm it."""
    return "proposed" if role in FOUR_EYES else "active"
