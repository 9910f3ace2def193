"""The console command: exits 0 when done, 1 when refused or with findings, 2 on wrong use, 3 when busy (try again)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from api.calls import House
from api.db import migrate as migrate_database
from api.errors import Busy, Problem
from api.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="双报到 Dual reporting")
told = Console(stderr=True)


@contextmanager
def opened() -> Iterator[House]:
    """Give the house of this installation for one command; a problem becomes its sentence and an exit code."""
    from api.main import now

    house = House(Settings(), now)
    try:
        yield house
    except Problem as why:
        told.print(f"[red]{why.sentence('zh')} · {why.sentence('en')}[/red]")
        raise typer.Exit(3 if isinstance(why, Busy) else 1) from why
    finally:
        house.close()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on")] = None,
) -> None:
    """Serve the API; migrate first."""
    import uvicorn

    settings = Settings()
    migrate_database(settings.database_url)
    uvicorn.run(
        "api.main:create_app", factory=True, host=host or settings.host, port=port or settings.port, access_log=False
    )


@app.command()
def migrate(revision: Annotated[str, typer.Argument(help="revision to go to")] = "head") -> None:
    """Bring the database to a revision; a repeat changes nothing."""
    settings = Settings()
    migrate_database(settings.database_url, revision)
    told.print(f"{settings.database_url.split('@')[-1]}: {revision}")


@app.command()
def openapi() -> None:
    """Print the contract."""
    from api.contract import describe
    from api.main import all_routes

    document: dict[str, Any] = describe(all_routes())
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
    sys.stdout.write("\n")


def main() -> None:
    """Run the command; what nobody foresaw ends with a trace and exit code 70."""
    try:
        app()
    except Exception:
        told.print_exception(show_locals=False)
        sys.exit(70)


if __name__ == "__main__":
    main()
