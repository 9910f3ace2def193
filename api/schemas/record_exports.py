"""Exports of records of service on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Day, Text


class RecordExport(Body):
    """What was served in a place on the days from `since`, before `until`, for the national system's file.

    Only who agreed (purpose `national_record`) is told of; records taken over from elsewhere are not told again.
    """

    organization_id: UUID
    since: Day
    until: Day
    format: Literal["xlsx", "csv"] = "xlsx"
    ground: Annotated[Text, Field(min_length=1, description="why the file leaves the platform; stands in its manifest")]
