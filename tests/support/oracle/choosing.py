"""Which version of a rulebook judges a subject, if any can be named."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.oracle.plain import Row


def in_force(books: Sequence[Row], subject: str, on: str, kind: str, community_class: str) -> int | str:
    """Return which of several books judges a subject of a kind and class from a day on; else why none can be named."""
    fits: list[int] = []
    for n, book in enumerate(books):
        days = book["effective"]
        listed = [
            not among or found in among for among, found in zip(_lists(book), (kind, community_class), strict=True)
        ]
        if book["subject"] == subject and days["since"] <= on < days.get("until", "9999") and all(listed):
            fits.append(n)
    inside = [n for n in fits if all(_within(books[n], books[other]) for other in fits)]
    if not fits:
        return "no_rulebook_applies"
    return inside[0] if len(inside) == 1 else "several_rulebooks_apply"


def _lists(book: Row) -> list[list[str]]:
    lists = book.get("appliesTo", {})
    return [lists.get("organizationKinds", []), lists.get("communityClasses", [])]


def _within(book: Row, other: Row) -> bool:
    """Say whether a book is made for no subjects but those of another."""
    pairs = zip(_lists(book), _lists(other), strict=True)
    return all(not wide or (narrow and {*narrow} <= {*wide}) for narrow, wide in pairs)
