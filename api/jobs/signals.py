"""Signals: the figures of every community are looked at once a day, some communities at a time."""

from __future__ import annotations

import sqlalchemy as sa

from api.access import operator
from api.calls import House
from api.models import Tenant
from api.services import signal_figures


def look_some(house: House) -> int:
    """Look at some communities of each tenant whose figures nobody looked at today; return how many, 0 for none left.

    A few at a time, so that whoever calls this can see to other things between.
    """
    with house.engines.look() as session:
        tenants = [row.id for row in session.rows(sa.select(Tenant.id).order_by(Tenant.id))]
    return sum(house.write_now(operator(tenant), signal_figures.look_due) for tenant in tenants)


def look_all(house: House) -> int:
    """Look at all of them; return how many."""
    done = 0
    while count := look_some(house):
        done += count
    return done
