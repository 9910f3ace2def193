"""What an actor sees of each table, as a condition in the statement; nothing is read without one of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import select

from api.access import Actor, within
from api.models import (
    AccessLog,
    Activity,
    Affiliation,
    ApiClient,
    ApiKey,
    Assessment,
    Case,
    ConfirmationSlip,
    Consent,
    Credential,
    Cycle,
    DataExport,
    Delivery,
    Device,
    Document,
    Emergency,
    Entry,
    Event,
    Fact,
    File,
    FundingRule,
    Grant,
    Job,
    MatchProposal,
    MatchRule,
    MatchRun,
    Need,
    Opinion,
    Organization,
    OrganizationLink,
    Panel,
    Payment,
    Person,
    Project,
    ProjectMessage,
    ProjectPerson,
    Recomputation,
    Resource,
    Review,
    Rulebook,
    Ruling,
    Sanction,
    Shift,
    Signal,
    SignIn,
    Signup,
    Story,
    Team,
    Witness,
)
from api.visibility import conditions as seen
from api.visibility import confirming, funding, matching, reviewing, taking_part
from api.visibility.conditions import DISPUTED, GONE, JOBS, Condition
from api.visibility.opinions import opinions
from api.visibility.ruled import rulings

__all__ = ["DISPUTED", "GONE", "JOBS", "Condition", "prepared", "visible"]

_Shape = ParamSpec("_Shape")
_Statement = TypeVar("_Statement")


def visible(actor: Actor, table: Any) -> Condition:
    """Return the condition under which a row of `table` may be seen by the actor; always within the tenant."""
    return _built(table, actor.scope, actor.person_id, actor.account_id, actor.tenant_id, actor.reaches)


def prepared(
    build: Callable[Concatenate[Actor, _Shape], _Statement],
) -> Callable[Concatenate[Actor, _Shape], _Statement]:
    """Let a function build its statement once for who comes again: making and hashing one costs more than running it.

    It depends on nothing but who it is, the grants of this moment and what else it is given, which is hashable; what
    differs from call to call it leaves to bound parameters.
    """

    @lru_cache(maxsize=256)
    def built(scope: frozenset[str] | None, who: tuple[Any, ...], *shape: Any) -> Any:
        return build(Actor(*who, scope=scope), *shape)

    @wraps(build)
    def again(actor: Actor, *shape: _Shape.args, **_named: _Shape.kwargs) -> _Statement:
        return built(actor.scope, (actor.person_id, actor.account_id, actor.tenant_id, actor.reaches), *shape)

    return again


@lru_cache(maxsize=512)
def _built(table: Any, scope: frozenset[str] | None, *who: Any) -> Condition:
    """Build a condition once for who comes again; it depends on nothing but the table, who it is and the grants."""
    actor = Actor(*who, scope=scope)
    return sa.and_(table.tenant_id == actor.tenant_id, _SEEN[table](actor))


_SEEN: dict[Any, Callable[[Actor], Condition]] = {
    AccessLog: lambda actor: within(actor, "access_log.read", AccessLog.organization_id),
    Emergency: seen.everybody,
    Activity: seen.activities,
    Affiliation: seen.affiliations,
    ApiClient: seen.api_clients,
    ApiKey: lambda actor: ApiKey.client_id.in_(select(ApiClient.id).where(seen.api_clients(actor))),
    Assessment: seen.assessments,
    Case: seen.cases,
    ConfirmationSlip: confirming.slips,
    Consent: lambda actor: Consent.person_id == actor.person_id,
    Credential: seen.credentials,
    Cycle: seen.everybody,
    DataExport: lambda actor: DataExport.person_id == actor.person_id,
    Delivery: seen.deliveries,
    Device: lambda actor: Device.person_id == actor.person_id,
    Document: seen.documents,
    Entry: seen.entries,
    Event: lambda actor: within(actor, "event.read", Event.organization_id),
    Fact: seen.facts,
    File: lambda actor: File.owner_id == actor.person_id,
    FundingRule: seen.everybody,
    Grant: seen.grants,
    Job: seen.jobs,
    MatchProposal: matching.proposals,
    MatchRule: seen.everybody,
    MatchRun: matching.runs,
    Need: seen.needs,
    Opinion: opinions,
    Organization: seen.everybody,
    OrganizationLink: seen.links,
    Panel: reviewing.panels,
    Payment: funding.payments,
    Person: seen.people,
    Project: taking_part.projects,
    ProjectPerson: taking_part.people,
    ProjectMessage: taking_part.messages,
    Recomputation: lambda actor: within(actor, "recomputation.read", Recomputation.organization_id),
    Resource: seen.resources,
    Review: reviewing.reviews,
    Rulebook: seen.everybody,
    Shift: lambda actor: Shift.activity_id.in_(select(Activity.id).where(seen.activities(actor))),
    Ruling: rulings,
    Sanction: confirming.sanctions,
    Signal: confirming.signals,
    Team: matching.teams,
    SignIn: lambda actor: SignIn.person_id == actor.person_id,
    Signup: seen.signups,
    Story: seen.stories,
    Witness: lambda actor: within(actor, "witness.read", Witness.organization_id),
}
