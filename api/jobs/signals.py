"""Signals: the figures of every community are looked at once a day, some communities at a time."""

from __future__ import annotations

import sqlalchemy as sa

from api.access import operator
from api.calls import House
from api.models import Tenant
from api.services import signal_figures


def look_all(house: House) -> int:
    """Look at the figures of all communities of all tenants that nobody looked at today; return how many."""
    with house.engines.look() as session:
        tenants = [row.id for row in session.rows(sa.select(Tenant.id).order_by(Tenant.id))]
    done = 0
    for tenant in tenants:
        while count := house.write_now(operator(tenant), signal_figures.look_due):
            done += count
    return done
