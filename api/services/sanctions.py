"""处置: proposed by one officer on a founded signal or a false claim, imposed by another, ended by its condition."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain import sanctions as rules
from api.domain import signal_rules
from api.domain.four_eyes import require_another
from api.domain.steps import TABLES
from api.errors import Forbidden
from api.models import Activity, Fact, Organization, Sanction, Shift, Signal
from api.services import cases, changes, make_up, offices, signals, voices
from api.services.activities import ORGANIZER
from api.services.days import day_of, today
from api.services.ledger import undone_fact
from api.services.places import governed
from api.services.standing_sanctions import served_since
from api.visibility import visible

OUTCOMES = frozenset({"accepted", "declined"})
_WHERE = aliased(Organization, name="place_of_sanction")
_SHOWN = (
    sa.select(
        Sanction.id, Sanction.version, Sanction.tenant_id, Sanction.state, Sanction.kind, Sanction.signal_id,
        Sanction.organizer_id,
        Sanction.organization_id, Sanction.reason, Sanction.rules_version, Sanction.ends_on, Sanction.after_shifts,
        Sanction.proposed_by, Sanction.confirmed_by, Sanction.imposed_at, Sanction.ended_at, Sanction.created_at,
        Sanction.person_id, Sanction.case_id, Sanction.after_minutes,
        Signal.leader_id, _WHERE.name.label("organization_name"), _WHERE.path,
        ORGANIZER.name.label("organizer_name"), ORGANIZER.path.label("organizer_path"),
    )
    .outerjoin(Signal, Signal.id == Sanction.signal_id)
    .join(_WHERE, _WHERE.id == Sanction.organization_id)
    .outerjoin(ORGANIZER, ORGANIZER.id == Sanction.organizer_id)
)  # fmt: skip


def propose(session: Session, actor: Actor, signal_id: UUID, values: dict[str, Any]) -> UUID:
    """Propose a sanction on a signal that was found true; it holds once somebody else confirms it. Return its id.

    NotFound, Forbidden, OwnSignal, NotFounded, NotAbovePlace, TooLong, ConditionUnfit.
    """
    signal = signals.of(session, actor, signal_id)
    where, grant = governed(
        session, actor, "sanction.propose", values["organization_id"], axis="territory", pointer="/organizationId"
    )
    if signals.is_own(actor, signal._asdict()):
        raise rules.OwnSignal
    if signal.state != "founded":
        raise rules.NotFounded
    if not signal.host_path.startswith(where.path):
        raise rules.NotAbovePlace(pointer="/organizationId")
    book = signal_rules.shipped()
    day = today(session, actor.tenant_id)
    rules.require_bounded(book.sanctions[values["kind"]], values["ends_on"], values["after_shifts"], day)
    row = {
        **values, "signal_id": signal_id, "organizer_id": signal.organizer_id, "rules_version": book.version,
        "proposed_by": actor.person_id, "confirmed_by": None, "imposed_at": None, "ended_at": None,
        "person_id": None, "case_id": None, "after_minutes": None,
    }  # fmt: skip
    return changes.create(session, actor, Sanction, "sanction.propose", row, at=where.id, grant=grant)


def confirm(session: Session, actor: Actor, sanction_id: UUID) -> UUID:
    """Impose what another proposed, from now on. NeedsSecondPerson, whom it concerns is none."""
    row, grant = _governed(session, actor, sanction_id, "sanction.confirm")
    require_another(row.proposed_by, actor.person_id)
    told = {"confirmed_by": actor.person_id, "imposed_at": session.now}
    if row.kind == rules.MAKE_UP:
        TABLES["sanction"].next(row.state, "sanction.confirm")
        require_another(row.person_id, actor.person_id)
        told |= make_up.imposed(session, actor, row, grant)
    return _take(session, actor, row, "sanction.confirm", told, grant)


def decline(session: Session, actor: Actor, sanction_id: UUID) -> UUID:
    """Refuse what was proposed."""
    row, grant = _governed(session, actor, sanction_id, "sanction.decline")
    return _take(session, actor, row, "sanction.decline", {}, grant)


def release(session: Session, actor: Actor, sanction_id: UUID) -> UUID:
    """End a sanction before its time; one pair of eyes is enough for less power."""
    row, grant = _governed(session, actor, sanction_id, "sanction.release")
    return _take(session, actor, row, "sanction.release", {"ended_at": session.now}, grant)


def appeal(session: Session, actor: Actor, sanction_id: UUID, reason: str) -> UUID:
    """Ask the office above to lift a sanction, for whom it concerns; a second appeal is the first.

    Who proposed and who confirmed do not decide it. Forbidden, NoOfficeAbove, StepNotAllowed. It holds meanwhile.
    """
    row = _find(session, actor, sanction_id)
    if not _concerns(actor, row):
        raise Forbidden(step="sanction.appeal")
    office = offices.office_for(session, actor, row.organization_id, row.organization_id)
    grant = None if row.organizer_path is None else actor.grant_for("sanction.appeal", row.organizer_path)
    _take(session, actor, row, "sanction.appeal", {}, grant)
    cases.open_case(
        session, actor, kind="appeal", organization_id=office.id, reason=reason, subject_kind="sanction",
        subject_id=sanction_id, source=f"appeal:{sanction_id}",
        facts={"sanctionId": str(sanction_id), "deciders": [str(row.proposed_by), str(row.confirmed_by)]},
    )  # fmt: skip
    return sanction_id


def settle_appeal(session: Session, actor: Actor, case: Any, grant: UUID, answer: dict[str, Any]) -> dict[str, Any]:
    """Lift a sanction where its appeal is accepted, once; one that has ended meanwhile stays as it is."""
    row = found(session.first(_SHOWN.where(Sanction.tenant_id == actor.tenant_id, Sanction.id == case.subject_id)))
    if answer["outcome"] == "accepted" and row.state == "imposed":
        _take(session, actor.aside(), row, "sanction.lift", {"ended_at": session.now}, grant)
        make_up.lifted(session, actor.aside(), row.id, grant)
    return {}


def release_due(session: Session, actor: Actor) -> int:
    """Note of sanctions that their condition holds; return how many. A repeat finds none of them."""
    day = today(session, actor.tenant_id)
    held = _SHOWN.where(Sanction.tenant_id == actor.tenant_id, Sanction.state == "imposed")
    due = held.where(sa.or_(Sanction.ends_on <= day, Sanction.after_shifts.is_not(None)))
    ended = [
        row
        for row in session.rows(due.order_by(Sanction.id).with_for_update(of=Sanction))
        if not _holds(session, row, day)
    ]
    for row in ended:
        _take(session, actor, row, "sanction.release", {"ended_at": session.now}, None)
    return len(ended)


def one(session: Session, actor: Actor, sanction_id: UUID) -> dict[str, Any]:
    """Return one sanction as it stands today, with how many confirmed shifts count towards its end."""
    row = _find(session, actor, sanction_id)
    counted = _confirmed(session, row) if row.imposed_at is not None and row.after_shifts is not None else None
    return _view(session, actor, row._asdict()) | {"confirmed_shifts": counted, "served_minutes": _served(session, row)}


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the sanctions that the actor may see, newest first."""
    statement = _SHOWN.where(visible(actor, Sanction))
    for column, wanted in (
        (Sanction.state, query.state),
        (Sanction.organizer_id, query.organizer_id),
        (Sanction.signal_id, query.signal_id),
        (Sanction.case_id, query.case_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    page = paging.page(session, statement, Sanction.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


def _confirmed(session: Session, row: Any) -> int:
    """Count the organiser's shifts there since, at which a recipient confirmed somebody and none denied anybody."""
    if row.after_shifts is None:
        return 0
    said = (
        sa.select(Fact.shift_id, Fact.kind)
        .join(Shift, Shift.id == Fact.shift_id)
        .join(Activity, Activity.id == Shift.activity_id)
        .join(Organization, Organization.id == Shift.community_id)
        .outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)
        .where(
            Activity.organizer_id == row.organizer_id, Shift.starts_at >= row.imposed_at,
            Organization.path >= row.path, Organization.path < f"{row.path[:-1]}0", undone_fact.id.is_(None),
            Fact.reverses_id.is_(None),
            sa.or_(
                sa.and_(Fact.kind == voices.CONFIRMED, Fact.provenance == "recipient_confirmed"),
                Fact.kind == voices.DENIED,
            ),
        )
    )  # fmt: skip
    rows = session.rows(said.distinct())
    denied = {each.shift_id for each in rows if each.kind == voices.DENIED}
    return len({each.shift_id for each in rows} - denied)


def _holds(session: Session, row: Any, day: date) -> bool:
    if row.after_minutes is not None:
        return rules.still_suspended(row.ends_on, row.after_minutes, _served(session, row) or 0, day)
    return not rules.is_released(row.ends_on, row.after_shifts, _confirmed(session, row), day)


def _served(session: Session, row: Any) -> int | None:
    """Return the minutes that whom a suspension concerns served since; None where none are asked for or counted yet."""
    if row.after_minutes is None or row.imposed_at is None:
        return None
    since = day_of(session, row.tenant_id, row.imposed_at)
    return served_since(session, row.tenant_id, row.person_id, since)


def _concerns(actor: Actor, row: Any) -> bool:
    if row.person_id is not None:
        return row.person_id == actor.person_id
    return signals.speaks_for(actor, row.leader_id, row.organizer_path)


def _find(session: Session, actor: Actor, sanction_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Sanction), Sanction.id == sanction_id)))


def _governed(session: Session, actor: Actor, sanction_id: UUID, step: str) -> tuple[Any, UUID]:
    row = _find(session, actor, sanction_id)
    return row, require(actor, step, row.path)


def _take(session: Session, actor: Actor, row: Any, step: str, values: dict[str, Any], grant: UUID | None) -> UUID:
    changes.take(session, actor, Sanction, row, step, values, at=row.organization_id, grant=grant)
    return row.id


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    day = today(session, actor.tenant_id)
    told = SimpleNamespace(**row)
    waits = told.after_minutes is not None and _holds(session, told, day) if row["state"] == "imposed" else False
    over = row["state"] == "imposed" and not waits and not rules.in_force(row["state"], row["ends_on"], day)
    state = "released" if over else row["state"]
    steps = [step for step in allowed(actor, "sanction", state, row["path"]) if step != "sanction.lift"]
    if row["proposed_by"] == actor.person_id:
        steps = [step for step in steps if step != "sanction.confirm"]
    if state == "imposed" and _concerns(actor, told):
        steps = [*dict.fromkeys([*steps, "sanction.appeal"])]
    rule = signal_rules.shipped().sanctions[row["kind"]]
    return {
        **row, "state": state, "allowed_actions": steps, "confirmed_shifts": None, "served_minutes": None,
        "label": {"zh": rule.zh, "en": rule.en}, "effect": {"zh": rule.effect_zh, "en": rule.effect_en},
    }  # fmt: skip
