"""The annotation of columns that hold personal data: what it is, whose, on what ground, and in which form it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import SQLModel

Form = Literal["sealed", "index", "plain"]
Ground = Literal["reporting_in", "service_record", "assessment", "request", "signing_in", "accountability"]
MENTIONED = "mentioned"  # stands for the subject of free text: whoever it names


@dataclass(frozen=True, slots=True)
class Personal:
    """What a column holds of people.

    `what` is the category as the registry lists it. `subject` is the column of the same table that leads to whose it
    is (an id or account of a person), or MENTIONED. `ground` is what lets the platform hold it. `form` says how it
    lies in the database: `sealed` is encrypted and bound to its row, `index` is a keyed hash by which it is found,
    `plain` stands under a pseudonym alone.
    """

    what: str
    subject: str
    ground: Ground
    form: Form = "sealed"


def info(what: str, subject: str, ground: Ground, form: Form = "sealed") -> dict[str, Any]:
    """Return the `sa_column_kwargs` that annotate a column as personal."""
    return {"info": {"personal": Personal(what, subject, ground, form)}}


def annotated() -> Iterator[tuple[sa.Column[Any], Personal]]:
    """Yield every personal column with its annotation, in the order of tables and columns."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if "personal" in column.info:
                yield column, column.info["personal"]
