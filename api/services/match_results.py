"""What comes of a run: proposals and gaps are written unseen, and shown all at once when the last one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain.matching.inputs import Ask
from api.domain.matching.reasons import Proposal
from api.domain.matching.rules import Rules, rules_of
from api.domain.matching.slots import begins_at
from api.domain.matching.times import windows_of
from api.domain.steps import TABLES
from api.errors import Conflict
from api.models import Job, MatchGap, MatchProposal, MatchRule, MatchRun, Need, Person
from api.services import changes, match_runs
from api.services.bulk import insert_many_new, moment, new_ids
from api.services.days import zone_of
from api.services.match_inputs import window_of


class RunIncomplete(Conflict):
    """Fewer proposals stand than the run made; none of them is shown."""

    code, zh, en = "match_run_incomplete", "匹配结果不完整，未发布", "The run is incomplete and shows nothing"


_Span = tuple[datetime | None, str | None, str | None]
"""When a slot of a need begins, and its begin and end as they are stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """What writing the results of a run needs to know; `spans` are those told so far, by need and slot."""

    id: UUID
    keys: dict[str, dict[str, str]]
    asks: dict[str, Ask]
    rules: Rules
    as_of: datetime
    zone: ZoneInfo
    spans: dict[tuple[str, int | None], _Span] = field(default_factory=dict)


_WHOSE = {"person_id": "person", "organization_id": "unit", "resource_id": "resource", "team_id": "team"}
_WRITTEN = (
    "id", "number", "need_id", "community_id", *_WHOSE, "places", "starts_at", "ends_at", "points", "reasons",
    "answer_by",
)  # fmt: skip


def begun(session: Session, actor: Actor, row: Any, asks: Sequence[Ask]) -> Run:
    """Return a prepared run as its job writes it."""
    content = row.rule_id and session.scalar(sa.select(MatchRule.content).where(MatchRule.id == row.rule_id))
    zone = zone_of(session, actor.tenant_id)
    return Run(row.id, row.keys, {ask.id: ask for ask in asks}, rules_of(content or {}), row.as_of, zone)


def keep(session: Session, actor: Actor, run: Run, some: Sequence[tuple[int, Proposal]]) -> int:
    """Write some proposals of a run, by their numbers, where nobody sees them yet; a repeat adds nothing."""
    _look_up(session, actor, run, [proposal for _, proposal in some])
    by = session.now + timedelta(days=run.rules.terms.answer_days)
    by_text = moment(by, session.dialect)
    rows = []
    for row_id, (number, proposal) in zip(new_ids(len(some)), some, strict=True):
        begins, starts_at, ends_at = run.spans[proposal.ask_id, proposal.slot]
        whose = [_hex(run.keys[proposal.offer_id].get(name)) for name in _WHOSE.values()]
        rows.append((
            row_id, number, _hex(proposal.ask_id), _hex(run.asks[proposal.ask_id].community), *whose,
            proposal.places, starts_at, ends_at, proposal.points, {**proposal.reasons(), "metres": proposal.metres},
            by_text if begins is None or by <= begins else starts_at,
        ))  # fmt: skip
    state = TABLES["match_proposal"].next(None, "match_proposal.prepare")
    insert_many_new(
        session, MatchProposal, _WRITTEN, rows, tenant_id=actor.tenant_id, version=1,
        created_at=session.now, state=state, run_id=run.id,
    )  # fmt: skip
    return len(rows)


def _hex(text: str | None) -> str | None:
    """Return an id as rows of `insert_many` hold it."""
    return text and text.replace("-", "")


def _look_up(session: Session, actor: Actor, run: Run, some: Sequence[Proposal]) -> None:
    """Tell the spans of these proposals that are not told yet."""
    wanted = {(proposal.ask_id, proposal.slot) for proposal in some} - run.spans.keys()
    if not wanted:
        return
    needs = {UUID(ask_id) for ask_id, _ in wanted}
    known = sa.select(Need.id, Need.windows).where(Need.tenant_id == actor.tenant_id, Need.id.in_(needs))
    windows = {str(row.id): windows_of(row.windows) for row in session.rows(known)}
    since = run.as_of + timedelta(hours=run.rules.terms.lead_hours)
    for ask_id, slot in wanted:
        begins, ends = window_of(windows[ask_id], run.zone, slot, since)
        texts = (each and moment(each, session.dialect) for each in (begins, ends))
        run.spans[ask_id, slot] = (begins, *texts)


def keep_gaps(session: Session, actor: Actor, run_id: UUID, gaps: Sequence[dict[str, Any]]) -> None:
    """Write why needs have empty places; a repeat adds nothing."""
    session.insert_new(
        MatchGap,
        [
            {"id": new_id(), "tenant_id": actor.tenant_id, "run_id": run_id, "need_id": UUID(each["ask_id"]),
             "details": {name: value for name, value in each.items() if name != "ask_id"}}
            for each in gaps
        ],
    )  # fmt: skip


def finish(
    session: Session, actor: Actor, run_id: UUID, proposals: int, digest: str, figures: dict[str, Any]
) -> dict[str, Any]:
    """Show all proposals of a run at once and forget whose its numbers were; RunIncomplete where one is missing.

    Who left the platform while it ran is asked nothing. A repeat says the same and does nothing.
    """
    row = match_runs.stored(session, actor, run_id)
    result = {"runId": str(run_id), "proposals": proposals, "resultHash": digest}
    if row.state == "done":
        return result
    mine = sa.and_(MatchProposal.run_id == run_id, MatchProposal.state == "prepared")
    if session.scalar(sa.select(sa.func.count()).where(mine)) != proposals:
        raise RunIncomplete
    left = sa.and_(mine, MatchProposal.person_id.in_(sa.select(Person.id).where(Person.state != "active")))
    session.execute(sa.update(MatchProposal).where(left).values(state="lapsed", person_id=None, reasons={}))
    session.execute(sa.update(MatchProposal).where(mine).values(state="proposed"))
    values = {"keys": {}, "result_hash": digest, "figures": figures, "finished_at": session.now}
    details = {"proposals": proposals, "inputs": row.inputs_hash, "result": digest}
    changes.take(session, actor, MatchRun, row, "match_run.finish", values, at=row.organization_id, details=details)
    return result


def drop_stopped(session: Session, actor: Actor) -> int:
    """Sweep away what runs prepared that were stopped or failed, and whose their numbers were; return how many runs."""
    ended = Job.state.in_(("cancelled", "failed"))
    stopped = sa.select(MatchRun.id).join(Job, Job.id == MatchRun.job_id).where(
        MatchRun.tenant_id == actor.tenant_id, MatchRun.state == "prepared", ended, MatchRun.keys != {},
    )  # fmt: skip
    runs = [row.id for row in session.rows(stopped.order_by(MatchRun.id).limit(100))]
    if runs:
        mine = sa.and_(MatchProposal.run_id.in_(runs), MatchProposal.state == "prepared")
        session.execute(sa.delete(MatchProposal).where(mine))
        session.execute(sa.delete(MatchGap).where(MatchGap.run_id.in_(runs)))
        session.execute(sa.update(MatchRun).where(MatchRun.id.in_(runs)).values(keys={}))
    return len(runs)


def slot_begins(details: dict[str, Any], zone: ZoneInfo) -> datetime | None:
    """Return when the slot begins at which more would be free, in the tenant's zone; None where none was found."""
    slot = details.get("slot")
    return None if slot is None else begins_at(slot, zone).astimezone(zone)
