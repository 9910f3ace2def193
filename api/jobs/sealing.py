"""The thread that does what is due and seals what commits, at most a moment behind."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC

import sqlalchemy as sa

from api.access import operator
from api.calls import House
from api.jobs import erasures, signals
from api.models import Tenant
from api.services import (
    closing,
    complaints,
    cycle_clocks,
    data_exports,
    duty_posts,
    erasing,
    grants,
    inspection,
    ledger_columns,
    match_answers,
    match_results,
    match_runs,
    need_clocks,
    need_months,
    offline_later,
    panel_clocks,
    project_clocks,
    project_people,
    proofs,
    reporting_in,
    sanctions,
    sealer,
)

log = logging.getLogger("api.sealing")
_SWEEP_SECONDS = 600.0
_CHECKPOINT_SECONDS = 60.0


def seal_all(house: House, *, everything: bool = True) -> int:
    """Seal whatever waits in every tenant, in transactions of the writing lane; return how many rows."""
    with house.engines.look() as session:
        tenants = [row.id for row in session.rows(sa.select(Tenant.id).order_by(Tenant.id))]
        waiting = [tenant for tenant in tenants if sealer.waits(session, tenant, everything)]
    sealed = 0
    for tenant in waiting:
        while count := house.write_now(tenant, sealer.seal, sealer.LIMIT, everything):
            sealed += count
    return sealed


def checkpoint_all(house: House) -> int:
    """Sign a checkpoint wherever the sealed order grew since the last one; return how many."""
    with house.engines.look() as session:
        tenants = [row.id for row in session.rows(sa.select(Tenant.id).order_by(Tenant.id))]
    signed = 0
    for tenant in tenants:
        payload = house.read_now(operator(tenant), proofs.pending)
        if payload is not None:
            payload["at"] = house.clock().astimezone(UTC).isoformat(timespec="seconds")
            house.write_now(operator(tenant), proofs.keep, payload, house.notary.sign(payload), house.notary.jwk)
            signed += 1
    return signed


# What time alone brings about: each takes some of what is due and says how many; none is left when it says nought.
_DUE = (
    complaints.escalate_due,
    inspection.drop_expired,
    offline_later.take_up_due,
    offline_later.forget_due,
    closing.presume_due,
    closing.settle_due,
    reporting_in.expire_due,
    sanctions.release_due,
    cycle_clocks.remind_due,
    panel_clocks.remind_due,
    duty_posts.expire_due,
    project_people.expire_due,
    need_clocks.expire_due,
    need_clocks.escalate_due,
    need_months.freeze_due,
    match_answers.lapse_due,
    project_clocks.lapse_due,
    project_clocks.prompt_due,
    match_results.drop_stopped,
    match_runs.forget_due,
    grants.expire_due,
    data_exports.expire_due,
    erasing.end_due,
    ledger_columns.pack,
)


def do_due(house: House) -> int:
    """Settle shifts that nobody confirmed within 72 hours and expire what has passed, everywhere; return how many."""
    with house.engines.look() as session:
        tenants = [row.id for row in session.rows(sa.select(Tenant.id).order_by(Tenant.id))]
    done = 0
    for tenant in tenants:
        for service in _DUE:
            while count := house.write_now(operator(tenant), service):
                done += count
    return done


class Sealing(threading.Thread):
    """Seals every few moments until stopped; when it begins and every ten minutes it also does all that is due."""

    def __init__(self, house: House):
        super().__init__(name="sealing", daemon=True)
        self._house, self._stopping = house, threading.Event()

    def run(self) -> None:
        """Seal, wait, seal."""
        swept = signed = -_SWEEP_SECONDS
        looking = False
        while not self._stopping.wait(self._house.settings.seal_seconds):
            began = time.monotonic()
            everything = began - swept >= _SWEEP_SECONDS
            try:
                if everything:
                    do_due(self._house)
                    erasures.note_all(self._house)
                    looking = True
                seal_all(self._house, everything=everything)
                looking = looking and signals.look_some(self._house) > 0  # sealing goes on between
                if began - signed >= _CHECKPOINT_SECONDS:
                    checkpoint_all(self._house)
                    signed = began
            except Exception:  # a database that is away for a while must not end the sealer
                log.exception("sealing failed and is tried again")
            else:
                swept = began if everything else swept

    def stop(self) -> None:
        """End after the transaction that runs."""
        self._stopping.set()
        self.join(timeout=30)
