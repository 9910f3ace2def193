"""`dualreport search …`: the terms under which published text is found."""

from __future__ import annotations

from uuid import UUID

import typer

from api.access import Actor
from api.calls import House
from api.cli.common import TenantCode, opened, tell, tenant_of
from api.db import Session
from api.services import search

app = typer.Typer(no_args_is_help=True, help="The terms under which published text is found.")


@app.command()
def rebuild(tenant: TenantCode = None) -> None:
    """Learn all terms of a tenant anew while the servers go on; once for lists from before there was a search."""
    with opened() as house:
        actor = tenant_of(house, tenant)
        house.write_now(actor, lambda session, _: search.forget(session, actor.tenant_id))
        tell({noun: _learned(house, actor, noun) for noun in search.NOUNS})


def _learned(house: House, actor: Actor, noun: str) -> int:
    count, after = 0, UUID(int=0)
    while ids := house.write_now(actor, _page, noun, after):
        count, after = count + len(ids), ids[-1]
    return count


def _page(session: Session, actor: Actor, noun: str, after: UUID) -> list[UUID]:
    return search.learn_page(session, actor.tenant_id, noun, after)
