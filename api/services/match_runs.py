"""匹配: an office asks for a run; its inputs are stored first, and from them alone it can be repeated."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain.matching.inputs import arranged
from api.domain.matching.outcome import result_hash
from api.domain.matching.propose import propose
from api.domain.matching.rules import rules_of
from api.domain.matching.stored import Inputs, inputs_hash, packed, restored, unpacked
from api.domain.steps import TABLES
from api.errors import Conflict
from api.models import Job, MatchRule, MatchRun, Organization
from api.services import changes, jobs, match_inputs, match_rules
from api.services.cuts import last_recorded
from api.services.places import governed
from api.visibility import visible


class RunUnderWay(Conflict):
    """A run of the same kind for this area has not ended; a second would ask the same people."""

    code, zh, en = "match_run_under_way", "该范围的匹配正在进行", "A match of this area is under way"


class NothingStored(Conflict):
    """The run has not got as far as storing its inputs."""

    code, zh, en = "match_run_without_inputs", "该次匹配尚未保存输入", "The run has stored no inputs yet"


class InputsDropped(Conflict):
    """The run's inputs were kept for as long as its rules say; its hashes still stand."""

    code = "match_inputs_dropped"
    zh, en = (
        "该次匹配的输入已过保存期，只保留校验值",
        "The inputs of the run were dropped after their time; its hashes stay",
    )


SHOWN = (
    sa.select(
        MatchRun.id, MatchRun.version, MatchRun.state, MatchRun.kind, MatchRun.organization_id, MatchRun.seed,
        MatchRun.as_of, MatchRun.position, MatchRun.rule_id, MatchRun.inputs_hash, MatchRun.result_hash,
        MatchRun.job_id, MatchRun.created_at, MatchRun.finished_at, Organization.path,
        Organization.name.label("organization_name"), Job.state.label("job_state"), Job.progress, Job.result,
    )
    .join(Organization, Organization.id == MatchRun.organization_id)
    .outerjoin(Job, Job.id == MatchRun.job_id)
)  # fmt: skip
_STORED = sa.select(
    MatchRun.id, MatchRun.tenant_id, MatchRun.version, MatchRun.state, MatchRun.kind, MatchRun.organization_id,
    MatchRun.inputs, MatchRun.inputs_hash, MatchRun.keys, MatchRun.result_hash, MatchRun.rule_id, MatchRun.as_of,
    MatchRun.seed, MatchRun.figures, Organization.path,
).join(Organization, Organization.id == MatchRun.organization_id)  # fmt: skip
_AT_ONCE = 50


def request(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Ask for a run of an area and queue its job; return the run's id. RunUnderWay, WrongKind."""
    at, grant = governed(
        session, actor, "match_run.create", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    session.execute(sa.select(Organization.id).where(Organization.id == at.id).with_for_update())
    running = sa.select(MatchRun.id).join(Job, Job.id == MatchRun.job_id).where(
        MatchRun.tenant_id == actor.tenant_id, MatchRun.organization_id == at.id, MatchRun.kind == values["kind"],
        Job.state.in_(("queued", "running")),
    )  # fmt: skip
    if session.first(running) is not None:
        raise RunUnderWay
    row = {
        "kind": values["kind"], "organization_id": at.id, "actor_id": actor.person_id, "job_id": None,
        "seed": secrets.randbelow(2**53), "as_of": None, "position": None, "rule_id": None, "inputs": None,
        "inputs_hash": None, "keys": {}, "result_hash": None, "figures": {}, "finished_at": None,
    }  # fmt: skip
    run_id = changes.create(session, actor, MatchRun, "match_run.create", row, at=at.id, grant=grant)
    job_id = jobs.enqueue(session, actor.aside(), "match.run", {"runId": str(run_id)}, at=at.id, grant=grant)
    session.execute(sa.update(MatchRun).where(MatchRun.id == run_id).values(job_id=job_id))
    return run_id


def prepare(session: Session, actor: Actor, run_id: UUID) -> Inputs | None:
    """Store what a run starts from, as it stands now, and return it as `restored_inputs` would read it.

    From here on nothing that changes elsewhere changes the run. A repeat does nothing and returns None.
    """
    row = stored(session, actor, run_id)
    if row.state != "requested":
        return None
    rule_id, rules = match_rules.holding(session, actor, row.path)
    inputs = match_inputs.gathered(session, actor, row.kind, row.path, rules, row.seed)
    start = (
        arranged(inputs.asks), arranged(inputs.offers), rules.weights,
        rules.limits(row.kind, inputs.asks, inputs.offers),
    )  # fmt: skip
    kept, kept_hash = packed(*start)
    values = {
        "as_of": session.now, "position": last_recorded(session, actor.tenant_id), "rule_id": rule_id,
        "inputs": kept, "inputs_hash": kept_hash, "keys": inputs.keys,
        "figures": {"passed": inputs.gaps},
    }  # fmt: skip
    changes.take(session, actor, MatchRun, row, "match_run.prepare", values, at=row.organization_id)
    return start


def stored(session: Session, actor: Actor, run_id: UUID) -> Any:
    """Return a run's row with its inputs and keys, for its job."""
    return found(session.first(_STORED.where(MatchRun.tenant_id == actor.tenant_id, MatchRun.id == run_id)))


def restored_inputs(row: Any) -> Inputs:
    """Return the asks, offers, weights and limits that a run stored; NothingStored, InputsDropped."""
    if row.inputs is None:
        raise NothingStored if row.inputs_hash is None else InputsDropped
    return restored(unpacked(row.inputs))


def replayed(session: Session, actor: Actor, run_id: UUID) -> dict[str, Any]:
    """Repeat a run from its stored inputs; return both hashes as they were and as they come out now.

    NotFound, NothingStored, InputsDropped.
    """
    row = stored(session, actor, run_id)
    asks, offers, weights, limits = restored_inputs(row)
    again = inputs_hash(unpacked(row.inputs))
    hashes = {
        "inputsHash": row.inputs_hash, "inputsHashNow": again, "resultHash": row.result_hash,
        "resultHashNow": result_hash(propose(asks, offers, weights, limits)),
    }  # fmt: skip
    same = hashes["inputsHash"] == hashes["inputsHashNow"] and hashes["resultHash"] in (None, hashes["resultHashNow"])
    return {"run": str(run_id), "state": row.state, **hashes, "same": same}


def forget_due(session: Session, actor: Actor) -> int:
    """Drop the inputs of runs that are older than their own rules keep them; return how many. The hashes stay."""
    kept = sa.select(MatchRun.rule_id, MatchRule.content).outerjoin(MatchRule, MatchRule.id == MatchRun.rule_id).where(
        MatchRun.tenant_id == actor.tenant_id, MatchRun.state == "done", MatchRun.inputs.is_not(None)
    )  # fmt: skip
    contents = {row.rule_id: row.content for row in session.rows(kept)}
    forgotten = 0
    for rule_id, content in contents.items():
        before = session.now - timedelta(days=rules_of(content or {}).memory.inputs_days)
        due = _STORED.where(
            MatchRun.tenant_id == actor.tenant_id, MatchRun.state == "done", MatchRun.inputs.is_not(None),
            MatchRun.rule_id.is_not_distinct_from(rule_id), MatchRun.finished_at <= before,
        )  # fmt: skip
        for row in session.rows(due.order_by(MatchRun.id).limit(_AT_ONCE)):
            changes.take(session, actor, MatchRun, row, "match_run.forget", {"inputs": None}, at=row.organization_id)
            forgotten += 1
    return forgotten


def one(session: Session, actor: Actor, run_id: UUID) -> dict[str, Any]:
    """Return one run with its rules and how far it is; NotFound beyond the actor's reach."""
    return _views(session, actor, [found(session.first(SHOWN.where(visible(actor, MatchRun), MatchRun.id == run_id)))])[
        0
    ]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the runs within the actor's reach, newest first."""
    statement = SHOWN.where(visible(actor, MatchRun))
    for column, wanted in ((MatchRun.kind, query.kind), (MatchRun.organization_id, query.organization_id)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    rows = statement.order_by(MatchRun.id.desc())
    answer = paging.page(session, rows, MatchRun.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def _views(session: Session, actor: Actor, rows: Sequence[Any]) -> list[dict[str, Any]]:
    items = [row if isinstance(row, dict) else row._asdict() for row in rows]
    wanted = {item["rule_id"] for item in items} - {None}
    known = sa.select(MatchRule.id, MatchRule.content).where(visible(actor, MatchRule), MatchRule.id.in_(wanted))
    contents = {row.id: row.content for row in session.rows(known)} if wanted else {}
    return [
        {
            **item, "rules": rules_of(contents.get(item["rule_id"]) or {}).document(),
            "problem": (item["result"] or {}).get("problem"), "location": f"/api/v1/jobs/{item['job_id']}",
            "allowed_actions": [step for step in TABLES["match_run"].allowed(item["state"]) if actor.reaches_for(step)],
        }
        for item in items
    ]  # fmt: skip
