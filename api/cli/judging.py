"""`dualreport assess` and `report`: what is computed and issued when a clock, not a person, asks for it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from api.cli.common import TenantCode, opened, tell, tenant_of, told, told_or_exit, watched


def assess(cycle: UUID, tenant: TenantCode = None) -> None:
    """Compute a cycle at once; a repeat gives the same."""
    from api.jobs.assessment import assess as assess_cycle

    with opened() as house, watched("assess") as watch:
        job = assess_cycle(house, tenant_of(house, tenant).tenant_id, cycle, watch)
        told_or_exit(job)


def report(due: Annotated[bool, typer.Option("--due", help="issue every statement that is due")] = False) -> None:
    """Issue the statements that are due; nothing due is done too. A refused one exits 1 and stays due."""
    from api.jobs.assessment import report_due

    if not due:
        told.print("say what to report: --due")
        raise typer.Exit(2)
    with opened() as house, watched("report") as watch:
        found = report_due(house, watch)
        tell(found)
        if found["refused"]:
            raise typer.Exit(1)
