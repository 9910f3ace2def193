"""`dualreport privacy …`: what is held of people, and erasing again whom a restored backup brought back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.cli.common import opened, tell, told
from api.services import privacy

app = typer.Typer(no_args_is_help=True, help="What is held of people, for what and how long; erasures after a restore.")


@app.command()
def report(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="as docs/privacy.md")] = False,
) -> None:
    """Print the registry of personal data: what, what for, on what ground, how long, where."""
    if as_json:
        tell(privacy.registry())
    elif markdown:
        sys.stdout.write(privacy.page())
    else:
        for held in privacy.registry()["holdings"]:
            sys.stdout.write(f"{held['title']['zh']} · {held['title']['en']}\n")
            for name in ("purpose", "ground", "keep", "erasure"):
                sys.stdout.write(f"    {name:8} {held[name]['zh']} · {held[name]['en']}\n")
            places = ", ".join(f"{each['table']}.{each['column']}" for each in held["columns"])
            sys.stdout.write(f"    {'where':8} {places}\n")


@app.command()
def reapply() -> None:
    """Erase again everybody whom the ledger of erasures names and a restored backup knows; a repeat does nothing."""
    from api.jobs.erasures import reapply_all

    with opened() as house:
        told.print(str(house.settings.erasures))
        tell({"erased": reapply_all(house)})
