"""The job that imports a list of divisions: reads, decides, writes part by part, concludes once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.adapters.reports import report_csv
from api.adapters.tables import read_table
from api.calls import House
from api.domain.divisions import read_divisions
from api.jobs.kinds import JobHandle, job_kind
from api.services import divisions, files
from api.services.divisions import CHUNK, Listing, RowsRefused
from api.services.left_out import review_rows


@job_kind("organization.import")
def import_divisions(_house: House, job: JobHandle) -> dict[str, Any]:
    """Import one file as an issuer's list of a year; begun again after a kill it gives the undisturbed result.

    Every part is one transaction with its counts. With all_or_nothing nothing is written where a row is refused, and
    once the writing has begun it is not cancelled any more.
    """
    listing, digest = _read(job)
    whole = job.input["mode"] == "all_or_nothing"
    stands = not (whole and listing.refused)
    total = len(listing.read.divisions)
    for start in range(job.counts.get("done", 0), total if stands else 0, CHUNK):
        answer = job.write(
            divisions.write_rows, listing, start, start + CHUNK, job.counts, done=start + CHUNK, total=total + CHUNK,
            stoppable=start == 0 or not whole,
        )  # fmt: skip
        listing.places |= answer["places"]
    missed = job.read(divisions.missed_by, listing) if stands else []
    reviews = divisions.reviews_of(listing) + review_rows(missed) if stands else []
    if not job.counts.get("concluded"):
        said = listing.refused + reviews
        manifest = divisions.manifest_of(listing.read, digest, stands)
        report = report_csv(said) if said else None
        job.write(divisions.conclude, job.id, listing, manifest, missed, report, stoppable=False)
    job.result |= divisions.summary(listing, reviews, job.counts)
    if not stands:
        raise RowsRefused(refused=len(listing.refused))
    return job.result


def _read(job: JobHandle) -> tuple[Listing, str]:
    """Return the list of the job's file with the nodes that stand, and the file's digest."""
    issuer, year = job.input["issuer"], job.input["year"]
    file = job.read(files.opened, UUID(job.input["file_id"]))
    above = job.read(divisions.standing, issuer, year)
    table = read_table(file["content"], file["name"])
    read = read_divisions([(table.headers, table.rows)], issuer, year, above)
    refused = sorted(table.refused + read.refused, key=lambda error: error.row)
    listing = Listing(read, refused, dict(above), {code: (node.id, node.path) for code, node in above.items()})
    if read.divisions and read.divisions[-1].level == 5:
        listing.standing |= job.read(divisions.standing_communities, listing)
    return listing, file["digest"]
