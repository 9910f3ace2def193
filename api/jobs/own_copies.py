"""The long work of a person's rights: packing a copy of everything about somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.adapters.own_copy import pack
from api.calls import House
from api.jobs.kinds import JobHandle, job_kind
from api.services import data_exports, own_data


@job_kind("data_export.create")
def make(house: House, job: JobHandle) -> dict[str, Any]:
    """Read every table for its asker's rows and keep the packed copy; begun again it reads anew."""
    tables = own_data.tables()
    found: dict[str, Any] = {}
    for done, table in enumerate(tables):
        rows = job.read(own_data.of_table, table)
        if rows:
            found[table.name] = rows
        if rows or done % 10 == 0:
            job.progress(done, len(tables) + 1, tables=done)
    content = pack(found, of=str(job.actor.person_id), at=house.clock())
    job.write(data_exports.finish, UUID(job.input["exportId"]), content, counts={"tables": len(tables)})
    return {"exportId": job.input["exportId"], "rows": {name: len(rows) for name, rows in found.items()}}
