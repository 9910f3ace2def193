"""居民评议团: set up for one round, filled and fixed before it begins; its voices count once its quorum has spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session, new_id
from api.domain.panels import NotAResident, PanelStands, RosterTooLate, require_fit
from api.domain.reviews import quorate
from api.models import Affiliation, Cycle, Grant, Organization, Panel, PanelMember, Person, Review
from api.services import changes
from api.services.days import today
from api.services.places import NotInService, governed
from api.visibility import visible

_BEFORE = ("open", "computed", "self_review")
_HOMES = ("registration", "secondary_home")
_SHOWN = sa.select(
    Panel.id, Panel.version, Panel.state, Panel.organization_id, Panel.round_kind, Panel.round_id, Panel.quorum,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Panel.organization_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Set up the panel of an organisation for a cycle: `organization_id`, `cycle_id`, `quorum`.

    Raises NotFound, Forbidden, RosterTooLate once the public round has begun, PanelStands.
    """
    at, grant = governed(
        session, actor, "panel.create", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    cycle = found(session.first(_CYCLE.where(visible(actor, Cycle), Cycle.id == values["cycle_id"])))
    if not at.path.startswith(cycle.path):
        raise NotInService(name=at.name, pointer="/organizationId")
    _require_before(cycle.state)
    row = {"organization_id": at.id, "round_kind": "cycle", "round_id": cycle.id, "quorum": values["quorum"]}
    return set_up(session, actor, row, grant)


def set_up(session: Session, actor: Actor, row: dict[str, Any], grant: UUID | None) -> UUID:
    """Keep a new panel of any kind of round; PanelStands where the organisation has one for it."""
    same = [getattr(Panel, name) == row[name] for name in ("round_kind", "round_id", "organization_id")]
    if session.first(sa.select(Panel.id).where(Panel.tenant_id == actor.tenant_id, *same)) is not None:
        raise PanelStands
    return changes.create(session, actor, Panel, "panel.create", row, at=row["organization_id"], grant=grant)


def set_roster(session: Session, actor: Actor, panel_id: UUID, people: Sequence[UUID], quorum: int) -> UUID:
    """Let these people be the roster of a panel that is not fixed yet, in place of those before; and its quorum.

    Each reports in or has a second home under the panel's organisation and holds no office there: else NotAResident.
    """
    panel = _found(session, actor, panel_id)
    grant = require(actor, "panel.set_roster", panel.path)
    _require_round_before(session, panel)
    chosen = list(dict.fromkeys(people))
    able = residents(session, actor, panel.path, chosen)
    for place, person in enumerate(chosen, start=1):
        if person not in able:
            raise NotAResident(pointer=f"/people/{place - 1}", place=place)
    changes.take(
        session, actor, Panel, panel, "panel.set_roster", {"quorum": quorum}, at=panel.organization_id, grant=grant,
        details={"people": len(chosen)},
    )  # fmt: skip
    session.execute(sa.delete(PanelMember).where(PanelMember.panel_id == panel_id))
    rows = [
        {"id": new_id(), "tenant_id": actor.tenant_id, "panel_id": panel_id, "person_id": person} for person in chosen
    ]
    session.insert(PanelMember, rows)
    return panel_id


def fix(session: Session, actor: Actor, panel_id: UUID) -> UUID:
    """Let the roster stand for the round; QuorumDoesNotFit, RosterTooLate."""
    panel = _found(session, actor, panel_id)
    grant = require(actor, "panel.fix", panel.path)
    _require_round_before(session, panel)
    require_fit(state_of(session, panel_id)["roster"], panel.quorum)
    changes.take(session, actor, Panel, panel, "panel.fix", at=panel.organization_id, grant=grant)
    return panel_id


def one(session: Session, actor: Actor, panel_id: UUID) -> dict[str, Any]:
    """Return one panel; its roster by id to whom it is governed by, and how many have spoken of each subject."""
    panel = _found(session, actor, panel_id)._asdict()
    shown = _view(session, actor, panel)
    if actor.grant_for("panel.read", panel["path"]) is not None:
        members = sa.select(PanelMember.person_id).where(PanelMember.panel_id == panel_id)
        shown["people"] = [row.person_id for row in session.rows(members.order_by(PanelMember.id))]
        session.look(shown["people"], ["panel"], "assessment", organization_id=panel["organization_id"])
    return shown


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of panels that the actor governs or sits on."""
    statement = _SHOWN.where(visible(actor, Panel))
    if query.cycle_id is not None:
        statement = statement.where(Panel.round_kind == "cycle", Panel.round_id == query.cycle_id)
    page = paging.page(session, statement, Panel.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


def state_of(session: Session, panel_id: UUID, subject_id: UUID | None = None) -> dict[str, Any]:
    """Return `roster`, `voted`, `quorum` and `quorate` of a panel, for one subject or for the round's only one.

    Who recused themselves stays on the roster and has not voted.
    """
    counted = sa.select(sa.func.count()).select_from(PanelMember).where(PanelMember.panel_id == panel_id)
    spoken = sa.select(sa.func.count(sa.distinct(Review.reviewer_id))).where(
        Review.panel_id == panel_id, Review.kind.in_(("rating", "vote"))
    )
    if subject_id is not None:
        spoken = spoken.where(Review.subject_id == subject_id)
    quorum = session.scalar(sa.select(Panel.quorum).where(Panel.id == panel_id)) or 0
    voted = session.scalar(spoken) or 0
    return {
        "roster": session.scalar(counted) or 0, "voted": voted, "quorum": quorum, "quorate": quorate(quorum, voted)
    }  # fmt: skip


_CYCLE = sa.select(Cycle.id, Cycle.state, Organization.path).join(
    Organization, Organization.id == Cycle.organization_id
)


def residents(session: Session, actor: Actor, path: str, people: Sequence[UUID]) -> set[UUID]:
    """Return those of these people who belong to what lies under a path and hold no office there.

    There belongs who reported in, has a second home, or came as a resident with a phone that is vouched for.
    """
    day = today(session, actor.tenant_id)
    below = sa.and_(Organization.path >= path, Organization.path < f"{path[:-1]}0")
    at_home = (
        sa.select(Affiliation.person_id)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .join(Person, Person.id == Affiliation.person_id)
        .where(
            Affiliation.tenant_id == actor.tenant_id, Affiliation.person_id.in_(people), Affiliation.kind.in_(_HOMES),
            Affiliation.state.in_(("active", "accepted")), Affiliation.valid_from <= day,
            sa.or_(Affiliation.valid_to.is_(None), Affiliation.valid_to > day), below, Person.state == "active",
        )
    )  # fmt: skip
    granted = (
        sa.select(Grant.person_id, Grant.role, Person.phone_state)
        .join(Organization, Organization.id == Grant.organization_id)
        .join(Person, Person.id == Grant.person_id)
        .where(
            Grant.tenant_id == actor.tenant_id, Grant.person_id.in_(people), Grant.state == "active", below,
            Person.state == "active",
        )
    )  # fmt: skip
    held = session.rows(granted)
    officers = {row.person_id for row in held if row.role not in ("resident", "member")}
    living = {row.person_id for row in held if row.role == "resident" and row.phone_state == "vouched"}
    return (living | {row.person_id for row in session.rows(at_home)}) - officers


def _require_round_before(session: Session, panel: Any) -> None:
    if panel.round_kind == "cycle":
        _require_before(session.scalar(sa.select(Cycle.state).where(Cycle.id == panel.round_id)))


def _require_before(state: str) -> None:
    if state not in _BEFORE:
        raise RosterTooLate


def _found(session: Session, actor: Actor, panel_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Panel), Panel.id == panel_id)))


def _view(session: Session, actor: Actor, panel: dict[str, Any]) -> dict[str, Any]:
    steps = allowed(actor, "panel", panel["state"], panel["path"])
    roster = state_of(session, panel["id"])["roster"]
    return {**panel, "roster": roster, "people": [], "allowed_actions": steps}
