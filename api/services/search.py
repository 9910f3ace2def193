"""检索: published needs, resources and activities are found by the words in them (docs/adr/search.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api.access import Actor
from api.db import Session
from api.domain import search as rules
from api.models import Activity, Need, Resource, SearchTerm

_COLUMN = "search_terms.term"  # names the key of the hash
_AT_ONCE = 500
NOUNS = ("need", "resource", "activity")
_LISTED: Mapping[str, tuple[Any, tuple[Any, ...], tuple[str, ...]]] = {
    "need": (Need, (Need.title, Need.description), ("draft", "submitted", "declined")),
    "resource": (Resource, (Resource.title, Resource.description), ("draft",)),
    "activity": (Activity, (Activity.title, Activity.description, Activity.place), ("draft",)),
}
"""Noun → its table, what of it is searched, and the states in which nobody else reads it."""


def learn(session: Session, tenant_id: UUID, noun: str, texts: Mapping[UUID, Iterable[str | None]]) -> None:
    """Let what is published be found by its texts; a repeat changes nothing."""
    rows = [
        {"tenant_id": tenant_id, "noun": noun, "term": _kept(session, tenant_id, term), "subject_id": subject}
        for subject, words in texts.items()
        for term in sorted(rules.terms(" ".join(word for word in words if word)))
    ]
    session.insert_new(SearchTerm, rows)


def learn_rows(session: Session, tenant_id: UUID, noun: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Let new rows of a noun be found, as far as they are published; nouns that nobody searches are passed over."""
    if noun in _LISTED:
        _, columns, hidden = _LISTED[noun]
        shown = {row["id"]: [row[column.key] for column in columns] for row in rows if row["state"] not in hidden}
        learn(session, tenant_id, noun, shown)


def narrowed(
    session: Session, actor: Actor, statement: sa.Select[Any], noun: str, text: str | None
) -> tuple[sa.Select[Any], Any]:
    """Return the statement of a list with only what these words find, and the column by which it is to be ordered.

    Without words it is the statement as it was. NothingToFind for words without a letter.
    """
    key = _LISTED[noun][0].id
    if text is None:
        return statement, key
    first, *others = (_kept(session, actor.tenant_id, term) for term in rules.wanted(text))
    lead = aliased(SearchTerm, name="lead")
    # The list of one term's subjects is in order already: the page is its first rows, however many there are.
    statement = statement.join(lead, sa.and_(*_is(lead, actor.tenant_id, noun, first), lead.subject_id == key))
    for number, term in enumerate(others):
        more = aliased(SearchTerm, name=f"more_{number}")
        holds = _is(more, actor.tenant_id, noun, term)
        statement = statement.where(sa.exists().where(*holds, more.subject_id == lead.subject_id))
    return statement, lead.subject_id


def forget(session: Session, tenant_id: UUID) -> None:
    """Delete all terms of a tenant; nothing is found until they are learned anew."""
    session.execute(sa.delete(SearchTerm).where(SearchTerm.tenant_id == tenant_id))


def learn_page(session: Session, tenant_id: UUID, noun: str, after: UUID) -> list[UUID]:
    """Let the next published rows of a noun be found; return their ids, none at the end. A repeat changes nothing."""
    table, columns, hidden = _LISTED[noun]
    page = sa.select(table.id, *columns).where(table.tenant_id == tenant_id, table.state.not_in(hidden))
    rows = session.rows(page.where(table.id > after).order_by(table.id).limit(_AT_ONCE))
    learn(session, tenant_id, noun, {row[0]: row[1:] for row in rows})
    return [row[0] for row in rows]


def _is(table: Any, tenant_id: UUID, noun: str, term: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.tenant_id == tenant_id, table.noun == noun, table.term == term


def _kept(session: Session, tenant_id: UUID, term: str) -> int:
    """Return 64 bits of a term's keyed hash, as the signed number that both databases keep."""
    return int(session.vault.index(tenant_id, _COLUMN, term)[:16], 16) - 2**63
