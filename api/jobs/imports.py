"""The work of an import: read the file, check every row, write all or part by part, tell what became of each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from api.access import Actor
from api.adapters.tables import Table, read_table
from api.calls import House
from api.db import Session
from api.domain.labels import state_label
from api.domain.rows import RowError, holds_control
from api.errors import Problem
from api.jobs.kinds import JobHandle, job_kind
from api.jobs.loop import run_to_end
from api.services import files, imports
from api.services.imports.flags import flagged
from api.services.imports.shared import SLICE, Checked, Options

SHOWN = 200
"""Rows of each sort that stand in the result; all of them stand in the report file."""


@job_kind("unit.import")
def import_units(house: House, job: JobHandle) -> dict[str, Any]:
    """Import units or branches."""
    return _run(job)


@job_kind("person.import")
def import_people(house: House, job: JobHandle) -> dict[str, Any]:
    """Import a roster."""
    return _run(job)


@job_kind("list.import")
def import_lists(house: House, job: JobHandle) -> dict[str, Any]:
    """Import needs, resources, projects, posts or micro-wishes."""
    return _run(job)


@job_kind("entry.supplement")
def import_past_services(house: House, job: JobHandle) -> dict[str, Any]:
    """Import records of past activities: what the rules accept is posted, the rest goes to review."""
    return _run(job)


@job_kind("record.import")
def import_records(house: House, job: JobHandle) -> dict[str, Any]:
    """Import records of the national system or another platform: what is not credited yet is posted."""
    return _run(job)


def _run(job: JobHandle) -> dict[str, Any]:
    """Do an import; begun again after its process died, it goes on behind the last part and ends with the same."""
    kind = imports.KINDS[job.input["kind"]]
    file = job.read(files.opened, UUID(job.input["file_id"]))
    options = _options(job, file["digest"])
    table = read_table(file["content"], file["name"])
    reading = kind.read(table.headers, table.rows, job.read(imports.local_day, job.input["options"].get("platform")))
    checked: Checked = job.read(kind.check, reading.rows, options)
    refused = sorted([*table.refused, *reading.refused, *checked.refused], key=lambda error: (error.row, error.code))
    all_or_nothing = job.input["mode"] == "all_or_nothing"
    report = _Report(job, file, table, reading.ignored_columns, checked, refused)
    if all_or_nothing and refused:
        job.result |= report.result({})
        raise imports.RowsRefused(count=report.refused_rows)
    size = max(1, len(checked.ready)) if all_or_nothing else SLICE
    for start in range(job.counts.get("written", 0), len(checked.ready), size):
        part = checked.ready[start : start + size]
        job.write(_write, kind, part, options, dict(job.counts), done=start + len(part), total=len(checked.ready))
    told: Checked = job.read(kind.after, checked.ready, options)
    for row, codes in told.flags.items():
        checked.flag(row, *codes)
    return report.result(told.told)


def _write(session: Session, actor: Actor, kind: Any, part: Sequence[Any], options: Options, before: Any) -> Any:
    counts = dict(kind.write(session, actor, part, options))
    counts["written"] = len(part)
    return {"counts": {name: before.get(name, 0) + count for name, count in counts.items()}}


def _options(job: JobHandle, digest: str) -> Options:
    given = job.input["options"]
    return Options(
        run_id=job.id,
        kind=job.input["kind"],
        digest=digest,
        organization_id=UUID(given["organization_id"]),
        as_of=date.fromisoformat(given["as_of"]),
        community_id=UUID(given["community_id"]) if given["community_id"] else None,
        communities={name: UUID(found) for name, found in given["communities"].items()},
        units={name: UUID(found) for name, found in given["units"].items()},
    )


class _Report:
    """What became of each row: counts and the first rows for the result, all of them as a file."""

    def __init__(
        self,
        job: JobHandle,
        file: dict[str, Any],
        table: Table,
        ignored: Sequence[str],
        checked: Checked,
        refused: list[RowError],
    ):
        self._job, self._file, self._checked, self._refused = job, file, checked, refused
        self._table, self._ignored = table, ignored
        self.refused_rows = len({error.row for error in refused})

    def result(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return the job's result; where rows were refused or flagged, with the id of a csv that names them all."""
        out = {error.row for error in self._refused}
        flags = {row: dict.fromkeys(codes) for row, codes in self._checked.flags.items() if codes and row not in out}
        looked_at = [
            flagged(row, code, self._checked.words.get((row, code))) for row in sorted(flags) for code in flags[row]
        ]
        counts = {name: self._job.counts.get(name, 0) for name in ("accepted", "unchanged", "changed")}
        return {
            "kind": self._job.input["kind"],
            "mode": self._job.input["mode"],
            "file": {"name": self._file["name"], "digest": self._file["digest"], "sheet": self._table.sheet},
            "counts": {
                "given": len(self._checked.ready) + self.refused_rows,
                **counts,
                "refused": self.refused_rows,
                "flagged": len(flags),
            },
            "refused": [error.as_row() for error in self._refused[:SHOWN]],
            "flagged": [error.as_row() for error in looked_at[:SHOWN]],
            "reportFileId": self._kept(looked_at),
            "ignoredColumns": [header for header in self._ignored if not holds_control(header)],
            "otherSheets": list(self._table.other_sheets),
            **self._checked.told,
            **told,
        }

    def _kept(self, looked_at: list[RowError]) -> str | None:
        if not self._refused and not looked_at:
            return None
        if "reportFileId" not in self._job.counts:
            content = report_file(self._refused, looked_at)
            self._job.write(_keep, f"{self._file['name']}.report.csv", content, stoppable=False)
        return self._job.counts["reportFileId"]


def _keep(session: Session, actor: Actor, name: str, content: bytes) -> dict[str, Any]:
    return {"counts": {"reportFileId": str(files.keep(session, actor, name, "text/csv", content))}}


def report_file(refused: Iterable[RowError], looked_at: Iterable[RowError]) -> bytes:
    """Return refused and flagged rows as a csv that spreadsheets open as meant: UTF-8 with its mark, no formulas."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["结果 outcome", "行 row", "列 column", "代码 code", "原因", "reason", "值 value"])
    for outcome, errors in (("refused", refused), ("flagged", looked_at)):
        for error in errors:
            said = (error.column, error.code, error.zh, error.en, error.value)
            rows.writerow([outcome, error.row, *(_plain(cell) for cell in said)])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: str | None) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return "" if cell is None else f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def run_import(
    house: House,
    actor: Actor,
    kind: str,
    name: str,
    content: bytes,
    mode: str = "good_rows",
    options: dict[str, Any] | None = None,
    on_progress: Callable[[int, dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Import a file at once, for a command: the same job, run in this thread; return its report.

    `on_progress(per_cent, counts)` is called after each part. Raises ImportFailed, with the report as far as there is
    one, where the file cannot be read, all or nothing was asked for and rows are refused, or somebody cancelled it.
    """

    def ask(session: Session, actor: Actor) -> UUID:
        file_id = files.keep(session, actor, name, "application/octet-stream", content)
        asked = {"kind": kind, "file_id": file_id, "mode": mode, "options": options or {}}
        return imports.request(session, actor, asked)

    job_id = house.write_now(actor, ask)
    job = run_to_end(house, actor, job_id, on_progress)
    problem = job["result"].get("problem")
    if job["state"] != "done":
        why = problem["detail"] if problem else state_label("job", job["state"])
        raise ImportFailed(whyZh=why["zh"], why=why["en"], result=job["result"], state=job["state"])
    return job["result"]


class ImportFailed(Problem):
    """An import ended without success; `why` says why, `result` holds the report."""

    code, zh, en = "import_failed", "导入未完成：{whyZh}", "The import did not succeed: {why}"
