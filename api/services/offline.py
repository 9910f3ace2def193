"""离线清单: presences that phones kept without a network; each item of a list has an outcome, and none vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain import offline as rules
from api.domain.codes import CodeNotValid
from api.domain.offline import Item, Taken
from api.domain.presence import Key
from api.errors import NotFound, Problem
from api.models import Device, OfflineItem
from api.problems import as_row
from api.services import presences, settlement, standing_sanctions
from api.services.activities import grant_over
from api.services.offline_cases import Review, Told
from api.services.offline_desk import WAITING, Desk, Kept
from api.services.presences import Presented

POLICY = rules.OfflinePolicy()
_REMEMBERED = timedelta(days=10)  # beyond the longest time that an item may take to come

_DEVICES = sa.select(
    Device.id, Device.tenant_id, Device.person_id, Device.secret, Device.created_at
).where(Device.tenant_id == sa.bindparam("tenant"), Device.id.in_(sa.bindparam("devices", expanding=True)))  # fmt: skip
_KNOWN = sa.select(OfflineItem.recorded_by, OfflineItem.item_id, OfflineItem.fingerprint).where(
    OfflineItem.tenant_id == sa.bindparam("tenant"),
    OfflineItem.recorded_by.in_(sa.bindparam("senders", expanding=True)),
    OfflineItem.item_id.in_(sa.bindparam("items", expanding=True)),
)
_COUNTED = sa.select(OfflineItem.device_id, OfflineItem.sequence, OfflineItem.code_at).where(
    OfflineItem.device_id.in_(sa.bindparam("devices", expanding=True)),
    OfflineItem.code_at.is_not(None),
    OfflineItem.received_at >= sa.bindparam("since"),
)
_WAITING_THERE = WAITING.where(
    OfflineItem.person_id.in_(sa.bindparam("people", expanding=True)),
    OfflineItem.shift_id.in_(sa.bindparam("shifts", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class OfflineList:
    """What a phone sends once it has a network again; `sent_at` is its own clock at that moment."""

    device_id: UUID
    sent_at: datetime
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What became of an item when its list had been taken, whatever a later list of the same crowd brings."""

    item: Item
    problem: Problem | None = None
    key: Key | None = None
    review: Review | None = None


Outcome = Kept | Problem


def take(session: Session, calls: Sequence[tuple[Actor, OfflineList]]) -> list[list[dict[str, Any]] | Problem]:
    """Take offline lists, one's own presences and a leader's roll call; settle and review what follows from them.

    A plural service: an answer for each list, with an outcome for each of its items in their order: the `presence` that
    stands, a `problem`, `waits_for` what has not come yet, or a `case_id` with its `reasons`. Within a list items are
    decided in the order in which they happened. A repeat, in any order and from any device, gets what stands.
    """
    desk = _read(session, calls)
    heard = [_take_list(session, desk, actor, sent) for actor, sent in calls]
    opened, worth = desk.conclude(session)
    return [[_told(desk, each, opened, worth) for each in these] for these in heard]


def _read(session: Session, calls: Sequence[tuple[Actor, OfflineList]]) -> Desk:
    wishes = [
        (actor, Presented(item.shift_id, item.direction, item.pair, person_id=item.person_id))
        for actor, sent in calls
        for item in sent.items
    ]
    desk = Desk(presences.read(session, wishes), calls[0][0].tenant_id)
    keys: dict[str, Any] = {
        "tenant": desk.tenant_id,
        "devices": sorted({sent.device_id for _, sent in calls}),
        "senders": sorted({actor.person_id for actor, _ in calls}),
        "items": sorted({item.item_id for _, sent in calls for item in sent.items}),
        "people": sorted(desk.board.accounts),
        "shifts": sorted(desk.board.shifts),
        "since": session.now - _REMEMBERED,
    }
    desk.devices = {row.id: row for row in session.rows(_DEVICES, keys)}
    desk.known = {(row.recorded_by, row.item_id): row.fingerprint for row in session.rows(_KNOWN, keys)}
    for row in session.rows(_COUNTED, keys):
        desk.counted.setdefault(row.device_id, []).append((row.sequence, row.code_at))
    desk.hold(session.rows(_WAITING_THERE, keys))
    desk.look_for_presumed(session)
    return desk


def _take_list(session: Session, desk: Desk, actor: Actor, sent: OfflineList) -> list[_Heard]:
    judged: list[Outcome] = []
    for item in sent.items:
        try:
            judged.append(_recognised(session, desk, actor, sent, item))
        except Problem as why:
            judged.append(why)
    happened = [
        (item, outcome.taken.at if isinstance(outcome, Kept) else item.at)
        for item, outcome in zip(sent.items, judged, strict=True)
    ]
    for place in rules.in_order(happened):
        kept = judged[place]
        if isinstance(kept, Kept):
            try:
                judged[place] = _decided(session, desk, sent, sent.items[place], kept)
            except Problem as why:
                judged[place] = why
    desk.take_up(session)
    return [_heard(desk, item, outcome) for item, outcome in zip(sent.items, judged, strict=True)]


def _heard(desk: Desk, item: Item, outcome: Outcome) -> _Heard:
    if isinstance(outcome, Problem):
        return _Heard(item, problem=outcome)
    stands = outcome.key in desk.board.standing
    return _Heard(item, key=outcome.key if stands else None, review=outcome.review)


def _recognised(session: Session, desk: Desk, actor: Actor, sent: OfflineList, item: Item) -> Kept:
    """Return whose presence an item is and when it happened; raise what keeps it from being looked at at all."""
    _require_genuine(desk, actor, sent.device_id, item)
    shift = desk.board.shifts.get(item.shift_id)
    if shift is None:
        raise NotFound
    own = item.person_id in (None, actor.person_id)
    grant = None if own else grant_over(actor, "shift.roll_call", shift)
    person_id = item.person_id or actor.person_id
    if person_id not in desk.board.accounts:
        raise NotFound
    barred = None if own else standing_sanctions.barred(actor, shift, session.now)
    if barred:
        raise barred
    key: Key = (desk.board.accounts[person_id], shift.id, item.pair, item.direction)
    skew = rules.skew_of(sent.sent_at, session.now)
    clock_at = item.at + skew
    at = _seen_at(session, desk, actor, shift, key, item.code, clock_at) if own else clock_at
    provenance = "offline_code" if own else "roll_call"
    return Kept(key, actor, person_id, provenance, Taken(at, clock_at, skew), session.now, grant, new_id())


def _require_genuine(desk: Desk, actor: Actor, device_id: UUID, item: Item) -> None:
    device = desk.devices.get(device_id)
    if device is None or device.person_id != actor.person_id:
        raise rules.DeviceUnknown
    if device.secret is None:
        raise rules.DeviceEnded
    rules.require_mac(device.secret, device.id, item)
    fingerprint = rules.fingerprint(item)
    if desk.known.get((actor.person_id, item.item_id), fingerprint) != fingerprint:
        raise rules.ItemReused(pointer="/itemId")


def _seen_at(
    session: Session, desk: Desk, actor: Actor, shift: Any, key: Key, code: str | None, clock_at: datetime
) -> datetime:
    """Return when the code was on the screen; where a presence stands, the code no longer matters."""
    policy = desk.board.rule(shift.id).policy
    standing = None if key in desk.presumed else desk.board.standing.get(key)
    opens = shift.starts_at - timedelta(minutes=policy.early_minutes)
    closes = shift.ends_at + timedelta(minutes=policy.check_out_minutes)
    at = rules.seen_at(shift.secret, code, opens, closes, clock_at, session.now, POLICY)
    if standing is not None:
        return at or standing.at
    presences.require_shown_by_another(actor, shift)
    if at is None:
        raise CodeNotValid(pointer="/code")
    return at


def _decided(session: Session, desk: Desk, sent: OfflineList, item: Item, kept: Kept) -> Kept:
    """Record an item, let it wait, or let a person judge it; what stands is its answer."""
    known = (kept.actor.person_id, item.item_id) in desk.known
    standing = None if kept.key in desk.presumed else desk.board.standing.get(kept.key)
    if standing is not None:
        desk.stands.append((kept.actor, kept.key))
        desk.confirm(kept)
        own = kept.provenance == "offline_code"
        if own and rules.contradicts(item.direction, standing.provenance, standing.at, kept.taken.at, POLICY):
            desk.judge(kept, ["another_time_stands"])
    elif known:  # it was decided before, and never stands a second time by itself
        waiting = desk.waiting_for(kept.key)
        if waiting is not None:
            return waiting
        desk.judge(kept, ["taken_back"])
    else:
        reasons = _odd(session, desk, sent, item, kept)
        if reasons:
            desk.judge(kept, reasons)
        elif not desk.put(session, kept):
            desk.wait(kept)
    if not known:
        desk.remember(item, sent.device_id, kept)
    return kept


def _odd(session: Session, desk: Desk, sent: OfflineList, item: Item, kept: Kept) -> list[str]:
    device, shift = desk.devices[sent.device_id], desk.board.shifts[item.shift_id]
    reasons = rules.oddities(item, kept.taken, sent.sent_at, session.now, shift.ends_at, device.created_at, POLICY)
    own = kept.provenance == "offline_code"
    if own and rules.breaks_order(item.sequence, kept.taken.at, desk.counted.get(device.id, ())):
        reasons.append("order_differs")
    if kept.key in desk.board.revisions and kept.key not in desk.presumed:
        reasons.append("taken_back")
    return reasons


def _told(desk: Desk, heard: _Heard, opened: dict[str, Told], worth: settlement.Worth) -> dict[str, Any]:
    told: dict[str, Any] = {"item_id": heard.item.item_id}
    if heard.problem is not None:
        return {**told, "problem": as_row(heard.problem)}
    if heard.key is not None:
        told["presence"] = presences.view(desk.board, heard.key, worth)
    if heard.review is not None:
        case = opened[heard.review.source]
        return {**told, "case_id": case.case_id, "reasons": case.reasons}
    if heard.key is None:
        told["waits_for"] = "check_in" if heard.item.direction == "check_out" else "check_out"
    return told
