"""Finding organisations: their path says where authority reaches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, require
from api.db import Session
from api.errors import Invalid, NotFound
from api.models import Organization


class NotInService(Invalid):
    """The organisation has ended."""

    code, zh, en = (
        "organization_not_in_service",
        "“{name}”已停用，不能再使用",
        "“{name}” has ended and takes nothing new",
    )


class InReview(NotInService):
    """The organisation was flagged and somebody has yet to look at it."""

    code, zh, en = (
        "organization_in_review",
        "“{name}”待核实，暂不能使用",
        "“{name}” waits for review; use it after that",
    )


class WrongKind(Invalid):
    """The organisation is not of a kind that can stand here."""

    code, zh, en = "wrong_organization_kind", "“{name}”不是{wantedZh}", "“{name}” is no {wanted}"


_AXES = {
    "territory": ("行政区域或社区", "territory"), "employer": ("单位", "employer"),
    "party": ("党组织", "Party organisation"), "body": ("共同机构", "joint body"),
}  # fmt: skip


def place(
    session: Session, actor: Actor, organization_id: UUID, *, axis: str | None = None, pointer: str | None = None
) -> Any:
    """Return id, name, path, axis, kind, state of an organisation in service; NotFound, NotInService or WrongKind."""
    row = session.first(_PLACE, {"tenant": actor.tenant_id, "id": organization_id})
    if row is None:
        raise NotFound(pointer=pointer)
    if row.state != "active":
        raise (InReview if row.state == "in_review" else NotInService)(name=row.name, pointer=pointer)
    if axis is not None and row.axis != axis:
        zh, en = _AXES[axis]
        raise WrongKind(name=row.name, wanted=en, wantedZh=zh, pointer=pointer)
    return row


def governed(session: Session, actor: Actor, step: str, organization_id: UUID, **more: Any) -> tuple[Any, UUID]:
    """Return the organisation and the grant under which the actor may take `step` there; Forbidden without one."""
    row = place(session, actor, organization_id, **more)
    return row, require(actor, step, row.path)


_PLACE = sa.select(
    Organization.id, Organization.name, Organization.path, Organization.axis, Organization.kind, Organization.state,
    Organization.parent_id, Organization.capacity, Organization.disclosure,
).where(Organization.tenant_id == sa.bindparam("tenant"), Organization.id == sa.bindparam("id"))  # fmt: skip
