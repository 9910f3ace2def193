"""Imports on the wire: which file, as what, and which organisations its names stand for."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Day, Line

ImportKind = Literal[
    "units", "branches", "people", "needs", "resources", "projects", "posts", "micro_wishes", "past_services",
    "past_shifts", "records",
]  # fmt: skip
Platform = Literal["national", "other"]
Mapping = Annotated[dict[Line, UUID], Field(max_length=1000)]


class ImportOptions(Body):
    """How a file is meant; what its names stand for is looked up here first and then by exact name.

    `organizationId` is where the import is asked for: the unit of a roster, the superior of units. `communityId` stands
    where a row's place fits none. `asOf` dates standings and head-counts, today where it is absent. `platform` says
    whose layout a file of records has.
    """

    organization_id: UUID | None = None
    community_id: UUID | None = None
    communities: Mapping = {}
    units: Mapping = {}
    as_of: Day | None = None
    platform: Platform | None = None


class NewImport(Body):
    """A file to import, and whether one bad row stops it (`all_or_nothing`) or only itself (`good_rows`)."""

    kind: ImportKind
    file_id: UUID
    mode: Literal["all_or_nothing", "good_rows"] = "all_or_nothing"
    options: ImportOptions = ImportOptions()

    def values(self) -> dict[str, Any]:
        """Return the members by their inner names."""
        return {**super().values(), "options": self.options.values()}
