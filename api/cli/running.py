"""`dualreport serve`, `migrate`, `tenant`, `demo` and `openapi`: what an operator does with the installation itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from api.access import operator
from api.cli.common import opened, tell, told
from api.db import migrate as migrate_database
from api.security import Vault
from api.services import appointing, tenants
from api.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on")] = None,
) -> None:
    """Serve the API; migrate first."""
    import uvicorn

    from api.main import create_app

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=given)
    migrate_database(settings.database_url, vault=Vault(settings))
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False)


def migrate(revision: Annotated[str, typer.Argument(help="revision to go to")] = "head") -> None:
    """Bring the database to a revision; a repeat changes nothing."""
    settings = Settings()
    migrate_database(settings.database_url, revision, Vault(settings))
    told.print(f"{settings.database_url.split('@')[-1]}: {revision}")


def tenant(
    code: str,
    name: str,
    zone: Annotated[str, typer.Option(help="time zone")] = "Asia/Shanghai",
    security_admin: Annotated[list[str] | None, typer.Option(help="name of a security administrator; two")] = None,
    system_admin: Annotated[str | None, typer.Option(help="name of the system administrator")] = None,
) -> None:
    """Found a tenant and appoint its first administrators; a repeat adds the trees that were imported since."""
    wanted = [("security_admin", one) for one in security_admin or ()]
    wanted += [("system_admin", system_admin)] if system_admin else []
    with opened() as house:
        founded = house.write_now(
            operator(UUID(int=0)), lambda session, _: tenants.found_tenant(session, code, name, zone)
        )
        appointed = [house.write_now(founded, appointing.appoint, role, one) for role, one in wanted]
        tell({"tenant": code, "id": founded.tenant_id, "appointed": appointed})


def demo(
    data: Annotated[Path | None, typer.Option(help="folder of public lists", exists=True, file_okay=False)] = None,
    out: Annotated[Path, typer.Option(help="where the statement goes")] = Path("var/demo"),
    serve: Annotated[bool, typer.Option("--serve", help="go on serving when the story is told")] = False,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on; 0 takes a free one")] = 0,
) -> None:
    """Tell the whole loop over HTTP on an empty embedded database; the last line counts everything."""
    from api.demo.play import play, play_and_serve

    console = Console()
    if serve:
        play_and_serve(Settings(), data, out, console, host, port)
    else:
        play(data, out, console)


def openapi() -> None:
    """Print the contract."""
    from api.contract import describe
    from api.main import all_routes

    json.dump(describe(all_routes()), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
    sys.stdout.write("\n")
