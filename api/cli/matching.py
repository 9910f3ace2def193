"""`dualreport match …`: repeat a match from what it stored."""

from __future__ import annotations

from uuid import UUID

import typer

from api.cli.common import TenantCode, opened, tell, tenant_of
from api.services import match_runs

app = typer.Typer(no_args_is_help=True, help="Repeat a match from its stored inputs.")


@app.callback()
def match() -> None:
    """Repeat a match from its stored inputs."""


@app.command()
def replay(run: UUID, tenant: TenantCode = None) -> None:
    """Compute a run again from its stored inputs and compare the hashes; another result exits 1. It writes nothing."""
    with opened() as house:
        found = house.read_now(tenant_of(house, tenant), match_runs.replayed, run)
        tell(found)
        if not found["same"]:
            raise typer.Exit(1)
