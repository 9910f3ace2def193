"""名额: the quotas of a rulebook applied to a computed cycle, group by group, kept with the seats of each group."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.domain.rulebook.load import read
from api.domain.rulebook.quota import Groups, Words, allot, counted_groups, covered, to_give
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.rulebook.seats import Quota
from api.domain.rulings import Seats
from api.models import NOBODY, Affiliation, Allotment, Assessment, Cycle, CycleRulebook, Person, QuotaGroup, Rulebook
from api.services import rulebooks
from api.services.affiliations import IN_FORCE_ONCE
from api.services.cuts import Cut
from api.services.quota_words import Graded, possible, standing_now, words_of
from api.services.standing import standing
from api.services.subjects import batched
from api.visibility.judged import stands


@dataclass(frozen=True, slots=True)
class Allotted:
    """What the quotas of a computation come to, as rows to keep, and the grades that their subjects may have then."""

    allotments: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    grades: dict[UUID, frozenset[str]] = field(default_factory=dict)


def allotted(
    session: Session, actor: Actor, cycle_id: UUID, revision: int, cut: Cut, *, again: bool = False
) -> Allotted:
    """Apply the quotas of a cycle's rulebooks to the assessments of a computation; reads only.

    A rulebook judges the assessments that name it. Who has no unit, branch or community on record stands in one group
    with all others who have none. Organisations come before people, whose share may hang on their grade; facts about
    them count as of the cut. `again` says that the revision is a proposed recomputation: it is looked at among
    the assessments that stand.
    """
    cycle = found(session.first(_CYCLE.where(Cycle.tenant_id == actor.tenant_id, Cycle.id == cycle_id)))
    answer = Allotted([], [])
    of_cycle = stands(proposed=revision) if again else Assessment.revision == revision
    graded = _grades(session, cycle_id, of_cycle, revision if again else None, answer.grades)
    for book in _books(session, actor, cycle):
        rows = [row for row in _judged(session, cycle_id, of_cycle, book.subject) if _by(row) == book.digest]
        branches = _branches(session, actor.tenant_id, [row.subject_id for row in rows], cycle.cut_off, book)
        at = {
            "cycle": [NOBODY] * len(rows),
            "unit": [row.employer_id or NOBODY for row in rows],
            "branch": [branches.get(row.subject_id, NOBODY) for row in rows],
            "community": [row.community_id or NOBODY for row in rows],
        }
        words = words_of(session, book, cut, cycle.organization_id, at, graded)
        head = {"tenant_id": actor.tenant_id, "cycle_id": cycle_id, "revision": revision, "subject_kind": book.subject}
        _apply(answer, {**head, "rulebook": book.digest}, book, rows, at, words)
    return answer


def _grades(
    session: Session, cycle_id: UUID, of_cycle: Any, proposed: int | None, made: Graded
) -> Callable[[str], Graded]:
    """Return how to tell the grades of all judged organisations of a kind: as `made` by quotas, else as judged.

    In a recomputation (`proposed`) whom it does not judge again has the grade that stands.
    """

    def of(kind: str) -> Graded:
        rows = _judged(session, cycle_id, of_cycle, kind)
        found = {row.subject_id: made.get(row.subject_id, possible(row.judgement)) for row in rows}
        if proposed is not None:
            found |= standing_now(session, cycle_id, (row.subject_id for row in rows if row.revision != proposed))
        return found

    return of


def keep(session: Session, _actor: Any, answer: Allotted) -> None:
    """Keep what the quotas come to; of what is kept already nothing changes."""
    session.insert_new(QuotaGroup, answer.groups)
    session.insert_new(Allotment, answer.allotments)


def seats_of(session: Session, cycle_id: UUID, revision: int, subject_id: UUID) -> list[Seats]:
    """Return the quotas under which a subject stands, with the seats of its group and who holds one now.

    Where the share of a group is less than one seat people may give one.
    """
    own = session.first(_ALLOTTED.where(*_of(Allotment, cycle_id, revision), Allotment.subject_id == subject_id))
    if own is None:
        return []
    limits = sa.select(
        QuotaGroup.quota, QuotaGroup.grade, QuotaGroup.within, QuotaGroup.group_id, QuotaGroup.counted,
        QuotaGroup.words, QuotaGroup.rulebook,
    ).where(
        *_of(QuotaGroup, cycle_id, revision), QuotaGroup.rulebook == own.rulebook,
        sa.or_(*(sa.and_(QuotaGroup.within == within, QuotaGroup.group_id == group)
                 for within, group in groups_of(own).items())),
    )  # fmt: skip
    limited, rules = [], quotas_of(session, [own.rulebook])
    groups = session.rows(limits.order_by(QuotaGroup.quota))
    now = words_now(session, cycle_id, [limit._mapping for limit in groups], rules)
    for limit, words in zip(groups, now, strict=True):
        same = _ALLOTTED.where(*_of(Allotment, cycle_id, revision), Allotment.rulebook == own.rulebook)
        among = session.rows(same.where(_WITHIN[limit.within](groups_of(own)[limit.within])))
        grades = standing(session, cycle_id, [row.subject_id for row in among])
        quota, seated = rules[own.rulebook, limit.quota]
        holders = frozenset(subject for subject, each in grades.items() if each.grade in seated)
        limited.append(Seats(limit.grade, to_give(quota, limit.counted, words), holders, seated - {limit.grade}))
    return limited


Rules = Mapping[tuple[str, str], tuple[Quota, frozenset[str]]]
"""By the digest of a rulebook and the id of its quota: the quota, and the grades whose holders take a seat."""


def quotas_of(session: Session, digests: Collection[str]) -> Rules:
    """Return the quotas of these rulebooks."""
    rows = session.rows(sa.select(Rulebook.content).where(Rulebook.content_hash.in_(sorted(digests))))
    books = {book.digest: book for book in (read(row.content) for row in rows)}
    return {
        (digest, quota.id): (quota, covered(book, quota)) for digest, book in books.items() for quota in book.quotas
    }


def words_now(
    session: Session, cycle_id: UUID, groups: Sequence[Mapping[str, Any]], rules: Rules
) -> list[frozenset[str] | None]:
    """Return what may be said now of each of these groups: the grade that stands where the share asks for it.

    People may have decided the grade of a unit since its members' seats were counted.
    """
    shares = [rules[row["rulebook"], row["quota"]][0].share_by for row in groups]
    by_grade = [share is not None and share.source == "assessments" for share in shares]
    now = standing_now(session, cycle_id, {row["group_id"] for row, asks in zip(groups, by_grade, strict=True) if asks})
    were = [None if row["words"] is None else frozenset(row["words"]) for row in groups]
    return [
        now.get(row["group_id"], said) if asks else said for row, asks, said in zip(groups, by_grade, were, strict=True)
    ]


_CYCLE = sa.select(Cycle.id, Cycle.cut_off, Cycle.organization_id, Cycle.member_rulebook_id, Cycle.unit_rulebook_id)
_ALLOTTED = sa.select(
    Allotment.subject_id, Allotment.rulebook, Allotment.branch_id, Assessment.employer_id, Assessment.community_id
).join(
    Assessment,
    sa.and_(
        Assessment.cycle_id == Allotment.cycle_id,
        Assessment.revision == Allotment.revision,
        Assessment.subject_id == Allotment.subject_id,
    ),
)
_WITHIN = {
    "cycle": lambda _group: sa.true(),
    "unit": lambda group: sa.func.coalesce(Assessment.employer_id, NOBODY) == group,
    "branch": lambda group: Allotment.branch_id == group,
    "community": lambda group: sa.func.coalesce(Assessment.community_id, NOBODY) == group,
}


def groups_of(row: Any) -> dict[str, UUID]:
    """Return the group of a subject for each kind of group that a quota can name."""
    return {
        "cycle": NOBODY,
        "unit": row.employer_id or NOBODY,
        "branch": row.branch_id,
        "community": row.community_id or NOBODY,
    }


def _of(table: Any, cycle_id: UUID, revision: int) -> tuple[Any, Any]:
    return table.cycle_id == cycle_id, table.revision == revision


def _books(session: Session, actor: Actor, cycle: Any) -> list[Book]:
    """Return the rulebooks of a cycle that have quotas, each once, those of people last."""
    more = sa.select(CycleRulebook.rulebook_id).where(CycleRulebook.cycle_id == cycle.id)
    named = {cycle.member_rulebook_id, cycle.unit_rulebook_id, *(row.rulebook_id for row in session.rows(more))}
    books = (rulebooks.book_of(session, actor, each) for each in sorted(named - {None}))
    return sorted((book for book in books if book.quotas), key=lambda book: book.subject == "member")


def _judged(session: Session, cycle_id: UUID, of_cycle: Any, kind: str) -> Sequence[Any]:
    columns = (
        Assessment.subject_id, Assessment.employer_id, Assessment.community_id, Assessment.judgement,
        Assessment.revision,
    )  # fmt: skip
    statement = sa.select(*columns).join(Cycle, Cycle.id == Assessment.cycle_id)
    statement = statement.where(Assessment.cycle_id == cycle_id, Assessment.subject_kind == kind, of_cycle)
    return session.rows(statement.order_by(Assessment.id))


def _by(row: Any) -> str:
    return row.judgement["rulebook"]["digest"]


def _branches(session: Session, tenant_id: UUID, accounts: Sequence[UUID], day: date, book: Book) -> dict[UUID, UUID]:
    """Return the Party branch of each member on a day, the later record where there are several."""
    if all(quota.within != "branch" for quota in book.quotas):
        return {}
    held: dict[UUID, UUID] = {}
    for some in batched(accounts):
        statement = (
            sa.select(Person.account_id, Affiliation.organization_id)
            .join(Affiliation, Affiliation.person_id == Person.id)
            .where(
                Affiliation.tenant_id == tenant_id,
                Affiliation.kind == "party_relation",
                Affiliation.state.in_(IN_FORCE_ONCE),
                Affiliation.valid_from <= day,
                sa.or_(Affiliation.valid_to.is_(None), Affiliation.valid_to > day),
                Person.account_id.in_(some),
            )
            .order_by(Affiliation.valid_from, Affiliation.id)
        )
        held |= {row.account_id: row.organization_id for row in session.rows(statement)}
    return held


def _apply(answer: Allotted, head: dict[str, Any], book: Book, rows: Sequence[Any], at: Groups, words: Words) -> None:
    judgements = [row.judgement for row in rows]
    labels = {grade.id: grade.labels.both() for grade in book.grades}
    instead = {quota.id: quota.instead for quota in book.quotas}
    for row, branch, made in zip(rows, at["branch"], allot(book, judgements, at, words), strict=True):
        told = {name: made[name] for name in ("quota", "before", "grade", "decision")}
        more = {"id": new_id(), "subject_id": row.subject_id, "branch_id": branch}
        answer.allotments.append({**head, **more, **told, "grade_labels": labels.get(made["grade"] or "")})
        answer.grades[row.subject_id] = possible(row.judgement, told, instead.get(made["quota"] or "", ""))
    for group in counted_groups(book, judgements, at, words):
        quota = group.quota
        limit = {"quota": quota.id, "grade": quota.grade, "within": quota.within, "group_id": group.of}
        said = {"words": None if group.words is None else sorted(group.words)}
        answer.groups.append({**head, "id": new_id(), **limit, "counted": group.counted, "seats": group.seats, **said})
