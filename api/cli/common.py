"""What every command needs: the house of this installation, its tenant, progress, and how results are told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import Progress

from api.access import Actor, operator
from api.calls import House
from api.errors import Busy, NotFound, Problem
from api.models import Tenant
from api.problems import sentence
from api.settings import Settings

told = Console(stderr=True)

TenantCode = Annotated[str | None, typer.Option("--tenant", help="code of the tenant, where there are several")]


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


def told_or_exit(job: dict[str, Any]) -> None:
    """Tell how a job ended; exit 1 where it is not done."""
    tell({"job": job["id"], "state": job["state"], "counts": job["counts"], "result": job["result"]})
    if job["state"] != "done":
        raise typer.Exit(1)
