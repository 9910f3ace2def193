"""联系安排: a work committee drafts which unit reports in where and when, balances and issues it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found, require
from api.db import Session, new_id
from api.domain import plan as rules
from api.domain.arrangement import Arrangement, Line
from api.domain.plan_rows import read_plan
from api.domain.registration import STANDING, PlannedLink
from api.domain.rows import RowError
from api.domain.steps import TABLES
from api.errors import Conflict
from api.models import Document, Organization, OrganizationLink
from api.services import changes, documents, plan_places, unit_registrations
from api.services.places import place
from api.visibility import visible


class EmptyPlan(Conflict):
    """A plan without a row arranges nothing."""

    code, zh, en = "plan_empty", "联系安排没有内容，不能发布", "The plan has no row and cannot be issued"


class OverCapacity(Conflict):
    """The plan asks more of communities than they can take."""

    code = "plan_over_capacity"
    zh = "有 {count} 个社区超过承接能力，请调配后发布，或确认超额发布"
    en = "{count} communities are over their capacity; rebalance, or issue it expressly over capacity"


class DropsRegistered(Conflict):
    """A new edition has to keep what units already report in to."""

    code = "plan_drops_registration"
    zh = "新版联系安排缺少 {count} 个已报到的单位，请保留或先终止报到"
    en = "The new edition lacks {count} units that have reported in; keep them or end their registrations first"


class ArrangedElsewhere(Conflict):
    """Another plan in force links the same unit with the same community on the same days."""

    code = "plan_arranged_elsewhere"
    zh, en = "有 {count} 行已由其他联系安排安排", "Another plan in force arranges {count} of these rows"


_PLAN = sa.select(
    Document.id, Document.state, Document.version, Document.title, Document.number, Document.content,
    Document.content_hash, Document.issuer_id, Document.supersedes_id,
    Organization.name.label("issuer_name"), Organization.path,
).join(Organization, Organization.id == Document.issuer_id)  # fmt: skip


def find(session: Session, actor: Actor, plan_id: UUID) -> Any:
    """Return a plan; NotFound where the actor may not know of it, or the document is no plan."""
    return found(session.first(_PLAN.where(visible(actor, Document), Document.id == plan_id, Document.kind == "plan")))


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Draft a plan, or a new edition of an issued one, and return its id.

    Without rows a new edition begins with the links that stand. Raises PlanUnsound with every row that cannot stand.
    """
    place(session, actor, values["issuer_id"], pointer="/issuerId")
    standing: tuple[Line, ...] = ()
    if values["supersedes_id"] is not None:
        old = find(session, actor, values["supersedes_id"])
        require(actor, "document.issue", old.path)
        TABLES["document"].next(old.state, "document.supersede")
        standing = _standing(session, actor, old.id)
    arrangement = _arrangement(session, actor, values, standing)
    return documents.draft(
        session, actor, kind="plan", issuer_id=values["issuer_id"], recipient_id=None, title=arrangement.title,
        content=_drafted(session, actor, values["issuer_id"], arrangement), circle="public",
        valid_to=arrangement.ends_on, supersedes_id=values["supersedes_id"],
    )  # fmt: skip


def edit(session: Session, actor: Actor, plan_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew; without rows those it has stay."""
    row = find(session, actor, plan_id)
    before = _kept(row, "document.edit")
    arrangement = _arrangement(session, actor, values, before.lines)
    return _rewrite(session, actor, row, arrangement, "document.edit", {"rows": len(arrangement.lines)})


def fill(
    session: Session,
    actor: Actor,
    plan_id: UUID,
    headers: list[str],
    rows: Sequence[tuple[int, list[str]]],
    refused: list[RowError],
) -> UUID:
    """Replace the rows of a draft by those of a table, all or none; raise TableRefused with every cell to blame."""
    row = find(session, actor, plan_id)
    before = _kept(row, "document.import")
    reading = read_plan(headers, rows)
    errors = [*refused, *reading.refused]
    lines = plan_places.resolve(session, actor, reading.rows, errors, before.starts_on, before.ends_on)
    fixed = {(line.unit, line.community) for line in before.lines if line.fixed}
    lines = tuple(replace(line, fixed=(line.unit, line.community) in fixed) for line in lines)
    arrangement = replace(before, lines=_counted(session, actor, before.measure, lines))
    return _rewrite(session, actor, row, arrangement, "document.import", {"rows": len(lines)})


def rebalance(session: Session, actor: Actor, plan_id: UUID) -> UUID:
    """Move as few rows of a draft as bring every community within its capacity; the log keeps each move with reason."""
    row = find(session, actor, plan_id)
    before = _kept(row, "document.rebalance")
    known = plan_places.nodes(session, actor, before.organizations)
    capacities = plan_places.capacities(before, known)
    done = rules.rebalance(before.rows(), capacities, plan_places.near(capacities, known))
    details = {
        "rows": len(before.lines),
        "moves": [_told(move) for move in done.moves],
        "unplaced": [_told(move) for move in done.unplaced],
    }
    return _rewrite(session, actor, row, before.moved(done.rows), "document.rebalance", details)


def issue(session: Session, actor: Actor, plan_id: UUID, over_capacity: bool) -> UUID:
    """Issue a draft: number and hash, and in the same transaction the links in state proposed that units report in to.

    A new edition keeps the links that it shares with the old one, withdraws those proposed that it drops, and may not
    drop what was reported in (DropsRegistered). Raises EmptyPlan, OverCapacity, ArrangedElsewhere.
    """
    row = find(session, actor, plan_id)
    require(actor, "document.issue", row.path)
    arrangement = _kept(row, "document.issue")
    if not arrangement.lines:
        raise EmptyPlan
    known = plan_places.nodes(session, actor, arrangement.organizations)
    plan_places.check(actor, arrangement, known)
    full = rules.overloaded(arrangement.rows(), plan_places.capacities(arrangement, known))
    if full and not over_capacity:
        raise OverCapacity(count=len(full), communities=[known[use.community].name for use in full[:50]])
    content = plan_places.content(session, actor, row.issuer_id, arrangement, known)
    details = {"rows": len(arrangement.lines), "manifest": changes.hash_of(arrangement.as_json())}
    documents.issue_draft(session, actor, plan_id, content, details)
    _arrange(session, actor, row, arrangement)
    return plan_id


def _arrange(session: Session, actor: Actor, plan: Any, arrangement: Arrangement) -> None:
    """Keep, withdraw and propose links so that those of this plan are the lines of its arrangement."""
    grant = actor.grant_for("document.issue", plan.path)
    wanted: dict[tuple[UUID, UUID], list[Line]] = {}
    for line in arrangement.lines:
        wanted.setdefault((line.unit, line.community), []).append(line)
    kept: list[tuple[Any, Line]] = []
    dropped: list[Any] = []
    for link in unit_registrations.links_of(session, actor, plan.supersedes_id) if plan.supersedes_id else ():
        if link.state in ("proposed", *STANDING):
            lines = wanted.get((link.from_id, link.to_id))
            if lines:
                kept.append((link, _serve(lines, link)))
            else:
                dropped.append(link)
    lost = [str(link.from_id) for link in dropped if link.state in STANDING]
    if lost:
        raise DropsRegistered(count=len(lost), units=lost[:50])
    fresh = [line for lines in wanted.values() for line in lines]
    _refuse_doubles(session, actor, plan, fresh)
    for link, line in kept:
        since = line.starts_on if link.state == "proposed" else link.valid_from
        values = {"document_id": plan.id, "valid_from": since, "valid_to": line.ends_on}
        step = "registration.rearrange"
        changes.take(session, actor, OrganizationLink, link, step, values, at=link.to_id, grant=grant)
    for link in dropped:
        changes.take(session, actor, OrganizationLink, link, "registration.withdraw", at=link.to_id, grant=grant)
    pairs = [PlannedLink(new_id(), line.unit, line.community, line.starts_on, line.ends_on) for line in fresh]
    unit_registrations.propose(session, actor, plan.id, pairs)


def _serve(lines: list[Line], link: Any) -> Line:
    """Take out the line that a standing link serves: the one of the same first day, else the first."""
    at = next((number for number, line in enumerate(lines) if line.starts_on == link.valid_from), 0)
    return lines.pop(at)


def _refuse_doubles(session: Session, actor: Actor, plan: Any, lines: list[Line]) -> None:
    others: dict[tuple[UUID, UUID], list[Any]] = {}
    for link in unit_registrations.arranged(session, actor, {line.unit for line in lines}, plan.supersedes_id):
        others.setdefault((link.from_id, link.to_id), []).append(link)
    doubles = [
        str(line.unit)
        for line in lines
        for link in others.get((line.unit, line.community), ())
        if link.valid_from < line.ends_on and (link.valid_to is None or line.starts_on < link.valid_to)
    ]
    if doubles:
        raise ArrangedElsewhere(count=len(doubles), units=doubles[:50])


def _arrangement(session: Session, actor: Actor, values: dict[str, Any], standing: tuple[Line, ...]) -> Arrangement:
    lines = standing
    if values["rows"] is not None:
        registered = {(line.unit, line.community) for line in standing if line.fixed}
        lines = tuple(
            Line(
                row.unit_id, row.community_id, row.starts_on or values["starts_on"], row.ends_on or values["ends_on"],
                row.members, row.fixed or (row.unit_id, row.community_id) in registered,
            )
            for row in values["rows"]
        )  # fmt: skip
    return Arrangement(
        values["title"], values["reference"], values["starts_on"], values["ends_on"], values["measure"],
        {one.community_id: one.capacity for one in values["capacities"]},
        _counted(session, actor, values["measure"], lines),
    )  # fmt: skip


def _counted(session: Session, actor: Actor, measure: str, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Fill in what is known of the units' members where the plan counts them."""
    if measure != "members":
        return lines
    known = plan_places.members_of(session, actor, [line.unit for line in lines if line.members is None])
    return tuple(replace(line, members=line.members or known.get(line.unit)) for line in lines)


def _standing(session: Session, actor: Actor, plan_id: UUID) -> tuple[Line, ...]:
    links = unit_registrations.links_of(session, actor, plan_id)
    return tuple(
        Line(link.from_id, link.to_id, link.valid_from, link.valid_to, None, link.state in STANDING)
        for link in links
        if link.state in ("proposed", *STANDING)
    )


def _kept(row: Any, step: str) -> Arrangement:
    TABLES["document"].next(row.state, step)
    return Arrangement.read(row.content["arrangement"])


def _drafted(session: Session, actor: Actor, issuer_id: UUID, arrangement: Arrangement) -> dict[str, Any]:
    known = plan_places.nodes(session, actor, arrangement.organizations)
    plan_places.check(actor, arrangement, known)
    content = plan_places.content(session, actor, issuer_id, arrangement, known)
    return {**content, "arrangement": arrangement.as_json()}


def _rewrite(
    session: Session, actor: Actor, row: Any, arrangement: Arrangement, step: str, details: dict[str, Any]
) -> UUID:
    content = _drafted(session, actor, row.issuer_id, arrangement)
    return documents.redraft(
        session, actor, row.id, title=arrangement.title, content=content, valid_to=arrangement.ends_on, step=step,
        details=details,
    )  # fmt: skip


def _told(move: rules.Move) -> dict[str, Any]:
    return {
        "unit_id": str(move.unit), "from_id": str(move.source), "to_id": str(move.target) if move.target else None,
        "reason": move.reason, "words": move.words(),
    }  # fmt: skip
