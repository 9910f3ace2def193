"""How a presence is shown: whom a line is about, in which way, and what stays of it in the fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from api.access import Actor
from api.domain.codes import CodeNotValid, require_fresh, require_sheet
from api.domain.consents import LocationNotAgreed
from api.domain.location import Point, Seen, judge
from api.domain.presence_ways import Way, way_of
from api.domain.switches import require_on
from api.services.member_codes import Shown

Scanned = Mapping[tuple[UUID, str], Shown]


@dataclass(frozen=True, slots=True)
class Presented:
    """One wish to be recorded: the actor's own with a code, a member's whose code was scanned, or a roll call.

    A roll call is of `person_id`, at a time that has come; from a sheet it has the sheet's number and a time. Of a
    location, the actor's own and never needed, a distance band and a verdict stay.
    """

    shift_id: UUID
    direction: Literal["check_in", "check_out"]
    pair: int = 1
    code: str | None = None
    person_id: UUID | None = None
    at: datetime | None = None
    member_code: str | None = None
    sheet: str | None = None
    location: Seen | None = None


def whom(scanned: Scanned, actor: Actor, presented: Presented) -> UUID:
    """Return whom a line is about: whose code was scanned, who is named, or who sends it."""
    if presented.member_code is not None:
        shown = scanned.get((presented.shift_id, presented.member_code))
        return shown.person_id if shown else actor.person_id
    return presented.person_id or actor.person_id


def way(actor: Actor, presented: Presented) -> Way:
    """Return in which way a line shows presence; WaysMixed where that is not one."""
    return way_of(
        others=presented.person_id not in (None, actor.person_id),
        scanned=presented.member_code is not None,
        sheet=presented.sheet is not None,
        timed=presented.at is not None,
        named=presented.person_id is not None,
        coded=presented.code is not None,
        located=presented.location is not None,
    )


def proved(
    scanned: Scanned, shift: Any, presented: Presented, now: datetime, *, located: bool, agreed: bool
) -> dict[str, Any]:
    """Return what stays of how presence was shown; raise what does not hold.

    CodeNotValid, SheetUnknown; SwitchedOff unless check-in by location is on where the shift is (`located`),
    LocationNotAgreed unless the person `agreed` to it.
    """
    if presented.member_code is not None:
        require_fresh(of_scanned(scanned, presented).step, now, "/memberCode")
        return {}
    if presented.sheet is not None:
        return {"sheet": require_sheet(shift.secret, shift.short_code, presented.sheet)}
    if presented.location is None:
        return {}
    require_on("location_check_in", located)
    if not agreed:
        raise LocationNotAgreed
    finding = judge(Point(**shift.point) if shift.point else None, presented.location)
    return {"location": {"band": finding.band, "verdict": finding.verdict}}


def of_scanned(scanned: Scanned, presented: Presented) -> Shown:
    """Return whose code was scanned; CodeNotValid where it is none of this tenant and shift."""
    shown = scanned.get((presented.shift_id, presented.member_code or ""))
    if shown is None:
        raise CodeNotValid(pointer="/memberCode")
    return shown
