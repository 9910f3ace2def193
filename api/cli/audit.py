"""`dualreport audit …`: check what the ledger promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from pydantic import BaseModel

from api.cli.common import TenantCode, opened, tell, tenant_of
from api.models import Tenant
from api.schemas.proofs import Checkpoint, Comparison, Consistency
from api.services import audit as ledger_audit
from api.services import proofs, witness

app = typer.Typer(no_args_is_help=True, help="Check what the ledger promises.")


@app.command()
def verify(
    tenant: TenantCode = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="a checkpoint kept outside, as JSON", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Check the ledger of a tenant, also against checkpoints that were kept outside; findings exit 1."""
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in checkpoint or ()]
    with opened() as house:
        actor = tenant_of(house, tenant)
        with house.engines.look(actor.tenant_id) as session:
            findings = ledger_audit.verify(session, actor.tenant_id)
            outside = witness.differing(session, actor.tenant_id, [(one["size"], one["root"]) for one in kept])
            findings += [
                {"check": "outside_checkpoint", "subject": str(tenant_id), "detail": detail}
                for tenant_id, detail in outside
            ]
        tell({"checks": len(ledger_audit.CHECKS), "findings": findings})
        if findings:
            raise typer.Exit(1)


@app.command()
def publish(
    to: Annotated[Path, typer.Option(help="a folder that somebody outside reads, such as a share of theirs")],
    tenant: TenantCode = None,
) -> None:
    """Lay the newest checkpoint into a folder, with the proof that it goes on from the last one there.

    A repeat without anything new writes nothing. Each file is there whole or not at all.
    """
    with opened() as house:
        actor = tenant_of(house, tenant)
        with house.engines.look(actor.tenant_id) as session:
            newest = proofs.newest(session, actor.tenant_id)
            code = session.scalar(sa.select(Tenant.code).where(Tenant.id == actor.tenant_id))
            to.mkdir(parents=True, exist_ok=True)
            there = [int(path.stem.rpartition("-")[2]) for path in to.glob(f"{code}-checkpoint-*.json")]
            written = []
            if newest is not None and newest["size"] not in there:
                last = max((size for size in there if size < newest["size"]), default=None)
                if last is not None:
                    asked = Comparison.model_validate({"tenant": code, "first": last, "second": newest["size"]})
                    link = Consistency(**proofs.compared(session, actor, asked))
                    written.append(_laid(to / f"{code}-from-{last}-to-{newest['size']}.json", link))
                written.append(_laid(to / f"{code}-checkpoint-{newest['size']}.json", Checkpoint(**newest)))
        tell({"size": newest["size"] if newest else 0, "written": written})


def _laid(path: Path, shown: BaseModel) -> str:
    beside = path.with_suffix(".part")
    beside.write_text(shown.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    beside.rename(path)
    return path.name
