"""The console command: exits 0 when done, 1 when refused or with findings, 2 on wrong use, 3 when busy (try again)."""

from __future__ import annotations

import sys

import sqlalchemy as sa
import typer
from pydantic import ValidationError
from rich.markup import escape

from api.cli import accounts, audit, exports, imports, judging, keys, matching, privacy, running, search, vault
from api.cli.common import told
from api.errors import Busy
from api.settings import Misconfigured

app = typer.Typer(no_args_is_help=True, add_completion=False, help="双报到 Dual reporting")
for _command in (
    running.serve, running.migrate, running.tenant, judging.assess, judging.report, judging.lint, running.demo,
    running.openapi,
):  # fmt: skip
    app.command()(_command)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")
app.add_typer(audit.app, name="audit")
app.add_typer(matching.app, name="match")
app.add_typer(privacy.app, name="privacy")
app.add_typer(keys.app, name="keys")
app.add_typer(accounts.app, name="account")
app.add_typer(vault.app, name="vault")
app.add_typer(search.app, name="search")


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
