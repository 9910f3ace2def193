"""Writes the records of service that may go to the national system, packed with a manifest of how much and why."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from api.adapters.packing import packed, table
from api.calls import House
from api.jobs.kinds import JobHandle, job_kind
from api.services import record_exports


@job_kind("record.export")
def export_records(house: House, job: JobHandle) -> dict[str, Any]:
    """Write the records that were asked for; begun again it writes the file anew."""
    asked, after = job.input, None
    parts: list[record_exports.Part] = []
    while (part := job.read(record_exports.part, asked, after)) is not None:
        parts.append(part)
        after = part.last
        job.progress(0, 0, rows=sum(len(each.rows) for each in parts))
    data = table(asked["format"], record_exports.HEADINGS, (row for each in parts for row in each.rows))
    (rows, people, minutes), left_out = record_exports.sums(parts)
    manifest = {
        "kind": job.kind, "platform": record_exports.NATIONAL, "ground": asked["ground"],
        "organizationId": asked["organization_id"], "since": asked["since"], "until": asked["until"],
        "takenBy": str(job.actor.person_id), "takenAt": house.clock().isoformat(), "rows": rows, "people": people,
        "minutes": minutes, "peopleLeftOut": left_out, "columns": list(record_exports.HEADINGS),
        "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    name = f"records-{asked['since']}-{asked['until']}"
    content = packed(f"{name}.{asked['format']}", data, manifest)
    file_id: UUID = job.write(record_exports.finish, job.id, f"{name}.zip", content, manifest)
    return {"fileId": str(file_id), "location": f"/api/v1/files/{file_id}", "manifest": manifest}
