"""What a match came to, for offices: served needs, idle people, concentration, answers; and a preview at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session
from api.domain.matching.outcome import few_together, median, summary
from api.domain.matching.propose import propose
from api.domain.matching.rules import rules_of
from api.domain.matching.telling import gap
from api.errors import Conflict
from api.models import MatchGap, MatchProposal, MatchRun, Need, Organization
from api.services import match_inputs, match_rules, needs
from api.services.days import zone_of
from api.services.match_results import slot_begins
from api.services.places import governed
from api.visibility import visible

_PREVIEWED = 5000  # needs or helpers that a preview takes
_SHOWN_GAPS = 100  # needs that a preview explains; the run explains all
_ALL = ("最近一次匹配已为所有名额提出建议。", "The last run proposed somebody for every place.")
_NOT_YET = ("该需求尚未参加匹配。", "No run has looked at this need yet.")
_STATES = ("proposed", "accepted", "declined", "lapsed")


class RunNotDone(Conflict):
    """The run has no figures yet."""

    code, zh, en = "match_run_not_done", "匹配尚未完成", "The match is not done yet"


class PreviewTooLarge(Conflict):
    """What is shown at once is computed at once: a city is matched by a run, whose job can take its time."""

    code = "match_preview_too_large"
    zh = "该范围有 {needs} 项需求、{helpers} 名可服务者，超过预览上限 {most}，请缩小范围或直接发起匹配"
    en = "{needs} needs and {helpers} helpers are more than a preview takes ({most}); take a smaller area, or match it"


def figures(session: Session, actor: Actor, run_id: UUID) -> dict[str, Any]:
    """Return what a run came to and how it was answered since; units with fewer than five helpers stand together.

    RunNotDone. `time_to_match` is the median of whole minutes from a need's publication to the first yes.
    """
    row = found(session.first(_RUN.where(visible(actor, MatchRun), MatchRun.id == run_id)))
    if row.state != "done":
        raise RunNotDone
    kept = row.figures
    answers: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    first: dict[UUID, int] = {}
    for each in session.rows(_ANSWERED.where(MatchProposal.run_id == run_id)):
        answers[each.state] += 1
        if each.state == "accepted":
            accepted[str(each.community_id)] += 1
            waited = int((each.answered_at - each.published_at).total_seconds()) // 60
            first[each.need_id] = min(waited, first.get(each.need_id, waited))
    names = _names(session, actor, [share["id"] for share in (*kept["communities"], *kept["units"])])
    communities = [{**share, "accepted": accepted[share["id"]]} for share in kept["communities"]]
    units = few_together(kept["units"], "helpers") if row.kind == "people" else kept["units"]
    return {
        **kept, "run_id": run_id, "kind": row.kind, "as_of": row.as_of,
        "answers": {state: answers[state] for state in _STATES}, "time_to_match": median(first.values()),
        "communities": _named(communities, names), "units": _named(units, names),
    }  # fmt: skip


def preview(session: Session, actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """Return what a match of an area would come to now, chosen greedily and at once; nothing is written or proposed.

    `weights` and `terms` may be tried that nobody has declared. Nobody's name or number is in the answer.
    """
    at, _ = governed(
        session, actor, "match_run.preview", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    _, standing = match_rules.holding(session, actor, at.path)
    document = standing.document()
    rules = rules_of({name: {**document[name], **(values.get(name) or {})} for name in document})
    inputs = match_inputs.gathered(session, actor, values["kind"], at.path, rules, 0)
    if max(len(inputs.asks), len(inputs.offers)) > _PREVIEWED:
        raise PreviewTooLarge(most=_PREVIEWED, needs=len(inputs.asks), helpers=len(inputs.offers))
    limits = rules.limits(values["kind"], inputs.asks, inputs.offers)
    chosen = propose(inputs.asks, inputs.offers, rules.weights, limits, method="greedy")
    sums = summary(chosen)
    names = _names(session, actor, [share["id"] for share in (*sums["communities"], *sums["units"])])
    gaps = [each._asdict() for each in chosen.unserved] + inputs.gaps
    zone = zone_of(session, actor.tenant_id)
    return {
        **sums, "kind": values["kind"], "as_of": session.now, "unserved": len(gaps), "proposals": len(chosen),
        "communities": _named(sums["communities"], names),
        "units": _named(few_together(sums["units"], "helpers") if values["kind"] == "people" else sums["units"], names),
        "gaps": [_gap(UUID(each["ask_id"]), each, zone) for each in gaps[:_SHOWN_GAPS]],
    }  # fmt: skip


def unserved(session: Session, actor: Actor, need_id: UUID) -> dict[str, Any]:
    """Return why a need had empty places in the last run that looked at it, and what would change it.

    `run_id` and `missing` are None where no run has looked at it.
    """
    need = found(session.first(needs.SHOWN.where(visible(actor, Need), Need.id == need_id)))
    require(actor, "need.unserved", need.path)
    done = sa.and_(MatchRun.tenant_id == actor.tenant_id, MatchRun.state == "done")
    missed = session.first(
        sa.select(MatchGap.details, MatchRun.id, MatchRun.as_of)
        .join(MatchRun, MatchRun.id == MatchGap.run_id)
        .where(done, MatchGap.need_id == need_id)
        .order_by(MatchRun.id.desc())
    )
    served = session.first(
        sa.select(MatchRun.id, MatchRun.as_of)
        .join(MatchProposal, MatchProposal.run_id == MatchRun.id)
        .where(done, MatchProposal.need_id == need_id)
        .order_by(MatchRun.id.desc())
    )
    if missed is not None and (served is None or missed.id >= served.id):
        told = _gap(need_id, missed.details, zone_of(session, actor.tenant_id))
        return {"run_id": missed.id, "as_of": missed.as_of, **told}
    said = _NOT_YET if served is None else _ALL
    return {
        "run_id": served and served.id, "as_of": served and served.as_of, "need_id": need_id,
        "missing": None if served is None else 0, "why": None, "change": None, "why_labels": None,
        "change_labels": None, "assumptions": [], "lines": {"zh": [said[0]], "en": [said[1]]},
    }  # fmt: skip


_RUN = sa.select(MatchRun.id, MatchRun.state, MatchRun.kind, MatchRun.as_of, MatchRun.figures)
_ANSWERED = (
    sa.select(
        MatchProposal.state, MatchProposal.community_id, MatchProposal.need_id, MatchProposal.answered_at,
        Need.published_at,
    )
    .join(Need, Need.id == MatchProposal.need_id)
)  # fmt: skip


def _gap(need_id: UUID, details: dict[str, Any], zone: Any) -> dict[str, Any]:
    named = {name: details[name] for name in ("missing", "why", "change")}
    return {"need_id": need_id, **named, **gap(details, slot_begins(details, zone))}


def _names(session: Session, actor: Actor, wanted: Iterable[str | None]) -> dict[str, str]:
    ids = sorted({UUID(each) for each in wanted if each is not None})
    found_names: dict[str, str] = {}
    for start in range(0, len(ids), 1000):
        some = Organization.id.in_(ids[start : start + 1000])
        rows = session.rows(
            sa.select(Organization.id, Organization.name).where(Organization.tenant_id == actor.tenant_id, some)
        )
        found_names |= {str(row.id): row.name for row in rows}
    return found_names


def _named(rows: Iterable[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    return [{**row, "name": names.get(row["id"] or "", "其他")} for row in rows]
