"""The shapes that all bodies, queries and answers are made of: strict in, camelCase on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _printable(text: str) -> str:
    if any((sign < " " and sign not in "\n\t") or "\ud800" <= sign <= "\udfff" or sign == "\x7f" for sign in text):
        raise ValueError("control characters are not text")
    if not text.strip():
        raise ValueError("blank")
    return text.strip()


def _printable_or_empty(text: str) -> str:
    return _printable(text) if text.strip() else ""


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Words = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_printable)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(_printable_or_empty)]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Number = Annotated[str, Field(min_length=8, max_length=40, pattern=r"^[A-Z0-9-]+$")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Fen = Annotated[int, Field(ge=0, le=10**15)]
Day = Annotated[date, Field(ge=date(1949, 10, 1), le=date(2199, 12, 31))]


def _within_calendar(moment: AwareDatetime) -> AwareDatetime:
    if not 1949 < moment.year < 2200:
        raise ValueError("outside the calendar")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_calendar)]


class Body(BaseModel):
    """What a request brings: strict types, unknown members refused."""

    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, validate_by_name=False, validate_by_alias=True,
        allow_inf_nan=False, frozen=True,
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names, times and ids as objects."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Query(BaseModel):
    """The parameters of a request; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=False, frozen=True)


class ListQuery(Query):
    """The parameters that every list takes."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None


class View(BaseModel):
    """What an answer shows; filled from inner names, shown in camelCase, never with more than it declares."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, from_attributes=True, extra="ignore",
        json_schema_serialization_defaults_required=True,
    )  # fmt: skip


class Subject(View):
    """What every resource shows of itself."""

    id: UUID
    version: int
    state: str
    allowed_actions: list[str] = Field(description="the steps that this caller may take on it now")


Item = TypeVar("Item")


class Page(View, Generic[Item]):
    """One page of a list; `nextCursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None
