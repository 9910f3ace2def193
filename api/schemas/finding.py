"""What the lists that people search have in common: words, kinds, times, places and nearness."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.domain.nearness import STEP
from api.schemas.base import ListQuery, Moment, Words

_CODE = "[A-Za-z0-9_.:-]{1,64}"
Categories = Annotated[
    str, Field(max_length=400, pattern=rf"^{_CODE}(,{_CODE}){{0,9}}$", description="one or several, with commas")
]
Metres = Annotated[
    int | None,
    Field(
        description=f"where nearness was asked for: the distance between the communities, rounded up to {STEP} metres;"
        " null where a community's place is unknown, which come last"
    ),
]


class Finding(ListQuery):
    """What to look for: `since` and `until` take what begins in between, repetition included."""

    text: Words | None = None
    category: Categories | None = None
    community_id: Annotated[UUID | None, Field(description="or a street or district: all below it")] = None
    unit_id: Annotated[UUID | None, Field(description="in the communities where this unit reports in")] = None
    since: Moment | None = None
    until: Moment | None = None
    near: Annotated[
        UUID | Literal["mine"] | None,
        Field(description="nearest first from this community; `mine` is that of the caller's registration"),
    ] = None
    within: Annotated[
        int | None,
        Field(ge=STEP, le=100_000, description="metres; without `near` from the caller's own community"),
    ] = None
