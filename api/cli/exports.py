"""`dualreport export …`: what leaves the platform for another system, written by a job that is run at once."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.access import Actor
from api.cli.common import TenantCode, opened, tell, tenant_of, told_or_exit, watched
from api.db import Session
from api.services import files, record_exports
from api.services.organizations import root_of

app = typer.Typer(no_args_is_help=True, help="Write what leaves the platform for another system.")


@app.callback()
def _group() -> None:
    """Keep `records` a command of its own."""


@app.command()
def records(
    out: Annotated[Path, typer.Argument(dir_okay=False, help="where the zip of file and manifest is written")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the first day")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the first day that is not meant")],
    ground: Annotated[str, typer.Option(help="why the file leaves the platform; stands in its manifest")],
    organization: Annotated[UUID | None, typer.Option(help="the place; the whole tenant where it is left out")] = None,
    form: Annotated[str, typer.Option("--format", help="xlsx or csv")] = "xlsx",
    tenant: TenantCode = None,
) -> None:
    """Write the records of service of who agreed into the national system's file."""
    from api.jobs.loop import run_to_end

    if form not in ("xlsx", "csv"):
        raise typer.BadParameter("xlsx or csv", param_hint="--format")
    with opened() as house, watched(out.name) as watch:
        actor = tenant_of(house, tenant)
        asked = house.write_now(actor, _ask, organization, since.date(), until.date(), ground, form)
        job = run_to_end(house, actor, asked, watch)
        if job["state"] != "done":
            told_or_exit(job)
        out.write_bytes(house.read_now(actor, files.content, UUID(job["result"]["fileId"])))
        tell(job["result"]["manifest"])


def _ask(
    session: Session, actor: Actor, organization: UUID | None, since: date, until: date, ground: str, form: str
) -> UUID:
    at = organization or root_of(session, actor.tenant_id, "territory")
    values = {"organization_id": at, "since": since, "until": until, "format": form, "ground": ground}
    return record_exports.request(session, actor, values)
