"""`dualreport audit …`: check what the ledger promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import TenantCode, opened, tell, tenant_of
from api.services import audit as ledger_audit
from api.services import witness

app = typer.Typer(no_args_is_help=True, help="Check what the ledger promises.")


@app.command()
def verify(
    tenant: TenantCode = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="a checkpoint kept outside, as JSON", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Check the ledger of a tenant, also against checkpoints that were kept outside; findings exit 1."""
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in checkpoint or ()]
    with opened() as house:
        actor = tenant_of(house, tenant)
        with house.engines.look(actor.tenant_id) as session:
            findings = ledger_audit.verify(session, actor.tenant_id)
            outside = witness.differing(session, actor.tenant_id, [(one["size"], one["root"]) for one in kept])
            findings += [
                {"check": "outside_checkpoint", "subject": str(tenant_id), "detail": detail}
                for tenant_id, detail in outside
            ]
        tell({"checks": len(ledger_audit.CHECKS), "findings": findings})
        if findings:
            raise typer.Exit(1)
