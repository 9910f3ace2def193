"""The console command: exits 0 when done, 1 when refused or with findings, 2 on wrong use, 3 when busy (try again)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import sqlalchemy as sa
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from api.access import Actor, operator
from api.calls import House
from api.db import Session
from api.db import migrate as migrate_database
from api.errors import Busy, NotFound, Problem
from api.models import Tenant
from api.problems import sentence
from api.schemas.imports import ImportKind, ImportOptions
from api.services import audit as ledger_audit
from api.services import divisions as division_lists
from api.services import files, tenants
from api.settings import Misconfigured, Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="双报到 Dual reporting")
bring_in = typer.Typer(
    no_args_is_help=True, help="Import a file as a job that is run at once; a repeat changes nothing."
)
audit = typer.Typer(no_args_is_help=True, help="Check what the ledger promises.")
app.add_typer(bring_in, name="import")
app.add_typer(audit, name="audit")
told = Console(stderr=True)

TenantCode = Annotated[str | None, typer.Option("--tenant", help="code of the tenant, where there are several")]
Mode = Annotated[Literal["all_or_nothing", "good_rows"], typer.Option(help="whether one bad row stops the file")]


class SeveralTenants(Problem):
    """There is not exactly one tenant, and none was named."""

    code, zh, en = "name_a_tenant", "请用 --tenant 指明租户：{codes}", "Name one with --tenant: {codes}"


@contextmanager
def opened() -> Iterator[House]:
    """Give the house of this installation for one command; a problem becomes its sentence and an exit code."""
    from api.main import now

    house = House(Settings(), now)
    try:
        yield house
    except Problem as why:
        told.print(f"[red]{sentence(why, 'zh')} · {sentence(why, 'en')}[/red]")
        for place in why.errors:
            told.print(place)
        raise typer.Exit(3 if isinstance(why, Busy) else 1) from why
    finally:
        house.close()


@contextmanager
def watched(title: str) -> Iterator[Callable[[int, dict[str, Any]], None]]:
    """Show the progress of one job on the error stream; give the function that hears of it."""
    with Progress(console=told, transient=True) as progress:
        task = progress.add_task(title, total=100)
        yield lambda per_cent, _counts: progress.update(task, completed=per_cent)


def tenant_of(house: House, code: str | None) -> Actor:
    """Return the operator of the tenant with this code, or of the only one."""
    with house.engines.look() as session:
        known = {row.code: row.id for row in session.rows(sa.select(Tenant.code, Tenant.id))}
    if code is None and len(known) == 1:
        return operator(next(iter(known.values())))
    if code not in known:
        raise NotFound if code is not None else SeveralTenants(codes=", ".join(sorted(known)) or "–")
    return operator(known[code])


def tell(result: Any) -> None:
    """Print a result as JSON on standard output, for scripts."""
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on")] = None,
) -> None:
    """Serve the API; migrate first."""
    import uvicorn

    from api.main import create_app

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=given)
    migrate_database(settings.database_url)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False)


@app.command()
def migrate(revision: Annotated[str, typer.Argument(help="revision to go to")] = "head") -> None:
    """Bring the database to a revision; a repeat changes nothing."""
    settings = Settings()
    migrate_database(settings.database_url, revision)
    told.print(f"{settings.database_url.split('@')[-1]}: {revision}")


@app.command()
def tenant(code: str, name: str, zone: Annotated[str, typer.Option(help="time zone")] = "Asia/Shanghai") -> None:
    """Found a tenant; a repeat changes nothing."""
    with opened() as house:
        founded = house.write_now(
            operator(UUID(int=0)), lambda session, _: tenants.found_tenant(session, code, name, zone)
        )
        tell({"tenant": code, "id": founded.tenant_id})


@bring_in.command()
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
            _told_or_exit(job)


def _ask_divisions(session: Session, actor: Actor, path: Path, issuer: str, year: int, mode: str) -> UUID:
    file_id = files.keep(session, actor, path.name, "text/csv", path.read_bytes())
    return division_lists.request(session, actor, file_id, issuer, year, mode)


def _told_or_exit(job: dict[str, Any]) -> None:
    tell({"job": job["id"], "state": job["state"], "counts": job["counts"], "result": job["result"]})
    if job["state"] != "done":
        raise typer.Exit(1)


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
    @bring_in.command(kind.replace("_", "-"), help=f"Import {kind} from xlsx or csv; refused rows stand in the report.")
    def command(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        mode: Mode = "all_or_nothing",
        options: Annotated[str, typer.Option(help="JSON as the options of POST /imports")] = "{}",
        tenant: TenantCode = None,
    ) -> None:
        _rows(kind, file, mode, _import_options(options), tenant)


for _kind in get_args(ImportKind):
    _import_command(_kind)


@app.command()
def assess(cycle: UUID, tenant: TenantCode = None) -> None:
    """Compute a cycle at once; a repeat gives the same."""
    from api.jobs.assessment import assess as assess_cycle

    with opened() as house, watched("assess") as watch:
        job = assess_cycle(house, tenant_of(house, tenant).tenant_id, cycle, watch)
        _told_or_exit(job)


@app.command()
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


@audit.command()
def verify(tenant: TenantCode = None) -> None:
    """Check the ledger of a tenant; findings exit 1."""
    with opened() as house:
        actor = tenant_of(house, tenant)
        with house.engines.look() as session:
            findings = ledger_audit.verify(session, actor.tenant_id)
        tell({"checks": len(ledger_audit.CHECKS), "findings": findings})
        if findings:
            raise typer.Exit(1)


@app.command()
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


@app.command()
def openapi() -> None:
    """Print the contract."""
    from api.contract import describe
    from api.main import all_routes

    json.dump(describe(all_routes()), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
    sys.stdout.write("\n")


def main() -> None:
    """Run the command; what nobody foresaw ends with a trace and exit code 70."""
    try:
        app()
    except (ValidationError, Misconfigured) as why:
        told.print(f"[red]设置有误 · The settings are wrong[/red]\n{escape(str(why))}")
        sys.exit(2)
    except sa.exc.OperationalError as why:
        told.print(f"[red]{Busy.zh} · {Busy.en}[/red]\n{escape(str(why.orig))}")
        sys.exit(3)
    except Exception:
        told.print_exception(show_locals=False)
        sys.exit(70)


if __name__ == "__main__":
    main()
