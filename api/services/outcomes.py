"""What a rulebook makes of many members, without explanation: in sets where sums tell it, else one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from api.db import Session
from api.domain.rulebook.bundle import attributes, grouping, kinds_asked
from api.domain.rulebook.compiled import Compiled, compiled, deciding, reads
from api.domain.rulebook.evaluate import Verdict, evaluate
from api.domain.rulebook.measure import Cadence, PresenceMeasure, RowMeasure, Series
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.rulebook.sets import TooLarge
from api.domain.rulebook.stretch import Deadline
from api.domain.rulebook.values import Number, whole
from api.domain.rulebook.verdicts import Alike, alike, verdicts
from api.models import Fact, Person
from api.models.record import STATED
from api.services import bundles, comparing, ledger_sets
from api.services.cuts import Cut
from api.services.earlier_results import looks_at_results, waits_by_working_days
from api.services.ledger_sets import Numbering
from api.services.standings import may_be_exempt
from api.services.subjects import Subject, batched

_FEW = 0.01
_PRESENCE = frozenset({"check_in", "check_out"})


def one_by_one(
    session: Session, cut: Cut, book: Book, members: Sequence[Subject], gaps: Sequence[dict[str, str]],
    told: comparing.Told | None = None,
) -> list[Verdict]:  # fmt: skip
    """Return what the engine says of each of these members' bundles; `told` are the figures of their groups."""
    given = bundles.member_bundles(session, cut, book, members, gaps)
    judged = (
        evaluate(book, comparing.with_figures(book, bundle, member.account_id, told or {}))
        for member, bundle in zip(members, given, strict=True)
    )
    return [Verdict(each["outcome"], each["grade"], tuple(each["possible"]), _number(each["score"])) for each in judged]


def brought(
    session: Session, cut: Cut, book: Book, members: Sequence[Subject], gaps: Sequence[dict[str, str]]
) -> list[comparing.Mine]:
    """Return what each of these members brings into the groups that a rulebook compares."""
    given = bundles.member_bundles(session, cut, book, members, gaps)
    return [
        comparing.mine(
            book, bundle, evaluate(book, bundle), member.account_id, unit=member.employer_id,
            community=member.community_id, branch=member.branch_id,
        )
        for member, bundle in zip(members, given, strict=True)
    ]  # fmt: skip


def _number(written: str | None) -> Number | None:
    return None if written is None else whole(Fraction(written))


def numbered(session: Session, cut: Cut, members: Sequence[Subject]) -> Numbering:
    """Return these members as the packed ledger knows them, which is the same for every rule tried on them."""
    return ledger_sets.numbering(session, cut.tenant_id, cut.position, [member.account_id for member in members])


def in_sets(
    session: Session,
    cut: Cut,
    book: Book,
    members: Sequence[Subject],
    gaps: Sequence[dict[str, str]],
    known: Numbering | None = None,
) -> list[Verdict | None]:
    """Return what `one_by_one` would, for those members of whom sums tell it; None for the others.

    Sums tell it of nobody where the rulebook asks more of entries than `compiled` can say, and not of who has facts
    that it asks for or an exemption. `known` is what `numbered` makes of these members, made here if it is not given.
    """
    ready, asked = compiled(book), kinds_asked(book)
    told = looks_at_results(book) or waits_by_working_days(book)  # what sums say nothing of
    if ready is None or asked is None or asked & _PRESENCE or told or not members:
        return [None] * len(members)
    if cut.start.day != 1 or cut.end.day != 1:
        ready = replace(ready, source="entries")
    need = grouping(book).get("entries")
    since = 1 if need is not None and need["lifetime"] else cut.start.toordinal()
    days = (since, cut.end.toordinal())
    period = (cut.start.isoformat(), cut.end.isoformat())
    kinds, kind = _kinds(session, cut, ready, members, gaps)
    known = known or numbered(session, cut, members)
    try:
        read = ledger_sets.postings(session, known, ready, days)
        found, place, odd = verdicts(ready, read, period, kinds, kind)
        if ready.source == "months" and odd.sum() > len(members) * _FEW:  # entries tell more exactly who is odd
            ready = replace(ready, source="entries")
            read = ledger_sets.postings(session, known, ready, days)
            found, place, odd = verdicts(ready, read, period, kinds, kind)
    except TooLarge:
        return [None] * len(members)
    stated = _stated(session, cut, asked)
    if _reads_exemptions(ready):
        stated |= may_be_exempt(session, cut.tenant_id)
    if stated:
        odd |= np.array([member.account_id in stated for member in members], np.bool_)
    place[odd] = len(found)
    cases = [*found, None]
    return [cases[n] for n in place.tolist()]


def _kinds(
    session: Session, cut: Cut, ready: Compiled, members: Sequence[Subject], gaps: Sequence[dict[str, str]]
) -> tuple[list[Alike], np.ndarray[Any, np.dtype[np.int64]]]:
    """Return what members share beside their entries, and each member's place in that."""
    book = ready.book
    asked, wanted = attributes(book), deciding(book)
    held: dict[UUID, list[dict[str, Any]]] = {}
    if any(reads(measure, "affiliations") and measure.id in wanted for measure in book.measures):
        for some in batched(member.person_id for member in members):
            held |= bundles.affiliations(session, cut, book, some)
    empty: Any = {**bundles.head(cut, "", "member", gaps), "entries": [], "exemptions": []}
    empty |= {"facts": []} if "facts" in grouping(book) else {}
    places: dict[Any, int] = {}
    kinds: list[Alike] = []
    kind = np.zeros(len(members), np.int64)
    if not asked and not held:
        return [alike(ready, {**empty, "attributes": {}, "affiliations": []})], kind
    for n, member in enumerate(members):
        rows = held.get(member.person_id, ())
        told = tuple([member.attributes.get(name) for name in asked])
        shape = (told, *[tuple([(name, row[name]) for name in row if name != "key"]) for row in rows])
        place = places.get(shape)
        if place is None:
            place = places[shape] = len(kinds)
            told = dict(zip(asked, told, strict=True))
            kinds.append(alike(ready, {**empty, "attributes": told, "affiliations": list(rows)}))
        kind[n] = place
    return kinds, kind


def _reads_exemptions(ready: Compiled) -> bool:
    wanted = deciding(ready.book)
    return any(
        isinstance(measure, PresenceMeasure)
        or (isinstance(measure, RowMeasure) and any(by and by.exempt for by in _by_span(measure)))
        for measure in ready.book.measures
        if measure.id in wanted
    )


def _by_span(measure: RowMeasure) -> tuple[Cadence | Series | Deadline | None, ...]:
    return measure.cadence, measure.series, measure.deadline


def _stated(session: Session, cut: Cut, kinds: Iterable[str]) -> set[UUID]:
    """Return the accounts with facts of these kinds or exemptions, those of records that were merged as who is left."""
    statement = sa.select(Fact.account_id).where(
        Fact.tenant_id == cut.tenant_id, Fact.kind.in_(sorted({*kinds, "exemption"})), STATED, Fact.served_on < cut.end
    )
    found = {row.account_id for row in session.rows(statement.distinct())}
    if not found:
        return found
    left = sa.orm.aliased(Person, name="left_person")
    merged = (
        sa.select(Person.account_id, left.account_id.label("left"))
        .join(left, left.id == Person.merged_into)
        .where(Person.tenant_id == cut.tenant_id, Person.state == "merged")
    )
    return found | {row.left for row in session.rows(merged) if row.account_id in found}
