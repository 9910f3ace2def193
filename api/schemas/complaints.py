"""投诉、建议和个人信息请求 on the wire, for who has no account."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Line, Number, Text, View


class NewComplaint(Body):
    """What somebody tells an office without saying who they are; the office named, else the highest of the city."""

    kind: Literal["complaint", "suggestion", "data_request"] = "complaint"
    text: Annotated[Text, Field(min_length=1)]
    organization_id: Annotated[UUID | None, Field(description="the community or office that is to answer")] = None
    about_id: Annotated[UUID | None, Field(description="whom it is about; never who answers it")] = None
    tenant: Annotated[Code | None, Field(description="the city's code, where no office is named")] = None
    contact: Annotated[Line | None, Field(description="shown to who handles it alone; may be left out")] = None


class Following(Body):
    """The number and the secret that were given when it was filed."""

    number: Number
    secret: Annotated[str, Field(min_length=16, max_length=40, pattern="^[A-Z2-7]+$")]


class Tracked(View):
    """How a complaint stands: its office, its clock and its answer."""

    number: str
    kind: str
    kind_label: dict[str, str]
    state: str
    state_label: dict[str, str]
    organization_name: str
    created_at: datetime
    due_on: date
    late: bool
    answer: str | None
    outcome: str | None


class Filed(Tracked):
    """What was filed, with the secret to follow it by; it is shown this once."""

    secret: str
