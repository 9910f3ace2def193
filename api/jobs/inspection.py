"""Takes the log of changes and the log of who looked out of the platform, with a manifest that says on what ground."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from api.adapters.render import write_rows_xlsx
from api.adapters.reports import inert
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
    table = _xlsx(columns, rows()) if form == "xlsx" else _csv(columns, rows())
    manifest = {
        "kind": job.kind, "ground": job.input["ground"], "asked": {k: v for k, v in job.input.items() if k != "ground"},
        "takenBy": str(job.actor.person_id), "takenAt": house.clock().isoformat(), "rows": counted[0],
        "columns": list(columns), "sha256": hashlib.sha256(table).hexdigest(),
    }  # fmt: skip
    name = job.kind.replace(".", "-")
    file_id = job.write(files.keep, f"{name}.zip", "application/zip", _packed(f"{name}.{form}", table, manifest))
    return {"fileId": str(file_id), "location": f"/api/v1/files/{file_id}", "manifest": manifest}


def _asked(told: dict[str, Any]) -> Any:
    ids = {name: UUID(told[name]) if name.endswith("_id") and name in told else told.get(name) for name in _FILTERS}
    moments = {name: datetime.fromisoformat(told[name]) if name in told else None for name in ("since", "until")}
    return SimpleNamespace(**ids, **moments)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def _xlsx(columns: Sequence[str], rows: Iterator[list[str]]) -> bytes:
    out = io.BytesIO()
    write_rows_xlsx(out, columns, rows)
    return out.getvalue()


def _csv(columns: Sequence[str], rows: Iterator[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _packed(name: str, table: bytes, manifest: dict[str, Any]) -> bytes:
    """Return an archive of the list and its manifest; dates are fixed: the same list, the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, data in ((name, table), ("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2))):
            archive.writestr(zipfile.ZipInfo(each, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
