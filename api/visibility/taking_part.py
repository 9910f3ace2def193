"""Who sees projects, what is written about them, and the people who take part in them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import or_, select

from api.access import Actor, within
from api.models import Project, ProjectMessage, ProjectParty, ProjectPerson


def projects(actor: Actor) -> sa.ColumnElement[bool]:
    """Show what was agreed or is open to everybody, and proposals to their parties and their community.

    A pledge is for who made it and before whom, until who made it shows it.
    """
    shown = sa.and_(Project.circle == "public", Project.state.not_in(("proposed", "declined")))
    near = sa.and_(Project.kind != "pledge", within(actor, "project.read", Project.community_id))
    party = select(ProjectParty.project_id).where(within(actor, "project.accept", ProjectParty.organization_id))
    before = select(ProjectParty.project_id).where(
        or_(
            within(actor, "pledge.confirm", ProjectParty.organization_id),
            within(actor, "pledge.speak", ProjectParty.organization_id),
        )
    )
    own = select(ProjectPerson.project_id).where(ProjectPerson.person_id == actor.person_id)
    return or_(
        shown, near, sa.and_(Project.kind != "pledge", Project.id.in_(party)),
        sa.and_(Project.kind == "pledge", Project.id.in_(before)), Project.id.in_(own),
    )  # fmt: skip


def messages(actor: Actor) -> sa.ColumnElement[bool]:
    """Show what was written about a project to its parties and its community."""
    party = select(ProjectParty.project_id).where(within(actor, "project.messages", ProjectParty.organization_id))
    hosted = select(Project.id).where(within(actor, "project.messages", Project.community_id))
    return or_(ProjectMessage.project_id.in_(party), ProjectMessage.project_id.in_(hosted))


def people(actor: Actor) -> sa.ColumnElement[bool]:
    """Show one's own part, those of what one organises, and what somebody pledged before everybody."""
    organised = select(ProjectParty.project_id).where(
        ProjectParty.side == "asks", within(actor, "project_person.accept", ProjectParty.organization_id)
    )
    pledged = select(Project.id).where(
        Project.tenant_id == actor.tenant_id, Project.kind == "pledge", Project.circle == "public"
    )
    return or_(
        ProjectPerson.person_id == actor.person_id,
        ProjectPerson.project_id.in_(organised),
        sa.and_(ProjectPerson.state == "agreed", ProjectPerson.project_id.in_(pledged)),
    )
