"""同组比较: a first pass over all whom a cycle judges, so that figures of their groups stand in each one's bundle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.rulebook import group
from api.domain.rulebook.bundle import InputBundle
from api.domain.rulebook.evaluate import Judgement, evaluate
from api.domain.rulebook.schema import Rulebook as Book
from api.models import NOBODY, Assessment, Cycle
from api.services import switches
from api.visibility.judged import stands

if TYPE_CHECKING:
    from api.services.judging import Plan

Told = Mapping[UUID, dict[str, str | None]]
"""For each subject the figures of its groups."""


class Mine(NamedTuple):
    """What one subject brings into its groups, and the digest of the rulebook that judges it."""

    subject_id: UUID
    digest: str
    brought: group.Brought


def asked(books: Iterable[Book], kinds: Collection[str]) -> bool:
    """Say whether a rulebook for such subjects compares them with each other."""
    return any(book.figures and book.subject in kinds for book in books)


def require_allowed(
    session: Session, tenant_id: UUID, organization_id: UUID, contents: Iterable[Mapping[str, Any]]
) -> None:
    """Raise SwitchedOff where one of these rulebooks compares, and the district did not switch ranking on."""
    if any(content.get("figures") for content in contents):
        switches.require_on(session, tenant_id, "points_ranking", organization_id)


def with_figures(book: Book, bundle: Any, subject_id: UUID, told: Told) -> Any:
    """Return the bundle with the figures of the subject's groups where the rulebook asks for any."""
    return {**bundle, "group": told.get(subject_id, {})} if book.figures else bundle


def mine(
    book: Book, bundle: InputBundle, judgement: Judgement, subject_id: UUID, *, unit: UUID | None,
    community: UUID | None, branch: UUID | None,
) -> Mine:  # fmt: skip
    """Return what a subject brings; who has no unit, branch or community stands with all others who have none."""
    groups = {"cycle": NOBODY, "unit": unit or NOBODY, "community": community or NOBODY, "branch": branch or NOBODY}
    return Mine(subject_id, book.digest, group.brought(book, judgement, bundle.get("attributes", {}), groups))


def brought(
    session: Session, actor: Actor, plan: Plan, judge: Callable[..., list[dict[str, Any]]], some: Sequence[Any],
    more: Sequence[Any] = (),
) -> list[Mine]:  # fmt: skip
    """Return what these subjects bring, by judging them without figures; nothing of it is kept."""
    return _of_rows(plan, judge(session, actor, plan, some, *more))


def figures(plan: Plan, everybody: Iterable[Mine]) -> Told:
    """Return what is told each of these, each rulebook by itself; they have to be all whom the cycle judges by it."""
    return told_of(plan.books.all(), everybody)


def told_of(books: Iterable[Book], everybody: Iterable[Mine]) -> Told:
    """Return the figures of the groups of each subject."""
    by_book: defaultdict[str, list[Mine]] = defaultdict(list)
    for each in everybody:
        by_book[each.digest].append(each)
    found: dict[UUID, dict[str, str | None]] = {}
    for book in books:
        some = by_book[book.digest]
        told = group.figures(book, [each.brought for each in some])
        found |= {each.subject_id: own for each, own in zip(some, told, strict=True)}
    return found


def figures_again(session: Session, _actor: Actor, plan: Plan, kind: str, named: Sequence[Mine]) -> Told:
    """Return what is told those of a kind whom a recomputation judges again, beside all others as they stand."""
    of_kind = {book.digest for book in plan.books.all() if book.subject == kind}
    named = [each for each in named if each.digest in of_kind]
    again = {each.subject_id for each in named}
    others = [row for row in _standing(session, plan, kind, None) if row["subject_id"] not in again]
    return figures(plan, [*named, *_of_rows(plan, others)])


def effects(session: Session, _actor: Actor, plan: Plan) -> list[dict[str, Any]]:
    """Return whose points or grade would be others by the figures that a recomputation changes; theirs stay.

    The best of a group may be who is judged again: then everybody's share of the best changes with it.
    """
    books = {book.digest: book for book in plan.books.all() if book.figures}
    lines: list[dict[str, Any]] = []
    for kind in sorted({book.subject for book in books.values()}):
        rows = _standing(session, plan, kind, plan.revision)
        told = figures(plan, _of_rows(plan, rows))
        for row in rows:
            book = books.get(row["judgement"]["rulebook"]["digest"])
            if (
                book is None
                or row["revision"] == plan.revision
                or row["bundle"].get("group") == told[row["subject_id"]]
            ):
                continue
            now, was = evaluate(book, with_figures(book, row["bundle"], row["subject_id"], told)), row["judgement"]
            if (now["score"], now["grade"]) != (was["score"], was["grade"]):
                lines.append(
                    {"subjectKind": kind, "subjectKey": row["subject_key"], "pointsBefore": was["score"],
                     "points": now["score"], "gradeBefore": was["grade"], "grade": now["grade"]}
                )  # fmt: skip
    return sorted(lines, key=lambda line: (line["subjectKind"], line["subjectKey"]))


def _of_rows(plan: Plan, rows: Iterable[Mapping[str, Any]]) -> list[Mine]:
    books = {book.digest: book for book in plan.books.all() if book.figures}
    found = []
    for row in rows:
        book = books.get(row["judgement"]["rulebook"]["digest"])
        if book is not None:
            where = {"unit": row["employer_id"], "community": row["community_id"]}
            branch = plan.branches.get(row["subject_id"])
            found.append(mine(book, row["bundle"], row["judgement"], row["subject_id"], **where, branch=branch))
    return found


def _standing(session: Session, plan: Plan, kind: str, proposed: int | None) -> Sequence[Mapping[str, Any]]:
    columns = (
        Assessment.subject_id, Assessment.subject_key, Assessment.employer_id, Assessment.community_id,
        Assessment.revision, Assessment.bundle, Assessment.judgement,
    )  # fmt: skip
    statement = sa.select(*columns).join(Cycle, Cycle.id == Assessment.cycle_id).where(
        Assessment.cycle_id == plan.cycle_id, Assessment.subject_kind == kind, stands(proposed=proposed)
    )  # fmt: skip
    return [dict(row._mapping) for row in session.rows(statement)]
