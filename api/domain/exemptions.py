"""Days in which a member is exempt by what the record says of them: not yet a member, retired, floating, seconded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

OPEN = "9999-12-31"
MEMBER = ("full", "probationary")
"""Standings that make somebody a member of the Party; who has another one on record is no subject."""

_CLASSES = {"retired": "retired", "floating_in": "floating", "floating_out": "floating"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody was on the half-open days `[starts_on, ends_on)`: political_status, member_class or seconded."""

    kind: str
    value: str
    starts_on: date
    ends_on: date | None = None


def exempt_spans(standings: Iterable[Standing]) -> list[dict[str, str]]:
    """Return exemptions as rows of a bundle, by their keys, for a rulebook that names their kinds.

    Somebody had not yet joined only on days of which another standing is on record: a roster that begins in June says
    nothing of May.
    """
    held = list(standings)
    joined = min((each.starts_on for each in held if _is_member(each)), default=None)
    found = {row["key"]: row for each in held if (row := _row(each, joined)) is not None}
    return [found[key] for key in sorted(found)]


def _is_member(standing: Standing) -> bool:
    return standing.kind == "political_status" and standing.value in MEMBER


def _row(standing: Standing, joined: date | None) -> dict[str, str] | None:
    ends_on = standing.ends_on
    if standing.kind == "political_status":
        if joined is None or standing.value in MEMBER or standing.starts_on >= joined:
            return None
        kind, ends_on = "not_yet_joined", joined if ends_on is None else min(ends_on, joined)
    else:
        kind = "seconded" if standing.kind == "seconded" else _CLASSES.get(standing.value)
    if kind is None:
        return None
    start = standing.starts_on.isoformat()
    return {
        "key": f"record/{kind}/{start}",
        "kind": kind,
        "start": start,
        "end": ends_on.isoformat() if ends_on else OPEN,
    }
