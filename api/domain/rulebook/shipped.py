"""The rulebooks that ship with the product, as packaged data."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from api.domain.rulebook.load import load
from api.domain.rulebook.schema import Rulebook
from api.errors import NotFound


class RulebookNotShipped(NotFound):
    """No rulebook of this name ships with the product."""

    code = "rulebook_not_shipped"
    zh, en = "没有名为 {name} 的自带规则", "No rulebook named {name} ships with the product"


def names() -> list[str]:
    """Return the ids of the shipped rulebooks, sorted."""
    books = files("api.domain.rulebook").joinpath("books").iterdir()
    return sorted(book.name.removesuffix(".yaml") for book in books if book.name.endswith(".yaml"))


def shipped_text(name: str) -> str:
    """Return the YAML of a shipped rulebook, as an author would copy it; raise `RulebookNotShipped`."""
    if name not in names():
        raise RulebookNotShipped(name=name)
    return files("api.domain.rulebook").joinpath("books", f"{name}.yaml").read_text("utf-8")


@lru_cache(maxsize=128)
def shipped(name: str) -> Rulebook:
    """Return a shipped rulebook, read once; raise `RulebookNotShipped`."""
    return load(shipped_text(name))
