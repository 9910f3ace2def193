"""`dualreport import …`: a file is taken in as a job that is run at once; a repeat changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import typer
from pydantic import ValidationError

from api.access import Actor
from api.cli.common import TenantCode, opened, tell, tenant_of, told_or_exit, watched
from api.db import Session
from api.schemas.imports import ImportKind, ImportOptions
from api.services import divisions as division_lists
from api.services import files

app = typer.Typer(no_args_is_help=True, help="Import a file as a job that is run at once; a repeat changes nothing.")

Mode = Annotated[Literal["all_or_nothing", "good_rows"], typer.Option(help="whether one bad row stops the file")]


@app.command()
def divisions(
    lists: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    issuer: Annotated[str, typer.Option(help="who issued the codes")] = "NBS",
    year: Annotated[int, typer.Option(help="of which year the list is")] = 2023,
    mode: Mode = "all_or_nothing",
    tenant: TenantCode = None,
) -> None:
    """Import lists of administrative divisions, the levels above first."""
    from api.jobs.loop import run_to_end

    with opened() as house:
        actor = tenant_of(house, tenant)
        for path in lists:
            asked = house.write_now(actor, _ask_divisions, path, issuer, year, mode)
            with watched(path.name) as watch:
                job = run_to_end(house, actor, asked, watch)
            told_or_exit(job)


def _ask_divisions(session: Session, actor: Actor, path: Path, issuer: str, year: int, mode: str) -> UUID:
    file_id = files.keep(session, actor, path.name, "text/csv", path.read_bytes())
    return division_lists.request(session, actor, file_id, issuer, year, mode)


def _rows(
    kind: str,
    file: Path,
    mode: str,
    options: dict[str, Any],
    tenant: str | None,
) -> None:
    from api.jobs.imports import ImportFailed, run_import

    with opened() as house, watched(file.name) as watch:
        try:
            tell(run_import(house, tenant_of(house, tenant), kind, file.name, file.read_bytes(), mode, options, watch))
        except ImportFailed as why:
            tell(why.facts["result"])  # which rows were refused, and why
            raise


def _import_options(text: str) -> dict[str, Any]:
    try:
        return ImportOptions.model_validate_json(text).values()
    except ValidationError as why:
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in why.errors())
        raise typer.BadParameter(said) from why


def _import_command(kind: str) -> None:
    @app.command(kind.replace("_", "-"), help=f"Import {kind} from xlsx or csv; refused rows stand in the report.")
    def command(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        mode: Mode = "all_or_nothing",
        options: Annotated[str, typer.Option(help="JSON as the options of POST /imports")] = "{}",
        tenant: TenantCode = None,
    ) -> None:
        _rows(kind, file, mode, _import_options(options), tenant)


for _kind in get_args(ImportKind):
    _import_command(_kind)
