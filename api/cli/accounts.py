"""`dualreport account …`: the account of a first administrator, where nobody is there yet who could open one."""

from __future__ import annotations

from uuid import UUID

import typer

from api.cli.common import TenantCode, opened, tell, tenant_of
from api.security import new_set_up_code
from api.services import credentials

app = typer.Typer(no_args_is_help=True, help="Accounts of first administrators.")


@app.command("open")
def open_account(person: UUID, account: str, tenant: TenantCode = None) -> None:
    """Open an account for a person on the staff and print the code with which they set it up within 72 hours."""
    with opened() as house:
        code = new_set_up_code()
        house.write_now(tenant_of(house, tenant), credentials.open_first, person, account, code)
        tell({"account": account.casefold(), "setUpCode": code})


@app.callback()
def _accounts() -> None:
    """Keep `open` a command of its own name."""
