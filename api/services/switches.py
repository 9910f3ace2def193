"""开关: districts set them for their subtree, the nearest decision above holds, and an emergency may open one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session, new_id
from api.domain import emergencies as emergency_rules
from api.domain import switches as rules
from api.models import Organization, SwitchSetting
from api.services import changes, emergencies
from api.services.places import governed, place

_SETTINGS = (
    sa.select(
        SwitchSetting.code, SwitchSetting.organization_id, Organization.path, Organization.name, SwitchSetting.mode,
        SwitchSetting.basis, SwitchSetting.set_at,
    )
    .join(Organization, Organization.id == SwitchSetting.organization_id)
    .where(SwitchSetting.tenant_id == sa.bindparam("tenant"))
    .order_by(SwitchSetting.id)
)  # fmt: skip


def decide(session: Session, actor: Actor, code: str, values: dict[str, Any]) -> UUID:
    """Set a switch for an organisation and all below it; return the decision's id. UnknownSwitch, NotASeat."""
    rules.require_known(code)
    where, grant = governed(
        session, actor, "switch.set", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    if where.kind not in rules.SEATS:
        raise rules.NotASeat(pointer="/organizationId")
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "code": code, "organization_id": where.id,
        "mode": values["mode"], "basis": values["basis"], "set_by": actor.person_id, "set_at": session.now,
    }  # fmt: skip
    session.insert(SwitchSetting, [row])
    details = {"code": code, "mode": values["mode"]}
    changes.record(
        session, actor, "switch.set", "switch", row["id"], at=where.id, grant=grant, written=row, details=details
    )
    return row["id"]


def decided(session: Session, actor: Actor, setting_id: UUID) -> dict[str, Any]:
    """Return the switch of a decision as it stands now where it was decided."""
    row = session.first(
        sa.select(SwitchSetting.code, SwitchSetting.organization_id).where(
            SwitchSetting.tenant_id == actor.tenant_id, SwitchSetting.id == setting_id
        )
    )
    return next(view for view in listed(session, actor, row.organization_id)["items"] if view["code"] == row.code)


def listed(session: Session, actor: Actor, organization_id: UUID) -> dict[str, Any]:
    """Return every switch as it stands at an organisation, with who decided, and the law that bounds it."""
    where = place(session, actor, organization_id, pointer="?organizationId")
    told = _told(session, actor.tenant_id)
    standing = emergencies.standing(session, actor.tenant_id)
    return {"items": [_view(switch, told[code], where.path, standing) for code, switch in rules.CATALOGUE.items()]}


def on_at(session: Session, tenant_id: UUID, code: str, places: Collection[UUID]) -> set[UUID]:
    """Return at which of these organisations a switch is on, by their district's choice or by an emergency."""
    settings = [_setting(row) for row in _told(session, tenant_id)[code]]
    standing = emergencies.standing(session, tenant_id)
    paths = sa.select(Organization.id, Organization.path).where(
        Organization.tenant_id == tenant_id, Organization.id.in_(places)
    )
    return {
        row.id for row in session.rows(paths)
        if rules.is_on(settings, row.path) or _opened(standing, row.path, code)
    }  # fmt: skip


def require_on(session: Session, tenant_id: UUID, code: str, organization_id: UUID) -> None:
    """Raise SwitchedOff where a switch is not on at an organisation."""
    rules.require_on(code, bool(on_at(session, tenant_id, code, [organization_id])))


def _told(session: Session, tenant_id: UUID) -> dict[str, list[Any]]:
    told: defaultdict[str, list[Any]] = defaultdict(list)
    for row in session.rows(_SETTINGS, {"tenant": tenant_id}):
        told[row.code].append(row)
    return told


def _setting(row: Any) -> rules.Setting:
    return rules.Setting(row.organization_id, row.path, row.mode)


def _opened(standing: Any, path: str, code: str) -> bool:
    return code == "location_check_in" and emergency_rules.permits(standing, path, code)


def _view(switch: rules.Switch, told: list[Any], path: str, standing: Any) -> dict[str, Any]:
    holding = rules.decided([_setting(row) for row in told], path)
    last = holding and next(row for row in reversed(told) if row.organization_id == holding.organization_id)
    by_emergency = _opened(standing, path, switch.code)
    return {
        "code": switch.code, "label": {"zh": switch.zh, "en": switch.en},
        "reason": {"zh": switch.reason_zh, "en": switch.reason_en},
        "otherwise": {"zh": switch.otherwise_zh, "en": switch.otherwise_en},
        "on": by_emergency or (holding is not None and holding.mode == "on"), "by_emergency": by_emergency,
        "decided_by": last.organization_id if last else None, "decided_by_name": last.name if last else None,
        "basis": last.basis if last else None, "decided_at": last.set_at if last else None,
    }  # fmt: skip
