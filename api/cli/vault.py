"""`dualreport vault …`: the keys that wrap the keys of people."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
import typer

from api.access import operator
from api.cli.common import TenantCode, opened, tell, tenant_of, watched
from api.jobs.loop import run_to_end
from api.models import Tenant
from api.security.wrapping import new_master_key
from api.services import key_rotation

app = typer.Typer(no_args_is_help=True, help="The keys under which personal data lies.")


@app.command()
def new() -> None:
    """Print a new master key; put it before the one in use, restart every server, then rotate."""
    tell({"DUALREPORT_MASTER_KEY": new_master_key()})


@app.command()
def rotate(
    tenant: TenantCode = None,
    check: Annotated[
        bool, typer.Option("--check", help="only count what an earlier key still wraps; exit 1 if any")
    ] = False,
) -> None:
    """Wrap every key by the first of the master keys while the servers go on; a repeat finds nothing left to do."""
    with opened() as house:
        with house.engines.look() as session:
            known = session.rows(sa.select(Tenant.id, Tenant.code).order_by(Tenant.code))
        chosen = tenant_of(house, tenant).tenant_id if tenant else None
        found = []
        for row in known:
            if chosen not in (None, row.id):
                continue
            actor = operator(row.id)
            if not check:
                with watched(row.code) as watch:
                    run_to_end(house, actor, house.write_now(actor, key_rotation.request), watch)
            found.append({"tenant": row.code, "left": house.read_now(actor, key_rotation.waiting)})
        tell(found)
        if any(one["left"] for one in found):
            raise typer.Exit(1)
