"""The job that puts the current key-encryption key around every key of a tenant while everything goes on."""

from __future__ import annotations

from typing import Any

from api.access import operator
from api.calls import House
from api.jobs.kinds import JobHandle, job_kind
from api.models import NOBODY
from api.services import key_rotation


@job_kind("vault.rotate")
def rotate(house: House, job: JobHandle) -> dict[str, Any]:
    """Rewrap the roots and every person's key, batch by batch; begun again after a kill it goes on where it stood.

    Whoever reads meanwhile opens keys of either kind, as long as the earlier one is still given to every process.
    """
    house.write_now(operator(NOBODY), key_rotation.rewrap_roots)  # of the installation, beyond any one tenant
    total = job.counts.get("rewrapped", 0) + job.read(key_rotation.waiting)
    while True:
        begun_anew = not job.counts.get("after")
        done = job.counts.get("rewrapped", 0)
        answer = job.write(key_rotation.rewrap_some, job.counts, done=done, total=max(total, 1))
        if begun_anew and not answer["found"]:
            return {"rewrapped": job.counts["rewrapped"], "left": job.read(key_rotation.waiting)}
