"""`dualreport keys …`: the keys that sign access tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.common import tell
from api.security import new_signing_key, rotate_kept
from api.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")


@app.command()
def rotate(
    distrust: Annotated[bool, typer.Option(help="a key has leaked: no earlier one counts any more")] = False,
) -> None:
    """Make a new key in place of the kept one; it signs from the next start, the earlier ones go on verifying."""
    kid, earlier = rotate_kept(Settings(), distrust=distrust)
    tell({"signs": kid, "verifies": earlier})


@app.command()
def new() -> None:
    """Print a new key for the environment: the private one, and the public one that all servers have to know first."""
    private, public = new_signing_key()
    tell({"DUALREPORT_SIGNING_KEY": private, "DUALREPORT_VERIFYING_KEYS": public})
