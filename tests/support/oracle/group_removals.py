"""How what a rulebook asks of a subject's group is taken out of it."""

from __future__ import annotations

from tests.support.oracle.cases import Case
from tests.support.oracle.plain import Row
from tests.support.oracle.removals import Removal, each


def _figures(case: Case) -> list[Row]:
    return case.books[0].get("figures", [])


def takes(one: str, other: str) -> Removal:
    """Take another figure in the place of one."""

    def change(figure: Row) -> None:
        figure["take"] = other
        if other not in ("rank", "ahead", "behind"):
            figure.pop("lowest", None)

    return lambda case: each((figure for figure in _figures(case) if figure["take"] == one), change)


def lacks(member: str) -> Removal:
    """Take a member out of figures."""
    return lambda case: each(
        (figure for figure in _figures(case) if member in figure), lambda figure: figure.pop(member)
    )


IN_GROUPS: dict[str, Removal] = {
    "the best of a group": takes("best", "least"),
    "the least of a group": takes("least", "best"),
    "the mean of a group": takes("mean", "median"),
    "the median of a group": takes("median", "mean"),
    "the sum of a group": takes("sum", "size"),
    "the size of a group": takes("size", "sum"),
    "a rank in a group": takes("rank", "size"),
    "the share ahead": takes("ahead", "behind"),
    "the share behind": takes("behind", "ahead"),
    "ranked from the lowest": lacks("lowest"),
    "a group of one's own": lacks("within"),
    "who counts in a group": lacks("among"),
    "the cycle for a group under five": lacks("underFive"),
}
"""By the names of the primitives."""
