"""线索 and 处置: what figures give to ask, who judges it, and what two people decide after it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import ListQuery, Page
from api.schemas.signals import (
    Appeal,
    Judgement,
    NewSanction,
    Reply,
    Sanction,
    SanctionQuery,
    Signal,
    SignalFact,
    SignalQuery,
    Suspension,
)
from api.services import make_up, sanctions, signals

router = APIRouter(prefix="/api/v1", tags=["signals"], route_class=DoorRoute)


@router.get("/signals", operation_id="signal.list")
async def listed(query: Annotated[SignalQuery, Query()], who: Who) -> Page[Signal]:
    """List what figures give to ask, for who judges it and who organised, newest first."""
    return await who.read(signals.listed, query)


@router.get("/signals/{signal_id}", operation_id="signal.read")
async def read(signal_id: UUID, who: Who) -> Signal:
    """Show one signal with its figures and its question."""
    return await who.read(signals.one, signal_id)


@router.get("/signals/{signal_id}/facts", operation_id="signal.facts")
async def facts(signal_id: UUID, query: Annotated[ListQuery, Query()], who: Who) -> Page[SignalFact]:
    """List the facts that a signal rests on, by pseudonym."""
    return await who.read(signals.facts, signal_id, query)


@router.post("/signals/{signal_id}/reply", operation_id="signal.reply")
async def reply(signal_id: UUID, body: Reply, who: Who) -> Signal:
    """Answer a signal, for who led or organised, before it is judged."""
    return await who.write(signals.reply, signal_id, body.text, present=signals.one)


@router.post("/signals/{signal_id}/judge", operation_id="signal.judge")
async def judge(signal_id: UUID, body: Judgement, who: Who) -> Signal:
    """Judge a signal: explained, founded or dismissed; never of one's own activities."""
    return await who.write(signals.judge, signal_id, body.verdict, body.text, present=signals.one)


@router.post("/signals/{signal_id}/sanctions", operation_id="sanction.propose", status_code=201)
async def propose(signal_id: UUID, body: NewSanction, who: Who) -> Sanction:
    """Propose what is to follow a founded signal; it holds once somebody else confirms it."""
    return await who.write(sanctions.propose, signal_id, body.values(), present=sanctions.one)


@router.post("/cases/{case_id}/sanctions", operation_id="sanction.suspend", status_code=201)
async def suspend(case_id: UUID, body: Suspension, who: Who) -> Sanction:
    """Propose that who made a false claim of hours makes up none for now; it holds once somebody else confirms it."""
    return await who.write(make_up.propose, case_id, body.reason, present=sanctions.one)


@router.get("/sanctions", operation_id="sanction.list")
async def sanctioned(query: Annotated[SanctionQuery, Query()], who: Who) -> Page[Sanction]:
    """List sanctions, for who decides and whom they concern, newest first."""
    return await who.read(sanctions.listed, query)


@router.get("/sanctions/{sanction_id}", operation_id="sanction.read")
async def sanction(sanction_id: UUID, who: Who) -> Sanction:
    """Show one sanction and how far its condition of release has come."""
    return await who.read(sanctions.one, sanction_id)


@router.post("/sanctions/{sanction_id}/confirm", operation_id="sanction.confirm")
async def confirm(sanction_id: UUID, who: Who) -> Sanction:
    """Impose what somebody else proposed."""
    return await who.write(sanctions.confirm, sanction_id, present=sanctions.one)


@router.post("/sanctions/{sanction_id}/decline", operation_id="sanction.decline")
async def decline(sanction_id: UUID, who: Who) -> Sanction:
    """Refuse what was proposed."""
    return await who.write(sanctions.decline, sanction_id, present=sanctions.one)


@router.post("/sanctions/{sanction_id}/release", operation_id="sanction.release")
async def release(sanction_id: UUID, who: Who) -> Sanction:
    """End a sanction before its time."""
    return await who.write(sanctions.release, sanction_id, present=sanctions.one)


@router.post("/sanctions/{sanction_id}/appeal", operation_id="sanction.appeal")
async def appeal(sanction_id: UUID, body: Appeal, who: Who) -> Sanction:
    """Ask the office above to lift a sanction, for who led or organised, or whom it concerns."""
    return await who.write(sanctions.appeal, sanction_id, body.reason, present=sanctions.one)
