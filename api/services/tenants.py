"""Founding a tenant: the data controller and the roots of its trees."""

from __future__ import annotations

import sqlalchemy as sa

from api.access import Actor, operator
from api.db import Session, new_id
from api.domain.tenancy import require_county_or_above
from api.models import Tenant
from api.services import changes, organizations


def found_tenant(session: Session, code: str, name: str, zone: str = "Asia/Shanghai") -> Actor:
    """Found a tenant with the roots of its employer and party trees; return its operator. A repeat changes nothing.

    Territory has no root of its own: its trees begin with the provinces that are imported. Raises BelowCounty for a
    street, township, community or village.
    """
    require_county_or_above(code, name)
    standing = session.scalar(sa.select(Tenant.id).where(Tenant.code == code))
    if standing is not None:
        return operator(standing)
    tenant_id = new_id()
    session.insert(
        Tenant, [{"id": tenant_id, "code": code, "name": name, "zone": zone, "settings": {}, "created_at": session.now}]
    )
    actor = operator(tenant_id)
    changes.record(session, actor, "tenant.create", "tenant", tenant_id, at=None, written={"code": code, "name": name})
    organizations.create(
        session, actor, {"axis": "employer", "kind": "department", "name": f"{name}各单位", "flags": ["root"]}, None
    )
    organizations.create(
        session,
        actor,
        {"axis": "party", "kind": "working_committee", "name": f"中共{name}委员会", "flags": ["root"]},
        None,
    )
    return actor
