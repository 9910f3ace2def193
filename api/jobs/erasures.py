"""Keeps the ledger of erasures outside the database, and erases again whom a restored backup brought back."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from api.access import operator
from api.adapters import erasure_ledger
from api.calls import House
from api.models import Tenant
from api.services import erasing


def note_all(house: House) -> int:
    """Write to the ledger what the database knows of erasures and it does not; return how many. A repeat adds none."""
    known = [row for tenant_id in _tenants(house) for row in house.read_now(operator(tenant_id), erasing.recorded)]
    return erasure_ledger.add(house.settings.erasures, known)


def reapply_all(house: House) -> int:
    """Erase again everybody in the ledger whom the database knows again; return how many. A repeat does nothing.

    Run at every start of the server, and by `dualreport privacy reapply` after a backup was restored.
    """
    erased = erasure_ledger.read(house.settings.erasures)
    here = set(_tenants(house)) if erased else set()
    return sum(
        house.write_now(operator(row["tenant_id"]), erasing.reapply, row) for row in erased if row["tenant_id"] in here
    )


def _tenants(house: House) -> list[UUID]:
    with house.engines.look() as session:
        return [row.id for row in session.rows(sa.select(Tenant.id).order_by(Tenant.id))]
