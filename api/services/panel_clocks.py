"""评议团到期: panels without their quorum shortly before a round ends; who sits and who convened them are reminded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, within
from api.db import Session
from api.models import Assessment, Cycle, Event, Opinion, Organization, Panel, PanelMember, Review
from api.services import changes, cycle_clocks, panels, review_rights, round_books
from api.services.days import today
from api.services.inbox_rows import shown
from api.visibility import visible

_JUDGED = ("member", "unit", "community", "branch")
_ROUNDS = sa.join(
    Panel, Cycle, sa.and_(Panel.round_kind == "cycle", Cycle.id == Panel.round_id), isouter=True
).outerjoin(Opinion, sa.and_(Panel.round_kind == "opinion", Opinion.case_id == Panel.round_id))
_LAST: sa.ColumnElement[date] = sa.func.coalesce(Cycle.public_review_until, Opinion.vote_until)
_ROW = (
    sa.select(
        Panel.id, Panel.round_kind, Panel.round_id, Panel.organization_id, Panel.quorum, Organization.path,
        _LAST.label("last_day"),
    )
    .select_from(_ROUNDS)
    .join(Organization, Organization.id == Panel.organization_id)
)  # fmt: skip
_RUNS = sa.and_(Panel.state == "fixed", sa.or_(Cycle.state == "public_review", Opinion.state == "asked"))


@dataclass(frozen=True, slots=True)
class Short:
    """A panel whose round ends soon or should have, with how many of its subjects lack a quorum."""

    panel: Any
    subjects: int
    short: int


def remind_due(session: Session, actor: Actor) -> int:
    """Note of each panel that its round ends soon without its quorum, and once more when it is over; return how many.

    From that day on it waits in the inbox of its convenor, and of those on its roster who have not spoken. Nothing else
    follows: what a panel below its quorum said is unknown. A repeat finds none of them.
    """
    day, noted = today(session, actor.tenant_id), 0
    for each in _short(session, actor, Panel.tenant_id == actor.tenant_id, day):
        told = {"lastDay": each.panel.last_day.isoformat(), "late": day > each.panel.last_day}
        before = sa.select(Event.details).where(
            Event.tenant_id == actor.tenant_id, Event.subject_id == each.panel.id, Event.kind == "panel.remind"
        )
        if any(told.items() <= row.details.items() for row in session.rows(before)):
            continue
        told |= {"subjects": each.subjects, "short": each.short}
        at = each.panel.organization_id
        changes.record(session, actor, "panel.remind", "panel", each.panel.id, at=at, details=told, written=told)
        noted += 1
    return noted


def convening(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the panels that lack their quorum shortly before the end, for who set them up."""
    place = Panel.organization_id
    mine = sa.and_(visible(actor, Panel), within(actor, "panel.fix", place))
    found = [each.panel.id for each in _short(session, actor, mine, today(session, actor.tenant_id))]
    row = shown(Panel.id, place, state=Panel.state, since=Panel.created_at, due_on=_LAST, of=_ROUNDS)
    return row.where(mine, Panel.id.in_(found))


def owing(session: Session, actor: Actor) -> sa.Select[Any] | None:
    """Select the rounds of panels that lack their quorum shortly before the end, for who sits and has not spoken.

    None where there is no such round.
    """
    sits = sa.select(PanelMember.panel_id).where(PanelMember.person_id == actor.person_id)
    mine = sa.and_(Panel.tenant_id == actor.tenant_id, Panel.id.in_(sits), Panel.round_kind == "cycle")
    found = [each.panel for each in _short(session, actor, mine, today(session, actor.tenant_id))]
    if not found:
        return None
    speaks = review_rights.speaker(session, actor).may(["panel"])
    kinds = asked(session, actor, {panel.round_id for panel in found})
    of_kind = (sa.and_(Cycle.id == cycle, Assessment.subject_kind.in_(some)) for cycle, some in kinds.items())
    silent = review_rights.about(actor, Assessment.cycle_id).where(speaks, sa.or_(*of_kind))
    row = shown(
        Cycle.id, Panel.organization_id, state=Cycle.state, since=Panel.created_at, key=Panel.id,
        due_on=Cycle.public_review_until, of=sa.join(Panel, Cycle, Cycle.id == Panel.round_id),
    )  # fmt: skip
    return row.where(Panel.id.in_([panel.id for panel in found]), Cycle.id.in_(silent))


def of_cycle(session: Session, actor: Actor, cycle_id: UUID) -> list[dict[str, Any]]:
    """Return how each panel of a cycle stands: roster and quorum, who has spoken, and how many subjects lack it."""
    kinds = asked(session, actor, [cycle_id])[cycle_id]
    stand = []
    sets = _ROW.add_columns(Panel.state).where(Panel.tenant_id == actor.tenant_id, Panel.round_id == cycle_id)
    for row in session.rows(sets.where(Panel.round_kind == "cycle").order_by(Panel.id)):
        subjects, short = counted(session, actor, row, kinds)
        head = {"id": row.id, "organization_id": row.organization_id, "state": row.state}
        stand.append({**head, **panels.state_of(session, row.id), "subjects": subjects, "short": short})
    return stand


def counted(session: Session, actor: Actor, panel: Any, kinds: Collection[str]) -> tuple[int, int]:
    """Return of how many subjects of these kinds a panel is asked in its cycle, and how many lack its quorum."""
    spoken = (
        sa.select(sa.func.count(sa.distinct(Review.reviewer_id)))
        .where(Review.panel_id == panel.id, Review.kind == "rating", Review.subject_id == Assessment.subject_id)
        .correlate(Assessment)
        .scalar_subquery()
    )
    lacking = sa.func.coalesce(sa.func.sum(sa.case((spoken < panel.quorum, 1), else_=0)), 0)
    about = review_rights.about(actor, sa.func.count(), lacking).where(Assessment.cycle_id == panel.round_id)
    ((subjects, short),) = session.rows(about.where(review_rights.within(panel.path, *kinds))) if kinds else [(0, 0)]
    return int(subjects), int(short)


def asked(session: Session, actor: Actor, cycle_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return for each cycle the kinds of subjects of which panels are asked: every rulebook of the kind asks them."""
    kinds = {}
    for cycle_id, books in round_books.books_of(session, actor, cycle_ids).items():
        silent = {book.subject for book in books.values() if "panel" not in {each.party for each in book.rubrics}}
        kinds[cycle_id] = sorted({book.subject for book in books.values()} & {*_JUDGED} - silent)
    return kinds


def _short(session: Session, actor: Actor, which: sa.ColumnElement[bool], day: date) -> Iterator[Short]:
    """Yield those of these panels whose round ends within the days of a reminder and that lack their quorum."""
    rows = session.rows(_ROW.where(which, _RUNS, cycle_clocks.soon(day) >= _LAST).order_by(Panel.id))
    kinds = asked(session, actor, {row.round_id for row in rows if row.round_kind == "cycle"})
    for row in rows:
        if row.round_kind == "cycle":
            subjects, short = counted(session, actor, row, kinds.get(row.round_id, ()))
        else:
            voted = sa.select(sa.func.count()).where(Review.panel_id == row.id, Review.kind == "vote")
            subjects, short = 1, int((session.scalar(voted) or 0) < row.quorum)
        if short:
            yield Short(row, subjects, short)
