"""确认单 on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from api.domain.confirmations import DenialReason, Verdict
from api.schemas.base import Body, ListQuery, Subject, View


class NewSlip(Body):
    """For which presence a slip is made out: the caller's own unless somebody is named."""

    person_id: Annotated[UUID | None, Field(description="whose presence; the caller's own if left out")] = None
    pair: Annotated[int, Field(ge=1, le=3)] = 1


class Slip(Subject):
    """A slip as it stands; `volunteer` is the first sign of a name, `state` may be `expired` by the clock."""

    shift_id: UUID
    title: str
    served_on: date
    pair: int
    volunteer: str
    expires_at: datetime
    answered_at: datetime | None
    created_at: datetime


class IssuedSlip(Slip):
    """A new slip with its code and the address of its page, for a QR code or in print; they are shown this once."""

    code: str | None = None
    link: str | None = None


class SlipCode(Body):
    """The code of a slip, which was shown when it was made out."""

    code: Annotated[str, Field(min_length=1, max_length=40, description="as it was shown; case and spaces are free")]


class SlipQuery(ListQuery):
    """Which slips to list."""

    shift_id: UUID | None = None
    state: Literal["issued", "confirmed", "denied", "revoked"] | None = None


class Denial(Body):
    """Why somebody denies that they were served."""

    reason: DenialReason


class Confirmation(Body):
    """What a recipient says with the code of their slip, as JSON or as the form of its page."""

    takes_form: ClassVar[bool] = True

    code: Annotated[str, Field(min_length=1, max_length=40, description="as it is printed; case and spaces are free")]
    verdict: Verdict
    reason: Annotated[DenialReason | None, Field(description="of a denial, and only of one")] = None


class ShownSlip(View):
    """All that the bearer of a slip is shown."""

    state: Literal["issued", "confirmed", "denied"]
    title: str
    served_on: date
    volunteer: str
    expires_at: datetime
