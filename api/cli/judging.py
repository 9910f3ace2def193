"""`dualreport assess`, `report` and `lint`: what is computed, issued and checked where nobody asks over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import typer

from api.cli.common import TenantCode, opened, tell, tenant_of, told, told_or_exit, watched


def assess(cycle: UUID, tenant: TenantCode = None) -> None:
    """Compute a cycle at once; a repeat gives the same."""
    from api.jobs.assessment import assess as assess_cycle

    with opened() as house, watched("assess") as watch:
        job = assess_cycle(house, tenant_of(house, tenant).tenant_id, cycle, watch)
        told_or_exit(job)


def lint(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="a rulebook, YAML or JSON; - reads standard input")],
) -> None:
    """Say what is wrong with a rulebook file, by line and column; exits 1 where it could not be put in force."""
    from api.domain.rulebook.lint import lint as findings_of
    from api.domain.rulebook.load import RulebookInvalid, located

    try:
        book, place = located(file.read())
    except RulebookInvalid as why:
        for error in why.errors:
            at = (error.get("line"), error.get("column"))
            _found("error", error["code"], error["pointer"], at, error["detail"].values())
        raise typer.Exit(1) from None
    findings = findings_of(book)
    for each in findings:
        words = (each.zh, each.remedy_zh, each.en, each.remedy_en)
        _found(each.severity, each.code, each.pointer, place(each.pointer), words)
    if any(each.severity == "error" for each in findings):
        raise typer.Exit(1)


def _found(severity: str, code: str, pointer: str, place: tuple[int | None, int | None], words: Iterable[str]) -> None:
    typer.echo(f"{place[0]}:{place[1]}: {severity} {code} {pointer}: {' · '.join(words)}")


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
