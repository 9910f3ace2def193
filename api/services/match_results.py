"""What comes of a run: proposals and gaps are written unseen, and shown all at once when the last one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic_core import to_json

from api.access import Actor
from api.db import Session
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
from api.services.match_inputs import first_in_slots


class RunIncomplete(Conflict):
    """Fewer proposals stand than the run made; none of them is shown."""

    code, zh, en = "match_run_incomplete", "匹配结果不完整，未发布", "The run is incomplete and shows nothing"


_Span = tuple[datetime | None, str | None, str | None]
"""When a slot of a need begins, and its begin and end as they are stored."""
_NO_SPAN: _Span = (None, None, None)
_TIMELESS: dict[int | None, _Span] = {}
_AT_ONCE = 1000  # needs whose windows one statement reads


@dataclass(frozen=True, slots=True)
class Run:
    """What writing the results of a run needs to know, ids as `insert_many` takes them.

    `whose` says to whom what is proposed to an offer goes, `asks` are each need's own id and its community's, and
    `spans` are when its slots are.
    """

    id: UUID
    rules: Rules
    whose: dict[str, tuple[str | None, ...]]
    asks: dict[str, tuple[str, str | None]]
    spans: dict[str, dict[int, _Span]]


_WHOSE = {"person_id": "person", "organization_id": "unit", "resource_id": "resource", "team_id": "team"}
_WRITTEN = (
    "id", "number", "need_id", "community_id", *_WHOSE, "places", "starts_at", "ends_at", "points", "reasons",
    "answer_by",
)  # fmt: skip
_GAPS = ("id", "need_id", "details")


def begun(session: Session, actor: Actor, row: Any, asks: Sequence[Ask]) -> Run:
    """Return a prepared run as its job writes it."""
    content = row.rule_id and session.scalar(sa.select(MatchRule.content).where(MatchRule.id == row.rule_id))
    rules = rules_of(content or {})
    whose = {number: tuple(_hex(each.get(name)) for name in _WHOSE.values()) for number, each in row.keys.items()}
    ids = {ask.id: (ask.id.replace("-", ""), _hex(ask.community)) for ask in asks}
    since = row.as_of + timedelta(hours=rules.terms.lead_hours)
    return Run(row.id, rules, whose, ids, _spans(session, actor, asks, since))


def _spans(session: Session, actor: Actor, asks: Sequence[Ask], since: datetime) -> dict[str, dict[int, _Span]]:
    """Return by need when each of its slots begins and ends: the first occurrence of its windows there."""
    zone, dialect = zone_of(session, actor.tenant_id), session.dialect
    timed = {UUID(ask.id): ask for ask in asks if ask.slots}
    ids, spans = list(timed), {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        known = sa.select(Need.id, Need.windows).where(Need.tenant_id == actor.tenant_id, Need.id.in_(some))
        for need in session.rows(known):
            ask = timed[need.id]
            first = first_in_slots(windows_of(need.windows), zone, ask.slots, since)
            spans[ask.id] = {
                slot: (begins, moment(begins, dialect), moment(ends, dialect)) for slot, (begins, ends) in first.items()
            }
    return spans


def keep(session: Session, actor: Actor, run: Run, some: Sequence[tuple[int, Proposal]]) -> int:
    """Write some proposals of a run, by their numbers, where nobody sees them yet; a repeat adds nothing."""
    by = session.now + timedelta(days=run.rules.terms.answer_days)
    by_text = moment(by, session.dialect)
    rows = []
    for row_id, (number, proposal) in zip(new_ids(len(some)), some, strict=True):
        begins, starts_at, ends_at = run.spans.get(proposal.ask_id, _TIMELESS).get(proposal.slot, _NO_SPAN)
        rows.append((
            row_id, number, *run.asks[proposal.ask_id], *run.whose[proposal.offer_id], proposal.places, starts_at,
            ends_at, proposal.points, to_json({**proposal.reasons(), "metres": proposal.metres}),
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


def keep_gaps(session: Session, actor: Actor, run_id: UUID, gaps: Sequence[dict[str, Any]]) -> None:
    """Write why needs have empty places; a repeat adds nothing."""
    rows = []
    for row_id, gap in zip(new_ids(len(gaps)), gaps, strict=True):
        details = {name: value for name, value in gap.items() if name != "ask_id"}
        rows.append((row_id, _hex(gap["ask_id"]), to_json(details).decode()))
    insert_many_new(session, MatchGap, _GAPS, rows, tenant_id=actor.tenant_id, run_id=run_id)


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
