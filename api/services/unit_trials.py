"""试算单位规则: a unit's rule counts how its members are judged, so two rules are tried at once and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api.access import Actor
from api.db import Session
from api.domain.rulebook.evaluate import as_member, evaluate
from api.domain.simulation import Tried
from api.services import bundles, comparing, judging
from api.services.bundle_facts import exempt_accounts
from api.services.simulations import Trial
from api.services.subjects import Subject, Unit, batched

Rows = list[dict[UUID, dict[str, Any]]]
"""For each rule the rows by which members enter the bundles of their units, by account."""


def member_rows(session: Session, _actor: Actor, trial: Trial, members: Sequence[Subject]) -> Rows:
    """Return how these members would be judged under the member rule of each unit rule; reads only."""
    rows: Rows = []
    for place, (book, gaps) in enumerate(trial.rules_on_members):
        bare = bundles.member_bundles(session, trial.cut, book, members, gaps)
        given = [
            comparing.with_figures(book, bundle, member.account_id, trial.told_by(place))
            for member, bundle in zip(members, bare, strict=True)
        ]
        rows.append({
            member.account_id: {
                **as_member(evaluate(book, bundle)), "reportedIn": "yes" if member.community_id is not None else "no"
            }
            for member, bundle in zip(members, given, strict=True)
        })  # fmt: skip
    return rows


def tried(
    session: Session, _actor: Actor, trial: Trial, units: Sequence[Unit], counted: Mapping[UUID, set[UUID]], rows: Rows
) -> list[list[Tried]]:
    """Return for each unit rule the outcome of each of these units, from the rows of its eligible members."""
    accounts = {account for unit in units for account in counted.get(unit.id, ())}
    exempt = {each for some in batched(accounts) for each in exempt_accounts(session, trial.cut, some)}
    heads = {
        unit.id: judging.denominators(session, trial.cut, unit, counted.get(unit.id, set()), exempt) for unit in units
    }
    outcomes = []
    for book, gaps, judged in zip(trial.books, trial.gaps, rows, strict=True):
        members = {
            unit.id: [judged[each] for each in counted.get(unit.id, set()) - exempt if each in judged] for unit in units
        }
        given = bundles.unit_bundles(session, trial.cut, book, units, members, heads, gaps)
        verdicts = [evaluate(book, bundle) for bundle in given]
        outcomes.append(
            [Tried(unit.key, None, each["outcome"], each["grade"]) for unit, each in zip(units, verdicts, strict=True)]
        )
    return outcomes
