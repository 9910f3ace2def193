"""`dualreport audit …`: check what the ledger promises."""

from __future__ import annotations

import typer

from api.cli.common import TenantCode, opened, tell, tenant_of
from api.services import audit as ledger_audit

app = typer.Typer(no_args_is_help=True, help="Check what the ledger promises.")


@app.command()
def verify(tenant: TenantCode = None) -> None:
    """Check the ledger of a tenant; findings exit 1."""
    with opened() as house:
        actor = tenant_of(house, tenant)
        with house.engines.look() as session:
            findings = ledger_audit.verify(session, actor.tenant_id)
        tell({"checks": len(ledger_audit.CHECKS), "findings": findings})
        if findings:
            raise typer.Exit(1)
