"""Decides what an entry of a newer list of divisions means for the node that its code stands for.

A list renames by code. It never moves a node under another one, never brings an ended node back and never ends one that
it leaves out: these go to review (docs/adr/division-lists.md).
"""

from __future__ import annotations

from typing import NamedTuple


class Standing(NamedTuple):
    """A node that an issuer's code stands for, ids as text; `newest` is the year of its newest code.

    `listed` says whether a code of the year in question stands.
    """

    id: str
    name: str
    parent_id: str | None
    state: str
    path: str
    newest: int
    listed: bool


REVIEWS: dict[str, tuple[str, str]] = {
    "moved": ("新名录中上级不同，须人工确认", "The list hangs it under another parent; a person must decide"),
    "ended": ("已停用的组织再次出现在名录中", "The list names an organisation that has ended"),
    "left_out": ("新名录列出同级组织而未列该组织", "The newer list names its siblings and leaves it out"),
    "left_out_with_dependants": (
        "新名录列出同级组织而未列该组织，其名下仍有在用内容，已交上级核查",
        "The newer list leaves it out while others hang on it; a case was opened at its superior",
    ),
}
"""Why an entry goes to review: code → (zh-CN, en)."""


def review_of(standing: Standing, parent_id: str | None) -> str | None:
    """Return why a person must look at the entry for a standing node, or None."""
    if standing.state == "ended":
        return "ended"
    return "moved" if standing.parent_id != parent_id else None


def is_renamed(standing: Standing, name: str, year: int) -> bool:
    """Say whether the list gives a standing node another name; an older list than the newest known renames nothing."""
    return standing.name != name and standing.newest <= year and standing.state != "ended"
