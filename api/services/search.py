"""检索: published needs, resources and activities are found by their words and their times (docs/adr/search.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import Join

from api.access import Actor
from api.db import Session
from api.domain import search as rules
from api.domain.matching import times
from api.models import Activity, Need, Resource, SearchTerm, SearchWindow, Shift, Story
from api.services.days import zone_of

_COLUMN = "search_terms.term"  # names the key of the hash
_AT_ONCE = 500
NOUNS = ("need", "resource", "activity", "story")
_LISTED: Mapping[str, tuple[Any, tuple[Any, ...], tuple[str, ...]]] = {
    "need": (Need, (Need.title, Need.description), ("draft", "submitted", "declined")),
    "resource": (Resource, (Resource.title, Resource.description), ("draft",)),
    "story": (Story, (Story.title, Story.text), ("told", "declined", "retracted")),
    "activity": (Activity, (Activity.title, Activity.description, Activity.place), ("draft", "offered", "hosted")),
}
"""Noun → its table, what of it is searched, and the states in which nobody else reads it."""


def learn(session: Session, tenant_id: UUID, noun: str, texts: Mapping[UUID, Iterable[str | None]]) -> None:
    """Let what is published be found by its texts; a repeat changes nothing.

    What is published is edited no more, so that no term has to be unlearned.
    """
    said = {subject: rules.terms(" ".join(word for word in words if word)) for subject, words in texts.items()}
    kept = {term: _kept(session, tenant_id, term) for term in frozenset().union(*said.values())}
    rows = [
        {"tenant_id": tenant_id, "noun": noun, "term": number, "subject_id": subject}
        for subject, found in said.items()
        for number in sorted(kept[term] for term in found)
    ]
    session.insert_new(SearchTerm, rows)


def learn_times(session: Session, tenant_id: UUID, needs: Mapping[UUID, list[Any] | None]) -> None:
    """Let published needs be found by their stored windows and no longer by others; a repeat changes nothing."""
    zone = zone_of(session, tenant_id)
    session.execute(
        sa.delete(SearchWindow).where(
            SearchWindow.tenant_id == tenant_id, SearchWindow.noun == "need", SearchWindow.subject_id.in_(list(needs))
        )
    )
    rows = [
        {"tenant_id": tenant_id, "noun": "need", "subject_id": need, "number": number,
         **rules.local_times(window, zone)}
        for need, windows in needs.items()
        for number, window in enumerate(times.windows_of(windows) or ())
    ]  # fmt: skip
    session.insert(SearchWindow, rows)


def learn_rows(session: Session, tenant_id: UUID, noun: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Let new rows of a noun be found, as far as they are published; nouns that nobody searches are passed over."""
    if noun in _LISTED:
        _, columns, hidden = _LISTED[noun]
        shown = {row["id"]: [row[column.key] for column in columns] for row in rows if row["state"] not in hidden}
        learn(session, tenant_id, noun, shown)
        if noun == "need":
            timed = {row["id"]: row.get("windows") for row in rows if row["id"] in shown and row.get("windows")}
            learn_times(session, tenant_id, timed)


class _From(Join):
    """A join that is read from its left side: SQLite does not know which of two lists is the shorter, and guesses."""

    inherit_cache = True


@compiles(_From, "sqlite")
def _from(join: Any, compiler: Any, **how: Any) -> str:
    # To SQLite a CROSS JOIN is a JOIN whose sides stay in order. Only a table's name stands before the first JOIN.
    return compiler.visit_join(join, **how).replace(" JOIN ", " CROSS JOIN ", 1)


def narrowed(
    session: Session, actor: Actor, statement: sa.Select[Any], noun: str, text: str | None, *, placed: bool = False
) -> tuple[sa.Select[Any], Any]:
    """Return the statement of a list with only what these words find, and the column by which it is to be ordered.

    Without words it is the statement as it was. `placed` says that it is narrowed to some places too, which have an
    index of their own. NothingToFind for words without a letter.
    """
    table = _LISTED[noun][0]
    if text is None:
        return statement, table.id
    first, *others = (_kept(session, actor.tenant_id, term) for term in rules.wanted(text))
    lead = aliased(SearchTerm, name="lead")
    # The list of one term's subjects is in order already: the page is its first rows, however many there are. Of a
    # place it would have to be read to its end.
    kind = Join if placed else _From
    begun = kind(sa.inspect(lead).selectable, table.__table__, lead.subject_id == table.id)
    statement = statement.select_from(begun).where(*_is(lead, actor.tenant_id, noun, first))
    for number, term in enumerate(others):
        more = aliased(SearchTerm, name=f"more_{number}")
        holds = _is(more, actor.tenant_id, noun, term)
        statement = statement.where(sa.exists().where(*holds, more.subject_id == lead.subject_id))
    return statement, lead.subject_id


def beginning(
    session: Session, actor: Actor, noun: str, since: datetime | None, until: datetime | None
) -> sa.ColumnElement[bool] | None:
    """Return the condition that something of a noun begins in [since, until), repetition included; None without both.

    Needs go by their windows, activities by their open shifts; what names no time is not found by one.
    """
    if since is None and until is None:
        return None
    if noun == "activity":
        bounds = [] if since is None else [Shift.starts_at >= since]
        bounds += [] if until is None else [Shift.starts_at < until]
        return sa.exists().where(Shift.activity_id == Activity.id, Shift.state == "open", *bounds)
    window, zone = SearchWindow, zone_of(session, actor.tenant_id)
    begin, end = (None if each is None else rules.local_seconds(each, zone) for each in (since, until))
    bounds = [] if begin is None else [window.starts >= begin]
    bounds += [] if end is None else [window.starts < end]
    once = sa.and_(window.every == 0, *bounds, sa.or_(window.before.is_(None), window.starts < window.before))
    first: Any = window.starts
    if begin is not None:
        every = sa.func.nullif(window.every, 0, type_=sa.BigInteger)  # rows of the other kind may be reckoned too
        later = window.starts + (begin - window.starts + every - 1) // every * every
        first = sa.case((window.starts >= begin, window.starts), else_=later)
    bounds = [] if end is None else [window.starts < end, first < end]
    again = sa.and_(window.every > 0, *bounds, sa.or_(window.before.is_(None), first < window.before))
    # Apart, since of what happens once the index on when it begins gives only those that do in the stretch.
    of = [
        sa.select(window.subject_id).where(window.tenant_id == actor.tenant_id, window.noun == noun, which)
        for which in (once, again)
    ]
    return _LISTED[noun][0].id.in_(sa.union_all(*of))


def forget(session: Session, tenant_id: UUID) -> None:
    """Delete all terms and times of a tenant; nothing is found until they are learned anew."""
    session.execute(sa.delete(SearchTerm).where(SearchTerm.tenant_id == tenant_id))
    session.execute(sa.delete(SearchWindow).where(SearchWindow.tenant_id == tenant_id))


def learn_page(session: Session, tenant_id: UUID, noun: str, after: UUID) -> list[UUID]:
    """Let the next published rows of a noun be found; return their ids, none at the end. A repeat changes nothing."""
    table, columns, hidden = _LISTED[noun]
    page = sa.select(table.id, *columns).where(table.tenant_id == tenant_id, table.state.not_in(hidden))
    rows = session.rows(page.where(table.id > after).order_by(table.id).limit(_AT_ONCE))
    learn(session, tenant_id, noun, {row[0]: row[1:] for row in rows})
    if noun == "need":
        ids = [row[0] for row in rows]
        learn_times(session, tenant_id, dict(session.rows(_WINDOWS, {"needs": ids}) if ids else ()))
    return [row[0] for row in rows]


_WINDOWS = sa.select(Need.id, Need.windows).where(Need.id.in_(sa.bindparam("needs", expanding=True)))


def _is(table: Any, tenant_id: UUID, noun: str, term: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.tenant_id == tenant_id, table.noun == noun, table.term == term


def _kept(session: Session, tenant_id: UUID, term: str) -> int:
    """Return 64 bits of a term's keyed hash, as the signed number that both databases keep."""
    return int(session.vault.index(tenant_id, _COLUMN, term)[:16], 16) - 2**63
