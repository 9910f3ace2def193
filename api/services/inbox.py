"""待办: everything that waits for the caller, of every kind, in one list; each kind is one bounded statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, within
from api.db import Session
from api.domain.inbox import KINDS, OF_ONES_OWN, Waiting
from api.models import (
    Activity,
    Affiliation,
    Assessment,
    Case,
    ConfirmationSlip,
    Cycle,
    Delivery,
    Document,
    Emergency,
    Grant,
    MatchProposal,
    Need,
    Opinion,
    OrganizationLink,
    Panel,
    Payment,
    Project,
    ProjectParty,
    ProjectPerson,
    Recomputation,
    Ruling,
    Sanction,
    Shift,
    Signal,
)
from api.services import (
    cycle_clocks,
    hosting,
    inbox_payments,
    inbox_projects,
    inbox_rows,
    leaving,
    opinion_waiting,
    panel_clocks,
    review_due,
)
from api.services.days import today
from api.services.inbox_rows import shown as _shown
from api.visibility import visible

MOST = 1000
"""As many of a kind as are counted; a longer list says `more`."""


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of what waits for the actor: by kind in the order of `KINDS`, in each the oldest first."""
    at, after = _decoded(query.cursor)
    day, items, more = today(session, actor.tenant_id), [], None
    for place in range(at, len(KINDS)):
        kind = KINDS[place]
        statement = _waiting(session, actor, kind)
        if statement is None:
            continue
        if place == at and after is not None:
            statement = statement.where(_KEY[kind.code] > after)
        wanted = query.limit - len(items)
        rows = session.rows(statement.order_by(_KEY[kind.code]).limit(wanted + 1))
        items += [_view(actor, kind, row._asdict(), day) for row in rows[:wanted]]
        if len(rows) > wanted:
            more = f"{place}.{paging.encode(rows[wanted - 1].key)}" if wanted else f"{place}."
            break
    return {"items": items, "next_cursor": more}


def counted(session: Session, actor: Actor) -> dict[str, Any]:
    """Return how many of each kind wait for the actor, as far as MOST; kinds of which none waits are left out."""
    counts = []
    for kind in KINDS:
        statement = _waiting(session, actor, kind)
        if statement is not None:
            some = statement.with_only_columns(_KEY[kind.code]).limit(MOST + 1).subquery()
            number = session.scalar(sa.select(sa.func.count()).select_from(some))
            if number:
                counts.append(_label(kind) | {"count": min(number, MOST), "more": number > MOST})
    return {"items": counts, "total": sum(each["count"] for each in counts)}


def _waiting(session: Session, actor: Actor, kind: Waiting) -> sa.Select[Any] | None:
    """Return what of a kind waits for the actor; None where they take no such step anywhere."""
    if kind.code not in OF_ONES_OWN and not actor.reaches_for(kind.step):
        return None
    return _OF[kind.code](session, actor)


def _cases(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select cases of the actor's own office or own name; those that are late come to the offices above as well."""
    offices = {reach.organization_id for reach in actor.reaches_for("case.answer")}
    own = sa.and_(Case.state.in_(("open", "reopened", "escalated")), Case.organization_id.in_(offices))
    mine = sa.and_(Case.state.in_(("assigned", "escalated")), Case.assigned_to == actor.person_id)
    above = sa.and_(Case.state == "escalated", within(actor, "case.answer", Case.organization_id))
    shown = _shown(
        Case.id, Case.organization_id, state=Case.state, since=Case.created_at, due_on=Case.due_on, facts=Case.facts
    )
    return shown.where(visible(actor, Case), sa.or_(own, mine, above), Case.opened_by != actor.person_id)


def _registrations(_session: Session, actor: Actor) -> sa.Select[Any]:
    place = Affiliation.organization_id
    return _shown(Affiliation.id, place, state=Affiliation.state, since=Affiliation.created_at).where(
        visible(actor, Affiliation), Affiliation.kind == "registration", Affiliation.state == "submitted",
        Affiliation.person_id != actor.person_id, within(actor, "registration.accept", place),
    )  # fmt: skip


def _unit_registrations(_session: Session, actor: Actor) -> sa.Select[Any]:
    link, place = OrganizationLink, OrganizationLink.to_id
    return _shown(link.id, place, state=link.state, since=link.created_at).where(
        visible(actor, link), link.kind == "registration", link.state == "submitted",
        within(actor, "registration.accept", place),
    )  # fmt: skip


def _deliveries(_session: Session, actor: Actor) -> sa.Select[Any]:
    place = Delivery.recipient_id
    return _shown(Delivery.id, place, state=Delivery.state, since=Delivery.created_at).where(
        visible(actor, Delivery), Delivery.state == "sent", within(actor, "delivery.acknowledge", place)
    )


def _documents(_session: Session, actor: Actor) -> sa.Select[Any]:
    place = Document.issuer_id
    return _shown(Document.id, place, state=Document.state, since=Document.created_at).where(
        visible(actor, Document), Document.state == "drafted", within(actor, "document.issue", place)
    )


def _grants(_session: Session, actor: Actor) -> sa.Select[Any]:
    place = Grant.organization_id
    return _shown(Grant.id, place, state=Grant.state, since=Grant.created_at).where(
        visible(actor, Grant), Grant.state == "proposed", within(actor, "grant.confirm", place),
        Grant.given_by != actor.person_id, sa.func.coalesce(Grant.person_id, Grant.client_id) != actor.person_id,
    )  # fmt: skip


def _shifts(session: Session, actor: Actor) -> sa.Select[Any]:
    place = Shift.community_id
    shown = _shown(Shift.id, place, state=Shift.state, since=Shift.ends_at)
    return shown.join(Activity, Activity.id == Shift.activity_id).where(
        visible(actor, Shift), Shift.state == "open", Shift.ends_at <= session.now, Activity.state == "published",
        sa.or_(Activity.leader_id == actor.person_id, within(actor, "shift.roll_call", place)),
    )  # fmt: skip


def _confirmations(session: Session, actor: Actor) -> sa.Select[Any]:
    place = ConfirmationSlip.community_id
    shown = _shown(ConfirmationSlip.id, place, state=ConfirmationSlip.state, since=ConfirmationSlip.created_at)
    asked = (
        sa.select(Shift.id)
        .join(Activity, Activity.id == Shift.activity_id)
        .join(Project, Project.id == Activity.project_id)
        .join(Need, Need.id == Project.need_id)
        .where(Need.asked_by == actor.person_id)
    )
    return shown.where(
        visible(actor, ConfirmationSlip), ConfirmationSlip.state == "issued",
        ConfirmationSlip.expires_at > session.now, ConfirmationSlip.person_id != actor.person_id,
        ConfirmationSlip.shift_id.in_(asked),
    )  # fmt: skip


def _presences(session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the shifts at which a rule presumed when the actor left, as long as they may say otherwise."""
    shown = _shown(Shift.id, Shift.community_id, state=sa.literal("presumed"), since=Shift.ends_at)
    return shown.where(visible(actor, Shift), Shift.id.in_(leaving.presumed_of(actor, session.now)))


def _signals(_session: Session, actor: Actor) -> sa.Select[Any]:
    """Select the signals that wait for the actor's judgement; none of what they lead or organise."""
    place = Signal.community_id
    offices = [reach.organization_id for reach in actor.reaches_for("signal.judge")]
    return _shown(Signal.id, place, state=Signal.state, since=Signal.created_at).where(
        visible(actor, Signal), Signal.state == "open", within(actor, "signal.judge", place),
        Signal.organizer_id.not_in(offices), Signal.leader_id.is_distinct_from(actor.person_id),
    )  # fmt: skip


def _sanctions(_session: Session, actor: Actor) -> sa.Select[Any]:
    place = Sanction.organization_id
    return _shown(Sanction.id, place, state=Sanction.state, since=Sanction.created_at).where(
        visible(actor, Sanction), Sanction.state == "proposed", within(actor, "sanction.confirm", place),
        Sanction.proposed_by != actor.person_id,
    )  # fmt: skip


def _emergencies(session: Session, actor: Actor) -> sa.Select[Any]:
    place = Emergency.organization_id
    return _shown(Emergency.id, place, state=Emergency.state, since=Emergency.created_at).where(
        visible(actor, Emergency), Emergency.state == "proposed", Emergency.ends_at > session.now,
        within(actor, "emergency.confirm", place), Emergency.proposed_by != actor.person_id,
    )  # fmt: skip


def _reviews(session: Session, actor: Actor) -> sa.Select[Any] | None:
    """Select the cycles in which somebody is asked to speak and has not; the subjects are of /me/reviews-to-give."""
    asked = review_due.cycles_waiting(session, actor)
    last = cycle_clocks.running(today(session, actor.tenant_id))
    shown = _shown(Cycle.id, Cycle.organization_id, state=Cycle.state, since=Cycle.created_at, due_on=last)
    return None if asked is None else shown.where(visible(actor, Cycle), asked)


_OF: Mapping[str, Callable[[Session, Actor], sa.Select[Any] | None]] = {
    "opinion": opinion_waiting.waiting,
    "case": _cases, "registration": _registrations, "unit_registration": _unit_registrations, "need": inbox_rows.needs,
    "need_due": inbox_rows.needs_due, "need_told": inbox_rows.needs_told,
    "project": inbox_projects.proposals, "project_message": inbox_projects.messages,
    "agreement": inbox_projects.ending, "project_person": inbox_projects.claims,
    "delivery": _deliveries, "document": _documents, "grant": _grants, "shift": _shifts,
    "confirmation": _confirmations, "signal": _signals, "sanction": _sanctions,
    "suspension": inbox_rows.suspensions, "panel": inbox_rows.panels,
    "panel_short": panel_clocks.convening, "panel_vote": panel_clocks.owing,
    "ruling": inbox_rows.rulings, "recomputation": inbox_rows.recomputations,
    "cycle": inbox_rows.cycles, "assessment": inbox_rows.assessments,
    "result": inbox_rows.results,
    "emergency": _emergencies, "presence": _presences, "review": _reviews, "hosting": hosting.waiting,
    "match_proposal": inbox_rows.match_proposals, "payment": inbox_payments.waiting,
}  # fmt: skip
_KEY: Mapping[str, Any] = {
    "opinion": Opinion.id,
    "case": Case.id, "registration": Affiliation.id, "unit_registration": OrganizationLink.id, "need": Need.id,
    "need_due": Need.id, "need_told": Need.id,
    "project": ProjectParty.id, "project_message": ProjectParty.id, "agreement": ProjectParty.id,
    "project_person": ProjectPerson.id,
    "delivery": Delivery.id, "document": Document.id, "grant": Grant.id, "shift": Shift.id,
    "confirmation": ConfirmationSlip.id, "signal": Signal.id, "sanction": Sanction.id,
    "suspension": Sanction.id, "panel": Panel.id, "panel_short": Panel.id, "panel_vote": Panel.id,
    "ruling": Ruling.id, "recomputation": Recomputation.id, "cycle": Cycle.id, "assessment": Assessment.id,
    "result": Assessment.id,
    "emergency": Emergency.id, "presence": Shift.id, "review": Cycle.id, "hosting": Activity.id,
    "match_proposal": MatchProposal.id, "payment": Payment.id,
}  # fmt: skip


def _label(kind: Waiting) -> dict[str, Any]:
    return {"kind": kind.code, "title": {"zh": kind.zh, "en": kind.en}}


def _path(kind: Waiting, row_id: Any) -> str:
    return kind.path.format(row_id) if "{}" in kind.path else f"{kind.path}/{row_id}"


def _view(actor: Actor, kind: Waiting, row: dict[str, Any], day: date) -> dict[str, Any]:
    steps = allowed(actor, kind.noun, row["state"], row["path"], own=kind.code in OF_ONES_OWN)
    if str(actor.person_id) in (row["facts"] or {}).get("deciders", ()):
        steps = [step for step in steps if step != "case.answer"]
    if kind.code == "confirmation":
        steps = [step for step in steps if step != "confirmation_slip.revoke"]
    late = row["due_on"] is not None and row["due_on"] < day
    return {
        **row, **_label(kind), "late": late, "allowed_actions": steps, "link": f"/api/v1/{_path(kind, row['id'])}",
    }  # fmt: skip


def _decoded(cursor: str | None) -> tuple[int, Any]:
    """Return the place in KINDS and the id after which the list goes on; BadCursor for what was not given out here."""
    if cursor is None:
        return 0, None
    place, dot, last = cursor.partition(".")
    if not dot or not place.isdecimal() or place != str(int(place)) or int(place) >= len(KINDS):
        raise paging.BadCursor(pointer="?cursor")
    return int(place), paging.decode(last or None)[0]
