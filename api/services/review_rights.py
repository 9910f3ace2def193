"""Who is asked to speak of whom: as the subject itself, for a community or street, as a recipient, on a panel.

One condition for each way to speak serves the list of what is waiting, the inbox and the act itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.reviews import IN_STATE, PARTY, STREETS, Ties
from api.domain.rulebook.rubric import VOICES, Voice
from api.models import (
    Activity,
    Affiliation,
    Assessment,
    ConfirmationSlip,
    Cycle,
    Fact,
    Need,
    Organization,
    OrganizationLink,
    Panel,
    PanelMember,
    Person,
    Project,
    Review,
    Shift,
)
from api.services.affiliations import IN_FORCE_ONCE

STEP = "cycle.review"
_OF_ITSELF = ("liaison", "community_worker", "street_officer")
_covering = sa.orm.aliased(Organization, name="covering")
_branch = sa.orm.aliased(Organization, name="branch")
_undone = sa.orm.aliased(Fact, name="undone_presence")
_own = sa.orm.aliased(Fact, name="own_presence")


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which somebody may speak: whose voice it is, for which organisation or panel, and of whom.

    `of` is a condition on an assessment joined with its cycle.
    """

    voice: Voice
    reviewer_id: UUID
    organization_id: UUID | None
    panel_id: UUID | None
    of: sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody with all the ways in which they may speak, and what binds them."""

    ties: Ties
    ways: tuple[Way, ...]

    def as_(self, voice: Voice) -> list[Way]:
        """Return the ways to speak with this voice."""
        return [way for way in self.ways if way.voice == voice]

    def may(self, voices: Iterable[Voice] = VOICES) -> sa.ColumnElement[bool]:
        """Return the condition that the speaker is asked of a subject now, and has neither spoken nor recused."""
        asked = [sa.and_(way.of, Cycle.state == IN_STATE[way.voice], ~self._spoke(way), self._unbound(way))
                 for way in self.ways if way.voice in voices]  # fmt: skip
        return sa.or_(*asked) if asked else sa.false()

    def _spoke(self, way: Way) -> sa.ColumnElement[bool]:
        whose = [way.reviewer_id] if way.organization_id and not way.panel_id else sorted(self.ties.accounts)
        own = sa.or_(
            sa.and_(Review.kind == "rating", Review.reviewer_id.in_(whose)),
            sa.and_(Review.kind == "recusal", Review.reviewer_id.in_(sorted(self.ties.accounts))),
        )
        return sa.exists().where(
            Review.round_kind == "cycle", Review.round_id == Cycle.id, Review.subject_id == Assessment.subject_id,
            Review.party == PARTY[way.voice], own,
        ).correlate(Assessment, Cycle)  # fmt: skip

    def _unbound(self, way: Way) -> sa.ColumnElement[bool]:
        """Leave out what `require_impartial` would refuse."""
        if way.voice == "self":
            return sa.true()
        bound = sorted(self.ties.accounts | self.ties.organizations)
        employer = sa.func.coalesce(Assessment.employer_id, Assessment.subject_id)
        return sa.and_(Assessment.subject_id.not_in(bound), employer.not_in(bound))


def speaker(session: Session, actor: Actor) -> Speaker:
    """Return in which ways somebody may speak; a few statements, whatever the number of subjects."""
    merged = sa.select(Person.account_id).where(Person.merged_into == actor.person_id, Person.state == "merged")
    accounts = frozenset({actor.account_id, *(row.account_id for row in session.rows(merged))})
    employed = sa.select(Affiliation.organization_id).where(
        Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id == actor.person_id,
        Affiliation.kind.not_in(("registration", "secondary_home")), Affiliation.valid_to.is_(None),
        Affiliation.state.in_(IN_FORCE_ONCE),
    )  # fmt: skip
    offices = {reach.organization_id for reach in actor.reaches if reach.role not in ("auditor", "system_admin")}
    ties = Ties(accounts, frozenset({*offices, *(row.organization_id for row in session.rows(employed))}))
    ways = [*_as_itself(actor, accounts), *_for_offices(session, actor), *_on_panels(session, actor)]
    ways.append(Way("resident", actor.account_id, None, None, _met(actor, accounts)))
    return Speaker(ties, tuple(ways))


def _as_itself(actor: Actor, accounts: frozenset[UUID]) -> list[Way]:
    own = sa.and_(Assessment.subject_kind == "member", Assessment.subject_id.in_(sorted(accounts)))
    ways = [Way("self", actor.account_id, None, None, own)]
    for reach in actor.reaches_for(STEP):
        if reach.role in _OF_ITSELF:
            this = Assessment.subject_id == reach.organization_id
            ways.append(Way("self", reach.organization_id, reach.organization_id, None, this))
        elif reach.role == "work_committee_officer":  # at a branch; at a street they are the committee that judges
            own = sa.and_(Assessment.subject_kind == "branch", Assessment.subject_id == reach.organization_id)
            ways.append(Way("self", reach.organization_id, reach.organization_id, None, own))
    return ways


def _for_offices(session: Session, actor: Actor) -> list[Way]:
    """Return the voices of the communities that the actor works for, and of the streets on whose committee they are.

    A grant at a Party node speaks for the streets that it covers; one above a street speaks for none.
    """
    held = [reach for reach in actor.reaches_for(STEP) if reach.role in ("community_worker", "work_committee_officer")]
    paths = {(reach.path, reach.role) for reach in held}
    if not paths:
        return []
    nodes = sa.select(Organization.id, Organization.path, Organization.kind).where(
        Organization.tenant_id == actor.tenant_id, Organization.axis == "territory",
        Organization.path.in_(sorted({path for path, _ in paths})),
    )  # fmt: skip
    ways = []
    for node in session.rows(nodes.order_by(Organization.id)):
        if (node.path, "community_worker") in paths and node.kind == "community":
            ways.append(Way("community", node.id, node.id, None, within(node.path, "member", "unit")))
        if (node.path, "work_committee_officer") in paths and node.kind in STREETS:
            whom = within(node.path, "member", "unit", "community", "branch")
            ways.append(Way("street", node.id, node.id, None, whom))
    return ways


def _on_panels(session: Session, actor: Actor) -> list[Way]:
    merged = sa.select(Person.id).where(Person.merged_into == actor.person_id, Person.state == "merged")
    sits = (
        sa.select(Panel.id, Panel.round_id, Panel.organization_id, Organization.path)
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .join(Organization, Organization.id == Panel.organization_id)
        .where(
            Panel.tenant_id == actor.tenant_id, Panel.state == "fixed", Panel.round_kind == "cycle",
            sa.or_(PanelMember.person_id == actor.person_id, PanelMember.person_id.in_(merged)),
        )
        .distinct()
    )  # fmt: skip
    return [
        Way(
            "panel", actor.account_id, row.organization_id, row.id,
            sa.and_(Assessment.cycle_id == row.round_id, within(row.path, "member", "unit", "community", "branch")),
        )
        for row in session.rows(sits)
    ]  # fmt: skip


def within(path: str, *kinds: str) -> sa.ColumnElement[bool]:
    """Return the condition that a subject of one of these kinds belongs to what lies under a path.

    A member belongs where they reported in; a unit to every community where it reported in or lies at the cut-off; a
    Party branch where it, or a Party organisation that it is part of, covers something; a community is itself there.
    """
    below = sa.select(Organization.id).where(Organization.path >= path, Organization.path < f"{path[:-1]}0")
    serves = sa.select(OrganizationLink.from_id).where(
        OrganizationLink.kind.in_(("registration", "located_in")), OrganizationLink.state.in_(IN_FORCE_ONCE),
        OrganizationLink.valid_from <= Cycle.cut_off,
        sa.or_(OrganizationLink.valid_to.is_(None), OrganizationLink.valid_to > Cycle.cut_off),
        OrganizationLink.to_id.in_(below),
    )  # fmt: skip
    branches = (
        sa.select(_branch.id)
        .join(_covering, sa.func.substr(_branch.path, 1, sa.func.length(_covering.path)) == _covering.path)
        .join(OrganizationLink, OrganizationLink.from_id == _covering.id)
        .where(
            OrganizationLink.kind == "covers", OrganizationLink.state.in_(IN_FORCE_ONCE),
            OrganizationLink.valid_from <= Cycle.cut_off,
            sa.or_(OrganizationLink.valid_to.is_(None), OrganizationLink.valid_to > Cycle.cut_off),
            OrganizationLink.to_id.in_(below), _branch.axis == "party",
        )
    )  # fmt: skip
    of = {
        "branch": Assessment.subject_id.in_(branches.correlate(Cycle)),
        "member": Assessment.community_id.in_(below),
        "unit": Assessment.subject_id.in_(serves.correlate(Cycle)),
    }
    here = Assessment.subject_id.in_(below)
    return sa.or_(*(sa.and_(Assessment.subject_kind == kind, of.get(kind, here)) for kind in kinds))


def _met(actor: Actor, accounts: frozenset[UUID]) -> sa.ColumnElement[bool]:
    """Return the condition that the actor was there: checked in at one shift, or asked for a service and confirmed it.

    A unit was met in the person of whoever served for it that day.
    """
    came = sa.and_(
        Fact.tenant_id == actor.tenant_id, Fact.kind == "check_in", Fact.reverses_id.is_(None),
        ~sa.exists().where(_undone.reverses_id == Fact.id), Fact.served_on >= Cycle.period_start,
        Fact.served_on < Cycle.period_end,
    )  # fmt: skip
    mine = sa.select(_own.shift_id).where(
        _own.tenant_id == actor.tenant_id, _own.account_id.in_(sorted(accounts)), _own.kind == "check_in",
        _own.reverses_id.is_(None), ~sa.exists().where(_undone.reverses_id == _own.id),
    )  # fmt: skip

    def met(column: Any) -> sa.ColumnElement[bool]:
        together = sa.select(column).where(came, Fact.shift_id.in_(mine)).correlate(Cycle)
        served = (
            sa.select(column)
            .select_from(ConfirmationSlip)
            .join(Person, Person.id == ConfirmationSlip.person_id)
            .join(Shift, Shift.id == ConfirmationSlip.shift_id)
            .join(Activity, Activity.id == Shift.activity_id)
            .join(Project, Project.id == Activity.project_id)
            .join(Need, Need.id == Project.need_id)
            .join(Fact, sa.and_(Fact.shift_id == Shift.id, Fact.account_id == Person.account_id))
            .where(came, ConfirmationSlip.state == "confirmed", Need.asked_by == actor.person_id)
            .correlate(Cycle)
        )
        return sa.or_(Assessment.subject_id.in_(together), Assessment.subject_id.in_(served))

    return sa.or_(
        sa.and_(Assessment.subject_kind == "member", met(Fact.account_id)),
        sa.and_(Assessment.subject_kind == "unit", met(Fact.employer_id)),
    )


def about(actor: Actor, *columns: Any) -> Any:
    """Select from the assessments that stand in the tenant's cycles, joined with their cycle."""
    return sa.select(*columns).select_from(Assessment).join(Cycle, Cycle.id == Assessment.cycle_id).where(
        Assessment.tenant_id == actor.tenant_id, Assessment.revision == Cycle.revision,
    )  # fmt: skip
