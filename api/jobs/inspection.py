"""Takes the log of changes and the log of who looked out of the platform, with a manifest that says on what ground."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from api.adapters.packing import packed, table
from api.calls import House
from api.jobs.kinds import JobHandle, job_kind
from api.services import files, inspection

_EVENTS = (
    "recorded_at", "kind", "actor_id", "grant_id", "subject_kind", "subject_id", "organization_id",
    "organization_name", "content_hash", "details",
)  # fmt: skip
_LOGS = (
    "at", "actor_id", "grant_id", "role", "organization_id", "organization_name", "step", "purpose", "request_id",
    "count",
)  # fmt: skip
_FILTERS = ("subject_kind", "subject_id", "actor_id", "person_id", "step", "purpose", "organization_id")


@job_kind("event.export")
def export_events(house: House, job: JobHandle) -> dict[str, Any]:
    """Write the events that were asked for; begun again it writes the list anew."""
    return _export(house, job, _EVENTS, inspection.event_rows)


@job_kind("access_log.export")
def export_access_log(house: House, job: JobHandle) -> dict[str, Any]:
    """Write the rows of the log of who looked that were asked for; begun again it writes the list anew."""
    return _export(house, job, _LOGS, inspection.access_log_rows)


def _export(house: House, job: JobHandle, columns: Sequence[str], read: Callable[..., Any]) -> dict[str, Any]:
    query = _asked(job.input)
    counted: list[int] = [0]

    def rows() -> Iterator[list[str]]:
        after: UUID | None = None
        while some := job.read(read, query, after):
            for row in some:
                counted[0] += 1
                yield [_cell(getattr(row, column)) for column in columns]
            after = some[-1].id
            job.progress(0, 0, rows=counted[0])

    form = job.input["format"]
    data = table(form, columns, rows())
    manifest = {
        "kind": job.kind, "ground": job.input["ground"], "asked": {k: v for k, v in job.input.items() if k != "ground"},
        "takenBy": str(job.actor.person_id), "takenAt": house.clock().isoformat(), "rows": counted[0],
        "columns": list(columns), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    name = job.kind.replace(".", "-")
    file_id = job.write(files.keep, f"{name}.zip", "application/zip", packed(f"{name}.{form}", data, manifest))
    return {"fileId": str(file_id), "location": f"/api/v1/files/{file_id}", "manifest": manifest}


def _asked(told: dict[str, Any]) -> Any:
    ids = {name: UUID(told[name]) if name.endswith("_id") and name in told else told.get(name) for name in _FILTERS}
    moments = {name: datetime.fromisoformat(told[name]) if name in told else None for name in ("since", "until")}
    return SimpleNamespace(**ids, **moments)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
