"""评价: the further steps of one computation: branches by their members, communities and streets by the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.bundle_rows import served
from api.domain.rulebook.evaluate import as_member
from api.models import Assessment
from api.services.bundle_facts import exempt_accounts
from api.services.bundle_reviews import with_reviews
from api.services.judging import Plan, judged, rolled_up
from api.services.place_bundles import Office, offices, place_bundles
from api.services.subjects import Subject, Unit, batched, branches_of


@dataclass(frozen=True, slots=True)
class Places:
    """Whom a cycle judges beside members and units; `mates` are the members of each branch by account."""

    branches: list[Unit]
    mates: dict[UUID, set[UUID]]
    offices: list[Office]


def places(session: Session, actor: Actor, plan: Plan, members: Sequence[Subject]) -> Places:
    """Return the branches, communities and streets that the cycle judges; none where it has no rulebook for them."""
    kinds, day = plan.books.kinds, plan.cut.cut_off
    branches, mates = [], dict[UUID, set[UUID]]()
    if "branch" in kinds:
        branches, mates = branches_of(session, actor.tenant_id, plan.path, members, day)
    return Places(branches, mates, offices(session, actor.tenant_id, plan.path, day, kinds))


def judge_branches(
    session: Session, _actor: Actor, plan: Plan, branches: Sequence[Unit], mates: dict[UUID, set[UUID]]
) -> list[dict[str, Any]]:
    """Return the assessments of these branches as rows: roll-ups of their members but those exempt at the cut-off."""
    branch_of = {account: branch.id for branch in branches for account in mates[branch.id]}
    exempt = {each for some in batched(branch_of) for each in exempt_accounts(session, plan.cut, some)}
    members: dict[UUID, list[Any]] = {branch.id: [] for branch in branches}
    totals: dict[UUID, list[int]] = {branch.id: [0, 0] for branch in branches}
    for some in batched(branch_of.keys() - exempt):
        for row in session.rows(_kept(plan, some)):
            branch = branch_of[row.subject_id]
            reported = "yes" if row.community_id is not None else "no"
            members[branch].append({**as_member(row.judgement), "reportedIn": reported})
            totals[branch][0] += row.minutes or 0
            totals[branch][1] += row.services or 0
    heads: dict[UUID, dict[str, int | None]] = {}
    for branch in branches:
        free = len(mates[branch.id] & exempt)
        whole = len(mates[branch.id])
        heads[branch.id] = {"members": whole, "exempt_members": free, "eligible_members": whole - free}
    return rolled_up(session, plan, "branch", branches, members, heads, totals)


def judge_offices(session: Session, _actor: Actor, plan: Plan, some: Sequence[Office]) -> list[dict[str, Any]]:
    """Return the assessments of these communities and streets as rows, from what the record holds of each."""
    rows = []
    for subject in ("community", "street"):
        mine = [office for office in some if office.subject == subject]
        chosen = plan.books.of(session, subject, [(office.id, None) for office in mine])
        for ruled in {each.ruled.id: each.ruled for each in plan.books.rules if each.subject == subject}.values():
            theirs = [office for office, each in zip(mine, chosen, strict=True) if each is ruled]
            if not theirs:
                continue
            given = place_bundles(session, plan.cut, ruled.book, theirs, ruled.gaps)
            ids = [office.id for office in theirs]
            given = with_reviews(session, plan.cycle_id, plan.reviews, ruled.book, ids, given)
            rows += [
                _row(session, plan, office, ruled.book, bundle) for office, bundle in zip(theirs, given, strict=True)
            ]
    return rows


def _row(session: Session, plan: Plan, office: Office, book: Any, bundle: Any) -> dict[str, Any]:
    start, end = plan.cut.start.isoformat(), plan.cut.end.isoformat()
    minutes, services = served(bundle["entries"], start, end)
    where = {"subject_id": office.id, "subject_key": office.key, "employer_id": None}
    where |= {"community_id": office.id if office.subject == "community" else None}
    return {**where, "minutes": minutes, "services": services, **judged(session, plan, book, bundle, office.id)}


def _kept(plan: Plan, accounts: Sequence[UUID]) -> Any:
    return sa.select(
        Assessment.subject_id, Assessment.community_id, Assessment.judgement, Assessment.minutes, Assessment.services
    ).where(
        Assessment.cycle_id == plan.cycle_id, Assessment.revision == plan.revision,
        Assessment.subject_kind == "member", Assessment.subject_id.in_(accounts),
    )  # fmt: skip
