"""What a match run starts from: published needs as asks; people who declared their time, or units' resources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.location import Point
from api.domain.matching.ground import grid
from api.domain.matching.inputs import Ask, Offer, Place
from api.domain.matching.rules import Rules
from api.domain.matching.slots import begins_at, slot_of, slots_of
from api.domain.matching.times import Window, half_days, occurrences, urgency, windows_of
from api.models import MatchProposal, Need, Organization, Project, Shift
from api.services import match_gates, match_offers
from api.services.days import day_of, zone_of
from api.services.match_helpers import Area, Helper
from api.services.projects import DEAD

Kind = Literal["people", "units"]
_KINDS = {"people": ("need", "micro_wish"), "units": ("need", "micro_wish", "livelihood_project")}
_NEEDS = sa.select(
    Need.id, Need.category, Need.headcount, Need.windows, Need.community_id, Need.published_at, Need.expires_on,
    Need.gates, Organization.path,
).join(Organization, Organization.id == Need.community_id)  # fmt: skip


@dataclass(slots=True)
class Inputs:
    """Asks and offers of a run; `keys` say whose an offer is, `gaps` which needs cannot be asked at all."""

    asks: list[Ask] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    gaps: list[dict[str, Any]] = field(default_factory=list)


def gathered(session: Session, actor: Actor, kind: Kind, path: str, rules: Rules, seed: int) -> Inputs:
    """Return what a run at a path starts from, as it stands now.

    People go by numbers that the seed deals out, so that of equals not always the same is asked first. A place is that
    of a community, never of a home.
    """
    zone = zone_of(session, actor.tenant_id)
    area = Area(actor.tenant_id, path, zone, session.now, rules)
    needs = _open_needs(session, area, kind)
    helpers = match_offers.units(session, area) if kind == "units" else match_offers.people(session, area)
    if kind == "people":
        helpers += match_offers.teams(session, area)
    places = _places(session, actor, [need.community_id for need in needs] + [helper.area_id for helper in helpers])
    held = _held(session, actor, kind)
    match_gates.close(session, area, [need.gates for need in needs], helpers)
    found = Inputs()
    for need in needs:
        ask = _ask(need, area, places, held.get(need.id, 0), kind)
        if isinstance(ask, Ask):
            found.asks.append(ask)
        elif ask is not None:
            found.gaps.append(ask)
    asked = {slot for ask in found.asks for slot in ask.slots or ()}
    ahead = half_days(area.today, rules.terms.horizon_days + 1, asked)
    numbers = _numbers(helpers, seed) if kind == "people" else {helper.key: helper.key for helper in helpers}
    for helper in helpers:
        number = numbers[helper.key]
        found.offers.append(helper.offer(number, places.get(helper.area_id), asked, ahead))
        found.keys[number] = helper.whose
    return found


def first_in_slots(
    windows: Sequence[Window] | None, zone: ZoneInfo, slots: Sequence[int], since: datetime
) -> dict[int, tuple[datetime, datetime]]:
    """Return (begin, end) of the first occurrence of a need's windows in each of these slots, where there is one."""
    first: dict[int, tuple[datetime, datetime]] = {}
    for begins, ends in occurrences(windows or (), zone, since, begins_at(max(slots) + 1, zone)):
        first.setdefault(slot_of(begins, zone), (begins, ends))
    return {slot: first[slot] for slot in slots if slot in first}


def _open_needs(session: Session, area: Area, kind: Kind) -> Sequence[Any]:
    claimed = sa.exists().where(Project.need_id == Need.id, Project.state.not_in(DEAD))
    day = day_of(session, area.tenant_id, session.now)
    statement = _NEEDS.where(
        Need.tenant_id == area.tenant_id, Need.state == "published", Need.kind.in_(_KINDS[kind]), ~claimed,
        Organization.path.startswith(area.path, autoescape=True),
        sa.or_(Need.expires_on.is_(None), Need.expires_on > day), sa.or_(Need.reply_by.is_(None), Need.reply_by >= day),
    )  # fmt: skip
    return session.rows(statement.order_by(Need.id))


def _ask(need: Any, area: Area, places: Mapping[UUID, Place], held: int, kind: Kind) -> Ask | dict[str, Any] | None:
    """Return a need as an ask, as a gap where all its times have passed, None where they lie beyond the horizon."""
    windows = windows_of(need.windows)
    slots: tuple[int, ...] | None = None
    if windows is not None:
        since, before = area.since, area.before
        if need.expires_on is not None:
            before = min(before, datetime.combine(need.expires_on, datetime.min.time(), area.zone))
        slots = slots_of(occurrences(windows, area.zone, since, before), area.zone)
        sane = [window for window in windows if window.starts_at < window.ends_at]
        if not slots and sane:
            if any(window.every or window.starts_at >= before for window in sane) and before >= area.before:
                return None
            many = (need.headcount or 1) - held
            return {"ask_id": str(need.id), "missing": max(many, 1), "got": 0, "why": "windows_passed",
                    "change": "name_a_window", "flags": []}  # fmt: skip
    published = need.published_at and need.published_at.astimezone(area.zone).date()
    return Ask(
        str(need.id), need.category, slots, need.headcount if kind == "people" else 1, places.get(need.community_id),
        str(need.community_id), urgency(published, need.expires_on, area.today), held, match_gates.named(need.gates),
    )  # fmt: skip


def _places(session: Session, actor: Actor, organizations: Iterable[UUID | None]) -> dict[UUID, Place]:
    """Return where these organisations are met, in metres of one grid; one that never said has no place."""
    wanted = sorted({each for each in organizations if each is not None})
    points: dict[UUID, Point] = {}
    for start in range(0, len(wanted), 1000):
        rows = session.rows(
            sa.select(Organization.id, Organization.point).where(
                Organization.tenant_id == actor.tenant_id, Organization.id.in_(wanted[start : start + 1000])
            )
        )
        points |= {row.id: Point(**row.point) for row in rows if row.point}
    return grid(points)


def _held(session: Session, actor: Actor, kind: Kind) -> dict[UUID, int]:
    """Return how many places of each need are taken: by sign-ups, and by proposals that wait for an answer."""
    side = MatchProposal.resource_id.is_(None) if kind == "people" else MatchProposal.resource_id.is_not(None)
    asked = (
        sa.select(MatchProposal.need_id, sa.func.sum(MatchProposal.places).label("many"))
        .where(MatchProposal.tenant_id == actor.tenant_id, MatchProposal.state == "proposed", side)
        .group_by(MatchProposal.need_id)
    )
    held = {row.need_id: int(row.many) for row in session.rows(asked)}
    for need_id, many in taken(session, MatchProposal.tenant_id == actor.tenant_id).items():
        held[need_id] = held.get(need_id, 0) + many
    return held


def taken(session: Session, which: Any) -> dict[UUID, int]:
    """Return how many places of the selected proposals' needs people hold at the shifts that came of them."""
    linked = (
        sa.select(MatchProposal.need_id, MatchProposal.shift_id)
        .where(which, MatchProposal.shift_id.is_not(None))
        .distinct()
        .subquery()
    )
    sums = (
        sa.select(linked.c.need_id, sa.func.sum(Shift.confirmed).label("many"))
        .join(Shift, Shift.id == linked.c.shift_id)
        .where(Shift.state != "cancelled")
        .group_by(linked.c.need_id)
    )
    return {row.need_id: int(row.many) for row in session.rows(sums)}


def _numbers(helpers: Sequence[Helper], seed: int) -> dict[str, str]:
    def dealt(helper: Helper) -> bytes:
        return hashlib.sha256(f"{seed}:{helper.key}".encode()).digest()

    return {helper.key: f"h-{number:06}" for number, helper in enumerate(sorted(helpers, key=dealt))}
